"""The cost of one direction of a flow: network passes and root searches."""

import dataclasses
from collections.abc import Iterable

from tfflows.errors import check_choice

PASSES = {  # from the cheapest to the most expensive
    "1": "one network pass",
    "derivatives": "one network pass and its derivative in each dimension",
    "sequential": "one network pass in one step per dimension",
    "fixed point": "as many network passes as the iteration to a fixed point takes",
    "adaptive": "as many network passes as the ODE solver takes",
    "D": "one network pass for each dimension",
}


@dataclasses.dataclass(frozen=True)
class Cost:
    """The cost of a density or of a sample.

    Args:
        passes: Passes through each network: `"1"`, `"derivatives"` (one, and the derivative in each dimension),
            `"sequential"` (one, in a step for each dimension), `"fixed point"` (an iteration), `"adaptive"` (an ODE
            solver), or `"D"` (one for each dimension).
        root_search: Whether each entry takes a root search.

    Raises:
        InputError: `passes` is none of these.
    """

    passes: str = "1"
    root_search: bool = False

    def __post_init__(self):
        check_choice("passes", self.passes, PASSES)

    def __str__(self) -> str:
        return PASSES[self.passes] + (" and a root search for each entry" if self.root_search else "")

    @property
    def is_high(self) -> bool:
        """Whether there is a step for each dimension, or a root search."""
        return self.passes in ("sequential", "D") or self.root_search


def combined(costs: Iterable[Cost]) -> Cost:
    """The cost of several layers together: the most expensive passes, and a root search if any layer needs one."""
    costs = [Cost(), *costs]
    order = list(PASSES)
    dearest = max((cost.passes for cost in costs), key=order.index)
    return Cost(dearest, root_search=any(cost.root_search for cost in costs))
