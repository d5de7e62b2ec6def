"""Crops, sizes and bits of images, as the papers prepare them."""

import numpy as np
import pytest
import tensorflow as tf

from tfflows.datasets import recipes


def image(height, width, channels=3):
    return tf.constant(np.random.RandomState(0).randint(0, 256, (height, width, channels)), tf.uint8)


def test_crops_are_the_pixels_they_say():
    picture = image(7, 10)
    np.testing.assert_array_equal(recipes.crop(picture, 1, 2, 4), picture[1:5, 2:6])
    np.testing.assert_array_equal(recipes.central_crop(picture, 4), picture[1:5, 3:7])


def test_resize_takes_the_mean_of_what_a_pixel_covers():
    picture = image(12, 8)
    expected = np.round(picture.numpy().reshape(4, 3, 4, 2, 3).mean((1, 3)))
    resized = recipes.resize(picture, 4, 4)
    assert resized.dtype == tf.uint8
    np.testing.assert_array_equal(resized, expected)


def test_resize_rounds_and_does_not_truncate():
    picture = tf.constant([[[0], [0]], [[0], [3]]], tf.uint8)
    assert recipes.resize(picture, 1, 1).numpy().item() == 1


@pytest.mark.parametrize(("old", "new"), [((192, 288), (96, 144)), ((341, 256), (128, 96)), ((96, 96), (96, 96))])
def test_short_side_keeps_the_proportions(old, new):
    assert recipes.resize_short_side(image(*old), 96).shape == (*new, 3)


def test_random_crop_is_a_function_of_the_seed_and_reaches_each_place():
    picture = tf.reshape(tf.cast(tf.range(36), tf.uint8), [6, 6, 1])
    corners = [int(recipes.random_crop(picture, 4, tf.constant([7, index]))[0, 0, 0]) for index in range(150)]
    assert corners == [int(recipes.random_crop(picture, 4, tf.constant([7, index]))[0, 0, 0]) for index in range(150)]
    assert set(corners) == {6 * row + column for row in range(3) for column in range(3)}


def test_random_flip_is_a_function_of_the_seed_and_fair():
    picture = image(4, 4)
    first, again = ([recipes.random_flip(picture, tf.constant([0, index])) for index in range(200)] for _ in range(2))
    np.testing.assert_array_equal(first, again)
    flipped = [np.array_equal(x, picture[:, ::-1]) for x in first]
    assert [np.array_equal(x, picture) for x in first] == [not flip for flip in flipped]
    assert 70 < sum(flipped) < 130


@pytest.mark.parametrize("n_bits", range(1, 9))
def test_top_bits_are_the_quotient_by_a_power_of_2(n_bits):
    every = tf.reshape(tf.range(256), [16, 16, 1])
    kept = recipes.top_bits(tf.cast(every, tf.uint8), n_bits)
    assert kept.dtype == tf.uint8
    np.testing.assert_array_equal(kept, every // 2 ** (8 - n_bits))
