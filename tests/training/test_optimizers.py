"""Learning rates of a schedule, the clipping of gradients, and the steps of the optimizers."""

import keras
import numpy as np
import pytest
import tensorflow as tf

import tfflows
from tfflows.bijectors import Additive
from tfflows.events import Event
from tfflows.layers import ActNorm, Coupling, PLULinear
from tfflows.networks import MLP
from tfflows.training import optimizers
from tfflows.training.optimizers import optimizer, schedule
from tfflows.training.settings import TrainSettings

NAMED = (("kernel", (3, 2)), ("bias", (2,)))


def rates(steps, **settings):
    rate = schedule(TrainSettings(learning_rate=0.1, **settings), steps)
    return np.array([float(rate(step)) for step in range(steps)])


def test_constant_schedule_warms_up_and_stays():
    np.testing.assert_allclose(rates(6, warmup_steps=4), [0.025, 0.05, 0.075, 0.1, 0.1, 0.1], rtol=1e-6)
    np.testing.assert_allclose(rates(3, warmup_steps=0), 0.1, rtol=1e-6)


def test_cosine_schedule_warms_up_and_ends_near_zero():
    found = rates(100, warmup_steps=20, schedule="cosine")
    assert np.all(np.diff(found[:21]) > 0)
    assert found[20] == pytest.approx(0.1)
    assert np.all(np.diff(found[20:]) < 0)
    assert found[-1] < 1e-4
    assert found[60] == pytest.approx(0.05, rel=1e-3)


def test_warm_up_takes_half_of_a_short_run_at_most_before_a_cosine():
    found = rates(10, warmup_steps=200, schedule="cosine")
    assert np.argmax(found) == 5
    assert found[5] == pytest.approx(0.1)


@pytest.mark.parametrize(("clip_norm", "expected"), [(None, [3.0, 4.0]), (1.0, [0.6, 0.8]), (10.0, [3.0, 4.0])])
def test_gradient_is_scaled_down_to_the_norm(clip_norm, expected):
    one = optimizer(TrainSettings(clip_norm=clip_norm, ema=0.0), 10)
    variables = [keras.Variable(0.0), keras.Variable(0.0)]
    one.build(variables)
    seen = []
    one.update_step = lambda gradient, variable, rate: seen.append(float(gradient))
    one.apply_gradients(zip([np.float32(3), np.float32(4)], variables, strict=True))
    np.testing.assert_allclose(seen, expected, rtol=1e-6)


@pytest.mark.parametrize("name", ["adam", "adamax", "muon"])
def test_optimizers_are_kerass_own(name):
    assert isinstance(optimizer(TrainSettings(optimizer=name), 10), getattr(keras.optimizers, name.capitalize()))


def steps_of(one, *, jit_compile, number=7):
    """Variables, and the state of the optimizer, after some steps."""
    random = np.random.default_rng(0)
    shapes = ((3, 2), (5, 1))
    variables = [keras.Variable(random.normal(size=shape), dtype="float32", name="kernel") for shape in shapes]
    one.build(variables)

    @tf.function(jit_compile=jit_compile)
    def step(gradients):
        one.apply_gradients(zip(gradients, variables, strict=True))

    for _ in range(number):
        step([tf.constant(random.normal(size=variable.shape), tf.float32) for variable in variables])
    one.finalize_variable_values(variables)
    return [*variables, *one.variables]


@pytest.mark.parametrize("jit_compile", [False, True])
@pytest.mark.parametrize(
    ("name", "settings"),
    [
        ("Adam", {}),
        ("Adam", {"weight_decay": 0.1, "beta_1": 0.8, "epsilon": 1e-3}),
        ("Adam", {"amsgrad": True}),
        ("Adamax", {}),
        ("Adamax", {"weight_decay": 0.1, "beta_2": 0.9, "epsilon": 1e-3}),
    ],
)
def test_steps_in_one_operation_are_those_of_keras(name, settings, jit_compile):
    rate = keras.optimizers.schedules.ExponentialDecay(0.1, 2, 0.9)
    found, wanted = (
        steps_of(getattr(module, name)(rate, **settings), jit_compile=jit_compile)
        for module in (optimizers, keras.optimizers)
    )
    for one, expected in zip(found, wanted, strict=True):
        np.testing.assert_allclose(one, expected, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("jit_compile", [False, True])
@pytest.mark.parametrize("momentum", [0.9, 0.2])
def test_average_of_a_short_run_forgets_its_first_steps(momentum, jit_compile):
    variable = keras.Variable(0.0)
    one = optimizers.Adam(1.0, use_ema=True, ema_momentum=momentum)
    one.build([variable])

    @tf.function(jit_compile=jit_compile)
    def step():
        one.apply_gradients([(tf.constant(1.0), variable)])

    expected = None
    for number in range(12):
        step()
        decay = min(momentum, (1 + number) / (10 + number)) if number else 0.0
        expected = decay * (expected or 0.0) + (1 - decay) * float(variable)
    one.finalize_variable_values([variable])
    assert float(variable) == pytest.approx(expected, rel=1e-5)


def one_step_of_muon(start, name, gradient, **settings):
    """Change of a variable in one step at a learning rate of 1."""
    variable = keras.Variable(start, dtype="float32", name=name)
    one = optimizers.Muon(1.0, **{"weight_decay": None, "adam_weight_decay": None, **settings})
    one.build([variable])
    one.apply_gradients([(tf.constant(gradient, tf.float32), variable)])
    return variable.numpy() - start


@pytest.mark.parametrize(
    ("name", "shape"),
    [("kernel", (6, 4)), ("kernel_0", (4, 6)), ("kernel", (3, 3, 2, 5)), ("direction", (1, 3, 4, 2))],
)
def test_muon_changes_a_kernel_by_equal_singular_values(name, shape):
    gradient = np.random.default_rng(0).normal(size=shape)
    change = one_step_of_muon(np.zeros(shape), name, gradient).reshape(-1, shape[-1])
    u, s, vh = np.linalg.svd(gradient.reshape(-1, shape[-1]), full_matrices=False)
    found = np.diagonal(u.T @ -change @ vh.T) / (0.2 * max(change.shape) ** 0.5)
    assert s.max() > 1.5 * s.min()
    assert np.all((found > 0.6) & (found < 1.3))  # five steps of the iteration end near 1, not at 1
    np.testing.assert_allclose(np.sqrt(np.mean(change**2)), 0.2, rtol=0.25)


@pytest.mark.parametrize(
    ("name", "shape"), [("kernel", (5,)), ("positions", (3, 4)), ("bias", (4,)), ("packed", (3, 3))]
)
def test_muon_leaves_what_is_no_kernel_to_adam(name, shape):
    random = np.random.default_rng(1)
    start, gradient = random.normal(size=shape), random.normal(size=shape)
    variable = keras.Variable(start, dtype="float32")
    adam = keras.optimizers.Adam(1.0)
    adam.build([variable])
    adam.apply_gradients([(tf.constant(gradient, tf.float32), variable)])
    np.testing.assert_allclose(one_step_of_muon(start, name, gradient), variable.numpy() - start, rtol=1e-4)


@pytest.mark.parametrize("weight_decay", [0.0, 0.1])
@pytest.mark.parametrize("name", ["adam", "adamax", "muon"])
def test_kernels_alone_decay_as_the_settings_say(name, weight_decay):
    one = optimizer(TrainSettings(optimizer=name, weight_decay=weight_decay, learning_rate=0.5, warmup_steps=0), 10)
    named = (*NAMED, ("log_scale", (2,)), ("packed", (2, 2)), ("direction", (2, 2)))
    variables = [keras.Variable(np.ones(shape), dtype="float32", name=name) for name, shape in named]
    one.build(variables)
    one.apply_gradients([(tf.zeros(variable.shape), variable) for variable in variables])
    for variable in variables:
        decays = variable.name in ("kernel", "direction")
        np.testing.assert_allclose(variable, 1 - 0.5 * weight_decay * decays, rtol=1e-6)


@pytest.mark.parametrize("name", ["adam", "adamax", "muon"])
def test_decay_leaves_the_layers_of_a_flow_alone(name):
    coupling = Coupling("halves", conditioner=MLP(width=3, depth=1), transformer=Additive())
    flow = tfflows.Flow(Event((2,)), [ActNorm(), PLULinear(), coupling])
    flow.set_weights([np.ones(weight.shape) for weight in flow.get_weights()])
    one = optimizer(TrainSettings(optimizer=name, weight_decay=0.1, learning_rate=0.5, warmup_steps=0), 10)
    one.build(flow.trainable_variables)
    one.apply_gradients([(tf.zeros(variable.shape), variable) for variable in flow.trainable_variables])
    decayed = {variable.name for variable in flow.trainable_variables if np.all(variable.numpy() != 1)}
    assert decayed == {"kernel"}


def after_steps(kind, devices, number=3):
    """Each replica's variables after some steps; the gradient has two parts, one for each device, or both for one."""
    random = np.random.default_rng(3)
    parts = [tf.constant(random.normal(size=(2, *shape)), tf.float32) for _, shape in NAMED]
    strategy = tf.distribute.MirroredStrategy(devices, cross_device_ops=tf.distribute.ReductionToOneDevice())
    with strategy.scope():
        variables = [keras.Variable(np.ones(shape), dtype="float32", name=name) for name, shape in NAMED]
        one = kind(0.1, clip_norm=0.5, weight_decay=0.5)
        one.build(variables)

    def on_replica():
        place = tf.distribute.get_replica_context().replica_id_in_sync_group
        mine = [part[place] if len(devices) == 2 else tf.reduce_sum(part, axis=0) for part in parts]
        one.apply_gradients(list(zip(mine, variables, strict=True)))

    step = tf.function(lambda: strategy.run(on_replica), autograph=False)
    for _ in range(number):
        step()
    return [[copy.numpy() for copy in strategy.experimental_local_results(one.value)] for one in variables]


@pytest.mark.parametrize("kind", [optimizers.Adam, optimizers.Adamax, optimizers.Muon])
def test_two_replicas_are_one(kind):
    for (one,), copies in zip(after_steps(kind, ["CPU:0"]), after_steps(kind, ["CPU:0", "CPU:1"]), strict=True):
        assert len(copies) == 2
        for copy in copies:
            np.testing.assert_allclose(copy, one, rtol=1e-5)
        assert np.abs(one - 1).max() > 0.05


def test_muon_is_saved_with_its_settings():
    one = optimizers.Muon(0.1, clip_norm=2.0, weight_decay=None, adam_weight_decay=0.3, momentum=0.8)
    again = keras.optimizers.deserialize(keras.optimizers.serialize(one))
    assert type(again) is optimizers.Muon
    assert again.get_config() == one.get_config()
    assert (again.clip_norm, again.weight_decay, again.adam_weight_decay, again.momentum) == (2.0, None, 0.3, 0.8)
