"""FFJORD: a continuous flow with a free-form velocity field.

Source: Grathwohl et al., "FFJORD" (1810.01367), sections 3, 4.1 and 4.2, and appendix B.1.
Differs from the paper: the tolerances of vectors are 1e-5, which float32 can reach, in place of 1e-6 and 1e-8; the end
time is fixed; time gates and shifts each layer, as in the authors' code for tables, where the paper concatenates it; an
actnorm comes first; on images, the fields between two squeezes all come after the factoring out.
"""

from tfflows.costs import Cost
from tfflows.errors import check, check_choice
from tfflows.events import Event
from tfflows.layers import ActNorm, Continuous, FactorOut, Squeeze, pixel_layer
from tfflows.models import GenerativeModel, make_flow
from tfflows.networks import VelocityConvNet, VelocityMLP
from zoo.architecture import TOY_TRAINING, Architecture

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
    check_settings(activation, rtol, atol)
    check_choice("training_trace", training_trace, ("hutchinson", "exact"))
    velocity = VelocityMLP(width=width, depth=depth, activation=activation, context_size=event.condition_size)
    settings = {"training_trace": training_trace, "rtol": rtol, "atol": atol}
    return make_flow(event, [ActNorm(), *(Continuous(velocity, **settings) for _ in range(flows))], name="ffjord")


def image(
    event: Event,
    *,
    scales: int = 3,
    flows: int = 2,
    width: int = 64,
    depth: int = 3,
    activation: str = "softplus",
    alpha: float = 0.05,
    rtol: float = 1e-5,
    atol: float = 1e-5,
) -> GenerativeModel:
    """FFJORD for images, whose traces are estimates even in evaluation.

    Args:
        event: Event of shape `(height, width, channels)`; each scale but the last halves height and width.
        scales: Number of scales.
        flows: Number of velocity fields of the first scale; the others have twice as many.
        width: Number of feature maps of the networks.
        depth: Number of hidden layers of the networks.
        activation: Smooth activation of the hidden layers, as for vectors.
        alpha: Distance from the ends of the interval in the logit; 0 scales the pixels to [-1, 1] instead.
        rtol: Relative tolerance of the solver.
        atol: Absolute tolerance of the solver.
    """
    check_settings(activation, rtol, atol)
    velocity = VelocityConvNet(width=width, depth=depth, activation=activation, context_size=event.condition_size)
    layers = [pixel_layer(event, alpha, low=-1.0, high=1.0)]
    for scale in range(scales):
        for _ in range(flows if scale == 0 else 2 * flows):
            layers.append(Continuous(velocity, evaluation_trace="hutchinson", rtol=rtol, atol=atol))
        layers += [Squeeze(), FactorOut()] if scale < scales - 1 else []
    return make_flow(event, layers, name="ffjord")


def check_settings(activation: str, rtol: float, atol: float) -> None:
    """Raises `InputError` for an activation that is not smooth, or a tolerance out of range."""
    check_choice("activation", activation, ACTIVATIONS)
    check(0 < rtol < 1 and 0 < atol < 1, "Expected `rtol` and `atol` to be in (0, 1).", rtol=rtol, atol=atol)


# Presets.
TOY = {**TOY_TRAINING, "steps": 1500, "learning_rate": 1e-2, "steps_per_execution": 25, "ema": 0.99}

# Appendix B.1: batches of 900 and 500 epochs for images, where the rate falls to a tenth after 250, here with a cosine;
# alpha and the warm-up of images are those of the authors' code. For the tables of vectors, hidden layers of 10 or 20
# times the dimension, until the validation set no longer improves; the authors also lower the rate on a plateau, with a
# weight decay of 1e-6. Published scores: table 2.
PAPER = {"batch_size": 900, "epochs": 500, "learning_rate": 1e-3, "schedule": "cosine", "warmup_steps": 1000}
LONG = {"learning_rate": 1e-3, "epochs": 1000, "patience": 30}
LARGE, SMALL = {**LONG, "batch_size": 10_000}, {**LONG, "batch_size": 1000}
OF_SOFTPLUS = {"activation": "softplus", "depth": 2}
BSDS300 = {
    "model": {"flows": 2, "width": 1260, "activation": "softplus"},
    "train": LARGE,
    "published": "157.40 nats",
}

PRESETS = {
    "vector": {"train": TOY},
    "image": {"model": {"scales": 2, "flows": 1, "width": 32}},
    "digits": {"model": {"scales": 2, "flows": 1, "width": 32}, "train": {"epochs": 60, "learning_rate": 2e-3}},
    "mnist": {"model": {"alpha": 1e-6}, "train": PAPER, "published": "0.99 bits/dim"},
    "cifar10": {"model": {"scales": 4, "alpha": 1e-6}, "train": PAPER, "published": "3.40 bits/dim"},
    "power": {"model": {"flows": 5, "width": 60}, "train": LARGE, "published": "0.46 nats"},
    "gas": {"model": {"flows": 5, "width": 160}, "train": SMALL, "published": "8.59 nats"},
    "hepmass": {"model": {**OF_SOFTPLUS, "flows": 10, "width": 210}, "train": LARGE, "published": "-14.92 nats"},
    "miniboone": {"model": {**OF_SOFTPLUS, "width": 860}, "train": SMALL, "published": "-10.43 nats"},
    **dict.fromkeys(("bsds300", "bsds300_patches"), BSDS300),
    "energy": {"model": {"width": 32, "depth": 2}, "train": {**TOY, "anneal_steps": 1000}},
}

ARCHITECTURE = Architecture(
    paper="1810.01367",
    title="FFJORD: free-form continuous dynamics",
    builders={"vector": vector, "image": image},
    estimates=("image",),
    presets=PRESETS,
    log_prob_cost=Cost("adaptive"),
    sample_cost=Cost("adaptive"),
)
