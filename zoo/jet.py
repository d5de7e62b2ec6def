"""Jet: couplings between channels and between patches, whose conditioners are vision transformers.

Source: Kolesnikov et al., "Jet: A Modern Transformer-Based Normalizing Flow" (2412.15129).
Differs from the paper: couplings add the shift after the scale; see `SigmoidAffine`.
"""

import itertools
import math

from absl import logging

from tfflows.bijectors import SigmoidAffine
from tfflows.events import Event
from tfflows.layers import Coupling, FlowLayer, Shuffle, TokenCoupling, Tokens, pixel_layer
from tfflows.models import GenerativeModel, make_flow
from tfflows.networks import Transformer
from zoo.architecture import Architecture

CYCLE = 5  # couplings, the last of which is spatial
SPATIAL = [(pattern, flip) for pattern in ("checkerboard", "columns", "rows") for flip in (False, True)]
DOUBLE = SigmoidAffine(offset=0.0, factor=2.0)  # no coupling expands by more than 2


def image(
    event: Event, *, couplings: int = 32, patch: int = 4, layers: int = 2, width: int = 512, heads: int = 8
) -> GenerativeModel:
    """Jet for images, as sequences of patches: four couplings of channels, then one of patches, and so on.

    Args:
        event: Event of shape `(height, width, channels)`.
        couplings: Number of couplings. Each expands half of the entries by at most 2: too few of them saturate.
        patch: Height and width of a patch, a divisor of those of the image.
        layers: Number of attention layers of each vision transformer.
        width: Number of channels of the vision transformers.
        heads: Number of heads of the attention, a divisor of `width`.
    """
    warn_if_saturated(couplings, event.levels or 1)
    network = Transformer(width=width, layers=layers, heads=heads, context_size=event.condition_size)
    grid = tuple(size // max(1, patch) for size in event.shape[:2])
    pixels = pixel_layer(event, alpha=0.0, low=-1.0, high=1.0)
    return make_flow(event, [pixels, Tokens(patch), *cycle(couplings, grid, network)], name="jet")


def cycle(couplings: int, grid: tuple[int, int], network: Transformer) -> list[FlowLayer]:
    """Four couplings of channels, each after a fixed random permutation, and one of patches, over and over."""
    layers, spatial = [], itertools.cycle(SPATIAL)
    for number in range(couplings):
        if number % CYCLE < CYCLE - 1:
            layers += [Shuffle(), Coupling("halves", conditioner=network, transformer=DOUBLE)]
        else:
            pattern, flip = next(spatial)
            layers += [TokenCoupling(pattern, grid=grid, flip=flip, conditioner=network, transformer=DOUBLE)]
    return layers


def warn_if_saturated(couplings: int, levels: int) -> None:
    """Warns where the couplings together cannot expand a cell of the pixels to the width of the base."""
    bits = math.log2(levels)
    if couplings / 2 < bits:
        logging.warning(
            "%d couplings expand an entry by at most 2^%g, less than the %d levels of a pixel: their scales will "
            "saturate. Use `couplings` of %d or more.", couplings, couplings / 2, levels, math.ceil(2 * bits)
        )  # fmt: skip


# Presets.
# The default settings are those of the paper's smallest model: 32 couplings, 2 layers of width 512 with 8 heads. It has
# batches of 1024, a peak learning rate of 3e-4 with a warm-up over a tenth of the steps and a cosine, gradients clipped
# at 1 and 200 epochs. Its weight decay of 1e-5 is not multiplied by the rate; ours is. Its beta_2 is .95, ours .999.
# The other presets are ours.
PAPER = {
    "batch_size": 1024,
    "learning_rate": 3e-4,
    "schedule": "cosine",
    "warmup_steps": 25_020,
    "weight_decay": 1e-5 / 3e-4,
    "clip_norm": 1.0,
    "epochs": 200,
}
SMALL = {"couplings": 20, "patch": 4, "layers": 2, "width": 64, "heads": 4}
MINUTES = {"learning_rate": 2e-3, "schedule": "cosine", "ema": 0.99, "clip_norm": 1.0}
DIGITS = {"couplings": 20, "patch": 2, "layers": 1, "width": 32, "heads": 4}

PRESETS = {
    "image": {"model": SMALL, "train": {**MINUTES, "epochs": 20}},
    "digits": {"model": DIGITS, "train": {**MINUTES, "epochs": 150}},
    "mnist": {"model": {**SMALL, "patch": 7}, "train": {**MINUTES, "epochs": 50}},
    "fashion_mnist": {"model": {**SMALL, "patch": 7}, "train": {**MINUTES, "epochs": 50}},
    "downsampled_imagenet/64x64": {"train": PAPER, "published": "3.72 bits/dim"},
}

ARCHITECTURE = Architecture(
    paper="2412.15129",
    title="Jet: a modern transformer-based normalizing flow",
    builders={"image": image},
    presets=PRESETS,
)
