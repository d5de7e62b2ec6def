"""Invalid requests: the error of the graph names the input, the rule and the value, and the next request works."""

import re

import numpy as np
import pytest
import tensorflow as tf

import zoo
from tests.export.session import Session
from tests.training import small_run
from tfflows import guards, noise
from tfflows.errors import InputError
from tfflows.events import Event
from tfflows.servable import Servable

N = 3
SEED, TEMPERATURE = noise.sample_seeds(0, N).numpy(), np.array([0.5, 0.0, 1.0], np.float32)
PIXELS = np.random.default_rng(0).integers(0, 17, (N, 8, 8, 1)).astype(np.uint8)
POINTS = np.random.default_rng(0).normal(size=(N, 2)).astype(np.float32)
LABEL = np.array([0, 9, 4], np.int32)


def changed(array, place, value):
    array = array.copy()
    array[place] = value
    return array


@pytest.fixture(scope="module")
def sessions(tmp_path_factory):
    """A model of pixels, one of pixels with labels, and one of points."""
    models = {
        "pixels": small_run.initialized(),
        "labels": small_run.model(conditional=True),
        "points": zoo.create("realnvp", event=Event((2,)), couplings=2, width=8, depth=1),
    }
    models["points"].initialize(tf.constant(POINTS))
    models["labels"].initialize(tf.constant(PIXELS), tf.constant(LABEL))
    opened = {}
    for name, model in models.items():
        folder = tmp_path_factory.mktemp(name)
        Servable(model).save(folder)
        opened[name] = Session(folder)
    return opened


def sound(model: str) -> dict[str, dict[str, np.ndarray]]:
    """A valid request to each signature."""
    label = {"label": LABEL} if model == "labels" else {}
    x = POINTS if model == "points" else PIXELS
    z = np.random.default_rng(1).normal(size=(N, 2 if model == "points" else 64)).astype(np.float32)
    return {
        "log_prob": {"x": x, **label},
        "encode": {"x": x, **label},
        "decode": {"z": z, **label},
        "sample": {"seed": SEED, "temperature": TEMPERATURE, **label},
    }


BAD = {
    "rank": ("pixels", "log_prob", {"x": PIXELS.reshape(N, 64)}, "`x` of shape [batch, 8, 8, 1]", "[3 64]"),
    "scalar": ("pixels", "encode", {"x": np.uint8(3)}, "`x` of shape [batch, 8, 8, 1]", "[]"),
    "no batch": ("pixels", "log_prob", {"x": PIXELS[0]}, "`x` of shape [batch, 8, 8, 1]", "[8 8 1]"),
    "an axis too many": ("pixels", "log_prob", {"x": PIXELS[None]}, "`x` of shape", "[1 3 8 8 1]"),
    "size": ("pixels", "encode", {"x": PIXELS[:, :, :7]}, "`x` of shape [batch, 8, 8, 1]", "[3 8 7 1]"),
    "channels": ("pixels", "log_prob", {"x": np.repeat(PIXELS, 3, -1)}, "`x` of shape", "[3 8 8 3]"),
    "size of a vector": ("points", "log_prob", {"x": POINTS[:, :1]}, "`x` of shape [batch, 2]", "[3 1]"),
    "size of a latent": ("pixels", "decode", {"z": np.zeros((N, 65), np.float32)}, "`z` of shape [batch, 64]", "65"),
    "empty": ("pixels", "log_prob", {"x": PIXELS[:0]}, "1 to 65536 rows of `x`", "rows=0"),
    "huge": ("pixels", "log_prob", {"x": np.zeros((65537, 8, 8, 1), np.uint8)}, "rows of `x`", "rows=65537"),
    "pixel": ("pixels", "log_prob", {"x": changed(PIXELS, (1, 7, 7), 17)}, "`x` to be in 0..16", "x=17 in row 1"),
    "pixel to encode": ("pixels", "encode", {"x": changed(PIXELS, 2, 255)}, "`x` to be in 0..16", "x=255 in row 2"),
    "nan": ("points", "log_prob", {"x": changed(POINTS, (2, 1), np.nan)}, "`x` to be finite", "x=nan in row 2"),
    "infinity": ("points", "encode", {"x": changed(POINTS, (0, 0), -np.inf)}, "`x` to be finite", "x=-inf in row 0"),
    "nan latent": ("pixels", "decode", {"z": np.full((N, 64), np.nan, np.float32)}, "`z` to be finite", "z=nan"),
    "far latent": ("points", "decode", {"z": np.full((N, 2), 3e38, np.float32)}, "`z` to give a result", ""),
    "seeds": ("pixels", "sample", {"seed": SEED[:, :1]}, "`seed` of shape [batch, 2]", "[3 1]"),
    "one seed": ("pixels", "sample", {"seed": SEED[:1]}, "rows of `temperature` as of `seed`", "temperature=3, seed=1"),
    "one temperature": ("pixels", "sample", {"temperature": TEMPERATURE[:1]}, "rows of `temperature`", "seed=3"),
    "a temperature for all": ("pixels", "sample", {"temperature": np.float32(1)}, "`temperature` of shape [batch]", ""),
    "cold": ("pixels", "sample", {"temperature": -TEMPERATURE}, "`temperature` to be 0 or more", "-0.5 in row 0"),
    "hot": (
        "points",
        "sample",
        {"temperature": changed(TEMPERATURE, 1, np.inf)},
        "`temperature` to be 0 or more and finite",
        "inf",
    ),
    "label": ("labels", "log_prob", {"label": LABEL + 1}, "`label` to be in 0..9", "label=10 in row 1"),
    "negative label": ("labels", "decode", {"label": LABEL - 1}, "`label` to be in 0..9", "label=-1 in row 0"),
    "one label": ("labels", "sample", {"label": LABEL[:1]}, "as many rows of `label` as of `seed`", "label=1, seed=3"),
    "labels as one-hot": (
        "labels",
        "encode",
        {"label": np.eye(3, dtype=np.int32)},
        "`label` of shape [batch]",
        "[3 3]",
    ),
    "type": ("pixels", "log_prob", {"x": PIXELS.astype(np.float32)}, "to be uint8 but float", ""),
}


@pytest.mark.parametrize("kind", BAD)
def test_bad_request_is_told_the_rule_and_the_value(kind, sessions):
    model, signature, change, rule, received = BAD[kind]
    with pytest.raises(tf.errors.InvalidArgumentError) as said:
        sessions[model].run(signature, **{**sound(model)[signature], **change})
    first = said.value.message.splitlines()[0]
    assert rule in first
    assert received in first
    sessions[model].run(signature, **sound(model)[signature])


def test_score_beyond_float32_is_an_error_and_an_impossible_event_is_not(sessions):
    with pytest.raises(tf.errors.InvalidArgumentError, match=r"`x` to have a log-likelihood .* log_prob=nan in row 1"):
        graph_of(guards.checked_log_prob)(tf.constant([0.0, np.nan]))
    with pytest.raises(tf.errors.InvalidArgumentError, match="log_prob=inf in row 0"):
        graph_of(guards.checked_log_prob)(tf.constant([np.inf, 0.0]))
    np.testing.assert_array_equal(graph_of(guards.checked_log_prob)(tf.constant([-np.inf, 1.0])), [-np.inf, 1.0])
    assert sessions["points"].run("log_prob", x=np.full((1, 2), 1e30, np.float32))["log_prob"][0] < -1e30


def graph_of(function):
    return tf.function(function)


def test_pixels_that_were_not_numbers_are_an_error():
    model = small_run.initialized()
    with pytest.raises(InputError, match=r"Expected `z` to be finite in float32.* Received: z\[0, 0\]=nan\.$"):
        model.decode(np.full((1, 64), np.nan, np.float32))
    with pytest.raises(tf.errors.InvalidArgumentError, match="Expected `z`, or a `temperature`"):
        model.decode_fn(tf.fill([1, 64], np.nan), None)


def test_draw_that_overflows_float32_is_clipped_and_others_are_unaffected():
    model = zoo.create("glow", event=Event((4, 4, 1), "uint8", 8), scales=1, steps=2, width=4)
    model.initialize(tf.constant(PIXELS[:, :4, :4] % 8))
    seeds = noise.sample_seeds(0, 64)
    hot = model.sample_fn(seeds, tf.constant([3e38] + 63 * [1.0]), None)
    assert np.isin(hot[0], [0, 7]).all()
    np.testing.assert_array_equal(hot[1:], model.sample_fn(seeds, tf.ones(64), None)[1:])


def test_largest_request_follows_from_the_size_of_an_event():
    assert guards.most_rows(Event((2,)), (2,)) == 65_536
    assert guards.most_rows(Event((28, 28, 1), "uint8", 256), (784,)) == 5_349
    assert guards.most_rows(Event((28, 28, 1), "uint8", 2), (10_000,)) == 419
    assert guards.most_rows(Event((4096, 4096, 1), "uint8", 256), (4096**2,)) == 1


def malformed(random: np.random.Generator, inputs: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """A request with one or two of its inputs corrupted; the result is sometimes still valid."""
    spoilt = dict(inputs)
    for name in random.choice(list(inputs), size=min(len(inputs), int(random.integers(1, 3))), replace=False):
        spoilt[name] = np.asarray(SPOIL[random.integers(len(SPOIL))](random, spoilt[name]), spoilt[name].dtype)
    return spoilt


def _values(random, array):
    wild = [np.nan, np.inf, -np.inf, 1e38, -1.0, 1e-45] if array.dtype.kind == "f" else [255, 17, 10, 2**31 - 1, -1]
    array = array.copy()
    flat = array.reshape(-1)
    for _ in range(random.integers(1, 4)):
        # As bits, since NumPy refuses integers that do not fit.
        flat[random.integers(flat.size)] = np.asarray(wild[random.integers(len(wild))]).astype(array.dtype)
    return array


SPOIL = [
    _values,
    lambda random, array: array[: random.integers(0, len(array))],
    lambda random, array: np.repeat(array, random.integers(1, 4), axis=random.integers(array.ndim)),
    lambda random, array: array.reshape(-1),
    lambda random, array: np.expand_dims(array, random.integers(array.ndim + 1)),
    lambda random, array: array.reshape(-1)[0],
    lambda random, array: array.T,
    lambda random, array: np.moveaxis(array, -1, random.integers(array.ndim)),
    lambda random, array: np.zeros(random.integers(0, 3, size=random.integers(1, 7)), array.dtype),
]


@pytest.mark.parametrize("model", ["pixels", "labels", "points"])
def test_malformed_requests_get_an_error_that_names_an_input_or_an_answer(model, sessions):
    session, random = sessions[model], np.random.default_rng(0)
    requests = sound(model)
    before = {signature: session.run(signature, **inputs) for signature, inputs in requests.items()}
    errors = []
    for number in range(334):
        signature = list(requests)[number % len(requests)]
        try:
            answer = session.run(signature, **malformed(random, requests[signature]))
        except tf.errors.InvalidArgumentError as error:
            errors.append((signature, error.message.splitlines()[0]))
        else:
            assert all(len(value) > 0 and not np.isnan(value).any() for value in answer.values())
    assert 200 < len(errors) < 334
    for signature, message in errors:
        named = re.search(r"Expected.*?`(\w+)`", message)
        assert named is not None, message
        assert named[1] in requests[signature], message
    for signature, inputs in requests.items():
        for name, value in session.run(signature, **inputs).items():
            np.testing.assert_array_equal(value, before[signature][name])
