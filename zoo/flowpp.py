"""Flow++: couplings by mixtures of logistics, networks with self-attention, dequantisation by a flow.

Source: Ho et al., "Flow++" (1902.00275), sections 3 and 4, and the authors' code for CIFAR-10.
Differs from the paper: the pointwise maps between couplings are rotations of all channels at first, in PLU form, where
the authors' are close to the identity and keep the two sides of the next coupling apart; networks end in zeros, where
the authors scale them by data.
"""

import re
from functools import partial

from tfflows.bijectors import BoundedAffine, Elementwise, InTurn, MixtureOfLogistics, masks
from tfflows.dequantization import UniformDequantization, VariationalDequantization
from tfflows.errors import check, check_choice
from tfflows.events import Event
from tfflows.layers import ActNorm, Coupling, FlowLayer, JoinColumns, Logit, PLULinear, SplitColumns, Squeeze
from tfflows.models import Flow
from tfflows.networks import MLP, AttentionNet, ContextNet


def vector(event: Event, *, couplings: int = 4, components: int = 8, width: int = 64, depth: int = 2) -> Flow:
    """The couplings of Flow++ on vectors, which the paper does not have: every other entry changes, in turn.

    Args:
        event: Of shape `(dimension,)`, dimension at least 2.
        couplings: Number of couplings.
        components: Logistics in each mixture.
        width: Units of the networks' hidden layers.
        depth: Number of the networks' hidden layers.
    """
    network = partial(MLP, width=width, depth=depth, context_size=event.classes)
    make = family("mixture", components)
    layers = [layer for index in range(couplings) for layer in step(masks.alternating, index, network, make)]
    return Flow(event, layers, name="flowpp")


def image(
    event: Event,
    *,
    plan: str = "4 columns, squeeze, 2 channels, 3 columns",
    width: int = 96,
    blocks: int = 10,
    components: int = 32,
    dropout: float = 0.0,
    attention: bool = True,
    coupling: str = "mixture",
    dequantization: str = "variational",
    dequantization_blocks: int = 2,
) -> Flow:
    """Flow++ of images.

    Args:
        event: Of shape `(height, width, channels)`.
        plan: The couplings in order: `"4 columns"` are four that change every other column, `"2 channels"` two that
            change half of the channels, `"squeeze"` turns 2 x 2 pixels into channels.
        width: Feature maps of the networks.
        blocks: Blocks of the networks.
        components: Logistics in each mixture.
        dropout: In training.
        attention: Whether the networks have any; one of the paper's ablations.
        coupling: `"mixture"`, or `"affine"`, one of the paper's ablations.
        dequantization: `"variational"`, or `"uniform"`, one of the paper's ablations.
        dequantization_blocks: Blocks of the networks of the noise's four couplings.
    """
    check(width % 4 == 0, "Expected `width` to be a multiple of 4, the heads of the self-attention.", width=width)
    check_choice("dequantization", dequantization, ("variational", "uniform"))
    net = partial(AttentionNet, width=width, blocks=blocks, dropout=dropout, attention=attention)
    make, high = family(coupling, components), float(event.levels or 1)
    layers = planned(plan, partial(net, context_size=event.classes), make)
    noise = UniformDequantization()
    if dequantization == "variational" and event.discrete:
        network = partial(net, blocks=dequantization_blocks, context_channels=32)
        flow = planned("4 columns", network, make)
        noise = VariationalDequantization(flow, ContextNet(32, blocks=3, dropout=dropout), event)
    return Flow(event, [Logit(high=high, alpha=0.05), *layers], dequantization=noise, name="flowpp")


def family(coupling: str, components: int) -> Elementwise:
    """`logit(mixture CDF)`, then `x * exp(tanh(a)) + b`; the last alone where `coupling` is `"affine"`."""
    check_choice("coupling", coupling, ("mixture", "affine"))
    affine = BoundedAffine(bound=1.0)
    return affine if coupling == "affine" else InTurn((MixtureOfLogistics(components), affine))


def planned(plan: str, network, make: Elementwise) -> list[FlowLayer]:
    """The layers of a plan such as `"4 columns, squeeze, 2 channels"`."""
    layers = []
    for part in plan.split(","):
        found = re.fullmatch(r"squeeze|(\d+) (columns|channels)", part.strip())
        check(bool(found), "Expected `plan` to hold 'squeeze', '4 columns' or '2 channels', by commas.", plan=plan)
        number, split = found.groups()
        steps = [layer for i in range(int(number or 0)) for layer in step(masks.halves, i, network, make, image=True)]
        layers += {"columns": [SplitColumns(), *steps, JoinColumns()], "channels": steps, None: [Squeeze()]}[split]
    return layers


def step(keep, index: int, network, make: Elementwise, *, image: bool = False) -> list[FlowLayer]:
    """A normalisation, on images a map of the channels, and a coupling of one of the two sides."""
    coupling = Coupling(keep, flip=index % 2 == 1, network=network, family=make)
    return [ActNorm(per_pixel=image), *([PLULinear()] if image else []), coupling]


TOY = {"steps": 6000, "batch_size": 512, "learning_rate": 2e-3, "schedule": "cosine", "validate_every": 500}
TOY |= {"steps_per_execution": 50}
PRESETS = {"vector": {"model": {}, "train": TOY}}
