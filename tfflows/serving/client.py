"""Python client of a served model, with the methods of the model itself."""

import random
import time
from collections.abc import Callable
from typing import Any

import numpy as np
import tensorflow as tf
from tensorflow.core.protobuf.meta_graph_pb2 import TensorInfo

from tfflows import guards, noise, values
from tfflows.errors import check, check_choice
from tfflows.serving.grpc_transport import GrpcTransport
from tfflows.serving.inputs import checked, dimensions, entries, unnamed
from tfflows.serving.rest_transport import RestTransport
from tfflows.serving.status import ServingError
from tfflows.serving.transport import Target, Transport

LONGEST_PAUSE = 5.0  # seconds


class Client:
    """Client of a model that TF Serving serves, over gRPC or REST.

    When it connects, the client asks the server for the model's inputs and outputs. It rejects wrong types, wrong
    shapes and values that are not finite; the model itself checks the ranges of pixels and labels. Threads may share a
    client.

    Args:
        address: `host:port` or `grpc://host:port` for gRPC, `http://host:port` or `https://host:port` for REST.
        model: Name of the model on the server.
        version: Number of the version.
        version_label: Label of the version, such as `"stable"`; without either, the newest version.
        timeout: Time limit of one attempt of one request, in seconds.
        retries: Number of retries of a request if the server is UNAVAILABLE; other failures are not retried.
        backoff: Pause before the first retry, in seconds; it doubles for each further retry, up to 5, and is shortened
            at random.
        max_batch_size: Maximum number of rows in one request, or as many as the model takes, if these are fewer; larger
            batches are sent in parts, in order.

    Raises:
        InputError: An argument is wrong.
        ServingError: The server cannot be reached, or does not serve the model.
    """

    def __init__(
        self,
        address: str,
        model: str,
        *,
        version: int | None = None,
        version_label: str | None = None,
        timeout: float = 60.0,
        retries: int = 4,
        backoff: float = 0.1,
        max_batch_size: int = 64,
    ):
        check(timeout > 0, "Expected `timeout` to be positive.", timeout=timeout)
        check(retries >= 0, "Expected `retries` to be 0 or more.", retries=retries)
        check(backoff >= 0, "Expected `backoff` to be 0 or more.", backoff=backoff)
        check(max_batch_size >= 1, "Expected `max_batch_size` to be 1 or more.", max_batch_size=max_batch_size)
        self._retries, self._backoff = retries, backoff
        self._transport = connect(address, Target(model, version, version_label), timeout)
        try:
            self._signatures = self._retrying(self._transport.metadata)
        except BaseException:
            self.close()
            raise
        self._max_batch_size = min(max_batch_size, guards.most_rows_of(entries(self._signatures)))

    def log_prob(self, x: Any, label: Any = None, context: Any = None, **conditions: Any) -> np.ndarray:
        """Log-probability of each row, nats per event, float32 `[batch]`.

        Args:
            x: Events in raw units, `[batch, *event]`; pixels are integers of any type.
            label: Class of each row, `[batch]`, of a class-conditional model.
            context: Context of each row, `[batch, size]`, of a model with one.
            **conditions: What else the served model is conditioned on, by the names of its inputs.

        Raises:
            InputError: An input has a wrong type or shape, or is not finite.
            ServingError: The server did not answer, or the model rejected a row.
        """
        return self._call("log_prob", x=x, label=label, context=context, **conditions)["log_prob"]

    def bits_per_dim(self, x: Any, label: Any = None, context: Any = None, **conditions: Any) -> np.ndarray:
        """Bits per dimension of each row of discrete events, float32 `[batch]`; raises what `log_prob` raises."""
        outputs = self._call("log_prob", x=x, label=label, context=context, **conditions)
        check("bits_per_dim" in outputs, "Expected a model of discrete events.", outputs=list(outputs))
        return outputs["bits_per_dim"]

    def sample(
        self,
        n: int,
        label: Any = None,
        context: Any = None,
        *,
        seed: Any = None,
        temperature: Any = 1.0,
        **conditions: Any,
    ) -> np.ndarray:
        """Samples events in raw units, `[n, *event]`; the model itself draws the same ones from the same seed.

        Args:
            n: Number of events.
            label: One class for all events, or a class for each, of a class-conditional model.
            context: One context for all events, or one for each, of a model with one.
            seed: Seed of the noise; None draws a new one.
            temperature: Factor of the latent noise, one for all events or one for each.
            **conditions: What else the served model is conditioned on, one row for all events, or one for each.

        Raises:
            InputError: An argument is wrong.
            ServingError: The server did not answer, or the model rejected a row.
        """
        n = values.check_count("n", n)
        rows = {"seed": noise.sample_seeds(seed, n), "temperature": noise.temperatures(temperature, n)}
        for name, value in {"label": label, "context": context, **conditions}.items():
            rows[name] = value if value is None else self._for_each(name, value, n)
        return self._call("sample", **rows)["x"]

    def encode(self, x: Any, label: Any = None, context: Any = None, **conditions: Any) -> np.ndarray:
        """Latents `[batch, *latent]` of events in raw units; raises what `log_prob` raises."""
        return self._call("encode", x=x, label=label, context=context, **conditions)["z"]

    def decode(self, z: Any, label: Any = None, context: Any = None, **conditions: Any) -> np.ndarray:
        """Events in raw units from latents `[batch, *latent]`; raises what `log_prob` raises."""
        return self._call("decode", z=z, label=label, context=context, **conditions)["x"]

    def close(self) -> None:
        """Closes the connection."""
        self._transport.close()

    def __enter__(self) -> "Client":
        return self

    def __exit__(self, *error: Any) -> None:
        self.close()

    def _call(self, name: str, **given: Any) -> dict[str, np.ndarray]:
        check_choice("signature", name, self._signatures)
        signature = self._signatures[name]
        inputs = checked(signature, given)
        outputs = list(signature.outputs)
        parts = [
            self._retrying(lambda part=part: self._transport.predict(name, part, outputs))
            for part in self._parts(inputs)
        ]
        return {key: _joined([part[key] for part in parts], signature.outputs[key]) for key in outputs}

    def _for_each(self, name: str, value: Any, n: int) -> np.ndarray:
        """`value` if it has a row for each of `n` events, or a single row repeated for all."""
        inputs = self._signatures["sample"].inputs
        row = dimensions(inputs[name].tensor_shape)[1:] if name in inputs else []
        array = unnamed(name, value)
        check(array.shape in (tuple(row), (n, *row)), f"Expected one `{name}`, or {n}.", shape=array.shape)
        return np.broadcast_to(array, [n, *row])

    def _parts(self, inputs: dict[str, np.ndarray]) -> list[dict[str, np.ndarray]]:
        rows, size = len(next(iter(inputs.values()))), self._max_batch_size
        return [{name: array[start : start + size] for name, array in inputs.items()} for start in range(0, rows, size)]

    def _retrying(self, call: Callable[[], Any]) -> Any:
        for retry in range(self._retries):
            try:
                return call()
            except ServingError as error:
                if error.code != "UNAVAILABLE":
                    raise
            # Random, so that clients that failed together do not retry together.
            time.sleep(min(self._backoff * 2**retry, LONGEST_PAUSE) * random.uniform(0.5, 1))
        return call()


def connect(address: str, target: Target, timeout: float) -> Transport:
    """Opens the transport that `address` asks for.

    Raises:
        InputError: `address` is not valid.
    """
    scheme, _, rest = address.rpartition("://")
    rule = "Expected `address` to be host:port or grpc://host:port for gRPC, http(s)://host:port for REST."
    check(scheme in ("", "grpc", "http", "https") and bool(rest), rule, address=address)
    if scheme in ("http", "https"):
        return RestTransport(address, target, timeout)
    check(":" in rest, rule, address=address)
    return GrpcTransport(rest, target, timeout)


def _joined(parts: list[np.ndarray], info: TensorInfo) -> np.ndarray:
    """The rows of all parts in one array of the declared type; an empty array without parts."""
    dtype = tf.dtypes.as_dtype(info.dtype).as_numpy_dtype
    if not parts:
        return np.zeros([0, *dimensions(info.tensor_shape)[1:]], dtype)
    return np.concatenate([np.asarray(part, dtype) for part in parts])
