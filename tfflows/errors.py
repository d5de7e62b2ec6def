"""Errors about wrong inputs, all of the same form: the rule, the value received and how to fix it, in one line.

Errors that a user can cause are `InputError`s (a ValueError); the command line prints them without a traceback.
Any other exception is a bug in this project and keeps its traceback.
"""

from collections.abc import Iterable
from typing import Any


class InputError(ValueError):
    """An input breaks a rule; the message says which rule, which value and how to fix it."""

    # Raised while a `tf.function` is traced, an error keeps its type only if it is made by this constructor.
    __init__ = Exception.__init__


class RowError(InputError):
    """A row of a table breaks a rule; the message says which row of which file."""


class TrainingError(ArithmeticError):
    """Training produced a number that is not finite; the message says at which step and what to try."""


def check(condition: bool, rule: str, **received: Any) -> None:
    """Raises `InputError` with `rule` and the values received unless `condition` is true."""
    if not condition:
        values = ", ".join(f"{name}={_in_a_line(value)}" for name, value in received.items())
        raise InputError(f"{rule} Received: {values}.")


def _in_a_line(value: Any) -> str:
    """The value or, of a large array, its type and shape."""
    shape = getattr(value, "shape", None) or ()
    is_large = len(shape) > 1 or (len(shape) == 1 and (shape[0] is None or shape[0] > 8))
    return f"<{type(value).__name__} of shape {list(shape)}>" if is_large else repr(value)


def check_choice(name: str, value: Any, choices: Iterable[Any]) -> None:
    """Raises `InputError` that lists `choices` unless `value` is one of them."""
    choices = list(choices)
    check(value in choices, f"Expected `{name}` to be one of {choices}.", **{name.lstrip("-"): value})
