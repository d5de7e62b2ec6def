"""The client gives the numbers of the model itself, over gRPC and over REST."""

import threading

import numpy as np
import pytest
from tensorflow_serving.config.model_server_config_pb2 import ModelConfig

import zoo
from tests.serving.expected import assert_near, digits
from tfflows import guards, metrics
from tfflows.errors import InputError
from tfflows.events import Event
from tfflows.serving import Client, ServingError
from tools.emulator.server import Emulator

X = digits(10)
CLASSES = np.arange(10) % 10


@pytest.mark.slow
def test_pretrained_model_answers_as_the_live_one():
    model = zoo.load("nice_digits", version=1)
    config = ModelConfig(
        name="digits",
        base_path=str(zoo.pretrained.exported_folder("nice_digits")),
        model_version_policy={"specific": {"versions": [1]}},
    )
    log_prob, sample, z = model.log_prob(X), model.sample(3, seed=5, temperature=0.7), model.encode(X)
    with Emulator([config]) as server:
        for address in (server.address, server.rest_address):
            with Client(address, "digits") as client:
                assert_near(client.log_prob(X), log_prob)
                assert_near(client.sample(3, seed=5, temperature=0.7), sample)
                assert_near(client.encode(X), z)
                assert_near(client.decode(z), model.decode(z))


def test_calls_are_those_of_the_model(address, models):
    model = models["canary"]  # the newest version
    with Client(address, "digits") as client:
        assert_near(client.log_prob(X), model.log_prob(X))
        assert_near(client.bits_per_dim(X), metrics.bits_per_dim(model.log_prob(X), model.event))
        assert_near(client.sample(5, seed=2**40), model.sample(5, seed=2**40))
        assert_near(client.sample(5, seed=1, temperature=0.5), model.sample(5, seed=1, temperature=0.5))
        z = client.encode(X)
        assert_near(z, model.encode(X))
        assert_near(client.decode(z), X)


@pytest.mark.slow
def test_labels_condition_a_model(address, models):
    model = models["classes"]
    with Client(address, "classes") as client:
        assert_near(client.log_prob(X, CLASSES), model.log_prob(X, CLASSES))
        assert_near(client.bits_per_dim(X, CLASSES), metrics.bits_per_dim(model.log_prob(X, CLASSES), model.event))
        assert_near(client.sample(4, 3, seed=1), model.sample(4, 3, seed=1))
        assert_near(client.sample(2, [3, 4], seed=1), model.sample(2, [3, 4], seed=1))
        assert_near(client.encode(X, CLASSES), model.encode(X, CLASSES))
        z = model.encode(X, CLASSES).numpy()
        assert_near(client.decode(z, CLASSES), model.decode(z, CLASSES))


def test_real_numbers_are_rounded_as_the_model_rounds_them(address, models):
    model, x = models["toy"], np.random.default_rng(0).normal(size=(7, 2))
    assert x.dtype == np.float64
    with Client(address, "toy") as client:
        assert_near(client.log_prob(x), model.log_prob(x))
        assert_near(client.sample(7, seed=4), model.sample(7, seed=4))
        with pytest.raises(InputError, match="Expected a model of discrete events"):
            client.bits_per_dim(x)


def test_versions_and_labels_choose(address, models):
    for choice, name in (
        ({"version": 1}, "digits"),
        ({"version": 2}, "canary"),
        ({"version_label": "stable"}, "digits"),
        ({"version_label": "canary"}, "canary"),
        ({}, "canary"),
    ):
        with Client(address, "digits", **choice) as client:
            assert_near(client.log_prob(X), models[name].log_prob(X))


def test_float32_survives_rest_bit_by_bit(alone):
    x = np.random.default_rng(1).normal(size=(50, 2)).astype(np.float32)
    with Client(alone.address, "toy") as by_grpc, Client(alone.rest_address, "toy") as by_rest:
        np.testing.assert_array_equal(by_rest.encode(x), by_grpc.encode(x))


def test_a_batch_is_no_larger_than_the_model_takes(address, models, monkeypatch):
    monkeypatch.setattr(guards, "MOST_ENTRIES", 3 * 64)
    with Client(address, "digits") as client:
        assert client._max_batch_size == 3
        assert_near(client.log_prob(X), models["canary"].log_prob(X))


def test_a_batch_is_split_and_joined_in_order(address, models, monkeypatch):
    with Client(address, "digits", max_batch_size=4) as client:
        sizes, predict = [], client._transport.predict

        def counted(signature, inputs, outputs):
            sizes.append({len(value) for value in inputs.values()})
            return predict(signature, inputs, outputs)

        monkeypatch.setattr(client._transport, "predict", counted)
        assert_near(client.log_prob(X), models["canary"].log_prob(X))
        assert sizes == [{4}, {4}, {2}]
        assert_near(client.sample(6, seed=3), models["canary"].sample(6, seed=3))
        assert sizes[3:] == [{4}, {2}]


def test_model_with_a_context_takes_it_as_the_live_one(tmp_path):
    model = zoo.create("nice", Event((2,), context=3), couplings=2, width=4, depth=1)
    random = np.random.default_rng(0)
    x, context = random.normal(size=(5, 2)).astype(np.float32), random.normal(size=(5, 3)).astype(np.float32)
    model.initialize(x, context=context)
    for weight in model.trainable_variables:
        weight.assign_add(0.2 * random.normal(size=weight.shape))
    model.export(tmp_path / "model" / "1")
    config = ModelConfig(name="model", base_path=str(tmp_path / "model"))
    with Emulator([config]) as server, Client(server.address, "model") as client:
        assert_near(client.log_prob(x, None, context), model.log_prob(x, None, context))
        assert_near(client.sample(5, context=context, seed=1), model.sample(5, context=context, seed=1))
        assert_near(client.sample(2, context=context[0], seed=1), model.sample(2, context=context[0], seed=1))
        z = client.encode(x, None, context)
        assert_near(z, model.encode(x, None, context))
        assert_near(client.decode(z, None, context), x)


def test_empty_batch_sends_no_request(address, monkeypatch):
    with Client(address, "classes") as client:
        monkeypatch.setattr(client._transport, "predict", None)
        empty = client.sample(0, 3)
        assert (empty.shape, empty.dtype) == ((0, 8, 8, 1), np.uint8)
        scores = client.log_prob(X[:0], CLASSES[:0])
        assert (scores.shape, scores.dtype) == ((0,), np.float32)
        assert client.encode(X[:0], CLASSES[:0]).shape == (0, 64)
        assert client.decode(np.zeros([0, 64]), []).shape == (0, 8, 8, 1)


def test_without_a_seed_samples_are_new(alone):
    with Client(alone.address, "toy") as client:
        assert np.any(client.sample(2) != client.sample(2))


def test_metadata_is_asked_for_once(alone, monkeypatch):
    with Client(alone.address, "toy") as client:
        monkeypatch.setattr(client._transport, "metadata", None)
        client.sample(1)
        client.log_prob([[0.0, 1.0]])


def test_threads_share_a_client(address, models):
    model, answers = models["toy"], {}
    with Client(address, "toy") as client:

        def ask(seed: int) -> None:
            answers[seed] = [client.sample(3, seed=seed) for _ in range(5)]

        threads = [threading.Thread(target=ask, args=(seed,)) for seed in range(8)]
        [thread.start() for thread in threads]
        [thread.join() for thread in threads]
    for seed in range(8):
        for x in answers[seed]:
            assert_near(x, model.sample(3, seed=seed))


@pytest.mark.parametrize(
    ("name", "options", "code", "words"),
    [
        ("nope", {}, "NOT_FOUND", r"Servable not found for request: Latest\(nope\)"),
        ("digits", {"version": 7}, "NOT_FOUND", r"Servable not found for request: Specific\(digits, 7\)"),
        ("digits", {"version_label": "old"}, "INVALID_ARGUMENT", "Unrecognized servable version label: old"),
        ("a b/c", {}, "NOT_FOUND", r"Latest\(a b/c\)"),
        ("digits", {"version_label": "a/b c"}, "INVALID_ARGUMENT", "version label: a/b c"),
    ],
)
def test_unknown_model_version_or_label_is_an_error_of_the_server(address, name, options, code, words):
    with pytest.raises(ServingError, match=words) as raised:
        Client(address, name, **options)
    assert raised.value.code == code
    assert str(raised.value).startswith(f"{code}: ")


def test_refused_row_is_an_error_of_the_server(address):
    with Client(address, "toy") as client, pytest.raises(ServingError) as raised:
        client._transport.predict("encode", {"x": np.zeros([2, 3], np.float32)}, ["z"])
    assert raised.value.code == "INVALID_ARGUMENT"
    assert raised.value.message
    assert "{{" not in raised.value.message


ARGUMENTS = {
    "host:port": ({"address": "localhost"}, "`address` to be host:port"),
    "scheme": ({"address": "ftp://localhost:1"}, "`address` to be host:port"),
    "nowhere": ({"address": "grpc://"}, "`address` to be host:port"),
    "both": ({"version": 1, "version_label": "stable"}, "at most one of `version` and `version_label`"),
    "timeout": ({"timeout": 0}, "`timeout` to be positive"),
    "retries": ({"retries": -1}, "`retries` to be 0 or more"),
    "backoff": ({"backoff": -0.1}, "`backoff` to be 0 or more"),
    "max_batch_size": ({"max_batch_size": 0}, "`max_batch_size` to be 1 or more"),
}


@pytest.mark.parametrize(("arguments", "words"), ARGUMENTS.values(), ids=ARGUMENTS)
def test_argument_is_refused(arguments, words):
    with pytest.raises(InputError, match=words):
        Client(**{"address": "127.0.0.1:1", "model": "digits", **arguments})
