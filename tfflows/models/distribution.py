"""A flow as a TFP distribution."""

from typing import Any

import numpy as np
import tensorflow as tf
import tensorflow_probability as tfp

from tfflows import noise

tfb, tfd = tfp.bijectors, tfp.distributions


class FlowDistribution(tfd.Distribution):
    """The density of a flow, with TFP's interface.

    Weights are read whenever a method is called, and no evaluated tensors are cached.

    Args:
        flow: A `tfflows.Flow`.
        condition: What the flow is conditioned on, `[*batch, size]`; None for an unconditional flow.
        name: Name of the distribution.
    """

    def __init__(self, flow: Any, condition: tf.Tensor | None = None, *, name: str):
        parameters = {"flow": flow, "condition": condition, "name": name}
        self._density = lambda: flow  # wrapped in a function, as TFP would take the model's variables for its own
        self._condition = condition
        super().__init__(
            dtype=tf.as_dtype(flow.compute_dtype),
            reparameterization_type=tfd.FULLY_REPARAMETERIZED,
            validate_args=False,
            allow_nan_stats=True,
            parameters=parameters,
            name=name,
        )

    @classmethod
    def _parameter_properties(cls, dtype, num_classes=None):
        return {}

    def __getitem__(self, slices):
        """The distribution of some of the contexts, such as `distribution[0]` or `distribution[..., :2]`."""
        if self._condition is None:
            return super().__getitem__(slices)
        slices = slices if isinstance(slices, tuple) else (slices,)
        return FlowDistribution(self._density(), self._condition[(*slices, slice(None))], name=self.name)

    def _event_shape(self):
        return tf.TensorShape(self._density().event.shape)

    def _event_shape_tensor(self):
        return tf.constant(self._density().event.shape, tf.int32)

    def _batch_shape(self):
        return tf.TensorShape([]) if self._condition is None else self._condition.shape[:-1]

    def _batch_shape_tensor(self):
        return tf.constant([], tf.int32) if self._condition is None else tf.shape(self._condition)[:-1]

    def _default_event_space_bijector(self):
        return tfb.Identity()

    def sample(self, sample_shape=(), seed=None, name="sample", **kwargs):
        """Samples `[*sample_shape, *batch, *event]`, reproducible with an integer of any size or a stateless seed."""
        # TFP turns a Python integer into a stateful seed, and accepts no other kind of integer. Its own seed streams
        # have integers of 512 bits.
        if isinstance(seed, int | np.integer):
            seed = noise.seed_pair(seed if -(2**63) <= seed < 2**64 else seed % 2**64)
        return super().sample(sample_shape, seed=seed, name=name, **kwargs)

    def _sample_n(self, n, seed=None):
        return self._sample_and_log_prob([n], seed)[0]

    def _sample_and_log_prob(self, sample_shape, seed):
        """Both in one pass: the density of a flow's own sample needs no inverse."""
        flow, shape = self._density(), tf.concat([sample_shape, self._batch_shape_tensor()], axis=0)
        seeds = noise.split(tfp.random.sanitize_seed(seed, salt="flow"), tf.reduce_prod(shape))
        x, log_prob = flow.sample_and_log_prob_fn(seeds, self._rows_of_condition(shape))
        return tf.reshape(x, tf.concat([shape, self._event_shape_tensor()], axis=0)), tf.reshape(log_prob, shape)

    def _log_prob(self, x):
        event = self._event_shape_tensor()
        shape = tf.shape(x)[: tf.rank(x) - len(self._event_shape())]
        shape = tf.broadcast_dynamic_shape(shape, self._batch_shape_tensor())
        rows = tf.reshape(tf.broadcast_to(x, tf.concat([shape, event], axis=0)), [-1, *self._event_shape()])
        log_prob = self._density().log_density(rows, self._rows_of_condition(shape))
        return tf.reshape(log_prob, shape)

    def _rows_of_condition(self, shape):
        """The condition of each row, for rows of this shape after flattening."""
        if self._condition is None:
            return None
        size = self._condition.shape[-1]
        return tf.reshape(tf.broadcast_to(self._condition, tf.concat([shape, [size]], axis=0)), [-1, size])
