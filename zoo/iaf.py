"""IAF: inverted autoregressive layers: a sample takes one network pass, a density one pass in a step for each entry.

Source: Kingma et al., "Improved Variational Inference with Inverse Autoregressive Flow" (1606.04934), section 4.
Differs from the paper: it models the density of data, not the posterior of an autoencoder; bounded log-scales replace
its sigmoid gates, and there is an ActNorm between the layers.
"""

from tfflows.bijectors import BoundedAffine
from tfflows.costs import Cost
from tfflows.events import Event
from tfflows.layers import ActNorm, Autoregressive, Inverse
from tfflows.models import GenerativeModel, make_flow
from tfflows.networks import MADE
from zoo.architecture import TOY_TRAINING, Architecture


def vector(
    event: Event,
    *,
    flows: int = 4,
    width: int = 100,
    depth: int = 1,
    activation: str = "elu",
    hidden: str = "sorted",
    seed: int = 0,
) -> GenerativeModel:
    """IAF for vectors; the order of the entries is reversed from each layer to the next.

    Args:
        event: Event of shape `(dimension,)`.
        flows: Number of autoregressive layers.
        width: Number of units in each hidden layer of the networks.
        depth: Number of hidden layers of the networks.
        activation: Activation of the hidden layers.
        hidden: Degrees of the hidden units, `"sorted"` or `"random"`.
        seed: Seed of random degrees.
    """
    settings = {"width": width, "depth": depth, "activation": activation, "hidden": hidden}
    layers = [ActNorm()]
    for number in range(flows):
        order = ("natural", "reversed")[number % 2]
        made = MADE(seed=seed + number, context_size=event.condition_size, **settings)
        layers += [Inverse(Autoregressive(conditioner=made, transformer=BoundedAffine(), order=order)), ActNorm()]
    return make_flow(event, layers, name="iaf")


# Presets.
# All ours: the paper has no density model of vectors. With tanh networks the far tails stay bounded.
TOY = {**TOY_TRAINING, "steps": 8000, "learning_rate": 5e-3}

PRESETS = {
    "vector": {"model": {"flows": 12, "width": 64, "depth": 2, "activation": "tanh"}, "train": TOY},
    "energy": {
        "model": {"flows": 6, "width": 64, "depth": 2, "activation": "tanh"},
        "train": {**TOY, "anneal_steps": 1000},
    },
}

ARCHITECTURE = Architecture(
    paper="1606.04934",
    title="Inverse autoregressive flow",
    builders={"vector": vector},
    presets=PRESETS,
    log_prob_cost=Cost("sequential"),
)
