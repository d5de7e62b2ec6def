"""The stream of batches is a function of the seed and the step; every example is evaluated exactly once."""

import numpy as np
import pytest
import tensorflow as tf

from tests.training.small_run import initialized
from tfflows import datasets, training
from tfflows.datasets import Split
from tfflows.training.pipeline import padded_batches, training_stream


def numbered(n: int, augment=None) -> Split:
    return Split(tf.data.Dataset.from_tensor_slices({"x": np.arange(n)}), size=n, augment=augment)


def batches(split, number, **options):
    return [batch["x"] for batch in training_stream(split, **options).take(number).as_numpy_iterator()]


def test_each_pass_has_every_example_once_in_its_own_order():
    first, second = np.split(np.concatenate(batches(numbered(40), 20, batch_size=4, seed=0)), 2)
    assert sorted(first) == sorted(second) == list(range(40))
    assert list(first) != list(second)
    assert list(first) != list(range(40))


def test_order_depends_on_the_seed_alone():
    tf.random.set_seed(0)
    one = batches(numbered(40), 12, batch_size=4, seed=7)
    tf.random.set_seed(1)
    np.testing.assert_array_equal(batches(numbered(40), 12, batch_size=4, seed=7), one)
    assert np.any(np.array(batches(numbered(40), 12, batch_size=4, seed=8)) != one)


def test_stream_entered_later_is_the_same_stream():
    def augment(element, seed):
        return {"x": element["x"] * 1000 + tf.random.stateless_uniform([], seed, 0, 1000, tf.int64)}

    split = numbered(42, augment)
    whole = batches(split, 35, batch_size=4, seed=1)
    for first_step in (1, 9, 10, 23):
        later = batches(split, 35 - first_step, batch_size=4, seed=1, first_step=first_step)
        np.testing.assert_array_equal(later, whole[first_step:])
    assert len({tuple(batch) for batch in whole}) == 35, "augmentation repeats"


def test_padding_fills_the_last_batch_and_does_not_count():
    found = list(padded_batches(numbered(10), batch_size=4).as_numpy_iterator())
    assert [len(real) for _, real in found] == [4, 4, 4]
    np.testing.assert_array_equal(np.concatenate([element["x"][real] for element, real in found]), np.arange(10))


@pytest.mark.slow
def test_score_of_a_split_is_the_mean_over_all_of_it_whatever_the_batch():
    one, split = initialized(), datasets.load("digits").test
    x = np.stack([element["x"] for element in split.examples.as_numpy_iterator()])
    expected = one.log_prob(x).numpy().astype(np.float64)
    for batch_size in (7, 128, 1000):
        scores = training.evaluate(one, split, batch_size=batch_size)
        assert scores["num_events"] == 300
        np.testing.assert_allclose(scores["nats"], expected.mean(), rtol=1e-6)
        np.testing.assert_allclose(scores["nats_se"], expected.std(ddof=1) / np.sqrt(300), rtol=1e-4)
        np.testing.assert_allclose(scores["bits_per_dim"], -expected.mean() / (64 * np.log(2)), rtol=1e-6)
