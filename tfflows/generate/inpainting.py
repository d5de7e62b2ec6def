"""The hidden pixels of images, filled in with those that make the image most likely."""

import dataclasses
from collections.abc import Callable
from typing import Any

import keras
import tensorflow as tf
import tensorflow_probability as tfp

from tfflows import noise, values
from tfflows.errors import check
from tfflows.layers import Logit
from tfflows.models import Dequantized, Flow, GenerativeModel

RATE = 0.1  # of the first step, as a fraction of the pixels' range
INSIDE = 1e-3  # distance of a pixel from the ends of its range, as a fraction of it


@dataclasses.dataclass(frozen=True)
class Inpainting:
    """Images whose hidden pixels were filled in.

    Args:
        start: The images at the start, with noise in place of the hidden pixels, `[rows, *event]`.
        result: The images at the end.
        log_prob: Log-densities before and after each step, `[1 + steps, rows]`, in nats: of the pixels' logits in a
            flow that starts with a logit, else of the real-valued pixels.
    """

    start: tf.Tensor
    result: tf.Tensor
    log_prob: tf.Tensor


def inpaint(
    model: GenerativeModel,
    x: Any,
    keep: Any,
    label: Any = None,
    context: Any = None,
    *,
    steps: int = 300,
    seed: Any = 0,
    progress: Callable[[int], Any] | None = None,
) -> Inpainting:
    """Fills in hidden pixels by projected gradient ascent on the log-density.

        y <- clip(y + rate * direction),  for the hidden pixels alone

    If the flow starts with a logit, `y` are the logits of the pixels and the density is theirs: that of the pixels has
    a peak at either end of their range, where the ascent would stop. The direction is that of Adam, and the rate falls
    as a half cosine from a tenth of the range of `y` to 0. The result is the most likely image on the way, which is
    smoother than a sample; `posterior_draws` returns samples.

    Args:
        model: A flow of images.
        x: Images, `[rows, *event]`; their hidden pixels are not used.
        keep: Which pixels are known, bool `[*event]`, or `[rows, *event]` for a mask of each image.
        label: As in `log_prob`.
        context: As in `log_prob`.
        steps: Number of steps.
        seed: Seed of the pixels at the start, which are uniform; None draws a new one.
        progress: Function that is called with the number of each finished step.

    Raises:
        InputError: The model has no density of real-valued pixels, `keep` has another shape or hides nothing, or as in
            `log_prob`.

    Source: Dinh et al., "NICE" (1410.8516), section 5.2.
    Differs from the paper: its direction is the gradient with noise, and its rate falls as `10 / (100 + step)`.
    """
    problem = Problem.of(model, x, keep, label, context)
    steps = values.check_count("steps", steps, least=1)
    start = problem.place(problem.started(seed))
    y, best = tf.Variable(start), tf.Variable(start)
    highest = tf.Variable(problem.height(start))
    low, high = problem.ends
    adam = keras.optimizers.Adam(keras.optimizers.schedules.CosineDecay(RATE * (high - low), steps))
    adam.build([y])

    @tf.function
    def step():
        log_prob, gradient = problem.ascent(y)
        _keep_better(best, highest, y, log_prob)
        adam.apply([-gradient], [y])
        y.assign(tf.where(problem.keep, y, tf.clip_by_value(y, low, high)))
        return log_prob

    track = []
    for number in range(steps):
        track.append(step())
        if progress:
            progress(number + 1)
    track.append(problem.height(y))
    _keep_better(best, highest, y, track[-1])
    return Inpainting(problem.images_at(start), problem.images_at(best), tf.stack(track))


def _keep_better(best: tf.Variable, highest: tf.Variable, y: tf.Variable, log_prob: tf.Tensor) -> None:
    """Replaces the images of `best` by those of `y` that are likelier."""
    better = log_prob > highest  # False for NaN, too
    best.assign(tf.where(tf.reshape(better, [-1] + [1] * (y.shape.rank - 1)), y, best))
    highest.assign(tf.where(better, log_prob, highest))


@dataclasses.dataclass(frozen=True)
class Problem:
    """Images in which some pixels are hidden.

    Args:
        flow: The flow of the real-valued pixels.
        known: The images, in which the values of hidden pixels mean nothing, `[rows, *event]`.
        keep: Which pixels are known, bool `[*event]`, or `[rows, *event]`.
        condition: Label and context of each image, as the networks take them.
        pixels: From real-valued pixels to images.
        high: Upper end of the pixels' range.
        coordinates: Bijector to real-valued pixels from the coordinates of the ascent.
    """

    flow: Flow
    known: tf.Tensor
    keep: tf.Tensor
    condition: tf.Tensor | None
    pixels: Callable[[tf.Tensor], tf.Tensor]
    high: float
    coordinates: tfp.bijectors.Bijector

    @classmethod
    def of(cls, model: GenerativeModel, x: Any, keep: Any, label: Any, context: Any) -> "Problem":
        rule = "Expected a flow of pixels: inpainting needs a density of real-valued pixels."
        check(isinstance(model, Dequantized), rule, model=model.name)
        model.check_initialized()
        x, keep = model.event.check(x), tf.cast(values.numbers("keep", keep), tf.bool)
        rule = f"Expected `keep` of shape {model.event.shape}, or one for each image, with False for some pixels."
        shapes = model.event.shape, (values.rows(x), *model.event.shape)
        check(tuple(keep.shape) in shapes and not bool(tf.reduce_all(keep)), rule, shape=tuple(keep.shape))
        condition = model.check_condition(label, context, values.rows(x))
        known = tf.cast(x, model.compute_dtype) + model.dequantization.center(tf.where(keep, x, tf.zeros_like(x)))
        first = model.flow.flow_layers[0]
        coordinates = first.bijector() if isinstance(first, Logit) else tfp.bijectors.Identity()
        return cls(model.flow, known, keep, condition, model.pixels, float(model.event.levels), coordinates)

    @property
    def dtype(self) -> tf.DType:
        return self.known.dtype

    def started(self, seed: Any) -> tf.Tensor:
        """The images with uniform noise in the hidden pixels, which depends on the seed and on the known ones."""
        seeds = noise.row_seeds(tf.where(self.keep, self.known, 0.0), noise.given_or_new(seed))
        shape = tuple(self.known.shape[1:])
        return tf.where(self.keep, self.known, self.high * noise.uniform(seeds, shape, self.dtype))

    def log_density(self, y: tf.Tensor) -> tf.Tensor:
        return self.flow.log_density(y, self.condition)

    def place(self, y: tf.Tensor) -> tf.Tensor:
        """Real-valued pixels in the coordinates of the ascent."""
        return self.coordinates.inverse(y)

    def images_at(self, place: tf.Tensor) -> tf.Tensor:
        """Images of pixels in the coordinates of the ascent; the known pixels are as they were."""
        return self.images(tf.where(self.keep, self.known, self.coordinates.forward(place)))

    @property
    def ends(self) -> tuple[float, float]:
        """The range of the coordinates of pixels inside their range."""
        ends = tf.constant([INSIDE * self.high, (1 - INSIDE) * self.high], self.dtype)
        return tuple(self.place(ends).numpy().tolist())

    def height(self, place: tf.Tensor) -> tf.Tensor:
        """Log-density in the coordinates of the ascent, `[rows]`."""
        log_det = self.coordinates.forward_log_det_jacobian(place, event_ndims=self.known.shape.rank - 1)
        return self.log_density(self.coordinates.forward(place)) + log_det

    def ascent(self, place: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        """The log-density, and its gradient with respect to the hidden pixels, 0 for the known ones."""
        with tf.GradientTape() as tape:
            tape.watch(place)
            height = self.height(place)
        gradient = tape.gradient(height, place)
        return height, tf.where(self.keep, tf.zeros_like(gradient), gradient)

    def inside(self, y: tf.Tensor) -> tf.Tensor:
        """Real-valued pixels, projected on the inside of their range."""
        return tf.clip_by_value(y, INSIDE * self.high, (1 - INSIDE) * self.high)

    def hidden(self, y: tf.Tensor) -> tf.Tensor:
        """The hidden pixels of images with the same mask, `[rows, hidden]`."""
        return tf.boolean_mask(y, ~self.keep, axis=1)

    def filled(self, pixels: tf.Tensor) -> tf.Tensor:
        """The images with these hidden pixels, the inverse of `hidden`."""
        place = tf.where(~self.keep)
        moved = tf.scatter_nd(place, tf.transpose(pixels), [*self.keep.shape, tf.shape(pixels)[0]])
        rank = moved.shape.rank
        return tf.where(self.keep, self.known, tf.transpose(moved, [rank - 1, *range(rank - 1)]))

    def images(self, y: tf.Tensor) -> tf.Tensor:
        return self.pixels(y)
