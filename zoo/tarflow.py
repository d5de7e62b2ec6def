"""TarFlow: autoregressive flows over patches, whose conditioners are causal transformers.

Source: Zhai et al., "Normalizing Flows are Capable Generative Models" (2412.06329).
Differs from the paper: log-scales have a soft bound; the first token of each block is transformed, too; guidance
compares with a context of zeros, not with the mean of all classes; ActNorm standardizes vectors, whose tokens are their
entries.
"""

from tfflows.bijectors import Gaussian
from tfflows.costs import Cost
from tfflows.dequantization import pixel_noise
from tfflows.events import Event
from tfflows.layers import ActNorm, AutoregressiveTokens, FlowLayer, Tokens, pixel_layer
from tfflows.models import GenerativeModel, make_flow
from tfflows.networks import CausalTransformer, ConvResNet
from zoo.architecture import DARK_IMAGES, TOY_TRAINING, Architecture


def vector(
    event: Event,
    *,
    blocks: int = 4,
    layers: int = 2,
    width: int = 64,
    heads: int = 4,
    jacobi_blocks: int | None = None,
    guidance: float = 0.0,
    condition_dropout: float = 0.0,
    base: str = "normal",
) -> GenerativeModel:
    """TarFlow for vectors, as sequences of their entries.

    Args:
        event: Event of shape `(dimension,)`.
        blocks: Number of autoregressive blocks; the order of the entries is reversed from each to the next.
        layers: Number of attention layers of each block.
        width: Number of channels of the transformers.
        heads: Number of heads of the attention, a divisor of `width`.
        jacobi_blocks: Number of blocks of entries that sampling iterates over; None samples one after another.
        guidance: Weight of classifier-free guidance, which changes the distribution of samples; 0 for none.
        condition_dropout: Fraction of the rows whose condition is dropped in training, which guidance requires.
        base: Distribution of the latent: `"normal"`, or `"student_t"` for heavy tails.
    """
    network = transformer(event, layers, width, heads, guidance)
    flow = [ActNorm(), Tokens(), *alternate(blocks, network, jacobi_blocks)]
    return make_flow(event, flow, base=base, condition_dropout=condition_dropout, name="tarflow")


def image(  # noqa: PLR0913 - the settings of pixels, transformers and sampling
    event: Event,
    *,
    patch: int = 4,
    blocks: int = 8,
    layers: int = 8,
    width: int = 768,
    heads: int = 12,
    alpha: float = 0.0,
    dequantization: str = "uniform",
    jacobi_blocks: int | None = None,
    guidance: float = 0.0,
    condition_dropout: float = 0.0,
) -> GenerativeModel:
    """TarFlow for images, as sequences of patches.

    Args:
        event: Event of shape `(height, width, channels)`.
        patch: Height and width of a patch, a divisor of those of the image.
        blocks: Number of autoregressive blocks; the order of the patches is reversed from each to the next.
        layers: Number of attention layers of each block.
        width: Number of channels of the transformers.
        heads: Number of heads of the attention, a divisor of `width`.
        alpha: Distance from the ends of the interval in a logit of the pixels; 0 scales them to [-1, 1].
        dequantization: Noise of the pixels: `"uniform"`, or `"logit_normal"`, learned.
        jacobi_blocks: Number of blocks of patches that sampling iterates over; None samples one after another.
        guidance: Weight of classifier-free guidance, which changes the distribution of samples; 0 for none.
        condition_dropout: Fraction of the rows whose condition is dropped in training, which guidance requires.
    """
    network = transformer(event, layers, width, heads, guidance)
    flow = [pixel_layer(event, alpha, low=-1.0, high=1.0), Tokens(patch), *alternate(blocks, network, jacobi_blocks)]
    noise = pixel_noise(dequantization, ConvResNet(width=width, blocks=layers, patch=patch), event)
    return make_flow(event, flow, dequantization=noise, condition_dropout=condition_dropout, name="tarflow")


def transformer(event: Event, layers: int, width: int, heads: int, guidance: float) -> CausalTransformer:
    """The conditioner of each block."""
    settings = {"context_size": event.condition_size, "guidance": guidance}
    return CausalTransformer(width=width, layers=layers, heads=heads, **settings)


def alternate(blocks: int, network: CausalTransformer, jacobi_blocks: int | None) -> list[FlowLayer]:
    """Autoregressive blocks, each in the reverse order of the one before."""
    flow = []
    for number in range(blocks):
        order, how = ("natural", "reversed")[number % 2], {"transformer": Gaussian(), "jacobi_blocks": jacobi_blocks}
        flow.append(AutoregressiveTokens(conditioner=network, order=order, **how))
    return flow


# Presets.
# Ours, but for the images of 64 x 64: the density run of the paper, with patches of 2, batches of 256 and AdamW at 1e-4
# with a cosine; the number of epochs and the clipping are ours, and its weight decay is not of kernels only.
TOY = {**TOY_TRAINING, "steps": 4000, "learning_rate": 2e-3, "clip_norm": 1.0}
DIGITS = {"epochs": 150, "learning_rate": 2e-3, "schedule": "cosine", "ema": 0.99, "clip_norm": 1.0}
MUON = {
    "optimizer": "muon",
    "learning_rate": 5e-3,
    "schedule": "cosine",
    "weight_decay": 1e-4,
    "clip_norm": 1.0,
    "jit_compile": True,
}
HOURS = {**MUON, "epochs": 100}
AT_28 = {
    **MUON,
    "steps": 21_500,
    "batch_size": 64,
    "ema": 0.999,
    "validate_every": 1000,
    "sample_every": 7,
    "steps_per_execution": 20,
}  # 90 minutes on 1 core
SMALL = {"patch": 4, "blocks": 4, "layers": 2, "width": 64, "heads": 4, "alpha": 0.05}
DARK = {"model": {**SMALL, **DARK_IMAGES}, "train": AT_28}
AT_64 = {
    "model": {"patch": 2},
    "train": {"batch_size": 256, "learning_rate": 1e-4, "schedule": "cosine", "weight_decay": 1e-4, "clip_norm": 1.0},
}

PRESETS = {
    "vector": {"model": {"blocks": 8, "layers": 1, "width": 32}, "train": TOY},
    "image": {"model": SMALL, "train": HOURS},
    "digits": {"model": {**SMALL, "patch": 2}, "train": DIGITS},
    "mnist": DARK,
    "fashion_mnist": DARK,
    "downsampled_imagenet/64x64": {**AT_64, "published": "2.99 bits/dim"},
}

ARCHITECTURE = Architecture(
    paper="2412.06329",
    title="TarFlow: normalizing flows are capable generative models",
    builders={"vector": vector, "image": image},
    presets=PRESETS,
    sample_cost=Cost("sequential"),
)
