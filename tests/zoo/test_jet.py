"""Facts of Jet's paper, 2412.15129."""

import math

import numpy as np
import pytest
import tensorflow as tf

import zoo
from tests.cases import EVENTS, Case, float64, make, number_of_weights
from tfflows import layers
from tfflows.errors import InputError
from tfflows.events import Event
from tfflows.layers.tokens import pairs

IMAGE = Event((8, 8, 1), "uint8", 4)


def test_couplings_alternate_as_in_the_paper():
    # Four couplings of channels, then one of patches, whose patterns and their inverses take turns.
    model = zoo.create("jet", event=IMAGE, couplings=15, patch=2, layers=1, width=8, heads=2)
    kinds = [one for one in model.flow.flow_layers if isinstance(one, layers.Coupling)]
    spatial = [number for number, one in enumerate(kinds) if isinstance(one, layers.TokenCoupling)]
    assert spatial == [4, 9, 14]
    first, second, _ = (kinds[number].order for number in spatial)
    np.testing.assert_array_equal(first, np.roll(second, 8))  # the inverse of the same pattern


@pytest.mark.slow
def test_weights_are_those_of_vision_transformers_of_the_papers_size():
    # 64 x 64 x 3 in patches of 4: 256 tokens of 48 entries. 26 couplings change 24 entries of each token given the
    # others, 6 change 128 tokens given the others. By hand, as the paper does not count its weights.
    def transformer(tokens, entries, outputs, width=512, blocks=2):
        block = 12 * width**2 + 6 * width + 4 * width  # matrices, their biases, two normalizations
        ends = entries * width + width + tokens * width + 2 * width + width * outputs + outputs
        return blocks * block + ends

    model = zoo.create("jet", event=Event((64, 64, 3), "uint8", 256), preset="downsampled_imagenet/64x64")
    count = number_of_weights(model)
    biases = 32 * 2 * 3 * 512
    print(f"{count:,} weights; with the biases of queries, keys and values of the authors' code: {count + biases:,}")
    assert count == 26 * transformer(256, 24, 48) + 6 * transformer(128, 48, 96)


@pytest.mark.parametrize(
    ("pattern", "kept"),
    [("checkerboard", [0, 2, 5, 7]), ("rows", [0, 1, 2, 3]), ("columns", [0, 2, 4, 6])],
)
def test_pattern_keeps_its_tokens_and_a_flip_the_others(pattern, kept):
    order = pairs(pattern, (2, 4), flip=False)
    np.testing.assert_array_equal(order[:4], kept)
    np.testing.assert_array_equal(pairs(pattern, (2, 4), flip=True), np.roll(order, 4))


def test_kept_tokens_stay_and_the_others_change_given_them_alone():
    with float64():
        model = make(Case("jet", EVENTS["image"]))
        one = next(one for one in model.flow.flow_layers if isinstance(one, layers.TokenCoupling))
        x = tf.constant(np.random.default_rng(0).normal(size=(3, 4, 4)))
        with tf.GradientTape() as tape:
            tape.watch(x)
            z = one.bijector().inverse(x)
        jacobian = np.abs(tape.batch_jacobian(z, x)).max(0)  # [token, channel, token, channel]
    kept, changed = one.order[:2], one.order[2:]
    np.testing.assert_array_equal(tf.gather(z, kept, axis=1), tf.gather(x, kept, axis=1))
    assert np.all(jacobian[changed][:, :, kept].max((1, 3)) > 0)  # attention sees every token that is kept
    for token in changed:
        others = np.delete(jacobian[token].copy(), kept, axis=1)
        np.testing.assert_array_equal(np.count_nonzero(others), 4)  # of the others, each entry sees itself alone


def test_no_coupling_expands_by_more_than_two():
    model = make(Case("jet", EVENTS["image"]))
    couplings = [one for one in model.flow.flow_layers if isinstance(one, layers.Coupling)]
    for weight in couplings[0].network.last.weights:
        weight.assign(tf.fill(weight.shape, 1e3))
    x = tf.random.stateless_normal([5, 4, 4], [0, 1])
    log_det = couplings[0].bijector().inverse_log_det_jacobian(x, event_ndims=2)
    assert np.all(log_det <= 8 * math.log(2) + 1e-4)  # half of 16 entries
    assert np.max(log_det) > 7 * math.log(2)


@pytest.mark.parametrize(("couplings", "warns"), [(15, True), (16, False)])
def test_too_few_couplings_are_reported(couplings, warns, caplog):
    event = Event((8, 8, 1), "uint8", 256)
    zoo.create("jet", event=event, couplings=couplings, patch=2, layers=1, width=8, heads=2)
    assert ("Use `couplings` of 16 or more" in caplog.text) == warns


def test_grid_that_cannot_be_halved_is_refused():
    with pytest.raises(InputError, match=r"keeps half of them: choose another `patch`\. Received: grid=\(3, 3\)"):
        zoo.create("jet", event=Event((12, 12, 1), "uint8", 4), patch=4, layers=1, width=8, heads=2)
