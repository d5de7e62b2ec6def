"""Checks of requests in a served graph: an error gives the rule, the input's name and the value received.

TensorFlow's runtime checks the types of a request's inputs, but neither shapes nor values: without these checks, a
pixel out of range, or one row of seeds for three temperatures, is answered with meaningless numbers.
"""

import re
from collections.abc import Iterable

import tensorflow as tf

from tfflows.events import Event
from tfflows.signatures import Input

MOST_ROWS = 65_536
TOO_FAR = "it is too far from the training data"
NO_LOG_PROB = f"Expected `x` to have a log-likelihood that float32 can hold: {TOO_FAR}."
MOST_ENTRIES = 2**22  # in a request: 5,349 events of 28x28 pixels. Activations take about a hundred times as much.


def most_rows(event: Event, latent_shape: tuple[int, ...]) -> int:
    """Maximum number of rows of a request: a larger one would use up the memory that other requests need."""
    return most_rows_of(max(event.size, tf.TensorShape(latent_shape).num_elements()))


def most_rows_of(entries: int) -> int:
    """The same for rows of so many entries."""
    return max(1, min(MOST_ROWS, MOST_ENTRIES // entries))


def checked(expected: Iterable[Input], values: dict[str, tf.Tensor], most: int) -> dict[str, tf.Tensor]:
    """The values of a request, checked in the graph before any other operation reads them.

    A bad request raises `tf.errors.InvalidArgumentError`, TF Serving's INVALID_ARGUMENT.
    """
    expected = list(expected)
    # The graph optimizer trusts the shape that a signature declares, and would treat checks of it as always true.
    names = [each.name for each in expected]
    hidden = {name: tf.raw_ops.PlaceholderWithDefault(input=values[name], shape=None) for name in names}
    shapes = [_shape_is(each, hidden[each.name]) for each in expected]
    with tf.control_dependencies(shapes):
        rows = {name: tf.shape(value)[0] for name, value in hidden.items()}
        counts = [_counts_are(name, rows, most) for name in rows]
    with tf.control_dependencies(counts):
        entries = [_entries_are(each, tf.identity(hidden[each.name])) for each in expected]
    with tf.control_dependencies(entries):
        return {each.name: tf.ensure_shape(hidden[each.name], each.spec.shape) for each in expected}


def _check(condition: tf.Tensor, rule: str, received: str, *values: tf.Tensor) -> tf.Operation:
    text = tf.strings.format(f"{rule} Received: {received}.", values)
    return tf.debugging.Assert(condition, [text])


def _shape_is(expected: Input, value: tf.Tensor) -> tf.Operation:
    name, wanted = expected.name, expected.spec.shape.as_list()
    shape = tf.shape(value)
    filled = tf.concat([shape, tf.fill([len(wanted)], -1)], axis=0)[1 : len(wanted)]
    same = tf.equal(tf.size(shape), len(wanted)) & tf.reduce_all(tf.equal(filled, tf.constant(wanted[1:], tf.int32)))
    words = ", ".join(["batch", *map(str, wanted[1:])])
    return _check(same, f"Expected `{name}` of shape [{words}].", "shape={}", shape)


def _counts_are(name: str, rows: dict[str, tf.Tensor], most: int) -> tf.Operation:
    first, count = next(iter(rows)), rows[name]
    if name != first:
        rule = f"Expected as many rows of `{name}` as of `{first}`."
        return _check(tf.equal(count, rows[first]), rule, f"{name}={{}}, {first}={{}}", count, rows[first])
    return _check((count >= 1) & (count <= most), f"Expected 1 to {most} rows of `{name}`.", "rows={}", count)


def _entries_are(expected: Input, value: tf.Tensor) -> tf.Operation:
    name, entries = expected.name, tf.reshape(value, [-1])
    sound = expected.sound(entries)
    first = tf.argmin(tf.cast(sound, tf.uint8))  # the first False
    row = first // tf.cast(tf.size(entries) // tf.shape(value)[0], first.dtype)
    rule = f"Expected each entry of `{name}` to be {expected.rule}."
    return _check(tf.reduce_all(sound), rule, f"{name}={{}} in row {{}}", entries[first], row)


def checked_log_prob(log_prob: tf.Tensor) -> tf.Tensor:
    """Log-probabilities `[batch]`, checked to be finite or -inf, that of an event of density 0 in float32."""
    sound = log_prob < float("inf")  # and not NaN
    row = tf.argmin(tf.cast(sound, tf.uint8))
    check = _check(tf.reduce_all(sound), NO_LOG_PROB, "log_prob={} in row {}", log_prob[row], row)
    with tf.control_dependencies([check]):
        return tf.identity(log_prob)


def finite(result: tf.Tensor, cause: str) -> tf.Tensor:
    """`result`, checked to be finite if it is real; `cause` names the input that is too large otherwise."""
    if not result.dtype.is_floating:
        return result  # pixels: the model itself has checked the values that they were made from
    return tf.debugging.check_numerics(result, f"Expected `{cause}` to give a result that is finite in float32.")


def message_of(message: str) -> str:
    """Message of an operation's error, without its place in the graph and the Python stack trace."""
    message = re.sub(r"\{\{function_node [^}]*\}\}\s*", "", message)
    message = re.sub(r"\s*\[\[\{\{node .*", "", message, flags=re.DOTALL)
    message = re.sub(r"\s*\[Op:.*", "", message, flags=re.DOTALL)
    message = re.sub(r"Graph execution error:\n\n", "", message)
    message = re.sub(r"Detected at node .*\n(<stack traces unavailable>\n|(  .*\n|\n)+)", "", message)
    return message.strip()
