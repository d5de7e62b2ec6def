"""The layer of the radial flow."""

from tfflows import bijectors
from tfflows.layers.amortized import AmortizedLayer


class Radial(AmortizedLayer):
    """`bijectors.Radial` with a center and two numbers; it starts as the identity, around a random point."""

    make = bijectors.Radial

    def vectors(self, dimension):
        return {"center": (dimension, "standard_normal"), "a": (1, "zeros"), "b": (1, "zeros")}
