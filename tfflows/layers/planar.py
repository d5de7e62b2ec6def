"""The layer of the planar flow."""

from tfflows import bijectors
from tfflows.costs import Cost
from tfflows.layers.amortized import AmortizedLayer


class Planar(AmortizedLayer):
    """`bijectors.Planar` with weights u, w and b; it starts close to the identity, with u at 0."""

    make = bijectors.Planar
    forward_cost = Cost(root_search=True)

    def vectors(self, dimension):
        return {"u": (dimension, "zeros"), "w": (dimension, "standard_normal"), "b": (1, "zeros")}
