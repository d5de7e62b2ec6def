"""Base distributions of flows: by name, or any TFP distribution."""

import tensorflow as tf
import tensorflow_probability as tfp

from tfflows import noise
from tfflows.errors import check, check_choice

tfd = tfp.distributions

BASES = {"normal": tfd.Normal, "logistic": tfd.Logistic}


def check_base(base: str | tfd.Distribution, size: int) -> None:
    """Raises `InputError` unless `base` is a name in `BASES`, or a single distribution of vectors of this size."""
    if not isinstance(base, tfd.Distribution):
        check_choice("base", base, BASES)
        return
    rule = f"Expected `base` to be a single distribution of vectors of size {size}: see tfd.Independent."
    fits = base.event_shape == (size,) and base.batch_shape == ()
    check(fits, rule, event_shape=tuple(base.event_shape), batch_shape=tuple(base.batch_shape))


def distribution(base: str | tfd.Distribution, size: int, dtype: str) -> tfd.Distribution:
    """The distribution of latent vectors; a named one has independent entries of location 0 and scale 1."""
    if isinstance(base, tfd.Distribution):
        return base
    zeros = tf.zeros([size], dtype)
    return tfd.Independent(BASES[base](zeros, tf.ones_like(zeros)), 1)


def sample(base: str | tfd.Distribution, size: int, dtype: str, seeds: tf.Tensor) -> tf.Tensor:
    """Latent vectors `[n, size]` from `seeds`, int32 `[n, 2]`: row i is a function of `seeds[i]` alone."""
    drawn = distribution(base, size, dtype)
    if not isinstance(base, tfd.Distribution):
        return drawn.distribution.quantile(noise.uniform(seeds, (size,), tf.as_dtype(dtype)))
    spec = tf.TensorSpec([size], drawn.dtype)
    return tf.cast(tf.map_fn(lambda seed: drawn.sample(seed=seed), seeds, fn_output_signature=spec), dtype)
