"""Flow++: couplings by mixtures of logistics, networks with self-attention, dequantisation by a flow.

Source: Ho et al., "Flow++" (1902.00275), sections 3 and 4, and the authors' code for CIFAR-10.
Differs from the paper: one matrix of all channels between couplings, at first a rotation; networks end in zeros.
"""

from functools import partial

from tfflows.bijectors import BoundedAffine, Elementwise, InTurn, MixtureOfLogistics, masks
from tfflows.dequantization import VariationalDequantization
from tfflows.errors import check_choice
from tfflows.events import Event
from tfflows.layers import ActNorm, Coupling, Logit, PLULinear, planned
from tfflows.models import Flow
from tfflows.networks import MLP, AttentionNet, ContextNet


def vector(event: Event, *, couplings: int = 4, components: int = 8, width: int = 64) -> Flow:
    """The couplings of Flow++ on vectors, which the paper does not have.

    Args:
        event: Of shape `(dimension,)`, dimension at least 2.
        couplings: Number of couplings.
        components: Logistics in each mixture.
        width: Units of the networks' two hidden layers.
    """
    network = partial(MLP, width=width, depth=2, context_size=event.classes)
    make = partial(Coupling, masks.alternating, network=network, family=family("mixture", components))
    return Flow(event, [layer for i in range(couplings) for layer in (ActNorm(), make(flip=i % 2 == 1))], name="flowpp")


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
        plan: The couplings in order, as in `tfflows.layers.plan`; the default is that of CIFAR-10.
        width: Feature maps of the networks, a multiple of 4, the heads of their self-attention.
        blocks: Blocks of the networks.
        components: Logistics in each mixture.
        dropout: In training.
        attention: Whether the networks have any; False, `"affine"` and `"uniform"` are the paper's ablations.
        coupling: `"mixture"` or `"affine"`.
        dequantization: `"variational"` or `"uniform"`.
        dequantization_blocks: Blocks of the networks of the noise's four couplings.
    """
    check_choice("dequantization", dequantization, ("variational", "uniform"))
    network = partial(AttentionNet, width=width, heads=4, dropout=dropout, attention=attention)
    step = partial(image_step, family=family(coupling, components))
    layers = planned(plan, partial(step, network=partial(network, blocks=blocks, context_size=event.classes)))
    noise = None  # uniform
    if dequantization == "variational" and event.discrete:
        of_noise = partial(step, network=partial(network, blocks=dequantization_blocks, context_channels=32))
        noise = VariationalDequantization(planned("4 columns", of_noise), ContextNet(32, dropout=dropout), event)
    layers.insert(0, Logit(high=float(event.levels or 1), alpha=0.05))
    return Flow(event, layers, dequantization=noise, name="flowpp")


def family(coupling: str, components: int) -> Elementwise:
    """`logit(mixture CDF)`, then `x * exp(tanh(a)) + b`; the last alone where `coupling` is `"affine"`."""
    check_choice("coupling", coupling, ("mixture", "affine"))
    affine = BoundedAffine(bound=1.0)
    return affine if coupling == "affine" else InTurn((MixtureOfLogistics(components), affine))


def image_step(index: int, **parts) -> list:
    """Normalisation, a map of the channels, and a coupling of one half."""
    return [ActNorm(per_pixel=True), PLULinear(), Coupling(masks.halves, flip=index % 2 == 1, **parts)]


# Settings: the authors' launchers (they score with train.num_importance_samples=4096). Scores: table 1.
TOY = {"steps": 6000, "batch_size": 512, "learning_rate": 2e-3, "schedule": "cosine", "steps_per_execution": 50}
SMALL = {"width": 32, "blocks": 1, "components": 8, "dequantization_blocks": 1}
DIGITS = {"epochs": 60, "learning_rate": 4e-3, "schedule": "cosine", "ema": 0.99, "validate_every": 50}
AT_28 = {"plan": "squeeze, 4 columns, squeeze, 4 channels", "attention": False, **SMALL}
PAPER = {"batch_size": 64, "learning_rate": 3e-4, "warmup_steps": 2000, "clip_norm": 1.0, "epochs": 400}
AT_32 = {"plan": "7 columns, squeeze, 3 channels, 3 columns", "width": 128, "blocks": 20, "dequantization_blocks": 8}
AT_64 = {"plan": "squeeze, 4 columns" + 2 * ", squeeze, 2 channels, 2 columns", "blocks": 16, "components": 4}

PRESETS = {
    "vector": {"train": TOY},
    "digits": {"model": {"plan": "4 columns, squeeze, 4 channels", **SMALL}, "train": DIGITS},
    "fashion_mnist": {"model": AT_28, "train": {**DIGITS, "steps": 1000, "batch_size": 64, "validate_every": 250}},
    "cifar10": {"model": {"dropout": 0.2}, "train": PAPER, "published": "3.08 bits/dim"},
    "downsampled_imagenet/32x32": {"model": AT_32, "train": PAPER, "published": "3.86 bits/dim"},
    "downsampled_imagenet/64x64": {"model": AT_64, "train": PAPER, "published": "3.69 bits/dim"},
}
