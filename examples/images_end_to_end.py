"""From images to a model for TF Serving: trains RealNVP on scanned digits, scores it, draws pictures, and exports it.

    python examples/images_end_to_end.py --folder=digits

It takes three minutes on two cores. For your own images, replace the name of the dataset by the path of their folder:
`datasets.load("photos", size=32)`.
"""

import argparse
from pathlib import Path

import numpy as np

# isort: split
import keras

import zoo
from tfflows import datasets, figures, generate, metrics, training
from tfflows.generate import modes


def main(epochs: int, folder: Path) -> dict[str, float]:
    """The whole way; returns the scores."""
    keras.utils.set_random_seed(0)
    data = datasets.load("digits")
    print(f"{data.train.size} images of {data.event.shape}, pixels 0..{data.event.levels - 1}")

    # A model of the zoo with its settings for this dataset: a Keras model, whose loss is the negative log-likelihood.
    model = zoo.create("realnvp", data.event, preset="digits")
    model.compile(keras.optimizers.Adam(1e-3))
    train, test = (split.arrays()["x"] for split in (data.train, data.test))
    model.fit(train, epochs=epochs, batch_size=64, verbose=2)

    # The score: a lower bound on the log-probability of the pixels, which more draws of the noise tighten.
    scores = training.evaluate(model, data.test)
    tight = model.log_prob(test, num_importance_samples=16).numpy().mean()
    scores["bits_per_dim_16_draws"] = float(metrics.bits_per_dim(tight, data.event))
    print(f"{scores['bits_per_dim']:.3f} bits/dim, {scores['bits_per_dim_16_draws']:.3f} with 16 draws of the noise")

    look(model, data, test[:8], folder)

    # Saved for Python, and exported for TF Serving with its four signatures.
    model.save(folder / "digits.keras")
    again = keras.models.load_model(folder / "digits.keras")
    print("The saved model is the same:", np.array_equal(again.log_prob(test[:8]), model.log_prob(test[:8])))
    model.export(folder / "served" / "1")
    print(f"Pictures, digits.keras and served/1 are in {folder}")
    return scores


def look(model: keras.Model, data: datasets.Data, x: np.ndarray, folder: Path) -> None:
    """Draws what a model has learned: by the modes of `python -m tfflows.generate`, or from arrays by its functions."""
    trained = generate.Trained(model, "realnvp", "digits", loaded=data)
    for name, mode in {"samples": modes.sample, "ways": modes.interpolate, "decoded": modes.reconstruct}.items():
        figures.save(mode(trained).picture, folder / f"{name}.png")
    filled = generate.inpaint(model, x, generate.mask("bottom", data.event.shape), steps=100).result.numpy()
    rows = [figures.grid(images, data.event, columns=len(x)) for images in (x, filled)]
    figures.save(np.concatenate(rows), folder / "inpainted.png")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--epochs", type=int, default=40, help="passes over the training set")
    parser.add_argument("--folder", type=Path, default=Path("runs/images"), help="folder of what is written")
    flags = parser.parse_args()
    main(flags.epochs, flags.folder)
