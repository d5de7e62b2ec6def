"""Products by strips give what one product with the whole masked matrix gives, with their derivatives."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from tfflows.networks import MADE, triangular
from tfflows.networks.triangular import TriangularProduct


def sorted_mask(inputs, units, *, entries, strict=False, descending=False):
    """The mask between units of sorted degrees."""
    before, after = (np.arange(number) * entries // number for number in (inputs, units))
    if descending:
        before, after = entries - before, entries - after
    return before[:, None] < after if strict else before[:, None] <= after


MASKS = {
    "sorted": sorted_mask(300, 512, entries=43),
    "descending": sorted_mask(256, 256, entries=43, descending=True),
    "outputs": np.tile(sorted_mask(128, 256, entries=784, strict=True), 2),
    "nothing": np.zeros([130, 256], bool),
    "random": np.random.default_rng(0).random([130, 140]) < 0.5,
    "one column": sorted_mask(5, 1, entries=5),
}


def values(shape, seed):
    return tf.constant(np.random.default_rng(seed).normal(size=shape))


def is_the_plain_product(mask):
    """Compares values, gradients, and the gradient of a gradient, in float64."""
    x, kernel = values([7, mask.shape[0]], 1), values(mask.shape, 2)
    product = TriangularProduct(mask)
    wanted = derivatives(lambda x, kernel: x @ (kernel * mask), x, kernel)
    for found, expected in zip(derivatives(product, x, kernel), wanted, strict=True):
        np.testing.assert_allclose(found, expected, rtol=1e-9, atol=1e-9)


def derivatives(product, x, kernel):
    with tf.GradientTape(persistent=True) as outer:
        outer.watch([x, kernel])
        with tf.GradientTape() as inner:
            inner.watch([x, kernel])
            y = product(x, kernel)
            loss = tf.reduce_sum(tf.sin(y))
        first = inner.gradient(loss, [x, kernel])
        size = tf.reduce_sum(first[0] ** 2) + tf.reduce_sum(first[1] ** 3)
    return [y, *first, *outer.gradient(size, [x, kernel])]


@pytest.mark.parametrize("name", MASKS)
def test_values_and_derivatives_are_those_of_the_plain_product(name):
    is_the_plain_product(MASKS[name])


def rows_left_out(patch):
    def narrow(mask):
        return [
            triangular.Strip(one.columns, slice(one.rows.start, one.rows.stop - 1), one.mask[:-1])
            for one in original(mask)
        ]

    original = triangular.strips
    patch.setattr(triangular, "strips", narrow)


def mask_forgotten(patch):
    patch.setattr(TriangularProduct, "_masked", staticmethod(lambda strip, values: values))


def gradient_of_other_rows(patch):
    def shifted(x, paddings):
        return original(x, paddings[::-1])

    original = tf.pad
    patch.setattr(triangular.tf, "pad", shifted)


@pytest.mark.parametrize("mutant", [rows_left_out, mask_forgotten, gradient_of_other_rows])
def test_mutant_is_not_the_plain_product(mutant, monkeypatch):
    mutant(monkeypatch)
    with pytest.raises((AssertionError, tf.errors.InvalidArgumentError)):
        is_the_plain_product(MASKS["sorted"])


def test_four_strips_leave_five_eighths_of_a_sorted_mask():
    mask = sorted_mask(512, 512, entries=512)
    product = TriangularProduct(mask)
    assert sum(strip.area for strip in product.strips) == 512 * 512 * 5 // 8
    assert product.is_worthwhile


@pytest.mark.parametrize(
    ("hidden", "width", "expected"),
    [("sorted", 512, [False, True, False]), ("random", 512, [False] * 3), ("sorted", 256, [False] * 3)],
)
def test_layers_that_profit_have_strips(hidden, width, expected):
    made = MADE(16, width=width, depth=2, hidden=hidden, degrees=np.arange(1, 9))
    made.build((None, 8))
    assert [isinstance(dense.product, TriangularProduct) for dense in made.dense] == expected


def test_a_network_has_the_precision_of_its_policy():
    keras.config.set_dtype_policy("mixed_bfloat16")
    try:
        made = MADE(16, width=512, depth=2, degrees=np.arange(1, 9))
        made.build((None, 8))
    finally:
        keras.config.set_dtype_policy("float32")
    assert isinstance(made.dense[1].product, TriangularProduct)
    for number, weight in enumerate(made.weights):
        weight.assign(keras.random.normal(weight.shape, stddev=0.1, seed=number))
    x = tf.random.stateless_normal([3, 8], [0, 0])
    found = made(x)
    made.dense[1].product = made.dense[1].plain_product
    assert found.dtype == tf.bfloat16
    np.testing.assert_allclose(tf.cast(found, "float32"), tf.cast(made(x), "float32"), atol=0.05)


def test_masked_weights_may_hold_anything():
    kernel = keras.ops.where(MASKS["sorted"], 1.0, float("nan"))
    found = TriangularProduct(MASKS["sorted"])(tf.ones([2, 300]), kernel)
    np.testing.assert_array_equal(found, np.tile(MASKS["sorted"].sum(axis=0), [2, 1]))
