"""Executions: several training or test steps in one call of a compiled function."""

import functools
from collections.abc import Callable
from typing import Any

import keras
import tensorflow as tf

Logs = dict[str, tf.Tensor]


def execution(model: keras.Model, step: Callable[[Any], Any], logs: Callable[[], Logs]) -> Callable[[Any], Logs]:
    """A function of an iterator of batches that takes `steps_per_execution` steps, or as many as there are data for.

    Args:
        model: A compiled model, whose strategy distributes each batch.
        step: What each replica does with its batch.
        logs: What the function returns, read once, after the last step.
    """
    # A nested function only if XLA needs one: it makes the first step several times slower.
    step = tf.function(step, jit_compile=True, reduce_retracing=True, autograph=False) if model.jit_compile else step
    one_step = _compiled(model, _one_step(model, step, logs))
    several_steps = _compiled(model, _several_steps(model, step, logs))

    def execute(iterator):
        if not isinstance(iterator, tf.data.Iterator | tf.distribute.DistributedIterator):
            return one_step(next(iterator))  # Keras passes a generator of one batch in `train_on_batch`
        made, its_logs = several_steps(iterator)
        if not int(made):
            raise StopIteration
        return its_logs

    return execute


def _one_step(model, step, logs):
    def one_step(batch):
        model.distribute_strategy.run(step, args=(batch,))
        return logs()

    return one_step


def _several_steps(model, step, logs):
    if model.steps_per_execution == 1:  # a loop would take longer than the step of a small model
        one_step = _one_step(model, step, logs)
        return lambda iterator: (1, one_step(next(iterator)))

    def several_steps(iterator):
        most = model.steps_per_execution

        def body(made, batch):
            model.distribute_strategy.run(step, args=(batch.get_value(),))
            return made + 1, tf.cond(made + 1 < most, iterator.get_next_as_optional, lambda: batch)

        start = (0, iterator.get_next_as_optional())
        made, _ = tf.while_loop(lambda made, batch: (made < most) & batch.has_value(), body, start)
        return made, logs()

    return several_steps


def _compiled(model, function):
    # Without AutoGraph: converting a model's code takes a third of the time of its first step.
    # A partial function, as in `DistributedModel.cached_function`.
    partial = functools.partial(function)
    return function if model.run_eagerly else tf.function(partial, reduce_retracing=True, autograph=False)
