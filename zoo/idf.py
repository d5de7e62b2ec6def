"""IDF, integer discrete flow: couplings that shift integers by whole numbers, for exact probabilities of pixels.

Source: Hoogeboom et al., "Integer Discrete Flows and Lossless Compression" (1905.07376), and the authors' code.
Differs from the paper: see `IntegerFlow` and its parts; images are not shifted at random in training.
"""

from tfflows.bijectors import RoundedShift
from tfflows.errors import check
from tfflows.events import Event
from tfflows.layers import Coupling, FlowLayer, Shuffle, Squeeze
from tfflows.models import IntegerFlow
from tfflows.networks import DenseNet
from zoo.architecture import Architecture


def image(
    event: Event,
    *,
    scales: int = 3,
    couplings: int = 8,
    width: int = 512,
    depth: int = 12,
    prior_depth: int = 1,
    components: int = 1,
) -> IntegerFlow:
    """IDF for images of integers: each scale squeezes, applies couplings, and factors out half of the channels.

    A coupling changes a quarter of the channels, given the others, and follows a random permutation of the channels.

    Args:
        event: Event of shape `(height, width, channels)`, of integers; each scale halves height and width.
        scales: Number of scales, the paper's levels.
        couplings: Number of couplings of each scale.
        width: Number of feature maps that the layers of a network add to its input.
        depth: Number of layers of the couplings' networks.
        prior_depth: Number of layers of the networks that compute the prior of the factored-out channels.
        components: Number of logistic distributions in the mixtures.
    """
    check(event.discrete, "Expected an `event` of integers, with `levels`.", event=event.to_dict())
    settings = {"width": width, "levels": event.levels, "context_size": event.condition_size}

    def scale() -> list[FlowLayer]:
        flow = [Squeeze()]
        for _ in range(couplings):
            shift = RoundedShift(event.levels)
            flow += [Shuffle(), Coupling("quarters", conditioner=DenseNet(depth=depth, **settings), transformer=shift)]
        return flow

    prior = DenseNet(depth=prior_depth, **settings)
    return IntegerFlow(event, [scale() for _ in range(scales)], prior=prior, components=components, name="idf")


# Presets.
# The commands of the authors' README and the defaults of their `main_experiment.py`: Adamax at 1e-3, batches of 256, 10
# epochs of warm-up, 2000 epochs on CIFAR-10 and 100 on ImageNet32; the rate falls by .999 or .99 in each epoch, here it
# is constant.
ADAMAX = {"optimizer": "adamax", "learning_rate": 1e-3, "batch_size": 256}
SMALL = {"scales": 2, "couplings": 4, "width": 48, "depth": 2, "components": 3}
MINUTES = {"steps": 2000, "batch_size": 64, "learning_rate": 3e-3, "schedule": "cosine", "ema": 0.99, "clip_norm": 5.0}
DEEP_PRIOR = {"prior_depth": 12, "components": 5}

PRESETS = {
    "image": {"model": SMALL, "train": {"batch_size": 64}},
    "digits": {"model": SMALL, "train": {**MINUTES, "validate_every": 100}},
    **{name: {"model": SMALL, "train": MINUTES} for name in ("mnist", "fashion_mnist")},
    "cifar10": {"model": DEEP_PRIOR, "train": {**ADAMAX, "warmup_steps": 1758, "epochs": 2000}},
    "downsampled_imagenet/32x32": {"model": DEEP_PRIOR, "train": {**ADAMAX, "warmup_steps": 50_045, "epochs": 100}},
    "downsampled_imagenet/64x64": {
        "model": {**DEEP_PRIOR, "scales": 4},
        "train": {**ADAMAX, "batch_size": 64, "warmup_steps": 200_180, "epochs": 20},
    },
}

ARCHITECTURE = Architecture(
    paper="1905.07376",
    title="Integer discrete flows and lossless compression",
    builders={"image": image},
    presets=PRESETS,
    density="probability",
)
