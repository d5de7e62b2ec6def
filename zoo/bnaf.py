"""B-NAF: autoregressive flows, each of which is a single network that is monotone in every entry.

Source: De Cao et al., "Block Neural Autoregressive Flow" (1904.04676), section 3, with the authors' code.
Differs from the paper: every flow has a gated residual, including the last one, so that each is surjective and can be
sampled; ActNorm standardizes the data and is placed between the flows.
"""

from tfflows.costs import Cost
from tfflows.events import Event
from tfflows.layers import ActNorm, BlockAutoregressive, Reverse
from tfflows.models import GenerativeModel, make_flow
from zoo.architecture import TOY_TRAINING, Architecture


def vector(event: Event, *, flows: int = 5, units: int = 10, depth: int = 1) -> GenerativeModel:
    """B-NAF for vectors; the order of the entries is reversed from each flow to the next. Sampling inverts numerically.

    Args:
        event: Event of shape `(dimension,)`.
        flows: Number of networks.
        units: Number of units of each hidden layer for each entry.
        depth: Number of hidden layers of each network.
    """
    layers = []
    for _ in range(flows):
        layers += [ActNorm(), BlockAutoregressive(units=units, depth=depth, context_size=event.condition_size)]
        layers.append(Reverse())
    return make_flow(event, layers[:-1], name="bnaf")


# Presets.
# The authors' code, `density_estimation.py`: its default settings, with which it shows MINIBOONE. Its Adam is AMSGrad,
# and its learning rate is halved after 20 epochs without a better score; here it is constant.
TABULAR = {
    "epochs": 1000,
    "batch_size": 200,
    "learning_rate": 1e-2,
    "clip_norm": 0.1,
    "ema": 0.998,
    "patience": 100,
}
# Ours, but for the model, which is that of the authors' code, `toy2d.py`.
TOY = {**TOY_TRAINING, "steps": 5000, "learning_rate": 3e-2, "ema": 0.99}

# Published: neural spline flows (1906.04032), table 1.
PRESETS = {
    "vector": {"model": {"flows": 1, "units": 50, "depth": 2}, "train": TOY},
    **{
        name: {"model": {"flows": 5, "units": 10, "depth": 1}, "train": TABULAR, "published": f"{nats} nats"}
        for name, nats in {
            "power": "0.61",
            "gas": "12.06",
            "hepmass": "-14.71",
            "miniboone": "-8.95",
            "bsds300": "157.36",
            "bsds300_patches": "157.36",
        }.items()
    },
}

ARCHITECTURE = Architecture(
    paper="1904.04676",
    title="Block neural autoregressive flow",
    builders={"vector": vector},
    presets=PRESETS,
    sample_cost=Cost("sequential", root_search=True),
)
