"""Composes a flow from layers, trains it with plain Keras, saves it, loads it again, and exports it for serving.

    python examples/compose_a_flow.py

docs/composing.md explains each step. It takes about a minute on two cores.
"""

import argparse
import tempfile
from pathlib import Path

import numpy as np

import tfflows  # before Keras and TensorFlow, so that they start quietly

# isort: split
import keras

from tfflows import datasets
from tfflows.bijectors import RationalQuadratic
from tfflows.layers import ActNorm, Coupling, PLULinear
from tfflows.networks import MLP


def spline_flow(dimension: int, *, steps: int = 6) -> tfflows.Flow:
    """Spline couplings between learned linear maps, listed from data to latent."""
    conditioner = MLP(width=64, depth=2)  # a template: each coupling makes its own copy
    layers = [ActNorm()]
    for step in range(steps):
        spline = RationalQuadratic(bins=8)
        layers += [PLULinear(), Coupling("halves", conditioner=conditioner, transformer=spline, flip=step % 2 == 1)]
    return tfflows.Flow(tfflows.Event((dimension,)), layers, name="spline_flow")


def main(epochs: int, folder: Path) -> None:
    """Trains, saves, loads and exports."""
    keras.utils.set_random_seed(0)
    data = datasets.load("toy/two_moons")
    x, validation, test = (split.arrays()["x"] for split in (data.train, data.validation, data.test))

    flow = spline_flow(2)
    flow.compile(keras.optimizers.Adam(1e-3), steps_per_execution=20)
    flow.fit(x, batch_size=500, epochs=epochs, validation_data=validation, verbose=2)
    print(f"Test: {flow.evaluate(test, batch_size=1000, verbose=0):.3f} nats per event")

    flow.save(folder / "flow.keras")
    loaded = keras.models.load_model(folder / "flow.keras")
    print("Loaded, with equal log-likelihoods:", np.array_equal(loaded.log_prob(test[:100]), flow.log_prob(test[:100])))

    print("Samples:", flow.sample(2, seed=0).numpy().round(2).tolist())
    flow.export(folder / "exported")
    print("SavedModel for TF Serving:", folder / "exported")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--epochs", type=int, default=8, help="passes over the 100,000 training points")
    parser.add_argument("--folder", type=Path, help="folder of the saved model (default: a temporary one)")
    arguments = parser.parse_args()
    if arguments.folder is not None:
        main(arguments.epochs, arguments.folder)
    else:
        with tempfile.TemporaryDirectory() as temporary:
            main(arguments.epochs, Path(temporary))
