"""The generator is the published one, and a row's noise is its own."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from scipy import stats

import zoo
from tfflows import noise
from tfflows.errors import InputError
from tfflows.events import Event


def words(*values):
    return tuple(tf.constant(value, tf.uint32) for value in values)


@pytest.mark.parametrize(
    ("key", "counter", "expected"),
    [
        ((0, 0), (0, 0), (0x6B200159, 0x99BA4EFE)),
        ((0xFFFFFFFF, 0xFFFFFFFF), (0xFFFFFFFF, 0xFFFFFFFF), (0x1CB996FC, 0xBB002BE7)),
        ((0x13198A2E, 0x03707344), (0x243F6A88, 0x85A308D3), (0xC4923A9C, 0x483DF7A0)),
    ],
)
def test_known_answers_of_threefry(key, counter, expected):
    assert tuple(int(word) for word in noise.threefry(words(*key), words(*counter))) == expected


def test_uniform_noise_is_uniform_and_open():
    u = noise.uniform(noise.split(tf.constant([1, 2]), 200), (28, 9), tf.float32).numpy()
    assert 0 < u.min() < u.max() < 1
    assert stats.kstest(u.ravel(), "uniform").pvalue > 1e-3
    correlation = np.corrcoef(u.reshape(200, -1).T)
    assert np.abs(correlation[np.triu_indices(252, 1)]).max() < 0.4


def test_row_depends_on_its_own_seed_alone():
    seeds = noise.split(tf.constant([1, 2]), 5)
    u = noise.uniform(seeds, (7,), tf.float32).numpy()
    np.testing.assert_array_equal(noise.uniform(seeds[3:], (7,), tf.float32), u[3:])


@pytest.mark.parametrize("dtype", ["uint8", "float32"])
def test_seed_of_a_row_is_a_function_of_its_content_and_the_seed(dtype):
    x = tf.constant(np.random.default_rng(0).integers(0, 255, (50, 6)), dtype)
    seeds = noise.row_seeds(x, tf.constant([3, 4])).numpy()
    np.testing.assert_array_equal(noise.row_seeds(x[::-1], tf.constant([3, 4])).numpy()[::-1], seeds)
    assert len({tuple(row) for row in seeds}) == 50
    assert np.all(noise.row_seeds(x, tf.constant([3, 5])).numpy() != seeds)


def test_near_rows_and_steps_have_unrelated_noise():
    x = np.zeros((64, 9), np.uint8)
    x[np.arange(9), np.arange(9)] = 1
    seeds = [noise.row_seeds(tf.constant(x[:10]), tf.constant([0, step])) for step in range(20)]
    u = noise.uniform(tf.concat(seeds, 0), (100,), tf.float32).numpy()
    correlation = np.corrcoef(u)
    assert np.abs(correlation[np.triu_indices(len(u), 1)]).max() < 0.5


def test_seed_is_an_integer():
    np.testing.assert_array_equal(noise.seed_pair(2**40 + 5), [5, 256])
    np.testing.assert_array_equal(noise.seed_pair(np.uint8(7)), [7, 0])
    np.testing.assert_array_equal(noise.seed_pair([3, 4]), [3, 4])
    for seed in (0.5, True, [1.0, 2.0], [1, 2, 3], "7", 2**64):
        with pytest.raises(InputError, match=r"`seed` to be an integer of up to 64 bits, or a stateless seed"):
            noise.seed_pair(seed)


def test_uses_of_a_seed_are_unrelated():
    seeds = noise.split(noise.seed_pair(0), 2000)
    draws = [noise.uniform(seeds, (1,), tf.float32)]
    draws += [noise.uniform(noise.fold_in(seeds, number), (1,), tf.float32) for number in (0, 1, 2, -1)]
    correlation = np.corrcoef(np.concatenate(draws, axis=1).T)
    assert np.abs(correlation - np.eye(5)).max() < 0.08
    alone = noise.fold_in(seeds[7:8], 3)
    np.testing.assert_array_equal(alone, noise.fold_in(seeds, 3)[7:8])


def test_normal_noise_is_normal():
    draws = noise.normal(noise.split(noise.seed_pair(0), 100), (500,), tf.float32).numpy()
    assert np.isfinite(draws).all()
    np.testing.assert_allclose([draws.mean(), draws.std(), (draws**4).mean()], [0, 1, 3], atol=0.05)


def test_evaluation_draws_no_training_noise():
    def rounds_of_the_generator(steps):
        model = zoo.create("glow", Event((4, 4, 1), "uint8", 8), scales=1, steps=steps, width=4)
        x, seed = tf.zeros([2, 4, 4, 1], tf.uint8), tf.zeros([2], tf.int32)
        graph = tf.function(model.log_prob_fn).get_concrete_function(x, None, seed).graph
        return sum(operation.type == "BitwiseXor" for operation in graph.get_operations())

    assert rounds_of_the_generator(3) == rounds_of_the_generator(1) > 0


def test_no_seed_in_a_function_is_a_new_one_in_each_call():
    drawn = tf.function(lambda: noise.sample_seeds(None, 3))
    assert np.any(drawn() != drawn())
    assert np.any(noise.sample_seeds(None, 3) != noise.sample_seeds(None, 3))


@pytest.mark.parametrize("compiled", [False, True])
def test_no_seed_follows_the_random_seed_of_keras(compiled):
    def draws():
        keras.utils.set_random_seed(5)
        draw = tf.function(lambda: noise.sample_seeds(None, 3)) if compiled else lambda: noise.sample_seeds(None, 3)
        return np.stack([draw(), draw()])

    first = draws()
    np.testing.assert_array_equal(first, draws())
    assert np.any(first[0] != first[1])
