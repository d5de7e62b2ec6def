"""FFJORD: a continuous flow with a free-form velocity field.

Source: Grathwohl et al., "FFJORD" (1810.01367), sections 3 and 4.1.
Differs from the paper: nothing on vectors; its image models are not included.
"""

from tfflows.costs import Cost
from tfflows.errors import check, check_choice
from tfflows.events import Event
from tfflows.layers import ActNorm, Continuous
from tfflows.models import GenerativeModel, make_flow
from tfflows.networks import VelocityMLP
from zoo.architecture import Architecture

ACTIVATIONS = ("softplus", "tanh", "swish", "gelu")


def vector(
    event: Event,
    *,
    flows: int = 1,
    width: int = 64,
    depth: int = 3,
    activation: str = "tanh",
    training_trace: str = "hutchinson",
    rtol: float = 1e-5,
    atol: float = 1e-5,
) -> GenerativeModel:
    """FFJORD for vectors.

    Args:
        event: Event of shape `(dimension,)`.
        flows: Number of velocity fields, one after another.
        width: Number of units in each hidden layer of the networks.
        depth: Number of hidden layers of the networks.
        activation: Smooth activation of the hidden layers: `"softplus"`, `"tanh"`, `"swish"` or `"gelu"`.
        training_trace: Trace in training, `"hutchinson"` (an estimate) or `"exact"`; evaluation is always exact.
        rtol: Relative tolerance of the solver.
        atol: Absolute tolerance of the solver.
    """
    check_choice("activation", activation, ACTIVATIONS)
    check_choice("training_trace", training_trace, ("hutchinson", "exact"))
    check(0 < rtol < 1 and 0 < atol < 1, "Expected `rtol` and `atol` to be in (0, 1).", rtol=rtol, atol=atol)
    velocity = VelocityMLP(width=width, depth=depth, activation=activation, context_size=event.condition_size)
    settings = {"training_trace": training_trace, "rtol": rtol, "atol": atol}
    return make_flow(event, [ActNorm(), *(Continuous(velocity, **settings) for _ in range(flows))], name="ffjord")


# Presets.
TOY = {
    "steps": 1500,
    "batch_size": 512,
    "learning_rate": 1e-2,
    "schedule": "cosine",
    "validate_every": 500,
    "steps_per_execution": 25,
    "ema": 0.99,
}

PRESETS = {
    "vector": {"train": TOY},
    "energy": {"model": {"width": 32, "depth": 2}, "train": {**TOY, "anneal_steps": 1000}},
}

ARCHITECTURE = Architecture(
    paper="1810.01367",
    title="FFJORD: free-form continuous dynamics",
    builders={"vector": vector},
    presets=PRESETS,
    log_prob_cost=Cost("adaptive"),
    sample_cost=Cost("adaptive"),
)
