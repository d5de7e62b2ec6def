"""An emulator of TF Serving for laptops and tests: the same APIs and flags, without its speed, limits and robustness.

    python -m tools.emulator --rest_api_port=8501 --model_name=digits --model_base_path=exported/realnvp_digits

It loads SavedModels with `tf.saved_model.load`, batches with TensorFlow's own op, and answers on the loopback interface
alone. It has no reloading, no monitoring, no limits on memory: in production use `tensorflow_model_server`.
"""

import argparse
import signal
import sys
import threading

from tfflows import command

with command.quiet():
    from tensorflow_serving.config.model_server_config_pb2 import ModelConfig, ModelServerConfig

    from tfflows.errors import InputError, check
    from tools.emulator import batching, textproto
    from tools.emulator.batching import Batching
    from tools.emulator.server import Emulator


def configs(arguments: argparse.Namespace) -> list[ModelConfig]:
    """The models that the flags name.

    Raises:
        InputError: The flags name no model, or a file that is not a model config.
    """
    if arguments.model_config_file:
        return list(textproto.read(arguments.model_config_file, ModelServerConfig).model_config_list.config)
    given = bool(arguments.model_base_path)
    rule = "Expected --model_base_path with --model_name, or --model_config_file."
    check(given, rule, model_base_path=arguments.model_base_path)
    return [ModelConfig(name=arguments.model_name, base_path=arguments.model_base_path)]


def batching_parameters(arguments: argparse.Namespace) -> Batching | None:
    """The batching parameters that the flags ask for; None without batching.

    Raises:
        InputError: The file holds no batching parameters, or batching is not enabled.
    """
    file, enabled = arguments.batching_parameters_file, arguments.enable_batching
    check(enabled or not file, "Expected --enable_batching with --batching_parameters_file.", enable_batching=enabled)
    if not enabled:
        return None
    return batching.read(file) if file else Batching()


def parse(argv: list[str]) -> argparse.Namespace:
    """The flags: those of TF Serving that the emulator supports."""
    parser = argparse.ArgumentParser(
        prog="tools.emulator", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--port", type=int, default=8500, help="port of gRPC; 0 takes a free one")
    parser.add_argument("--rest_api_port", type=int, default=0, help="port of REST; 0 serves no REST")
    parser.add_argument("--model_name", default="default", help="name of the model in --model_base_path")
    parser.add_argument("--model_base_path", help="folder with numbered versions of one model")
    parser.add_argument("--model_config_file", help="text proto ModelServerConfig: several models, versions, labels")
    parser.add_argument(
        "--enable_batching", action="store_true", help="compute requests that arrive together in one batch"
    )
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
        server = Emulator(models, port=arguments.port, rest_port=rest_port, batching=parameters)
    except InputError as error:
        sys.exit(f"tools.emulator: {error}")
    with server:
        rest = f", REST on {server.rest_address}" if rest_port else ""
        print(f"An emulator of TF Serving, not for production: gRPC on {server.address}{rest}", flush=True)
        stopped.wait()


if __name__ == "__main__":
    main(sys.argv[1:])
