"""The layer of the planar flow."""

from tfflows import bijectors
from tfflows.costs import Cost
from tfflows.layers.amortized import AmortizedLayer


class Planar(AmortizedLayer):
    """`bijectors.Planar` with weights u, w and b; at first u is 0, and the slope along w at the plane is 0.69."""

    make = bijectors.Planar
    forward_cost = Cost(root_search=True)

    def vectors(self, dimension):
        return {"u": (dimension, "zeros"), "w": (dimension, "standard_normal"), "b": (1, "zeros")}
