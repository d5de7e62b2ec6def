"""Ladder autoencoder: layers of latent maps, inferred bottom-up and then top-down."""

import math
from collections.abc import Sequence

import keras
import tensorflow as tf

from tfflows import noise
from tfflows.errors import check
from tfflows.events import Event
from tfflows.layers.base import build
from tfflows.layers.ladder import LadderLayer
from tfflows.models.latent import Inference, LatentVariableModel


class LadderVAE(LatentVariableModel):
    """A hierarchical VAE of images, whose inference goes up the layers and then, together with the prior, down again.

        up:    x = convs(event);  x = layer.go_up(x), from the bottom layer to the top
        down:  x = a learned vector, at each position;  x = layer.go_down(x, z), from the top to the bottom;
               p(event | z_1..z_L): the likelihood of the event, with the parameters `convs(elu(x))`

    The latent vector contains the maps of all layers, the top one first. Free bits apply to each layer.

    Args:
        event: An image.
        layers: The layers, from the bottom to the top.
        width: Number of feature maps.
        strides: Number of 5 x 5 convolutions before the ladder, each of which halves the size, and of those after it,
            each of which doubles it.
        **kwargs: As in `LatentVariableModel`.

    Source: Kingma et al., "Improved Variational Inference with Inverse Autoregressive Flow" (1606.04934), section 6.2,
    appendix C and the authors' code.
    Differs from the paper: free bits apply to a layer, not to a feature map; see also `LadderLayer`.
    """

    def __init__(self, event: Event, layers: Sequence[LadderLayer], *, width: int, strides: int = 1, **kwargs):
        super().__init__(event, **kwargs)
        check(strides >= 1, "Expected `strides` to be 1 or more.", strides=strides)
        self.ladder = list(layers)
        own = {"dtype": self.ladder[0].dtype_policy}  # other than the model, its layers may compute in bfloat16
        how = {"kernel_size": 5, "strides": 2, "padding": "same", "kernel_initializer": "he_normal", **own}
        self.first = [keras.layers.Conv2D(width, **how) for _ in range(strides)]
        self.last = [keras.layers.Conv2DTranspose(width, **how) for _ in range(strides - 1)]
        outputs = self.likelihood.size * event.shape[-1]
        self.last.append(keras.layers.Conv2DTranspose(outputs, **{**how, "kernel_initializer": "zeros"}))
        ways = range(2 if event.condition_size else 0)
        self.conditions = [keras.layers.Dense(width, use_bias=False, kernel_initializer="zeros", **own) for _ in ways]
        self.build((None, *event.shape))

    def build(self, input_shape):
        shape = input_shape
        for first in self.first:
            first.build(shape)
            shape = first.compute_output_shape(shape)
        for last in self.last:
            last.build((None, None, None, shape[-1]))
        for dense in self.conditions:
            dense.build((None, self.event.condition_size))
        for layer in self.ladder:
            build(layer, shape)
            shape = (None, *layer.latent_shape[:2], shape[-1])
        self.top = self.add_weight(shape=(1, 1, 1, shape[-1]), initializer="zeros", name="top")
        self.top_space = shape[1:3]

    @property
    def latent_shapes(self) -> list[tuple[int, ...]]:
        """Shapes of the latent maps, from the top."""
        return [layer.latent_shape for layer in reversed(self.ladder)]

    @property
    def latent_shape(self):
        return (sum(math.prod(shape) for shape in self.latent_shapes),)

    @property
    def inference_layers(self):
        flows = [layer.flow for layer in self.ladder]
        convs = [conv for layer in self.ladder for conv in (layer.up_first, layer.up_second) if conv]
        return [*self.first, *self.conditions[:1], *convs, *flows]  # the first condition is the encoder's

    def recognize(self, x, context, *, training=False, seeds=None):
        for number, conv in enumerate(self.first):
            x = conv(tf.nn.elu(x) if number else x)
        x = x if context is None else x + self.conditions[0](context)[:, None, None]
        features = []
        for layer in self.ladder:
            x, found = layer.go_up(x)
            features.insert(0, found)
        return features

    def infer(self, features, context, seeds, *, training):
        zs, ratios = [], []

        def pick(number, layer, prior, added):
            layer_seeds = None if seeds is None else noise.fold_in(seeds, noise.LADDER_POSTERIOR + number)
            z, ratio = layer.infer(prior, features[number], added, layer_seeds, training=training)
            zs.append(tf.reshape(z, [-1, math.prod(layer.latent_shape)]))
            ratios.append(ratio)
            return z

        outputs = self._go_down(pick, tf.shape(features[0][0])[0], context)
        kl = tf.stack(ratios, axis=-1)
        return Inference(tf.concat(zs, axis=-1), outputs, tf.reduce_sum(kl, axis=-1), kl)

    def draw(self, seeds, temperature, context):
        def pick(number, layer, prior, added):
            mean, log_std = prior
            e = noise.normal(noise.fold_in(seeds, noise.LADDER_PRIOR + number), layer.latent_shape, mean.dtype)
            return mean + tf.exp(log_std) * temperature[:, None, None, None] * e

        return self._go_down(pick, tf.shape(seeds)[0], context)

    def generate(self, z, context):
        parts = tf.split(z, [math.prod(shape) for shape in self.latent_shapes], axis=-1)
        maps = [tf.reshape(part, [-1, *shape]) for part, shape in zip(parts, self.latent_shapes, strict=True)]
        return self._go_down(lambda number, *_: maps[number], tf.shape(z)[0], context)

    def _go_down(self, pick, n, context):
        """The decoder's outputs; `pick(number, layer, prior, added)` returns the latents of each layer."""
        x = tf.tile(tf.convert_to_tensor(self.top), [n, *self.top_space, 1])
        x = x if context is None else x + tf.cast(self.conditions[1](context), x.dtype)[:, None, None]
        for number, layer in enumerate(reversed(self.ladder)):
            prior, added, hidden = layer.prior(x)
            x = layer.go_down(x, pick(number, layer, prior, added), hidden)
        height, width, _ = self.event.shape
        for conv in self.last:
            x = conv(tf.nn.elu(x))
        return tf.cast(x, self.compute_dtype)[:, :height, :width]
