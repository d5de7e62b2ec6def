"""Invalid settings of every architecture: each raises a one-line error with its name and the value received."""

import pytest

import zoo
from tests.cases import EVENTS, SMALL
from tfflows.errors import InputError
from zoo.architecture import keyword_defaults
from zoo.registry import ARCHITECTURES

SETTINGS = [
    (name, kind, key, default)
    for name, row in ARCHITECTURES.items()
    for kind, builder in row.builders.items()
    for key, default in keyword_defaults(builder).items()
]
FRACTIONS = ("dropout", "alpha", "rtol", "atol")  # below 1


def wrong(key, default):
    """Values that are invalid for a setting of this name and kind."""
    if isinstance(default, str):
        return ["nonsense"]
    if isinstance(default, bool):
        return []
    if key == "seed":
        return [-3]
    values = [0, -3] if isinstance(default, int) else [-0.5, float("nan")]
    return [*values, 1.0] if key in FRACTIONS else values


CASES = [(name, kind, key, value) for name, kind, key, default in SETTINGS for value in wrong(key, default)]


@pytest.mark.parametrize(("name", "kind", "key", "value"), CASES)
def test_wrong_value_is_named(name, kind, key, value):
    settings = {**SMALL.get((name, kind), {}), key: value}
    with pytest.raises(InputError, match=rf"Expected .*`{key}`.*Received: .*{key}="):
        zoo.create(name, event=EVENTS[kind], **settings)


@pytest.mark.parametrize(("name", "row"), ARCHITECTURES.items())
def test_unknown_setting_lists_the_known(name, row):
    with pytest.raises(InputError, match=rf"Expected a setting of {name}, one of \[.*Received: colour="):
        zoo.create(name, event=EVENTS[next(iter(row.builders))], colour="red")


def test_every_kind_of_setting_is_tried():
    assert {type(value) for *_, value in CASES} == {str, int, float}
