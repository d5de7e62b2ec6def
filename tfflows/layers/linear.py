"""Layers between couplings that mix all entries: learned linear maps, and fixed permutations."""

from collections.abc import Callable

import keras
import numpy as np
import tensorflow as tf

from tfflows import bijectors
from tfflows.layers.base import FlowLayer


class PLULinear(FlowLayer):
    """`bijectors.PLU`, initialized to a random rotation; the permutation and the signs of the diagonal stay fixed.

    Source: Kingma and Dhariwal, "Glow" (1807.03039), section 3.2, "LU decomposition".
    Differs from the paper: nothing.
    """

    is_function_of_weights = True

    def build(self, input_shape):
        packed, rows = tf.linalg.lu(random_rotation(input_shape[-1]))
        scale = tf.linalg.diag_part(packed)
        packed = tf.linalg.set_diag(packed, tf.math.log(tf.abs(scale)))
        self.order = fixed_order(self, tf.math.invert_permutation(rows).numpy())
        self.packed = self.add_weight(shape=packed.shape, initializer=constant(packed), name="packed")
        self.sign = self.add_weight(
            shape=scale.shape, initializer=constant(tf.sign(scale)), trainable=False, name="sign"
        )

    def bijector(self, context=None, *, training=False, seeds=None):
        return bijectors.PLU(*(tf.convert_to_tensor(weight) for weight in (self.order, self.packed, self.sign)))


class PlainLinear(FlowLayer):
    """`bijectors.Plain`: an unconstrained matrix, initialized to a random rotation.

    Source: Kingma and Dhariwal, "Glow" (1807.03039), section 3.2.
    Differs from the paper: nothing.
    """

    is_function_of_weights = True

    def build(self, input_shape):
        self.weight = self.add_weight(shape=(input_shape[-1],) * 2, initializer=keras.initializers.Orthogonal())

    def bijector(self, context=None, *, training=False, seeds=None):
        return bijectors.Plain(tf.convert_to_tensor(self.weight))


class Reverse(FlowLayer):
    """Reverses the order of the entries of the last axis."""

    def build(self, input_shape):
        self.order = np.arange(input_shape[-1])[::-1].copy()

    def bijector(self, context=None, *, training=False, seeds=None):
        return bijectors.Permutation(tf.constant(self.order))


class Shuffle(FlowLayer):
    """Permutes the entries of the last axis in an order drawn once, from Keras' seed, and saved with the weights."""

    def build(self, input_shape):
        seed = keras.random.SeedGenerator()
        self.order = fixed_order(self, np.argsort(keras.random.uniform(input_shape[-1:], seed=seed)))

    def bijector(self, context=None, *, training=False, seeds=None):
        return bijectors.Permutation(tf.convert_to_tensor(self.order))


def random_rotation(size: int) -> tf.Tensor:
    """An orthogonal matrix, float64 `[size, size]`, from Keras' seed."""
    return tf.cast(keras.initializers.Orthogonal()((size, size)), tf.float64)


def constant(value: tf.Tensor) -> Callable[..., tf.Tensor]:
    """An initializer with this value."""
    return lambda shape, dtype: tf.cast(value, dtype)


def fixed_order(layer: FlowLayer, order: np.ndarray) -> keras.Variable:
    """A permutation as a non-trainable weight; int64, as TensorFlow keeps no int32 variables on a GPU."""
    settings = {"trainable": False, "dtype": "int64", "name": "order"}
    return layer.add_weight(shape=order.shape, initializer=constant(order), **settings)
