"""The layers of Sylvester flows, one for each form of their orthonormal directions."""

from typing import Any

import tensorflow as tf

from tfflows import bijectors
from tfflows.bijectors.sylvester import Basis, Columns, Entries, Reflections
from tfflows.costs import Cost
from tfflows.errors import check, check_choice
from tfflows.layers.amortized import AmortizedLayer

KINDS = ("orthogonal", "householder", "triangular")


class SylvesterLayer(AmortizedLayer):
    """`bijectors.Sylvester`; it starts at the identity, with `R1` at 0.

    As in the authors' code, one matrix holds both triangular ones: its upper triangle is `R1`, and what is below its
    diagonal is that of `R2`, transposed. A subclass defines the directions.
    """

    forward_cost = Cost(root_search=True)

    def directions(self, dimension: int) -> int:
        """Number of directions in a space of this dimension: as many by default."""
        return dimension

    def basis(self, *vectors: tf.Tensor) -> Basis:
        """The directions, from the vectors that `basis_vectors` lists."""
        raise NotImplementedError

    def basis_vectors(self, dimension: int) -> dict[str, tuple[int, str]]:
        """The vectors that make the directions, as in `vectors`; none by default."""
        return {}

    def build(self, input_shape):
        self.dimension = input_shape[-1]
        super().build(input_shape)

    def vectors(self, dimension):
        size = self.directions(dimension)
        own = {"triangles": (size**2, "zeros"), "diagonal": (size, "standard_normal"), "b": (size, "zeros")}
        return {**self.basis_vectors(dimension), **own}

    def make(self, *vectors: tf.Tensor) -> bijectors.Sylvester:
        *of_basis, triangles, diagonal, b = vectors
        r1 = tf.reshape(triangles, [-1, b.shape[-1], b.shape[-1]])
        r2 = tf.linalg.set_diag(tf.linalg.matrix_transpose(r1), diagonal)
        return bijectors.Sylvester(self.basis(*of_basis), r1, r2, b)


class OrthogonalSylvester(SylvesterLayer):
    """Sylvester flow along a few orthonormal columns.

    Args:
        columns: Number of columns; as many as entries, if these are fewer.
        **kwargs: As in `AmortizedLayer`.

    Raises:
        InputError: `columns` is less than 1.
    """

    def __init__(self, *, columns: int = 8, **kwargs: Any):
        super().__init__(**kwargs)
        check(columns >= 1, "Expected `columns` to be 1 or more.", columns=columns)
        self.columns = columns

    def directions(self, dimension):
        return min(self.columns, dimension)

    def basis_vectors(self, dimension):
        return {"q": (dimension * self.directions(dimension), "standard_normal")}

    def basis(self, q):
        return Columns(tf.reshape(q, [-1, self.dimension, self.directions(self.dimension)]))


class HouseholderSylvester(SylvesterLayer):
    """Sylvester flow along as many directions as entries, which Householder reflections rotate.

    Args:
        reflections: Number of reflections.
        **kwargs: As in `AmortizedLayer`.

    Raises:
        InputError: `reflections` is less than 1.
    """

    def __init__(self, *, reflections: int = 8, **kwargs: Any):
        super().__init__(**kwargs)
        check(reflections >= 1, "Expected `reflections` to be 1 or more.", reflections=reflections)
        self.reflections = reflections

    def basis_vectors(self, dimension):
        return {"normals": (self.reflections * dimension, "standard_normal")}

    def basis(self, normals):
        return Reflections(tf.reshape(normals, [-1, self.reflections, self.dimension]))


class TriangularSylvester(SylvesterLayer):
    """Sylvester flow along the axes: the order of the entries takes the place of a rotation.

    Args:
        flip: Whether the order of the entries is reversed.
        **kwargs: As in `AmortizedLayer`.
    """

    def __init__(self, *, flip: bool = False, **kwargs: Any):
        super().__init__(**kwargs)
        self.flip = flip

    def basis(self):
        return Entries(self.flip)


def sylvester_layer(kind: str, place: int, *, directions: int = 8, context_size: int = 0) -> SylvesterLayer:
    """A layer of a stack of Sylvester flows.

    Args:
        kind: `"orthogonal"`, `"householder"` or `"triangular"`.
        place: Position in the stack: triangular layers reverse the order of the entries in turn.
        directions: Number of orthonormal columns, or of reflections; a triangular layer has neither.
        context_size: Size of the context vector; 0 for none.

    Raises:
        InputError: `kind` is none of these.
    """
    check_choice("kind", kind, KINDS)
    if kind == "orthogonal":
        return OrthogonalSylvester(columns=directions, context_size=context_size)
    if kind == "householder":
        return HouseholderSylvester(reflections=directions, context_size=context_size)
    return TriangularSylvester(flip=place % 2 == 1, context_size=context_size)
