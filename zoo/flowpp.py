"""Flow++: mixture-of-logistics couplings, networks with self-attention, dequantization by a flow.

Source: Ho et al., "Flow++" (1902.00275), sections 3 and 4, and the authors' code for CIFAR-10.
Differs from the paper: one matrix over all channels between couplings, initialized to a rotation; the last layers of
networks are initialized to zero; log-scales have a soft bound. The authors' networks for ImageNet differ in details;
their noise at 32 x 32 has eight couplings, here four. Logit-normal noise is ours.
"""

from tfflows.bijectors import BoundedAffine, Composed, MixtureOfLogistics, ScalarTransformer
from tfflows.costs import Cost
from tfflows.dequantization import VariationalDequantization, pixel_noise
from tfflows.errors import check_choice
from tfflows.events import Event
from tfflows.layers import ActNorm, Coupling, FlowLayer, Logit, PLULinear, planned
from tfflows.models import GenerativeModel, make_flow
from tfflows.networks import MLP, AttentionNet, ContextNet, ConvNet, Network
from zoo.architecture import DARK_IMAGES, MUON_TRAINING, TOY_TRAINING, Architecture


def vector(event: Event, *, couplings: int = 4, components: int = 8, width: int = 64) -> GenerativeModel:
    """The couplings of Flow++ for vectors, which the paper does not have.

    Args:
        event: Event of shape `(dimension,)`, dimension at least 2.
        couplings: Number of couplings.
        components: Number of logistics in each mixture.
        width: Number of units in each of the networks' two hidden layers.
    """
    mlp = MLP(width=width, depth=2, context_size=event.condition_size)
    layers = []
    for index in range(couplings):
        settings = {"conditioner": mlp, "transformer": transformer("mixture", components)}
        layers += [ActNorm(), Coupling("alternating", flip=index % 2 == 1, **settings)]
    return make_flow(event, layers, name="flowpp")


def image(  # noqa: PLR0913 - the paper's settings and its ablations
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
    alpha: float = 0.05,
) -> GenerativeModel:
    """Flow++ for images.

    Args:
        event: Event of shape `(height, width, channels)`.
        plan: The couplings in order, as in `tfflows.layers.plan`; the default is that of CIFAR-10.
        width: Number of feature maps of the networks, a multiple of 4, the number of heads of their self-attention.
        blocks: Number of blocks of each network.
        components: Number of logistics in each mixture.
        dropout: Dropout rate in training.
        attention: Whether the networks have self-attention. False here, `"affine"` couplings and `"uniform"`
            dequantization are the paper's ablations.
        coupling: `"mixture"` or `"affine"`.
        dequantization: `"variational"`, `"uniform"`, or `"logit_normal"`, which is also learned but much cheaper.
        dequantization_blocks: Number of blocks of each network in the four couplings of variational dequantization.
        alpha: Distance from the ends of the interval in the logit.
    """
    check_choice("dequantization", dequantization, ("variational", "logit_normal", "uniform"))
    settings = {"width": width, "heads": 4, "dropout": dropout, "attention": attention}
    scalar = transformer(coupling, components)
    network = AttentionNet(blocks=blocks, context_size=event.condition_size, **settings)
    layers = planned(plan, lambda index: image_step(index, network, scalar))
    noise = None
    if dequantization != "variational":
        noise = pixel_noise(dequantization, ConvNet(width=width), event)
    elif event.discrete:
        noise_network = AttentionNet(blocks=dequantization_blocks, context_channels=32, **settings)
        noise_flow = planned("4 columns", lambda index: image_step(index, noise_network, scalar))
        noise = VariationalDequantization(noise_flow, ContextNet(32, dropout=dropout), event.levels)
    layers.insert(0, Logit(high=float(event.levels or 1), alpha=alpha))
    return make_flow(event, layers, dequantization=noise, name="flowpp")


def transformer(coupling: str, components: int) -> ScalarTransformer:
    """`logit(mixture CDF)`, then `x * exp(tanh(a)) + b`; only the latter if `coupling` is `"affine"`."""
    check_choice("coupling", coupling, ("mixture", "affine"))
    affine = BoundedAffine(bound=1.0)
    return affine if coupling == "affine" else Composed((MixtureOfLogistics(components), affine))


def image_step(index: int, conditioner: Network, scalar: ScalarTransformer) -> list[FlowLayer]:
    """Normalization, a linear map of the channels, and a coupling that changes one half of them."""
    coupling = Coupling("halves", conditioner=conditioner, transformer=scalar, flip=index % 2 == 1)
    return [ActNorm(per_pixel=True), PLULinear(), coupling]


# Presets.
# Settings: the authors' launchers (they score with train.num_importance_samples=4096), except that the number of epochs
# and the constant rate on ImageNet are ours. Scores: table 1.
TOY = {**TOY_TRAINING, "steps": 6000, "learning_rate": 2e-3}
SMALL = {"width": 32, "blocks": 1, "components": 8, "dequantization_blocks": 1}
DIGITS = {"epochs": 60, "learning_rate": 4e-3, "schedule": "cosine", "ema": 0.99, "validate_every": 50}
HOURS = {
    **MUON_TRAINING,
    "steps": 8000,
    "learning_rate": 1e-2,
    "validate_every": 800,
    "sample_every": 4,
}  # 105 minutes on 1 core, with instructions for bfloat16
LONG = {**HOURS, "steps": 46_000, "warmup_steps": 300, "validate_every": 1500}  # 200 minutes on the same core
AT_28 = {"plan": "squeeze, 4 columns, squeeze, 4 channels", "attention": False, **SMALL}
PAPER = {"batch_size": 64, "learning_rate": 3e-4, "warmup_steps": 2000, "clip_norm": 1.0, "epochs": 400}
TRAIN_32 = {**PAPER, "batch_size": 32, "learning_rate": 1e-3, "warmup_steps": 5000, "ema": 0.999222}
TRAIN_64 = {**PAPER, "batch_size": 72, "learning_rate": 4e-4, "warmup_steps": 10_000}
AT_32 = {"plan": "7 columns, squeeze, 3 channels, 3 columns", "width": 128, "blocks": 20, "dequantization_blocks": 8}
AT_64 = {
    "plan": "squeeze, 4 columns" + 2 * ", squeeze, 2 channels, 2 columns",
    "blocks": 16,
    "components": 4,
    "dequantization_blocks": 5,
}

PRESETS = {
    "vector": {"train": TOY},
    "digits": {"model": {"plan": "4 columns, squeeze, 4 channels", **SMALL}, "train": DIGITS},
    "mnist": {"model": {**AT_28, **DARK_IMAGES}, "train": LONG},
    "fashion_mnist": {"model": {**AT_28, "alpha": 1e-5}, "train": HOURS},
    "cifar10": {"model": {"dropout": 0.2}, "train": PAPER, "published": "3.08 bits/dim"},
    "downsampled_imagenet/32x32": {"model": AT_32, "train": TRAIN_32, "published": "3.86 bits/dim"},
    "downsampled_imagenet/64x64": {"model": AT_64, "train": TRAIN_64, "published": "3.69 bits/dim"},
}

ARCHITECTURE = Architecture(
    paper="1902.00275",
    title="Flow++: improved flows with variational dequantization",
    builders={"vector": vector, "image": image},
    presets=PRESETS,
    sample_cost=Cost(root_search=True),
)
