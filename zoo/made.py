"""MADE: one masked network gives every conditional of a density, Gaussian or a mixture of Gaussians.

Source: Germain et al., "MADE" (1502.03509), sections 3 and 4, for binary data; with Gaussians and with mixtures of them
("MADE MoG"): Papamakarios et al., "Masked Autoregressive Flow" (1705.07057), section 4.
Differs from the papers: the first layer standardizes the data, log-scales are bounded, the network sees entries up to
10 standard deviations, and the weights have no penalty.
"""

from tfflows.bijectors import BoundedAffine, MixtureOfGaussians
from tfflows.costs import Cost
from tfflows.events import Event
from tfflows.layers import ActNorm, Autoregressive
from tfflows.models import GenerativeModel, make_flow
from tfflows.networks import MADE
from zoo.architecture import TOY_TRAINING, Architecture


def vector(
    event: Event,
    *,
    components: int = 1,
    width: int = 100,
    depth: int = 2,
    activation: str = "relu",
    order: str = "natural",
    hidden: str = "sorted",
    seed: int = 0,
) -> GenerativeModel:
    """MADE for vectors.

    Args:
        event: Event of shape `(dimension,)`.
        components: Number of Gaussians in the mixture that models each entry given the entries before it.
        width: Number of units in each hidden layer of the network.
        depth: Number of hidden layers of the network.
        activation: Activation of the hidden layers.
        order: Order of the entries: `"natural"`, `"reversed"` or `"random"`.
        hidden: Degrees of the hidden units, `"sorted"` or `"random"`.
        seed: Seed of a random order and of random degrees.
    """
    settings = {"width": width, "depth": depth, "activation": activation, "hidden": hidden, "seed": seed}
    made = MADE(context_size=event.condition_size, **settings)
    transformer = BoundedAffine() if components == 1 else MixtureOfGaussians(components)
    # With a logistic base, the logit of a mixture's CDF has the mixture as its density.
    base = "normal" if components == 1 else "logistic"
    layers = [ActNorm(), Autoregressive(conditioner=made, transformer=transformer, order=order, seed=seed)]
    return make_flow(event, layers, base=base, name="made")


# Presets.
# The toys are ours; the others follow 1705.07057, section 4, and its code. Published scores: its tables 1 and 2.
TOY = {**TOY_TRAINING, "steps": 5000, "learning_rate": 5e-3}

OF_MAF = {
    "train": {"batch_size": 100, "learning_rate": 1e-3, "epochs": 1000, "patience": 30},
    "source": "1705.07057",
}
NARROW, WIDE = {"components": 10, "width": 100}, {"components": 10, "width": 512}
BSDS300 = {"model": WIDE, **OF_MAF, "published": "153.71 nats; with 1 component 148.85"}
FLAT_MNIST = {
    "model": {"components": 10, "width": 1024},
    **OF_MAF,
    "published": "-1038.5 nats in logit space; with 1 component -1380.8",
}

PRESETS = {
    "vector": {"model": {"components": 10}, "train": TOY},
    "power": {"model": NARROW, **OF_MAF, "published": "0.40 nats; with 1 component -3.08"},
    "gas": {
        "model": {**NARROW, "activation": "tanh"},
        **OF_MAF,
        "published": "8.47 nats; with 1 component 3.56",
    },
    "hepmass": {"model": WIDE, **OF_MAF, "published": "-15.15 nats; with 1 component -20.98"},
    "miniboone": {"model": WIDE, **OF_MAF, "published": "-12.27 nats; with 1 component -15.59"},
    **dict.fromkeys(("bsds300", "bsds300_patches"), BSDS300),
    "flat_mnist": FLAT_MNIST,
}

ARCHITECTURE = Architecture(
    paper="1502.03509",
    title="MADE: masked autoencoder for distribution estimation",
    builders={"vector": vector},
    presets=PRESETS,
    sample_cost=Cost("sequential"),
)
