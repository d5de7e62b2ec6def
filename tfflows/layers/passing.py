"""Several layers in turn, from data to latent."""

from collections.abc import Iterable

import tensorflow as tf

from tfflows import noise
from tfflows.layers.base import FlowLayer


def build(layers: Iterable[FlowLayer], shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
    """Makes the weights of layers that see events of a shape, `[None, *event]`; returns the shape at the latent end."""
    for layer in layers:
        layer.build(shape)
        layer.built = True
        shape = layer.compute_output_shape(shape)
    return shape


def towards_latent(
    layers: Iterable[FlowLayer], x: tf.Tensor, context: tf.Tensor | None = None, seeds: tf.Tensor | None = None
) -> tuple[tf.Tensor, tf.Tensor]:
    """What becomes of `x`, `[batch, *event]`, in the direction that couplings and autoregressive layers do in one pass.

    It is the cheap way to score data, and also to draw from a distribution whose samples are `x`, such as a posterior.

    Args:
        layers: From data to latent, each of which keeps the number of axes.
        x: Where to start.
        context: Of every layer.
        seeds: As in `FlowLayer.bijector`; None in evaluation.

    Returns:
        `z`, and `log |det dz/dx|`, `[batch]`.
    """
    log_det = tf.zeros(tf.shape(x)[:1], x.dtype)
    for number, layer in enumerate(layers, start=1):
        bijector = layer.bijector(context, None if seeds is None else noise.fold_in(seeds, -number))
        log_det += bijector.inverse_log_det_jacobian(x, event_ndims=x.shape.rank - 1)
        x = bijector.inverse(x)
    return x, log_det


def towards_data(layers: Iterable[FlowLayer], z: tf.Tensor, context: tf.Tensor | None = None) -> tf.Tensor:
    """The way back of `towards_latent`, in evaluation."""
    for layer in reversed(list(layers)):
        z = layer.bijector(context).forward(z)
    return z
