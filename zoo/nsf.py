"""Neural spline flows: rational-quadratic splines in couplings or autoregressive layers, between linear maps.

Source: Durkan et al., "Neural Spline Flows" (1906.04032), sections 3 and 5, and the authors' code.
Differs from the paper: ActNorm standardizes vectors; matrices start as rotations and have no bias; the half that
conditions a coupling has no spline; last layers start at zero; autoregressive networks have no residual connections and
no dropout. Networks on images have no batch normalization; autoregressive images, the logit and learned noise are ours.
"""

from tfflows import layers
from tfflows.bijectors import RationalQuadratic
from tfflows.dequantization import pixel_noise
from tfflows.errors import check, check_choice
from tfflows.events import Event
from tfflows.models import GenerativeModel, make_flow
from tfflows.networks import MADE, ConvNet, MaskedConvNet, ResidualNet
from zoo.architecture import DARK_IMAGES, MUON_TRAINING, TOY_TRAINING, Architecture

BLOCKS, BOUND = 2, 3.0  # blocks of the networks for vectors; splines act on [-BOUND, BOUND]: as in the authors' code


def vector(
    event: Event,
    *,
    kind: str = "coupling",
    steps: int = 10,
    width: int = 256,
    bins: int = 8,
    dropout: float = 0.0,
    base: str = "normal",
) -> GenerativeModel:
    """NSF for vectors: steps of a linear map and splines.

    Args:
        event: Event of shape `(dimension,)`, dimension at least 2 for couplings.
        kind: `"coupling"` or `"autoregressive"`.
        steps: Number of steps.
        width: Number of units in each hidden layer of the networks.
        bins: Number of bins of each spline.
        dropout: Fraction of the units that are dropped in training, in [0, 1); 0 for autoregressive layers.
        base: Distribution of the latent: `"normal"`, or `"student_t"` for heavy tails.
    """
    check_choice("kind", kind, ["coupling", "autoregressive"])
    check(kind == "coupling" or dropout == 0, "Expected `dropout` to be 0 with autoregressive layers.", dropout=dropout)
    flow, spline = [layers.ActNorm()], RationalQuadratic(bins=bins, bound=BOUND)
    resnet = ResidualNet(width=width, blocks=BLOCKS, dropout=dropout, context_size=event.condition_size)
    made = MADE(width=width, depth=2 * BLOCKS, context_size=event.condition_size)
    for index in range(steps):
        splines = layers.Coupling("alternating", conditioner=resnet, transformer=spline, flip=index % 2 == 1)
        if kind == "autoregressive":
            splines = layers.Autoregressive(conditioner=made, transformer=spline)
        flow += [layers.PLULinear(), splines]
    return make_flow(event, [*flow, layers.PLULinear()], base=base, name="nsf")


def image(  # noqa: PLR0913 - the paper's settings and those of the pixels
    event: Event,
    *,
    kind: str = "coupling",
    scales: int = 3,
    steps: int = 7,
    width: int = 96,
    blocks: int = 3,
    bins: int = 4,
    dropout: float = 0.2,
    factor_out: bool = True,
    alpha: float = 0.0,
    dequantization: str = "uniform",
) -> GenerativeModel:
    """NSF for images: Glow's steps, with splines in place of its affine maps.

    Args:
        event: Event of shape `(height, width, channels)`; each scale halves height and width.
        kind: `"coupling"`, or `"autoregressive"` in raster order, back and forth, by masked convolutions.
        scales: Number of scales, the paper's levels.
        steps: Number of steps of each scale, which ends with one more linear map.
        width: Number of feature maps of the networks.
        blocks: Number of residual blocks of each network, or of pairs of masked convolutions.
        bins: Number of bins of each spline.
        dropout: Fraction of the units that are dropped in training, in [0, 1); 0 for autoregressive layers.
        factor_out: Whether each scale factors out half of the channels.
        alpha: Distance from the ends of the interval in a logit of the pixels; 0 scales them to [-0.5, 0.5].
        dequantization: Noise of the pixels: `"uniform"`, or `"logit_normal"`, learned.
    """
    check_choice("kind", kind, ["coupling", "autoregressive"])
    check(kind == "coupling" or dropout == 0, "Expected `dropout` to be 0 with autoregressive layers.", dropout=dropout)
    settings, spline = {"width": width, "context_size": event.condition_size}, RationalQuadratic(bins=bins, bound=BOUND)
    resnet = ResidualNet(convolutional=True, blocks=blocks, dropout=dropout, **settings)
    masked = MaskedConvNet(depth=2 * blocks, **settings)
    flow = [layers.pixel_layer(event, alpha, low=-0.5, high=0.5)]
    for scale in range(scales):
        flow += [layers.FactorOut(), layers.Squeeze()] if factor_out and scale > 0 else [layers.Squeeze()]
        for index in range(steps):
            splines = layers.Coupling("halves", conditioner=resnet, transformer=spline)
            if kind == "autoregressive":
                order = ("natural", "reversed")[index % 2]
                splines = layers.AutoregressiveConv(conditioner=masked, transformer=spline, order=order)
            flow += [layers.ActNorm(), layers.PLULinear(), splines]
        flow += [layers.PLULinear()]
    return make_flow(event, flow, dequantization=pixel_noise(dequantization, ConvNet(width=width), event), name="nsf")


# Presets.
# Section 5.3 and the configurations of the authors' code; Adam, a cosine from 5e-4. Scores: table 3. For the tables of
# vectors, section 5.1, and the defaults of the authors' code, which tuned them for each; batches of 256 are ours.
# Scores: table 1.
TOY = {**TOY_TRAINING, "steps": 2500, "learning_rate": 2e-3, "validate_every": 250}
DIGITS = {"epochs": 90, "learning_rate": 3e-3, "schedule": "cosine", "ema": 0.99, "validate_every": 50}
HOUR = {
    **MUON_TRAINING,
    "steps": 6400,
    "learning_rate": 5e-3,
    "warmup_steps": 300,
    "validate_every": 800,
    "sample_every": 5,
}  # 50 minutes on 1 core, with instructions for bfloat16
SMALL = {"scales": 2, "steps": 5, "width": 32, "blocks": 1, "dropout": 0.0}
AT_28 = {"model": {**SMALL, "steps": 7, "width": 64, **DARK_IMAGES}, "train": HOUR}
STEPS = {"steps": 200_000, "learning_rate": 5e-4, "schedule": "cosine", "warmup_steps": 0}
CIFAR = {"model": {"factor_out": False}, "train": {"batch_size": 512, **STEPS}}
TABULAR = {
    "model": {"steps": 10, "width": 256, "dropout": 0.25},
    "train": {"batch_size": 256, **STEPS, "learning_rate": 3e-4, "clip_norm": 5.0, "validate_every": 1000},
}
BSDS300 = {**TABULAR, "published": "157.54 nats; autoregressive 157.31"}
AT_64 = {"model": {"scales": 4, "bins": 8, "dropout": 0.0}, "train": {"batch_size": 256, **STEPS}}

PRESETS = {
    "vector": {"model": {"steps": 4, "width": 64}, "train": TOY},
    "energy": {"model": {"steps": 3, "width": 32}, "train": {**TOY, "anneal_steps": 1000}},
    "power": {**TABULAR, "published": "0.64 nats; autoregressive 0.66"},
    "gas": {**TABULAR, "published": "13.09 nats; autoregressive 13.09"},
    "hepmass": {**TABULAR, "published": "-14.75 nats; autoregressive -14.01"},
    "miniboone": {**TABULAR, "published": "-9.67 nats; autoregressive -9.22"},
    **dict.fromkeys(("bsds300", "bsds300_patches"), BSDS300),
    "image": {"model": SMALL, "train": {"batch_size": 64}},
    "digits": {"model": {**SMALL, "dropout": 0.1}, "train": DIGITS},
    **dict.fromkeys(("mnist", "fashion_mnist"), AT_28),
    "cifar10": {**CIFAR, "published": "3.38 bits/dim"},
    "downsampled_imagenet/64x64": {**AT_64, "published": "3.82 bits/dim"},
}

ARCHITECTURE = Architecture(
    paper="1906.04032",
    title="Neural spline flows",
    builders={"vector": vector, "image": image},
    presets=PRESETS,
)
