"""The laws of training: a step compiles under XLA, two replicas train as one, and units do not matter."""

import functools

import keras
import numpy as np
import pytest
import tensorflow as tf

from tests.cases import Case, events, kept, make, taken
from tfflows import noise
from tfflows.models import MeanNegativeLogLikelihood


def train_step_compiles_under_xla(case: Case) -> None:
    if case.event.kind == "vector" or case.name == "realnvp":
        np.testing.assert_allclose(fitted(case, jit_compile=True)[0], plainly_fitted(case)[0], rtol=1e-4)
    else:
        gradient_lowers_to_hlo(case)  # the code of a large graph takes long to compile, and stays in memory


def gradient_lowers_to_hlo(case: Case) -> None:
    """XLA translates every operation of the gradient, and knows every shape."""
    model, (x, conditions) = kept(case), events(case, 4)

    @tf.function(jit_compile=True)
    def gradient(batch, seed):
        with tf.GradientTape() as tape:
            nats = model.log_prob_fn(batch["x"], model.condition_of(batch), seed, training=True)
        return tape.gradient(nats, [variable.value for variable in model.trainable_variables])

    lower = gradient.experimental_get_compiler_ir({"x": tf.constant(x), **conditions}, tf.constant([1, 2]))
    try:
        assert "ENTRY" in lower(stage="hlo")
    except ValueError as error:
        pytest.fail(f"XLA cannot compile the gradient: {error}")


def two_replicas_train_as_one(case: Case) -> None:
    one = plainly_fitted(case)
    # Reduced by hand, as collective operations of several strategies in one process share their keys.
    by_hand = tf.distribute.ReductionToOneDevice()
    two = fitted(case, tf.distribute.MirroredStrategy(["CPU:0", "CPU:1"], cross_device_ops=by_hand))
    np.testing.assert_allclose(two[0], one[0], rtol=1e-5)
    for mine, theirs in zip(two[1], one[1], strict=True):
        np.testing.assert_allclose(mine, theirs, rtol=1e-4, atol=1e-5)


def unit_of_the_data_does_not_matter(case: Case) -> None:
    """Data in other units have the density of a change of variables: weights that depend on data absorb the scale."""
    x, conditions = events(case, 64)
    with pytest.MonkeyPatch.context() as patch:
        # A row's noise is a hash of its content: that of scaled rows would be other noise.
        patch.setattr(noise, "row_seeds", lambda x, seed: noise.split(seed, tf.shape(x)[0]))
        expected = density_and_samples(case, x, conditions, 1.0)
        for scale in (1e-30, 1e30):
            for found, part in zip(density_and_samples(case, x, conditions, scale), expected, strict=True):
                np.testing.assert_allclose(found, part, rtol=1e-2, atol=1e-2, err_msg=f"scale {scale}")


def density_and_samples(case: Case, x: np.ndarray, conditions: dict, scale: float) -> tuple[np.ndarray, ...]:
    """Log-likelihoods of `scale * x` and a few samples, in the units of `x`, of a model of data in these units."""
    model, few = make(case, scale=scale), taken(conditions, slice(8))
    if case.row.log_prob_cost.passes == "adaptive":
        log_prob, drawn = model.log_prob(np.float32(scale) * x, **conditions), model.sample(8, **few, seed=1)
    else:  # without graphs, which take longer to trace than to run once
        given = model.checked(np.float32(scale) * x, **conditions)
        log_prob = model.log_prob_fn(*given, noise.seed_pair(0))
        drawn = model.sample_fn(noise.sample_seeds(1, 8), tf.ones([8]), model.condition(**few))
    return log_prob.numpy() + case.event.size * np.log(scale), drawn.numpy() / np.float32(scale)


def fitted(case: Case, strategy=None, *, jit_compile: bool = False) -> tuple[list[float], list[np.ndarray]]:
    """Losses of two steps, and the weights after them."""
    with (strategy or tf.distribute.get_strategy()).scope():
        model = make(case)
        # Not Adam, which divides a small gradient by its own size and so enlarges rounding.
        model.compile(keras.optimizers.SGD(1e-3), MeanNegativeLogLikelihood(), jit_compile=jit_compile)
    x, conditions = events(case, 16)
    data = tf.data.Dataset.from_tensor_slices({"x": x, **conditions}).batch(16).repeat(2)
    options = tf.data.Options()
    options.experimental_distribute.auto_shard_policy = tf.data.experimental.AutoShardPolicy.DATA
    losses = model.fit(data.with_options(options), epochs=2, steps_per_epoch=1, verbose=0, shuffle=False).history[
        "loss"
    ]
    return losses, [variable.numpy() for variable in model.variables]


@functools.cache
def plainly_fitted(case: Case) -> tuple[list[float], list[np.ndarray]]:
    """The same on one replica and without XLA, which two laws need."""
    return fitted(case)
