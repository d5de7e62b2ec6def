"""One way to say that an input is wrong: the rule, the value received and the way out, in one line.

Errors that a user can cause are `InputError`s (a ValueError); the command line prints them without a traceback.
Anything else that is raised is a defect of this project and keeps its traceback.
"""

from collections.abc import Iterable
from typing import Any


class InputError(ValueError):
    """A value from outside breaks a rule; the message says which rule, which value and the way out."""


class TrainingError(ArithmeticError):
    """Training met a number that is not finite; the message says at which step and what to try."""


def check(condition: bool, rule: str, **received: Any) -> None:
    """Raises `InputError` with `rule` and the values received unless `condition` holds."""
    if not condition:
        values = ", ".join(f"{name}={value!r}" for name, value in received.items())
        raise InputError(f"{rule} Received: {values}.")


def check_choice(name: str, value: Any, choices: Iterable[Any]) -> None:
    """Raises `InputError` that lists `choices` unless `value` is one of them."""
    choices = list(choices)
    check(value in choices, f"Expected `{name}` to be one of {choices}.", **{name.lstrip("-"): value})
