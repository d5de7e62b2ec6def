"""Sends requests to a served model: log-likelihoods of images over gRPC, samples over REST, and anomalous images.

    python -m examples.serve_a_model        # in the root of the clone; starts an emulator of TF Serving by itself
    python -m examples.serve_a_model --grpc=host:8500 --rest=http://host:8501   # asks a server of yours

Any server of `exported/realnvp_digits` gives the same answers: `serving/serve.sh` starts tensorflow_model_server, and
docs/serving.md has the details. It takes half a minute.
"""

import argparse
import contextlib
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from tfflows import datasets
from tfflows.serving import Client

MODEL = "realnvp_digits"
SHADES = " .:-=+*#%@"
EXPORTED = Path(__file__).parents[1] / "exported"


@contextlib.contextmanager
def server() -> Iterator[tuple[str, str]]:
    """An emulator of TF Serving in this process; its addresses for gRPC and REST."""
    from tensorflow_serving.config.model_server_config_pb2 import ModelConfig

    from tools.emulator.server import Emulator

    with Emulator([ModelConfig(name=MODEL, base_path=str(EXPORTED / MODEL))]) as running:
        yield running.address, running.rest_address


def ask(grpc: str, rest: str) -> dict[str, np.ndarray]:
    """Asks for log-likelihoods and samples; returns what came back."""
    test = datasets.load("digits").test.arrays(100)["x"]
    strange = np.random.default_rng(0).permuted(test[:20].reshape(20, -1), axis=1).reshape(20, 8, 8, 1)
    with Client(grpc, MODEL) as client:
        found = {"test": client.log_prob(test), "shuffled": client.log_prob(strange)}
        found["bits_per_dim"] = client.bits_per_dim(test)
        z = client.encode(test[:4])
        found["decoded"] = client.decode(z)
    with Client(rest, MODEL) as client:
        found["samples"] = client.sample(4, seed=0, temperature=0.8)
    return found


def main() -> None:
    """Asks a server, and prints what its answers mean."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--grpc", help="host:port of a server; without both, an emulator is started")
    parser.add_argument("--rest", help="http://host:port of the same server")
    flags = parser.parse_args()
    if bool(flags.grpc) != bool(flags.rest):
        parser.error("give both --grpc and --rest, or neither")
    given = contextlib.nullcontext((flags.grpc, flags.rest)) if flags.grpc else server()
    with given as (grpc, rest):
        found = ask(grpc, rest)
    threshold = np.quantile(found["test"], 0.01)
    print(f"Test images: {found['test'].mean():.2f} nats, {found['bits_per_dim'].mean():.3f} bits/dim on average")
    print(f"Images with shuffled pixels: {found['shuffled'].mean():.2f} nats on average")
    print(f"Below the 1% quantile of the test images: {np.mean(found['shuffled'] < threshold):.0%} of them")
    lines = ("".join(SHADES[value * 9 // 16] for value in row) for row in found["samples"][0, ..., 0].astype(int))
    print("A sample over REST:", *lines, sep="\n")


if __name__ == "__main__":
    main()
