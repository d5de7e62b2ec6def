"""NAF: autoregressive flows whose scalar maps are monotone networks, DSF or DDSF.

Source: Huang et al., "Neural Autoregressive Flows" (1804.00779), sections 3 and 6.
Differs from the paper: the conditioner, a MADE, outputs all parameters of the monotone networks; ActNorm standardizes
the data and is placed between the flows.
"""

from tfflows.bijectors import DeepDenseSigmoidal, DeepSigmoidal
from tfflows.costs import Cost
from tfflows.errors import check_choice
from tfflows.events import Event
from tfflows.layers import ActNorm, Autoregressive
from tfflows.models import GenerativeModel, make_flow
from tfflows.networks import MADE
from zoo.architecture import TOY_TRAINING, Architecture

KINDS = {"dsf": DeepSigmoidal, "ddsf": DeepDenseSigmoidal}


def vector(
    event: Event,
    *,
    flows: int = 5,
    kind: str = "ddsf",
    units: int = 8,
    layers: int = 2,
    width: int = 100,
    depth: int = 1,
    activation: str = "elu",
    hidden: str = "sorted",
    seed: int = 0,
) -> GenerativeModel:
    """NAF for vectors; the order of the entries is reversed from each flow to the next. Sampling inverts numerically.

    Args:
        event: Event of shape `(dimension,)`.
        flows: Number of autoregressive layers.
        kind: Kind of monotone network, `"dsf"` or `"ddsf"`.
        units: Number of sigmoids in each layer of a monotone network.
        layers: Number of layers of a monotone network.
        width: Number of units in each hidden layer of the conditioners.
        depth: Number of hidden layers of the conditioners.
        activation: Activation of the conditioners' hidden layers.
        hidden: Degrees of the conditioners' hidden units, `"sorted"` or `"random"`.
        seed: Seed of random degrees.
    """
    check_choice("kind", kind, KINDS)
    settings = {"width": width, "depth": depth, "activation": activation, "hidden": hidden}
    transformer = KINDS[kind](units, layers)
    chain = []
    for number in range(flows):
        made = MADE(seed=seed + number, context_size=event.condition_size, **settings)
        order = ("natural", "reversed")[number % 2]
        chain += [ActNorm(), Autoregressive(conditioner=made, transformer=transformer, order=order)]
    return make_flow(event, chain, name="naf")


# Presets.
# The toys are ours, except for the 16 units, the default of the authors' code; the tables of vectors have the defaults
# of that code, which tuned them for each. Published scores: MAF-DDSF with 5 flows.
TOY = {**TOY_TRAINING, "steps": 5000, "learning_rate": 5e-3}

TABULAR = {
    "model": {"flows": 5, "units": 16, "layers": 1},
    "train": {"batch_size": 100, "learning_rate": 1e-4, "epochs": 400, "patience": 30, "clip_norm": 5.0},
}
BSDS300 = {**TABULAR, "published": "157.73 nats"}

PRESETS = {
    "vector": {"model": {"flows": 2, "kind": "dsf", "units": 16, "layers": 1}, "train": TOY},
    "power": {**TABULAR, "published": "0.62 nats"},
    "gas": {**TABULAR, "published": "11.91 nats"},
    "hepmass": {**TABULAR, "published": "-15.09 nats"},
    "miniboone": {**TABULAR, "published": "-8.86 nats"},
    **dict.fromkeys(("bsds300", "bsds300_patches"), BSDS300),
}

ARCHITECTURE = Architecture(
    paper="1804.00779",
    title="Neural autoregressive flows",
    builders={"vector": vector},
    presets=PRESETS,
    sample_cost=Cost("sequential", root_search=True),
)
