"""PixelCNN++: the autoregressive baseline of the field, a mixture of discretized logistics for each pixel.

Source: Salimans et al., "PixelCNN++" (1701.05517).
Differs from the paper: 12 blocks at the resolution of the image, without short-cut connections, where the paper has 30
at three resolutions; the first layer of the upper stream sees 2 x 3 pixels, in one convolution; there is no weight
normalization.
"""

from tfflows.costs import Cost
from tfflows.events import Event
from tfflows.models import GenerativeModel, PixelModel
from tfflows.networks import PixelCNN
from zoo.architecture import Architecture


def image(
    event: Event, *, width: int = 160, blocks: int = 12, components: int = 10, dropout: float = 0.5
) -> GenerativeModel:
    """PixelCNN++ for images of integers.

    Args:
        event: Event of shape `(height, width, channels)` of integers.
        width: Number of feature maps of each of the two streams.
        blocks: Number of gated residual blocks of each stream.
        components: Number of components of the mixture of each pixel.
        dropout: Fraction of the units that are dropped in training, in [0, 1).
    """
    network = PixelCNN(width=width, blocks=blocks, dropout=dropout, context_size=event.condition_size)
    return PixelModel(event, network, components=components, name="pixelcnn")


# Presets.
# Ours. The paper trains its larger network on CIFAR-10 for up to 5000 epochs. Score: table 1.
PRESETS = {
    "digits": {
        "model": {"width": 32, "blocks": 3, "components": 5, "dropout": 0.1},
        "train": {"epochs": 60, "learning_rate": 2e-3, "schedule": "cosine", "ema": 0.99},
    },
    "image": {"model": {"width": 32, "blocks": 4, "dropout": 0.0}},
    "cifar10": {
        "train": {"batch_size": 64, "learning_rate": 1e-3, "epochs": 100, "ema": 0.9995},
        "published": "2.92 bits/dim",
    },
}

ARCHITECTURE = Architecture(
    paper="1701.05517",
    title="PixelCNN++: a mixture of discretized logistics for each pixel",
    builders={"image": image},
    presets=PRESETS,
    density="probability",
    sample_cost=Cost("sequential"),
)
