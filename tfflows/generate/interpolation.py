"""Paths between events through the space of latents."""

import math
from typing import Any

import tensorflow as tf

from tfflows import values
from tfflows.errors import check, check_choice
from tfflows.models import GenerativeModel

PATHS = ("linear", "spherical")


def interpolate(
    model: GenerativeModel,
    first: Any,
    last: Any,
    label: Any = None,
    context: Any = None,
    *,
    steps: int = 9,
    path: str = "linear",
) -> tf.Tensor:
    """Events on the way from some events to others.

        linear:     z_t = (1 - t) * z_0 + t * z_1
        spherical:  z_t = (sin((1 - t) * a) * z_0 + sin(t * a) * z_1) / sin(a),   a the angle between z_0 and z_1

    Samples of a normal base in many dimensions have nearly the same norm, which a spherical path keeps; a linear one
    passes closer to the origin, where samples look like those of a low temperature.

    Args:
        model: A model.
        first: Events at which the paths start, `[rows, *event]`.
        last: Events at which they end.
        label: Class of each path, for a class-conditional model.
        context: Context of each path, for a model with a context.
        steps: Number of events of a path, with both ends.
        path: `"linear"` or `"spherical"`.

    Returns:
        Events `[rows, steps, *event]`. The ends are reconstructions of `first` and `last`.

    Raises:
        InputError: `steps` is less than 2, there is no such path, or as in `encode`.

    Source: Kingma and Dhariwal, "Glow" (1807.03039), section 5, for linear paths; Shoemake, "Animating rotation with
    quaternion curves" (SIGGRAPH 1985), for spherical ones.
    """
    check_choice("path", path, PATHS)
    steps = values.check_count("steps", steps, least=2)
    ends = [model.encode(x, label, context) for x in (first, last)]
    rule = "Expected as many events in `first` as in `last`."
    check(ends[0].shape == ends[1].shape, rule, first=ends[0].shape, last=ends[1].shape)
    between = {"linear": _line, "spherical": _arc}[path]
    latents = [between(*ends, tf.cast(step / (steps - 1), ends[0].dtype)) for step in range(steps)]
    return tf.stack([model.decode(z, label, context) for z in latents], axis=1)


def manifold(
    model: GenerativeModel, corners: Any, label: Any = None, context: Any = None, *, steps: int = 8
) -> tf.Tensor:
    """A square of events whose corners are four given ones.

        z = cos(a) * (cos(b) * z_1 + sin(b) * z_2) + sin(a) * (cos(b) * z_3 + sin(b) * z_4),   a, b in [0, pi / 2]

    Args:
        model: A model.
        corners: Four events: the upper left corner, the upper right, the lower left, the lower right.
        label: A class for all of them, for a class-conditional model.
        context: A context for all of them, for a model with a context.
        steps: Number of events at a side of the square.

    Returns:
        Events `[steps, steps, *event]`, where `a` grows downwards and `b` to the right.

    Raises:
        InputError: There are not four corners, `steps` is less than 2, or as in `encode`.

    Source: Dinh et al., "Density estimation using Real NVP" (1605.08803), section 4.2, the manifold of four examples.
    Differs from the paper: the angles stay in the first quadrant, so that the given events are the corners.
    """
    steps = values.check_count("steps", steps, least=2)
    z = model.encode(corners, label, context)
    check(z.shape[0] == 4, "Expected four events as corners.", corners=z.shape[0])
    angles = tf.cast(tf.linspace(0.0, math.pi / 2, steps), z.dtype)
    sides = tf.stack([tf.cos(angles), tf.sin(angles)], axis=-1)
    weights = tf.einsum("ai,bj->abij", sides, sides)
    square = tf.tensordot(tf.reshape(weights, [steps * steps, 4]), z, 1)
    return tf.reshape(model.decode(square, label, context), [steps, steps, *model.event.shape])


def _line(first: tf.Tensor, last: tf.Tensor, place: tf.Tensor) -> tf.Tensor:
    return (1 - place) * first + place * last


def _arc(first: tf.Tensor, last: tf.Tensor, place: tf.Tensor) -> tf.Tensor:
    """A line for two latents whose directions are the same or opposite."""
    flat = [tf.reshape(z, [z.shape[0], -1]) for z in (first, last)]
    cosine = tf.reduce_sum(tf.math.l2_normalize(flat[0], 1) * tf.math.l2_normalize(flat[1], 1), axis=1)
    angle = tf.reshape(tf.acos(tf.clip_by_value(cosine, -1.0, 1.0)), [-1] + [1] * (first.shape.rank - 1))
    sine = tf.sin(angle)
    turns = sine > 1e-4
    sine = tf.where(turns, sine, tf.ones_like(sine))
    arc = (tf.sin((1 - place) * angle) * first + tf.sin(place * angle) * last) / sine
    return tf.where(turns, arc, _line(first, last, place))
