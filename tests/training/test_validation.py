"""What a validation keeps and reports: the averaged weights of the best round, and the score of the validation set."""

import math

import keras
import numpy as np
import pytest

from tfflows.datasets import Data
from tfflows.events import Event
from tfflows.layers import ActNorm
from tfflows.models import Dequantized, Flow
from tfflows.splits import in_memory
from tfflows.training.checkpoints import RunState
from tfflows.training.validation import Validation

EVENTS = {"vector": Event((2,)), "pixels": Event((2, 2, 1), "uint8", 16)}
WEIGHT = np.float32([0.5, 0.0, 3.0, 1.0, 2.0])
AVERAGED = (0.5, 0.0, 1.0)  # the distance of the density from the data in each round: middle, best, worst
OWN = (1.0, 2.0, 0.0)  # the same of the weights that are not averaged, of which the last are the best


def flow_of(event):
    flow = Flow(event.dequantized, [ActNorm()])
    return Dequantized(flow, levels=event.levels) if event.discrete else flow


def move(variables, event, distance):
    """Sets the weights of the flow, or their averages, to a density at this distance from the rows."""
    shift, log_scale = variables
    center, scale = (8.0, 2.0) if event.discrete else (0.0, 1.0)
    log_scale.assign(np.full(log_scale.shape, -math.log(scale)))
    shift.assign(np.full(shift.shape, distance - center / scale))


def at(event, distance):
    """A flow at this distance from the rows."""
    flow = flow_of(event)
    move(flow.trainable_variables, event, distance)
    return flow


def rows(event):
    random = np.random.default_rng(0)
    if event.discrete:
        return random.integers(6, 10, (5, *event.shape)).astype(np.uint8)
    return random.normal(0.0, 0.1, (5, *event.shape)).astype(np.float32)


def validated(event, path):
    """The flow, what is logged in each round, and the modification times and weights of the file after it."""
    flow, split = at(event, 0.0), in_memory(x=rows(event), sample_weight=WEIGHT)
    flow.compile(keras.optimizers.Adam(use_ema=True))
    flow.optimizer.build(flow.trainable_variables)
    unused = in_memory(x=rows(event)[:1])
    data, state = Data("rows", event, unused, split, unused), RunState(flow, None, writes=True)
    validation = Validation(data, state, path, patience=None, batch_size=2)
    validation.set_model(flow)
    rounds = []
    for number, (average, own) in enumerate(zip(AVERAGED, OWN, strict=True)):
        move(flow.optimizer._model_variables_moving_average, event, average)
        move(flow.trainable_variables, event, own)
        logs = {}
        validation.on_epoch_end(number, logs)
        saved = flow_of(event)
        saved.load_weights(path)
        rounds.append((logs, saved.get_weights(), flow.get_weights()))
    return rounds


def weighted_nats(event, distance):
    """The score of the validation set, for vectors in closed form."""
    x = rows(event)
    if event.discrete:
        nats = at(event, distance).log_prob(x).numpy()
    else:
        nats = -0.5 * np.sum((x + distance) ** 2, 1) - math.log(2 * math.pi)
    return np.sum(WEIGHT * nats) / np.sum(WEIGHT)


@pytest.mark.parametrize("event", EVENTS.values(), ids=EVENTS)
def test_best_weights_are_the_averaged_ones_of_the_round_with_the_best_score(event, tmp_path):
    first, second, third = (saved for _, saved, _ in validated(event, tmp_path / "best.weights.h5"))
    for saved, distance in ((first, AVERAGED[0]), (second, AVERAGED[1]), (third, AVERAGED[1])):
        np.testing.assert_array_equal(saved, at(event, distance).get_weights())


@pytest.mark.parametrize("event", EVENTS.values(), ids=EVENTS)
def test_training_goes_on_with_its_own_weights(event, tmp_path):
    for (_, _, kept), own in zip(validated(event, tmp_path / "best.weights.h5"), OWN, strict=True):
        np.testing.assert_array_equal(kept, at(event, own).get_weights())


@pytest.mark.parametrize("event", EVENTS.values(), ids=EVENTS)
def test_loss_is_the_negative_weighted_mean_of_the_averaged_weights(event, tmp_path):
    for (logs, _, _), distance in zip(validated(event, tmp_path / "best.weights.h5"), AVERAGED, strict=True):
        expected = {"val_loss": -weighted_nats(event, distance)}
        if event.discrete:
            expected["val_bits_per_dim"] = expected["val_loss"] / (4 * math.log(2))
        assert logs == pytest.approx(expected, rel=1e-5)
