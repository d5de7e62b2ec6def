"""A stand-in for TF Serving on a laptop and in tests: the same APIs and flags, not its speed, limits or care.

    python -m tfflows.serving.loopback --rest_api_port=8501 --model_name=digits --model_base_path=exported/digits

It loads SavedModels by `tf.saved_model.load`, batches by TensorFlow's own op, and answers on the loopback interface
alone. It has no reloading, no monitoring, no limits on memory: for production, take `tensorflow_model_server`.
"""

import argparse
import signal
import sys
import threading
from collections.abc import Iterable
from concurrent import futures

import grpc
from tensorflow_serving.apis.model_service_pb2_grpc import add_ModelServiceServicer_to_server
from tensorflow_serving.apis.prediction_service_pb2_grpc import add_PredictionServiceServicer_to_server
from tensorflow_serving.config.model_server_config_pb2 import ModelConfig, ModelServerConfig

from tfflows.errors import InputError, check
from tfflows.serving import batching, textproto
from tfflows.serving.grpc_services import ModelService, PredictionService
from tfflows.serving.repository import Repository
from tfflows.serving.rest_service import RestServer

HOST = "127.0.0.1"
THREADS = 128  # of requests: as many as may wait for each other in a batch
OPTIONS = (
    ("grpc.max_receive_message_length", -1),
    ("grpc.max_send_message_length", -1),
    ("grpc.so_reuseport", 0),  # or two servers could share a port unawares
)


class LoopbackServer:
    """Serves models over gRPC, and over REST, on this machine, from the moment it is made until `stop`.

    Args:
        models: As in TF Serving's model config file.
        port: Of gRPC; 0 takes a free one.
        rest_port: Of REST; 0 takes a free one, None serves no REST.
        batching_parameters: None computes each request alone.

    Raises:
        InputError: A model or version is not there; a port is taken.
    """

    def __init__(
        self,
        models: Iterable[ModelConfig],
        *,
        port: int = 0,
        rest_port: int | None = 0,
        batching_parameters: batching.Batching | None = None,
    ):
        repository = Repository(models, batching_parameters)
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
        """Ends, after the requests that are being answered."""
        self._grpc.stop(grace=5).wait()
        if self._rest is not None:
            self._rest.shutdown()
            self._rest.server_close()

    def __enter__(self) -> "LoopbackServer":
        return self

    def __exit__(self, *error) -> None:
        self.stop()


def configs(arguments: argparse.Namespace) -> list[ModelConfig]:
    """The models that the flags name.

    Raises:
        InputError: They name none, or a file that is no model config.
    """
    if arguments.model_config_file:
        return list(textproto.read(arguments.model_config_file, ModelServerConfig).model_config_list.config)
    given = bool(arguments.model_base_path)
    rule = "Expected --model_base_path with --model_name, or --model_config_file."
    check(given, rule, model_base_path=arguments.model_base_path)
    return [ModelConfig(name=arguments.model_name, base_path=arguments.model_base_path)]


def batching_parameters(arguments: argparse.Namespace) -> batching.Batching | None:
    """How the flags say to batch; None where they do not.

    Raises:
        InputError: The file is none, or nobody asked for batching.
    """
    file, enabled = arguments.batching_parameters_file, arguments.enable_batching
    check(enabled or not file, "Expected --enable_batching with --batching_parameters_file.", enable_batching=enabled)
    if not enabled:
        return None
    return batching.read(file) if file else batching.Batching()


def parse(argv: list[str]) -> argparse.Namespace:
    """The flags: those of TF Serving that a stand-in has a use for."""
    parser = argparse.ArgumentParser(
        prog="tfflows.serving.loopback", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--port", type=int, default=8500, help="of gRPC; 0 takes a free one")
    parser.add_argument("--rest_api_port", type=int, default=0, help="of REST; 0 serves none")
    parser.add_argument("--model_name", default="default", help="of the model in --model_base_path")
    parser.add_argument("--model_base_path", help="folder with numbered versions of one model")
    parser.add_argument("--model_config_file", help="text proto ModelServerConfig: several models, versions, labels")
    parser.add_argument("--enable_batching", action="store_true", help="compute requests that come together together")
    parser.add_argument("--batching_parameters_file", help="text proto BatchingParameters")
    return parser.parse_args(argv)


def main(argv: list[str]) -> None:
    """Serves until SIGINT or SIGTERM."""
    arguments = parse(argv)
    stopped = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stopped.set())
    try:
        models, parameters = configs(arguments), batching_parameters(arguments)
        rest_port = arguments.rest_api_port or None
        server = LoopbackServer(models, port=arguments.port, rest_port=rest_port, batching_parameters=parameters)
    except InputError as error:
        sys.exit(f"tfflows.serving.loopback: {error}")
    with server:
        rest = f", REST on {server.rest_address}" if rest_port else ""
        print(f"A stand-in for TF Serving, not for production: gRPC on {server.address}{rest}", flush=True)
        stopped.wait()


if __name__ == "__main__":
    main(sys.argv[1:])
