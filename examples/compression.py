"""Compresses images without loss by an integer discrete flow, to the size that the model's bits per dimension predict.

    python examples/compression.py --model=idf_digits --dataset=digits

Each latent is an integer, and the model gives it a distribution that depends only on the latents of deeper scales. The
range coder of the library constriction (`pip install constriction`) encodes the latents with these distributions, the
deepest first, and decodes them in the same order. Both sides must compute the same numbers to the last bit, so
decompress on the same machine, with the same versions of TensorFlow and of tfflows.
"""

import argparse

import constriction
import numpy as np
import tensorflow as tf

import zoo
from tfflows import datasets
from tfflows.errors import check
from tfflows.models import IntegerFlow

# Each symbol has a distribution of its own, a row of a table of probabilities.
TABLE = constriction.stream.model.Categorical(perfect=False)


def compress(model: IntegerFlow, x: np.ndarray) -> bytes:
    """The images `x`, `[n, *event]`, as bytes: two integers, the range of the latents, and then their code.

    Raises:
        InputError: The images would not come back, as a number of the model is not the same in each computation.
    """
    parts = [(outputs, latents.numpy().astype(np.int32)) for outputs, latents in model.latents(x)]
    low, high = (int(function([function(latents) for _, latents in parts])) for function in (np.min, np.max))
    encoder = constriction.stream.queue.RangeEncoder()
    for outputs, latents in reversed(parts):
        encoder.encode((latents - low).ravel(), TABLE, probabilities(model, outputs, low, high))
    code = np.array([low, high], "<i4").tobytes() + encoder.get_compressed().astype("<u4").tobytes()
    comes_back = np.array_equal(decompress(model, code, len(x)), x)
    check(comes_back, "Expected a model that computes the same numbers each time.", model=model.name)
    return code


def decompress(model: IntegerFlow, code: bytes, n: int) -> np.ndarray:
    """The `n` images that `compress` wrote, `[n, *event]`."""
    low, high = (int(number) for number in np.frombuffer(code[:8], "<i4"))
    decoder = constriction.stream.queue.RangeDecoder(np.frombuffer(code[8:], "<u4").astype(np.uint32))

    def read(place: int, outputs: tf.Tensor) -> tf.Tensor:
        symbols = decoder.decode(TABLE, probabilities(model, outputs, low, high))
        return tf.reshape(tf.constant(symbols + low, model.compute_dtype), [n, *model.part_shapes[place]])

    return model.generate(read, n).numpy().astype(model.event.dtype)


def probabilities(model: IntegerFlow, outputs: tf.Tensor, low: int, high: int) -> np.ndarray:
    """The distribution of each latent over low..high, `[latents, high - low + 1]`."""
    shape = [*outputs.shape[:-1], outputs.shape[-1] // model.integers.size]
    values = [tf.fill(shape, tf.constant(value, outputs.dtype)) for value in range(low, high + 1)]
    logs = np.stack([model.integers.log_prob(outputs, value).numpy().ravel() for value in values], axis=-1)
    return np.exp(logs.astype(np.float64))


def main() -> None:
    """Compresses the test set of a dataset, and compares the size with what the model says."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--model", default="idf_digits")
    parser.add_argument("--dataset", default="digits")
    parser.add_argument("--images", type=int, default=300)
    flags = parser.parse_args()

    model, data = zoo.load(flags.model), datasets.load(flags.dataset)
    x = data.test.arrays(flags.images)["x"]
    code = compress(model, x)
    said = -float(tf.reduce_sum(model.log_prob(x))) / np.log(2)
    print(f"{len(x)} images of {model.event.size} pixels: {len(code):,} bytes")
    print(f"{8 * len(code) / x.size:.4f} bits/dim; the model says {said / x.size:.4f}")


if __name__ == "__main__":
    main()
