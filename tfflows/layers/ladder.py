"""A layer of latent maps in a ladder: inference goes up and down the ladder, generation only down."""

from collections.abc import Sequence
from typing import Any

import keras
import tensorflow as tf

from tfflows import noise
from tfflows.bounds import soft_bound
from tfflows.layers.base import FlowLayer, build, check_needs_no_data
from tfflows.layers.chain import Chain
from tfflows.serialization import Configurable

Moments = tuple[tf.Tensor, tf.Tensor]  # mean and log of the standard deviation, each [batch, height, width, latents]


class LadderLayer(Configurable, keras.layers.Layer):
    """Latent maps with a prior from above, and a posterior from above and below.

        up:    mean_u, log_std_u, c_u, h = conv(elu(x));  x' = x + 0.1 * conv(elu(h))
        down:  mean_p, log_std_p, mean_d, log_std_d, c_d, h = conv(elu(x));  x' = x + 0.1 * conv(elu([z, h]))
        prior:      z = mean_p + exp(log_std_p) * noise
        posterior:  z = flow(mean_u + mean_d + exp(log_std_u + log_std_d) * noise; c_u + c_d)

    All convolutions are 3 x 3. A layer that halves does so on the way up, before its latents, and doubles on the way
    down, after them. All moments start at zero: a new posterior equals its prior, except for the flow.

    Args:
        width: Number of feature maps.
        latents: Number of channels of the latent maps.
        flow: Flow layers of the posterior over maps, from the Gaussian to `z`; their context is a map of `width`
            channels.
        halves: Whether the layer halves height and width.
        top: Whether this is the top layer, where the way up ends.

    Source: Kingma et al., "Improved Variational Inference with Inverse Autoregressive Flow" (1606.04934), appendices
    C.1 to C.3, and the authors' code, `IAFLayer`.
    Differs from the authors' code: no weight normalization or data-dependent initialization; log standard deviations
    are bounded; the flow is an argument, where theirs is `(z - 0.1 m) / exp(0.1 s)`.
    """

    def __init__(self, width: int, latents: int, *, flow: Sequence[FlowLayer], halves: bool, top: bool, **kwargs: Any):
        super().__init__(**kwargs)
        self.width, self.latents, self.flow, self.halves = width, latents, Chain(flow), halves
        stride = 2 if halves else 1
        self.up_sizes = [latents, latents, width, *([] if top else [width])]
        self.down_sizes = [latents] * 4 + [width, width]
        own = {"dtype": self.dtype_policy}
        self.up_first = _conv(sum(self.up_sizes), strides=stride, zeros=2 * latents, **own)
        self.up_second = None if top else _conv(width, **own)
        self.down_first = _conv(sum(self.down_sizes), zeros=4 * latents, **own)
        self.down_second = _conv(width, transposed=halves, strides=stride, **own)

    def build(self, input_shape):
        """Takes the shape of `x` on the way up, `[None, height, width, width]`."""
        self.space = tuple(input_shape[1:3])
        below = tuple(-(-size // 2) if self.halves else size for size in self.space)
        self.latent_shape = (*below, self.latents)
        self.up_first.build(input_shape)
        self.down_first.build((None, *below, self.width))
        self.down_second.build((None, *below, self.latents + self.width))
        if self.up_second:
            self.up_second.build((None, *below, self.width))
        build(self.flow, (None, *self.latent_shape))
        check_needs_no_data(self.flow, "`flow`")

    def go_up(self, x: tf.Tensor) -> tuple[tf.Tensor, tuple[tf.Tensor, ...]]:
        """Bottom-up pass: the input of the next layer, if there is one, and what this one will add to its posterior."""
        found = tf.split(self.up_first(tf.nn.elu(x)), self.up_sizes, axis=-1)
        if self.up_second:
            x = x[:, ::2, ::2] if self.halves else x
            x = x + 0.1 * self.up_second(tf.nn.elu(found[3]))
        return x, tuple(found[:3])

    def prior(self, x: tf.Tensor) -> tuple[Moments, tuple[tf.Tensor, ...], tf.Tensor]:
        """Top-down pass: the moments of the prior, what is added to the posterior, and features for `go_down`."""
        split = tf.split(self.down_first(tf.nn.elu(x)), self.down_sizes, axis=-1)
        mean, log_std, *added, hidden = (tf.cast(part, keras.config.floatx()) for part in split)
        return (mean, soft_bound(log_std)), tuple(added), hidden

    def infer(
        self,
        prior: Moments,
        found: tuple[tf.Tensor, ...],
        added: tuple[tf.Tensor, ...],
        seeds: tf.Tensor | None,
        *,
        training: bool,
    ) -> tuple[tf.Tensor, tf.Tensor]:
        """A sample from the posterior, its center if `seeds` is None, and `log q(z) - log p(z)`, `[batch]`."""
        mean, log_std, context = (tf.cast(u, d.dtype) + d for u, d in zip(found, added, strict=True))
        log_std = soft_bound(log_std)
        e = tf.zeros_like(mean) if seeds is None else noise.normal(seeds, self.latent_shape, mean.dtype)
        z0 = mean + tf.exp(log_std) * e
        z, log_det = self.flow.inverse_and_log_det(z0, context, training=training, seeds=seeds)
        # The constants of both Gaussians cancel.
        back = (z - prior[0]) * tf.exp(-prior[1])
        return z, tf.reduce_sum(0.5 * (back**2 - e**2) + prior[1] - log_std, axis=[1, 2, 3]) - log_det

    def go_down(self, x: tf.Tensor, z: tf.Tensor, hidden: tf.Tensor) -> tf.Tensor:
        """Top-down pass: the input of the next layer."""
        height, width = self.space
        change = self.down_second(tf.nn.elu(tf.concat([z, hidden], axis=-1)))[:, :height, :width]
        x = tf.repeat(tf.repeat(x, 2, axis=1), 2, axis=2)[:, :height, :width] if self.halves else x
        return x + 0.1 * tf.cast(change, x.dtype)


def _conv(
    filters: int, *, dtype: keras.DTypePolicy, strides: int = 1, transposed: bool = False, zeros: int = 0
) -> keras.layers.Layer:
    """A 3 x 3 convolution whose first `zeros` channels start at zero."""
    random = keras.initializers.HeNormal()

    def start(shape, dtype=None):
        return random(shape, dtype) * tf.cast(tf.range(shape[-1]) >= zeros, dtype)

    kind = keras.layers.Conv2DTranspose if transposed else keras.layers.Conv2D
    settings = {"padding": "same", "kernel_initializer": start if zeros else random, "dtype": dtype}
    return kind(filters, 3, strides, **settings)
