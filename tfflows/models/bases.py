"""Base distributions of flows: by name, or any TFP distribution."""

import math

import tensorflow as tf
import tensorflow_probability as tfp

from tfflows import noise
from tfflows.errors import check, check_choice

tfd = tfp.distributions

BASES = {"normal": tfd.Normal, "logistic": tfd.Logistic, "student_t": tfd.StudentT}
HEAVY_TAILED = "student_t"  # the base with a weight: the logarithm of the degrees of freedom of each entry
LOG_DEGREES_OF_FREEDOM = math.log(10.0)  # before training


def check_base(base: str | tfd.Distribution, size: int, dtype: str) -> None:
    """Raises `InputError` unless `base` is in `BASES`, or a single distribution of vectors of this size and type."""
    if not isinstance(base, tfd.Distribution):
        check_choice("base", base, BASES)
        return
    rule = f"Expected `base` to be a single distribution of vectors of size {size}: see tfd.Independent."
    fits = base.event_shape == (size,) and base.batch_shape == ()
    check(fits, rule, event_shape=tuple(base.event_shape), batch_shape=tuple(base.batch_shape))
    check(base.dtype == dtype, f"Expected `base` to have parameters of dtype {dtype}.", dtype=base.dtype.name)


def distribution(
    base: str | tfd.Distribution, size: int, dtype: str, log_df: tf.Tensor | None = None
) -> tfd.Distribution:
    """The distribution of latent vectors; a named one has independent entries of location 0 and scale 1.

    Args:
        base: As in `Flow`.
        size: Size of the vectors.
        dtype: Type of the vectors.
        log_df: Logarithm of the degrees of freedom of each entry, for Student's t.
    """
    if isinstance(base, tfd.Distribution):
        return base
    zeros = tf.zeros([size], dtype)
    shape = [tf.exp(tf.cast(log_df, dtype))] if base == HEAVY_TAILED else []
    return tfd.Independent(BASES[base](*shape, zeros, tf.ones_like(zeros)), 1)


def center(drawn: tfd.Distribution, base: str | tfd.Distribution) -> tf.Tensor | float:
    """The point about which a temperature scales latent vectors: the mean of a distribution that has one, else 0."""
    if not isinstance(base, tfd.Distribution):
        return 0.0
    try:
        mean = drawn.mean()
    except (NotImplementedError, ValueError):  # no formula, or undefined
        return 0.0
    return tf.where(tf.math.is_finite(mean), mean, tf.zeros_like(mean))


def sample(drawn: tfd.Distribution, base: str | tfd.Distribution, size: int, dtype: str, seeds: tf.Tensor) -> tf.Tensor:
    """Latent vectors `[n, size]` from `seeds`, int32 `[n, 2]`: row i is a function of `seeds[i]` alone.

    Args:
        drawn: The result of `distribution`.
        base: As in `Flow`.
        size: Size of the vectors.
        dtype: Type of the vectors.
        seeds: A seed for each vector.
    """
    if not isinstance(base, tfd.Distribution):
        return drawn.distribution.quantile(noise.uniform(seeds, (size,), tf.as_dtype(dtype)))
    spec = tf.TensorSpec([size], drawn.dtype)
    return tf.cast(tf.map_fn(lambda seed: drawn.sample(seed=seed), seeds, fn_output_signature=spec), dtype)
