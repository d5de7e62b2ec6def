"""Integer discrete flow: a bijection of integers under a distribution of integers, whose masses need no Jacobian."""

from collections.abc import Callable, Sequence
from typing import Any

import keras
import tensorflow as tf

from tfflows import noise
from tfflows.bijectors.base import sum_event
from tfflows.bijectors.multiscale import factored_shape
from tfflows.errors import check
from tfflows.events import Event
from tfflows.integers import DiscretizedLogisticMixture
from tfflows.layers import Chain, FlowLayer
from tfflows.layers.base import build
from tfflows.models.assertions import finite
from tfflows.models.base import GenerativeModel
from tfflows.models.objective import check_importance_samples
from tfflows.networks import Network


class IntegerFlow(GenerativeModel):
    """The probability of `x = f(z)`, where `z` are integers and `f` is a bijection of the integers.

        P(x) = P(z),  z = f^-1(x)

    At the end of each scale but the last, the second half of the channels is factored out, with a distribution that a
    network computes from the first half. The parameters of the last scale's distribution are weights.

    The score is the log of a probability: no bound, and no noise. The probabilities of all integers add up to 1, so
    some of the mass lies outside 0..levels-1, where no pixel is; samples there are clipped.

    Args:
        event: What one data point is: an image of integers.
        scales: Layers of each scale, from data to latent, which map integers to integers.
        prior: Unbuilt network of what is factored out; each scale has its own copy.
        components: Number of components of the distributions.

    Raises:
        InputError: `event` is not one of integers.

    Source: Hoogeboom et al., "Integer Discrete Flows and Lossless Compression" (1905.07376).
    Differs from the authors' code: what is factored out has a mixture too, where theirs is a single logistic; see
    `DiscretizedLogisticMixture`.
    """

    is_bound = False
    takes_importance_samples = False

    def __init__(
        self, event: Event, scales: Sequence[Sequence[FlowLayer]], *, prior: Network, components: int = 1, **kwargs: Any
    ):
        super().__init__(event, **kwargs)
        is_image = event.discrete and len(event.shape) == 3
        check(is_image, "Expected images of integers, with `levels`.", event=event.to_dict())
        self.integers = DiscretizedLogisticMixture(event.levels, components)
        self.chains = [Chain(layers) for layers in scales]
        self._prior = lambda: prior  # a template, whose state is not part of this model
        self.build((None, *event.shape))

    def build(self, input_shape):
        self.priors, self.part_shapes, shape = [], [], tuple(input_shape)
        for chain in self.chains:
            build(chain, shape)
            shape = tuple(chain.compute_output_shape(shape))
            if chain is not self.chains[-1]:
                shape = (None, *factored_shape(shape[1:]))
                self.priors.append(self._prior().sized(self.integers.size * shape[-1]))
                self.priors[-1].build(shape)
            self.part_shapes.append(shape[1:])
        parameters = self.integers.size * shape[-1]
        self.top = self.add_weight(shape=(*shape[1:-1], parameters), initializer="zeros", name="top")
        self.condition_of_top = None
        if self.event.condition_size:
            settings = {"use_bias": False, "kernel_initializer": "zeros", "dtype": self.dtype_policy}
            self.condition_of_top = keras.layers.Dense(parameters, **settings)
            self.condition_of_top.build((None, self.event.condition_size))
        self.built = True

    @property
    def latent_shape(self):
        return (self.event.size,)

    def latents(
        self,
        x: tf.Tensor,
        condition: tf.Tensor | None = None,
        *,
        training: bool = False,
        seeds: tf.Tensor | None = None,
    ) -> list[tuple[tf.Tensor, tf.Tensor]]:
        """The latents of each scale, and before each the parameters of their distribution, from data to the top.

        Args:
            x: Integers, `[batch, *event]`, of any type.
            condition: As in `log_prob_fn`.
            training: Whether networks apply dropout.
            seeds: Seeds of the dropout, int32 `[batch, 2]`.
        """
        h, found = tf.cast(x, self.compute_dtype), []
        for place, (chain, prior) in enumerate(zip(self.chains, [*self.priors, None], strict=True)):
            of_layers, of_prior = (
                {"training": training, "seeds": noise.training_seeds(seeds, stream - 2 * place, training=training)}
                for stream in (noise.SCALE_LAYERS, noise.SCALE_PRIOR)
            )
            h = chain.bijector(condition, **of_layers).inverse(h)
            if prior is not None:
                h, out = tf.split(h, 2, axis=-1)
                found.append((self._outputs(prior, h, condition, **of_prior), out))
        return [*found, (self._outputs_of_top(tf.shape(h)[0], condition), h)]

    def generate(
        self, read: Callable[[int, tf.Tensor], tf.Tensor], rows: int | tf.Tensor, condition: tf.Tensor | None = None
    ) -> tf.Tensor:
        """Integers `[rows, *event]`, as real numbers, from the latents of each scale, from the top to data.

        Args:
            read: Function from the number of a scale and the parameters of its latents' distribution to the latents.
            rows: Number of rows.
            condition: As in `log_prob_fn`.
        """
        last = len(self.chains) - 1
        h = self.chains[-1].bijector(condition).forward(read(last, self._outputs_of_top(rows, condition)))
        for place in reversed(range(last)):
            out = read(place, self._outputs(self.priors[place], h, condition))
            h = self.chains[place].bijector(condition).forward(tf.concat([h, out], axis=-1))
        return h

    def _outputs(self, prior, kept, condition, **mode):
        return tf.cast(prior(kept, condition, **mode), self.compute_dtype)

    def _outputs_of_top(self, rows, condition):
        outputs = tf.convert_to_tensor(self.top)
        if self.condition_of_top is not None:
            outputs += tf.cast(self.condition_of_top(condition), self.compute_dtype)[:, None, None]
        return tf.broadcast_to(outputs, [rows, *self.top.shape])

    def log_prob_fn(self, x, condition, seed, num_importance_samples=1, *, training=False):
        check_importance_samples(self, num_importance_samples)
        seeds = noise.row_seeds(x, seed) if training else None
        parts = self.latents(x, condition, training=training, seeds=seeds)
        return tf.add_n([sum_event(self.integers.log_prob(*part), 3) for part in parts])

    def sample_fn(self, seeds, temperature, condition):
        noises = self._split(noise.uniform(seeds, self.latent_shape, tf.as_dtype(self.compute_dtype)))

        def read(place, outputs):
            return self.integers.draw(outputs, noises[place], temperature)

        return self._pixels(self.generate(read, tf.shape(seeds)[0], condition))

    def encode(self, x, label=None, context=None, *, seed=None):
        check(seed is None, "Expected no `seed`: the latent of integers is exact.", seed=seed)
        return super().encode(x, label, context)

    def encode_fn(self, x, condition, seed=None):
        latents = [tf.reshape(z, [tf.shape(z)[0], z.shape[1:].num_elements()]) for _, z in self.latents(x, condition)]
        return tf.concat(latents, axis=-1)

    def decode_fn(self, z, condition):
        latents = self._split(tf.round(finite(z)))
        return self._pixels(self.generate(lambda place, _: latents[place], tf.shape(z)[0], condition))

    def _split(self, z):
        """The part of each scale, `[batch, height, width, channels]`, of vectors `[batch, size]`."""
        sizes = [tf.TensorShape(shape).num_elements() for shape in self.part_shapes]
        parts = tf.split(z, sizes, axis=-1)
        return [tf.reshape(part, [-1, *shape]) for part, shape in zip(parts, self.part_shapes, strict=True)]

    def _pixels(self, x):
        return tf.cast(tf.clip_by_value(x, 0, self.event.levels - 1), self.event.dtype)
