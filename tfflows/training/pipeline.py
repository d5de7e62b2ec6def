"""The stream of training batches: the same for the same seed, wherever it is resumed."""

import tensorflow as tf

from tfflows import noise
from tfflows.datasets import Split

SHUFFLE_BUFFER = 16_384  # CelebA's 64 x 64 pictures: 200 MB


def training_stream(split: Split, *, batch_size: int, seed: int, first_step: int = 0) -> tf.data.Dataset:
    """Endless batches, reshuffled in each pass.

    The order of pass `p` is a function of `seed` and `p`, and an example's augmentation of `seed`, `p` and its position
    in the pass, so that a run which is resumed at `first_step` sees what the uninterrupted one would have seen.

    Args:
        split: Training examples.
        batch_size: Number of events in a global batch; a pass skips the events that do not fill a batch.
        seed: Seed of the run.
        first_step: Number of steps already taken.

    Returns:
        Elements `{"x": [batch_size, *event]}`, with `"label"`, `"context"` and `"sample_weight"` where there are some.
    """
    per_pass = split.size // batch_size
    first_pass, skipped = divmod(first_step, per_pass)

    def shuffled(index: tf.Tensor) -> tf.data.Dataset:
        # The seed of this function's graph: with a global seed, the order would depend on that too (and tf.data fails
        # if it is 0).
        tf.random.set_seed(1)
        key = noise.split(noise.seed_pair(seed) + tf.stack([0, tf.cast(index, tf.int32)]), 1)[0]
        start = tf.where(index == first_pass, skipped * batch_size, 0)
        if split.shuffled is None:
            buffer, order = min(split.size, SHUFFLE_BUFFER), tf.cast(key[0], tf.int64)
            examples = split.examples.shuffle(buffer, seed=order, reshuffle_each_iteration=False)
        else:
            examples = split.shuffled(tf.cast(key[1], tf.int64))
        examples = examples.take(per_pass * batch_size).skip(tf.cast(start, tf.int64))
        if split.augment is not None:
            examples = examples.enumerate(tf.cast(start, tf.int64))
            examples = examples.map(lambda i, x: split.augment(x, key + tf.cast(i, tf.int32)), tf.data.AUTOTUNE)
        return examples.batch(batch_size, drop_remainder=True)

    stream = tf.data.Dataset.range(first_pass, tf.int64.max).flat_map(shuffled)
    return stream.with_options(_options()).prefetch(tf.data.AUTOTUNE)


def one_pass(split: Split, *, batch_size: int) -> tf.data.Dataset:
    """Every example once, in batches, augmented where training augments, with one fixed seed."""
    return split.events().batch(batch_size)


def padded_batches(split: Split, *, batch_size: int) -> tf.data.Dataset:
    """Every example once, in batches of one size, augmented as in `one_pass`: `(element, is_real [batch_size])`.

    The last batch is padded with copies of the first example, marked False, so that there is one compiled shape, no
    replica has an empty share, and every example counts once.
    """
    padding = -split.size % batch_size
    examples = split.events()
    padded = examples.concatenate(examples.take(1).repeat(padding))
    # Without functions, whose traces would take longer than the pass over a small split.
    is_real = tf.data.Dataset.from_tensors(True).repeat(split.size)
    is_fill = tf.data.Dataset.from_tensors(False).repeat(padding)
    batches = tf.data.Dataset.zip((padded, is_real.concatenate(is_fill))).batch(batch_size, drop_remainder=True)
    return batches.with_options(_options()).prefetch(tf.data.AUTOTUNE)


def _options() -> tf.data.Options:
    options = tf.data.Options()
    # The thread of autotuning sometimes sleeps through the end of its iterator, which waits for it for up to a minute.
    options.autotune.enabled = False
    # Workers share every global batch, whether the source is one file, many, or memory.
    options.experimental_distribute.auto_shard_policy = tf.data.experimental.AutoShardPolicy.DATA
    return options
