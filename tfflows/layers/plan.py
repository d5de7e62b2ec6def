"""The order of layers, written as in papers: `"4 columns, squeeze, 2 channels"`, or `"8 planar, 2 iaf"`."""

import re
from collections.abc import Callable, Mapping

from tfflows.errors import check
from tfflows.layers.base import FlowLayer
from tfflows.layers.multiscale import JoinColumns, SplitColumns, Squeeze


def planned(plan: str, step: Callable[[int], list[FlowLayer]]) -> list[FlowLayer]:
    """The layers of a plan.

    Args:
        plan: Parts between commas: `"4 columns"` are four steps on the image with its columns split into even and odd,
            `"2 channels"` are two on the image as it is, `"squeeze"` turns 2 x 2 pixels into channels.
        step: Function from the number of a step in its part to its layers, which change half of the channels.

    Raises:
        InputError: A part has another form.
    """
    layers = []
    rule = "Expected `plan` to be a comma-separated list of parts such as 'squeeze', '4 columns' and '2 channels'."
    for part in plan.split(","):
        found = re.fullmatch(r"squeeze|(\d+) (columns|channels)", part.strip())
        check(bool(found), rule, plan=plan)
        number, split = found.groups()
        steps = [layer for index in range(int(number or 0)) for layer in step(index)]
        layers += {"columns": [SplitColumns(), *steps, JoinColumns()], "channels": steps, None: [Squeeze()]}[split]
    return layers


def numbered(name: str, plan: str, kinds: Mapping[str, Callable[[int], FlowLayer]]) -> list[FlowLayer]:
    """The layers of a plan that lists how many layers of each kind follow one another; none for an empty plan.

    Args:
        name: Name of the setting that contains the plan, for the error.
        plan: Parts between commas, such as `"8 planar"`.
        kinds: For the name of each kind, a function from the position of a layer in its part to the layer.

    Raises:
        InputError: A part has another form.
    """
    layers = []
    for part in plan.split(",") if plan else []:
        number, _, kind = part.strip().partition(" ")
        rule = f"Expected `{name}` to be a list such as '4 {next(iter(kinds))}', separated by commas, of {list(kinds)}."
        check(number.isdecimal() and int(number) > 0 and kind in kinds, rule, **{name: plan})
        layers += [kinds[kind](place) for place in range(int(number))]
    return layers
