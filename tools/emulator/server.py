"""The server: TF Serving's gRPC and REST APIs on this machine only."""

import threading
from collections.abc import Iterable
from concurrent import futures

import grpc
from tensorflow_serving.apis.model_service_pb2_grpc import add_ModelServiceServicer_to_server
from tensorflow_serving.apis.prediction_service_pb2_grpc import add_PredictionServiceServicer_to_server
from tensorflow_serving.config.model_server_config_pb2 import ModelConfig

from tfflows.errors import InputError
from tools.emulator.batching import Batching
from tools.emulator.grpc_services import ModelService, PredictionService
from tools.emulator.repository import Repository
from tools.emulator.rest_service import RestServer

HOST = "127.0.0.1"
THREADS = 128  # for requests: as many as may wait for each other in a batch
OPTIONS = (
    ("grpc.max_receive_message_length", -1),
    ("grpc.max_send_message_length", -1),
    ("grpc.so_reuseport", 0),  # or two servers could share a port without noticing
)


class Emulator:
    """Serves models over gRPC, and over REST, from the moment it is made until `stop`.

    Args:
        models: Models, as in TF Serving's model config file.
        port: Port of gRPC; 0 takes a free one.
        rest_port: Port of REST; 0 takes a free one, None serves no REST.
        batching: How requests are batched; None computes each request alone.

    Raises:
        InputError: A model or version does not exist; a port is taken.
    """

    def __init__(
        self,
        models: Iterable[ModelConfig],
        *,
        port: int = 0,
        rest_port: int | None = 0,
        batching: Batching | None = None,
    ):
        repository = Repository(models, batching)
        self._grpc = grpc.server(futures.ThreadPoolExecutor(THREADS), options=OPTIONS)
        add_PredictionServiceServicer_to_server(PredictionService(repository), self._grpc)
        add_ModelServiceServicer_to_server(ModelService(repository), self._grpc)
        self._rest = None
        try:
            self.address = f"{HOST}:{self._grpc.add_insecure_port(f'{HOST}:{port}')}"
            if rest_port is not None:
                self._rest = RestServer((HOST, rest_port), repository)
        except (OSError, RuntimeError) as error:
            raise InputError(
                f"Expected free ports. Received: port={port}, rest_api_port={rest_port} ({error})."
            ) from error
        self._grpc.start()
        if self._rest is not None:
            self.rest_address = f"http://{HOST}:{self._rest.server_port}"
            threading.Thread(target=self._rest.serve_forever, daemon=True).start()

    def stop(self) -> None:
        """Stops the server after the requests in progress are answered."""
        self._grpc.stop(grace=5).wait()
        if self._rest is not None:
            self._rest.shutdown()
            self._rest.server_close()

    def __enter__(self) -> "Emulator":
        return self

    def __exit__(self, *error) -> None:
        self.stop()
