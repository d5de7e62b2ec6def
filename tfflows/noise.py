"""Noise that depends on one row only, so that a log-likelihood or a sample is the same whatever else is in the batch.

Every random number of a model comes from a stateless seed. One seed for a whole batch would tie a row's noise to its
place in the batch, to the number of replicas and to the other rows; one seed for each row does not. TensorFlow's
stateless operations take one seed per call, and a loop over rows leaves an accelerator idle, so the generator itself is
implemented here, vectorized over all rows.
"""

from collections.abc import Sequence

import numpy as np
import tensorflow as tf

from tfflows import values
from tfflows.errors import check

ROTATIONS = ((13, 15, 26, 6), (17, 29, 16, 24))
WORDS = {1, 2, 3, 4, 5} | {way for four in ROTATIONS for one in four for way in (one, 32 - one)}
PARITY = 0x1BD11BDA
TEMPERATURE = "0 or more and finite"  # the rule, in words

# Streams: the numbers that `fold_in` takes, so that different uses of a row's seed are independent. A stream with a
# plus takes one number for each place from there on; streams of models that are never used together may overlap.
LAYERS = 1  # plus the place of a layer in its chain
OBSERVATION = 1  # of an autoencoder: the event, given the latent
LADDER_POSTERIOR = 1  # plus the place of a layer in the ladder, from the top
LADDER_PRIOR = 2  # plus the same, in sampling, where 1 is the stream of the observation
DEQUANTIZATION_FLOW = -1
DEQUANTIZATION_CONTEXT = -2
POSTERIOR = -3
PRIOR = -4
CELLS = -5  # of a table: the place of a value in its cell
MISSING = -6  # of a table: what stands for missing values
SMOOTHING = -7  # what training adds to the real entries of a table, or to pixels
HIDING = -8  # which rows training hides the condition of
MATCHING = -9  # of flow matching: the time; minus 1: the latent; minus 2: which latent it is paired with
ENCODER = -12
DECODER = -13
SCALE_LAYERS = -14  # of an integer flow: minus twice the number of a scale
SCALE_PRIOR = -15  # minus the same
HEADS = 2**16  # of a table: plus the number of a head; beyond the streams of the model of the real columns


def threefry(key: tuple[tf.Tensor, tf.Tensor], counter: tuple[tf.Tensor, tf.Tensor]) -> tuple[tf.Tensor, tf.Tensor]:
    """Threefry-2x32 with 20 rounds: two random uint32 words from two words of key and two of counter, which broadcast.

    Source: Salmon et al., "Parallel random numbers: as easy as 1, 2, 3" (SC 2011), section 3.2 and table 2.
    Differs from the paper: nothing; the tests check its published known answers.
    """
    keys = (*key, key[0] ^ key[1] ^ tf.constant(PARITY, tf.uint32))
    a, b = counter[0] + keys[0], counter[1] + keys[1]
    word = {number: tf.constant(number, tf.uint32) for number in WORDS}  # once, as a graph grows with each constant
    for block in range(5):
        for rotation in ROTATIONS[block % 2]:
            a = a + b
            b = a ^ tf.bitwise.left_shift(b, word[rotation]) ^ tf.bitwise.right_shift(b, word[32 - rotation])
        a = a + keys[(block + 1) % 3]
        b = b + keys[(block + 2) % 3] + word[block + 1]
    return a, b


def bits(seeds: tf.Tensor, size: int | tf.Tensor) -> tf.Tensor:
    """Random uint32 `[batch, size]`: row i is a function of `seeds[i]` alone.

    Args:
        seeds: int32 `[batch, 2]`.
        size: Number of words in a row.
    """
    key = tf.bitcast(seeds, tf.uint32)
    half = (size + 1) // 2
    counter = tf.cast(tf.range(half), tf.uint32)[None, :]
    words = threefry((key[:, :1], key[:, 1:]), (counter, tf.zeros_like(counter)))
    return tf.concat(words, axis=1)[:, :size]


def uniform(seeds: tf.Tensor, shape: tuple[int, ...], dtype: tf.DType) -> tf.Tensor:
    """Noise in the open interval (0, 1), `[batch, *shape]`: row i is a function of `seeds[i]` alone.

    The values are the midpoints of 2^23 equal cells, which float32 represents exactly.
    """
    size = tf.TensorShape(shape).num_elements()
    cells = tf.bitwise.right_shift(bits(seeds, size), tf.constant(9, tf.uint32))
    return (tf.reshape(tf.cast(tf.cast(cells, tf.int32), dtype), [-1, *shape]) + 0.5) * 2.0**-23


def normal(seeds: tf.Tensor, shape: tuple[int, ...], dtype: tf.DType) -> tf.Tensor:
    """Standard normal noise, `[batch, *shape]`: row i is a function of `seeds[i]` alone."""
    return tf.math.ndtri(uniform(seeds, shape, dtype))


def split(seed: tf.Tensor, num: int | tf.Tensor) -> tf.Tensor:
    """`num` independent seeds, int32 `[num, 2]`, from one, int32 `[2]`."""
    return tf.reshape(tf.bitcast(bits(seed[None, :], 2 * num), tf.int32), [num, 2])


@tf.function(reduce_retracing=True, autograph=False)
def _compiled_split(seed, num):
    """`split`, compiled once for all values of `num`; eagerly it would take 2.5 ms."""
    return split(seed, num)


def sample_seeds(seed: int | None, num: int) -> tf.Tensor:
    """The seeds of `num` samples, int32 `[num, 2]`, derived from an integer; None draws a new one.

    Raises:
        InputError: `seed` is not an integer.
    """
    return _compiled_split(given_or_new(seed), tf.convert_to_tensor(num))


def given_or_new(seed: int | tf.Tensor | None) -> tf.Tensor:
    """`seed_pair(seed)`, or a new seed for None."""
    return new_seed() if seed is None else seed_pair(seed)


def new_seed() -> tf.Tensor:
    """A random seed, int32 `[2]`, anew in each call of a graph.

    `keras.utils.set_random_seed` makes it repeatable, except under XLA, which ignores it.
    """
    return tf.random.uniform([2], tf.int32.min, tf.int32.max, tf.int32)


def temperatures(temperature: float | tf.Tensor, num: int | tf.Tensor) -> tf.Tensor:
    """The temperature of each of `num` samples, float32 `[num]`, from one for all or one for each.

    Raises:
        InputError: A temperature is negative or not finite; a served graph checks its input by the same rule.
    """
    array = values.numbers("temperature", temperature)
    if not values.is_symbolic(array):
        with np.errstate(over="ignore"):
            sound = (array >= 0) & np.isfinite(array.astype(np.float32))
        values.check_entries("temperature", array, sound, f"Expected `temperature` to be {TEMPERATURE}.")
    shape = tuple(array.shape)
    known = shape == () or (len(shape) == 1 and (values.is_symbolic(num) or shape[0] in (None, int(num))))
    check(known, "Expected one `temperature`, or one for each sample.", shape=shape)
    return tf.broadcast_to(values.tensor(temperature, array, tf.float32), [num])


def fold_in(seeds: tf.Tensor, number: int) -> tf.Tensor:
    """Seeds of the stream `number`, int32 `[batch, 2]`, derived from `seeds`; different streams are independent."""
    key = tf.bitcast(seeds, tf.uint32)
    words = threefry(
        (key[:, 0], key[:, 1]), (tf.constant(number & 0xFFFFFFFF, tf.uint32), tf.constant(PARITY, tf.uint32))
    )
    return tf.bitcast(tf.stack(words, axis=1), tf.int32)


def fold_in_each(seeds: tf.Tensor, numbers: Sequence[int]) -> list[tf.Tensor]:
    """`fold_in` for several uses at once, in a graph as small as that for one."""
    key = tf.bitcast(seeds, tf.uint32)
    counter = tf.constant([[number & 0xFFFFFFFF for number in numbers]], tf.uint32)
    words = threefry((key[:, :1], key[:, 1:]), (counter, tf.constant(PARITY, tf.uint32)))
    return tf.unstack(tf.bitcast(tf.stack(words, axis=2), tf.int32), num=len(numbers), axis=1)


def training_seeds(seeds: tf.Tensor | None, number: int, *, training: bool) -> tf.Tensor | None:
    """`fold_in`, for noise that only training adds; None in evaluation, whose graph then has no trace of it."""
    return fold_in(seeds, number) if training and seeds is not None else None


def row_seeds(x: tf.Tensor, seed: tf.Tensor) -> tf.Tensor:
    """A seed for each row: a hash of `seed` and of the row's content, multilinear modulo 2^32.

    Args:
        x: `[batch, *event]`, of any numeric type.
        seed: int32 `[2]`.

    Returns:
        int32 `[batch, 2]`.
    """
    if x.dtype.is_integer:
        words = tf.cast(x, tf.int32)
    else:  # one word for each entry of float32, two for one of float64
        words = tf.bitcast(x if x.dtype == tf.float64 else tf.cast(x, tf.float32), tf.int32)
    words = tf.reshape(words, [-1, words.shape[1:].num_elements()])
    keys = split(seed, words.shape[1])
    # Odd keys: multiplication by them modulo 2^32 loses nothing.
    return tf.reduce_sum(words[:, :, None] * (keys | 1), axis=1) + seed


def seed_pair(seed: int | tf.Tensor) -> tf.Tensor:
    """The stateless seed, int32 `[2]`, of any integer; a stateless seed of TFP, two integers, stays unchanged.

    Raises:
        InputError: `seed` is neither an integer, of up to 64 bits, nor two integers.
    """
    rule = "Expected `seed` to be an integer of up to 64 bits, or a stateless seed of two."
    if not values.is_symbolic(seed):
        array = np.asarray(seed)  # of objects, if an integer has more bits
        check(array.dtype.kind in "iu" and array.shape in ((), (2,)), rule, seed=seed)
        array = array.astype("<i8")
        return tf.constant(array.astype(np.int32) if array.shape else array.reshape(1).view("<i4"))  # low word first
    check(seed.dtype.is_integer and seed.shape in ([], [2]), rule, seed=seed)
    if seed.shape == []:
        return tf.bitcast(tf.cast(seed, tf.int64), tf.int32)
    return tf.cast(seed, tf.int32)
