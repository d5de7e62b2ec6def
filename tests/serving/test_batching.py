"""Requests that arrive together are computed together, and each gets its own answer."""

import random
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, wait

import numpy as np
import pytest
import tensorflow as tf

from tests.serving.conftest import BATCHING
from tests.serving.expected import assert_near, digits
from tfflows.errors import InputError
from tfflows.serving import Client, ServingError
from tools.emulator import batching
from tools.emulator.batching import Batching
from tools.emulator.repository import definitions
from tools.emulator.signature import Signature

pytestmark = pytest.mark.slow  # its exports are made first

X = digits(12)
LABEL = np.arange(12) % 10
NOISE = np.random.default_rng(0).normal(size=(12, 2)).astype(np.float32)


def own_answers(models) -> dict[str, np.ndarray]:
    """All rows of each call, by the live models."""
    return {
        "score": models["canary"].log_prob(X).numpy(),
        "old score": models["digits"].log_prob(X).numpy(),
        "score of classes": models["classes"].log_prob(X, LABEL).numpy(),
        "toy score": models["toy"].log_prob(NOISE).numpy(),
        "toy latents": models["toy"].encode(NOISE).numpy(),
        "toy events": models["toy"].decode(NOISE).numpy(),
    }


def calls(address: str) -> dict[str, Callable[[list[int]], np.ndarray]]:
    """The same for some rows, by a server."""
    canary, stable = (Client(address, "digits", version_label=label) for label in ("canary", "stable"))
    classes, toy = Client(address, "classes"), Client(address, "toy")
    return {
        "score": lambda rows: canary.log_prob(X[rows]),
        "old score": lambda rows: stable.log_prob(X[rows]),
        "score of classes": lambda rows: classes.log_prob(X[rows], LABEL[rows]),
        "toy score": lambda rows: toy.log_prob(NOISE[rows]),
        "toy latents": lambda rows: toy.encode(NOISE[rows]),
        "toy events": lambda rows: toy.decode(NOISE[rows]),
    }


@pytest.mark.slow
def test_ten_threads_get_their_own_answers(together, models):
    """Mixed signatures, models and versions: a queue that two of them shared would mix their rows."""
    own, served, start = own_answers(models), calls(together.address), threading.Barrier(10)

    def ask(seed: int) -> list:
        choices, answers = random.Random(seed), []
        start.wait()
        for _ in range(20):
            name, rows = choices.choice(list(served)), choices.sample(range(12), choices.randint(1, 4))
            answers.append((name, rows, served[name](rows)))
        return answers

    with ThreadPoolExecutor(10) as pool:
        answers = [answer for part in pool.map(ask, range(10)) for answer in part]
    assert len(answers) == 200
    for name, rows, answer in answers:
        assert_near(answer, own[name][rows])


def signature(folder, parameters):
    loaded = tf.saved_model.load(folder)
    made = Signature(loaded.signatures["encode"], definitions(folder)["encode"], parameters)
    made.loaded = loaded
    return made


def test_requests_share_a_batch(folder, models):
    """With a timeout that no test would wait for, requests end only when they fill a batch."""
    encode = signature(folder / "toy/1", Batching(max_batch_size=4, batch_timeout_micros=60_000_000))
    with ThreadPoolExecutor(4) as pool:
        encode({"x": NOISE[:4]})  # full at once, and warm
        parts = [pool.submit(encode, {"x": NOISE[row : row + 1]}) for row in range(3)]
        assert wait(parts, timeout=0.5).done == set()
        parts.append(pool.submit(encode, {"x": NOISE[3:4]}))
        latents = [part.result(timeout=20)["z"] for part in parts]
    assert_near(np.concatenate(latents), models["toy"].encode(NOISE[:4]))


def test_batches_are_padded_to_allowed_sizes(folder):
    encode = signature(folder / "toy/1", None)
    sizes, run = [], encode._run

    def seen(x):
        with tf.control_dependencies([tf.py_function(lambda x: sizes.append(len(x)), [x], [])]):
            return run(tf.identity(x))

    encode._run = seen
    call = encode._batched(Batching(max_batch_size=8, allowed_batch_sizes=(3, 8)))
    for rows in (1, 3, 4):
        assert len(call(tf.constant(NOISE[:rows]))[0]) == rows
    assert sizes == [3, 3, 8]


def test_a_request_beyond_a_batch_is_refused(together, alone):
    rows = np.tile(NOISE, [2, 1])
    with (
        Client(together.address, "toy") as client,
        pytest.raises(ServingError, match="larger than maximum"),
    ):
        client.log_prob(rows)
    with Client(together.address, "toy", max_batch_size=BATCHING.max_batch_size) as client:
        assert len(client.log_prob(rows)) == 24
    with Client(alone.address, "toy") as client:
        assert len(client.log_prob(rows)) == 24


def test_the_first_call_is_made_alone(folder):
    encode = signature(folder / "toy/1", None)
    inside, lock = [0], threading.Lock()
    release, run = threading.Event(), encode._call

    def counting(x):
        with lock:
            inside[0] += 1
        release.wait(10)
        with lock:
            inside[0] -= 1
        return run(x)

    encode._call = counting
    for together in (1, 4):
        release.clear()
        with ThreadPoolExecutor(4) as pool:
            parts = [pool.submit(encode, {"x": NOISE}) for _ in range(4)]
            end = time.monotonic() + 10
            while inside[0] < together and time.monotonic() < end:
                time.sleep(0.01)
            time.sleep(0.2)  # time for calls that should not be made yet
            assert inside[0] == together
            release.set()
            assert len([part.result() for part in parts]) == 4


def test_parameters_are_read(tmp_path):
    path = tmp_path / "batching.config"
    path.write_text(
        "max_batch_size { value: 8 } batch_timeout_micros { value: 500 } max_enqueued_batches { value: 3 }\n"
        "num_batch_threads { value: 5 } allowed_batch_sizes: 2 allowed_batch_sizes: 8"
    )
    assert batching.read(path) == Batching(8, 500, 3, 5, (2, 8))
    path.write_text("max_batch_size { value: 8 }")
    assert batching.read(path) == Batching(max_batch_size=8)


WRONG = {
    "max_batch_size { value: 0 }": "`max_batch_size` to be 1 or more",
    "max_enqueued_batches { value: 0 }": "`max_enqueued_batches` to be 1 or more",
    "num_batch_threads { value: 0 }": "`num_batch_threads` to be 1 or more",
    "batch_timeout_micros { value: -1 }": "`batch_timeout_micros` to be 0 or more",
    "max_batch_size { value: 8 } allowed_batch_sizes: 4": "`allowed_batch_sizes` to ascend to max_batch_size=8",
    "max_batch_size { value: 8 } allowed_batch_sizes: [8, 4, 8]": "`allowed_batch_sizes` to ascend",
    "max_batch_size { value: 8 } allowed_batch_sizes: [0, 8]": "`allowed_batch_sizes` to ascend",
    "max_batch_sise { value: 8 }": "a text proto of BatchingParameters.*max_batch_sise",
    "max_batch_size: 8": "a text proto of BatchingParameters",
}


@pytest.mark.parametrize(("text", "words"), WRONG.items())
def test_wrong_parameters_are_refused(tmp_path, text, words):
    path = tmp_path / "batching.config"
    path.write_text(text)
    with pytest.raises(InputError, match=words):
        batching.read(path)


def test_missing_file_is_refused(tmp_path):
    with pytest.raises(InputError, match=r"a text proto of BatchingParameters.*No such file"):
        batching.read(tmp_path / "nope")
