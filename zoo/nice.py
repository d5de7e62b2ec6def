"""NICE: additive couplings, which preserve volume, and one diagonal scaling.

Source: Dinh et al., "NICE: Non-linear Independent Components Estimation" (1410.8516), sections 3.2, 3.3 and 5.1.
Differs from the paper: pixels are scaled to [0, 1] and centered, without the ZCA whitening that the paper applies to
SVHN and CIFAR-10, as scores of whitened data are not scores of pixels; vectors are standardized by an ActNorm.
"""

from tfflows.bijectors import Additive
from tfflows.events import Event
from tfflows.layers import ActNorm, Coupling, Flatten, FlowLayer, Scale, pixel_layer
from tfflows.models import GenerativeModel, make_flow
from tfflows.networks import MLP
from zoo.architecture import TOY_TRAINING, Architecture


def vector(
    event: Event, *, couplings: int = 4, width: int = 1000, depth: int = 5, base: str = "logistic"
) -> GenerativeModel:
    """NICE for vectors.

    Args:
        event: Event of shape `(dimension,)`, dimension at least 2.
        couplings: Number of couplings, which change the even and the odd entries alternately.
        width: Number of units in each hidden layer of the networks.
        depth: Number of hidden layers of the networks.
        base: Distribution of the latent, `"logistic"` or `"normal"`.
    """
    layers = [ActNorm(), *couplings_and_scale(event, couplings, width, depth)]
    return make_flow(event, layers, base=base, name="nice")


def image(
    event: Event, *, couplings: int = 4, width: int = 1000, depth: int = 5, base: str = "logistic"
) -> GenerativeModel:
    """NICE for images, flattened to vectors.

    Args:
        event: Event of shape `(height, width, channels)`, with at least 2 entries.
        couplings: Number of couplings, which change the even and the odd entries alternately.
        width: Number of units in each hidden layer of the networks.
        depth: Number of hidden layers of the networks.
        base: Distribution of the latent, `"logistic"` or `"normal"`.
    """
    pixels = [pixel_layer(event, alpha=0.0, low=-0.5, high=0.5), Flatten()]
    return make_flow(event, pixels + couplings_and_scale(event, couplings, width, depth), base=base, name="nice")


def couplings_and_scale(event: Event, couplings: int, width: int, depth: int) -> list[FlowLayer]:
    """Couplings that change the even and the odd entries alternately, then the scaling."""
    mlp = MLP(width=width, depth=depth, context_size=event.condition_size)
    layers = []
    for index in range(couplings):
        layers.append(Coupling("alternating", conditioner=mlp, transformer=Additive(), flip=index % 2 == 1))
    return [*layers, Scale()]


# Presets.
# Section 5.1: 4 couplings; networks of 5 layers of 1000 units on MNIST, of 4 of 2000 on SVHN and CIFAR-10; 1500 passes
# with a learning rate of 1e-3. Scores: section 5.1, in nats of data in [0, 1]; 4.36 bits/dim is the same score.
TOY = {**TOY_TRAINING, "steps": 12_000, "learning_rate": 2e-3, "clip_norm": 1.0}
DIGITS = {
    "epochs": 400,
    "learning_rate": 5e-3,
    "schedule": "cosine",
    "ema": 0.99,
    "validate_every": 100,
    "steps_per_execution": 10,
}
MINUTES = {
    "steps": 6000,
    "batch_size": 200,
    "learning_rate": 3e-3,
    "schedule": "cosine",
    "ema": 0.99,
    "validate_every": 500,
    "steps_per_execution": 10,
}
MNIST = {"model": {"width": 1000, "depth": 5}, "train": {"epochs": 1500}, "published": "4.36 bits/dim"}
AT_32 = {"model": {"width": 2000, "depth": 4}, "train": {"epochs": 1500}}

PRESETS = {
    "vector": {"model": {"couplings": 16, "width": 64, "depth": 2, "base": "normal"}, "train": TOY},
    "energy": {
        "model": {"couplings": 8, "width": 64, "depth": 2, "base": "normal"},
        "train": {**TOY, "steps": 6000, "anneal_steps": 1000},
    },
    "image": {"train": {"epochs": 1500}},
    "digits": {"model": {"width": 64, "depth": 1}, "train": DIGITS},
    "mnist": MNIST,
    "fashion_mnist": {"model": {"width": 500, "depth": 3}, "train": MINUTES},
    "svhn_cropped": AT_32,
    "cifar10": AT_32,
}

ARCHITECTURE = Architecture(
    paper="1410.8516",
    title="NICE: non-linear independent components estimation",
    builders={"vector": vector, "image": image},
    presets=PRESETS,
)
