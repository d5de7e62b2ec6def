"""One signature of a SavedModel, called as TF Serving calls it: the server checks types, the graph checks shapes."""

import itertools
import threading

import numpy as np
import tensorflow as tf
from tensorflow.core.framework.types_pb2 import DataType
from tensorflow.core.protobuf import error_codes_pb2
from tensorflow.core.protobuf.meta_graph_pb2 import SignatureDef

from tfflows import guards
from tfflows.serving.status import ServingError
from tools.emulator.batching import Batching

QUEUES = itertools.count()  # names of batching queues, which are unique in a process


class Signature:
    """One signature of a loaded model; threads may call it together.

    Args:
        function: Concrete function from `tf.saved_model.load(...).signatures`.
        definition: Definition of the same signature in the SavedModel.
        batching: Batching parameters for requests of several threads; None computes each request alone.
    """

    def __init__(self, function, definition: SignatureDef, batching: Batching | None):
        self.definition = definition
        self._function = function
        # Sorted, as the arguments and results of the function are.
        self._inputs = sorted(definition.inputs)
        self._outputs = sorted(definition.outputs)
        self._call = self._run if batching is None else self._batched(batching)
        self._is_warm = threading.Event()
        self._warming = threading.Lock()

    def __call__(self, inputs: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
        """The outputs by name.

        Raises:
            ServingError: An input is missing, unknown or of another type; the graph raised an error.
        """
        self._check(inputs)
        if not self._is_warm.is_set():
            with self._warming:  # the first call optimizes the graph, which two threads would both do
                if not self._is_warm.is_set():
                    outputs = self._outputs_of(inputs)
                    self._is_warm.set()
                    return outputs
        return self._outputs_of(inputs)

    def _outputs_of(self, inputs: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
        try:
            outputs = self._call(*(tf.constant(inputs[name]) for name in self._inputs))
            return {name: output.numpy() for name, output in zip(self._outputs, outputs, strict=True)}
        except tf.errors.OpError as error:
            raise ServingError(error_codes_pb2.Code.Name(error.error_code), guards.message_of(error.message)) from error

    def _run(self, *inputs: tf.Tensor) -> list[tf.Tensor]:
        """Runs the function without the check of shapes of a call from Python, as a session of TF Serving does."""
        return tf.raw_ops.StatefulPartitionedCall(
            args=[*inputs, *self._function.captured_inputs],
            Tout=[output.dtype for output in self._function.outputs],
            f=self._function,
        )

    def _batched(self, batching: Batching):
        run = tf.nondifferentiable_batch_function(
            num_batch_threads=batching.num_batch_threads,
            max_batch_size=batching.max_batch_size,
            batch_timeout_micros=batching.batch_timeout_micros,
            allowed_batch_sizes=list(batching.allowed_batch_sizes) or None,
            max_enqueued_batches=batching.max_enqueued_batches,
            enable_large_batch_splitting=False,  # as in TF Serving
            autograph=False,
        )(self._run)
        queue = f"queue_{next(QUEUES)}"

        def call(*inputs: tf.Tensor) -> list[tf.Tensor]:
            with tf.name_scope(queue):  # a queue's name is its scope: without one, all signatures would share a queue
                return run(*inputs)

        types = [tf.TensorSpec(None, self.definition.inputs[name].dtype) for name in self._inputs]
        return tf.function(call, autograph=False).get_concrete_function(*types)

    def _check(self, inputs: dict[str, np.ndarray]) -> None:
        """Raises `ServingError`, with TF Serving's message, unless names and types are those of the signature."""
        given, known = set(inputs), set(self._inputs)
        if given != known:
            raise ServingError(
                "INVALID_ARGUMENT",
                f"input size does not match signature: {len(given)}!={len(known)} len({_set(given)}) != "
                f"len({_set(known)}). Sent extra: {_set(given - known)}. Missing but required: {_set(known - given)}.",
            )
        for index, name in enumerate(self._inputs):
            expected = self.definition.inputs[name].dtype
            provided = tf.dtypes.as_dtype(inputs[name].dtype).as_datatype_enum
            if expected != provided:
                raise ServingError(
                    "INVALID_ARGUMENT",
                    f"Expects arg[{index}] to be {_type(expected)} but {_type(provided)} is provided (input `{name}`)",
                )


def _set(names: set[str]) -> str:
    return "{" + ",".join(sorted(names)) + "}"


def _type(number: int) -> str:
    return DataType.Name(number).removeprefix("DT_").lower()
