"""Multilayer perceptron: the conditioner of flows on vectors."""

import keras


class MLP(keras.layers.Layer):
    """Dense hidden layers, then a dense output that starts at zero, so that a flow starts as the identity.

    Args:
        outputs: Size of the last axis of the output.
        width: Units of each hidden layer.
        depth: Number of hidden layers.
        context_size: Size of the context vector, which is concatenated to the input; 0 for none.
        activation: Of the hidden layers.
    """

    def __init__(self, outputs: int, *, width: int, depth: int, context_size: int = 0, activation: str = "relu"):
        super().__init__()
        self.context_size = context_size
        hidden = [keras.layers.Dense(width, activation, kernel_initializer="he_normal") for _ in range(depth)]
        self.dense = [*hidden, keras.layers.Dense(outputs, kernel_initializer="zeros")]

    def build(self, input_shape):
        shape = (*input_shape[:-1], input_shape[-1] + self.context_size)
        for dense in self.dense:
            dense.build(shape)
            shape = dense.compute_output_shape(shape)

    def call(self, x, context=None, seeds=None):
        x = x if context is None else keras.ops.concatenate([x, context], axis=-1)
        for dense in self.dense:
            x = dense(x)
        return x
