"""What an export contains besides its graph: warm-up requests for TF Serving and scores of the training set."""

import functools
import json
import shutil

import numpy as np
import pytest
import tensorflow as tf
from tensorflow_serving.apis import prediction_log_pb2

import zoo
from tests.export.session import Session
from tests.training import small_run
from tfflows import datasets, export, figures, guards, versions
from tfflows.export import contents, training_scores, warmup
from tfflows.splits import permuted
from tools import reexport
from zoo.pretrained import exported_folder, rows

pytestmark = pytest.mark.slow  # its exports are made first

SIGNATURES = ("decode", "encode", "log_prob", "sample", "serving_default")
METRICS = {
    "parameters": 9,
    "nats": -150.0,
    "nats_se": 0.5,
    "num_events": 300,
    "bits_per_dim": 3.4,
    "bits_per_dim_se": 0.01,
}


def write(folder, *, conditional=False):
    config = small_run.configuration()
    config.data["conditional"] = conditional
    model, data = small_run.model(conditional=conditional), datasets.load("digits", conditional=conditional)
    batch = next(data.train.examples.batch(64).as_numpy_iterator())
    model.initialize(batch["x"], batch.get("label"))
    return export.export(model, folder, config=config.record(model.event), metrics=METRICS, data=data), model


@pytest.fixture(scope="module", params=[False, True], ids=["plain", "conditional"])
def exported(request, tmp_path_factory):
    """The folder of an exported version, and its model."""
    return write(tmp_path_factory.mktemp("exported") / "nice_digits", conditional=request.param)


def logged(version):
    records = tf.data.TFRecordDataset(str(version / warmup.FILE)).as_numpy_iterator()
    return [prediction_log_pb2.PredictionLog.FromString(record).predict_log.request for record in records]


def assert_warms_up(version, name):
    session, requests = Session(version), logged(version)
    assert [request.model_spec.signature_name for request in requests[::2]] == list(SIGNATURES)
    assert len(requests) == 2 * len(SIGNATURES) <= 1000, "TF Serving reads no more"
    for number, request in enumerate(requests):
        assert request.model_spec.name == name
        inputs = {key: tf.make_ndarray(value) for key, value in request.inputs.items()}
        assert set(inputs) == set(session.signatures[request.model_spec.signature_name].inputs)
        answer = session.run(request.model_spec.signature_name, **inputs)
        rows = {len(value) for value in (*inputs.values(), *answer.values())}
        assert rows == ({32} if number % 2 else {1})
        assert any(np.any(value) for value in inputs.values()), "zeros are no representative"


def test_warm_up_asks_every_signature_what_users_ask(exported):
    assert_warms_up(exported[0], "nice_digits")


@pytest.mark.parametrize("row", rows(), ids=lambda row: row["id"])
def test_pretrained_model_brings_what_an_export_writes_today(row):
    folder = exported_folder(row["id"])
    for number in versions.numbers(folder):
        version = folder / str(number)
        names = [request.model_spec.signature_name for request in logged(version)]
        assert names == [name for name in SIGNATURES for _ in range(2)]
        of_data = not row["dataset"].startswith("energy/")
        assert (version / export.TRAINING_SCORES).exists() == of_data


def test_training_scores_are_those_of_the_training_set(exported):
    version, model = exported
    found = np.load(version / export.TRAINING_SCORES)
    data = datasets.load("digits", conditional=bool(model.event.classes))
    events = next(data.train.examples.batch(data.train.size).as_numpy_iterator())
    assert (found.dtype, found.shape) == (np.float32, (1297,))
    np.testing.assert_allclose(found, np.sort(model.log_prob(**events)), rtol=1e-5)


def test_training_scores_are_those_of_what_training_sees_and_no_more_than_the_first_ten_thousand(monkeypatch):
    monkeypatch.setattr(training_scores, "MOST", 5)
    tripled = lambda element, seed: {"x": 3 * element["x"] + tf.cast(seed[1], tf.int64)}  # noqa: E731
    split = datasets.Split(tf.data.Dataset.range(9).map(lambda i: {"x": -i}), size=9, augment=tripled)

    class Reloaded:
        signatures = {"log_prob": lambda x: {"log_prob": tf.cast(x, tf.float32)}}  # noqa: RUF012

    np.testing.assert_array_equal(training_scores.scores(Reloaded, split, batch_size=2), [-8, -6, -4, -2, 0])


def test_training_scores_of_sorted_files_are_those_of_random_rows(monkeypatch):
    monkeypatch.setattr(training_scores, "MOST", 500)
    rows = {"x": tf.range(10_000, dtype=tf.float32)}
    examples = tf.data.Dataset.from_tensor_slices(rows)
    split = datasets.Split(examples, 10_000, shuffled=functools.partial(permuted, rows))

    class Reloaded:
        signatures = {"log_prob": lambda x: {"log_prob": x}}  # noqa: RUF012

    found = training_scores.scores(Reloaded, split, batch_size=64)
    assert found.shape == (500,)
    np.testing.assert_allclose(np.quantile(found, [0.1, 0.5, 0.9]), [1000, 5000, 9000], atol=700)


def test_weighted_training_scores_are_those_of_repeated_rows():
    scores, weights = np.array([3.0, 1.0, 2.0, 7.0], np.float32), np.array([2, 1, 0, 1])
    np.testing.assert_array_equal(training_scores.weighted(scores, weights), [1, 3, 3, 7])
    np.testing.assert_array_equal(training_scores.weighted(scores, np.ones(4)), [1, 2, 3, 7])


def test_picture_has_no_more_samples_than_a_request_may_ask_for(exported, monkeypatch):
    version, model = exported
    reloaded, data = tf.saved_model.load(str(version)), datasets.load("digits", conditional=bool(model.event.classes))
    monkeypatch.setattr(guards, "most_rows", lambda event, latent_shape: 5)
    samples = contents.served_samples(reloaded, model, data)
    assert samples.shape == (5, 8, 8, 1)
    assert figures.picture(samples, data).ndim == 3


def test_energy_has_no_training_scores(tmp_path):
    model = zoo.create("radial", event=datasets.event("energy/u1"), layers=1)
    model.initialize(np.random.default_rng(0).normal(size=(64, 2)).astype(np.float32))
    config = zoo.configure("radial", "energy/u1", overrides={"model.layers": 1}).record(model.event)
    metrics = {"parameters": 9, "elbo": 1.0, "elbo_se": 0.1, "log_z": 1.0, "log_z_se": 0.1, "ess": 0.9, "num_events": 9}
    data = datasets.load("energy/u1")
    version = export.export(model, tmp_path / "radial_energy_u1", config=config, metrics=metrics, data=data)
    assert not (version / export.TRAINING_SCORES).exists()
    assert_warms_up(version, "radial_energy_u1")


@pytest.mark.slow
def test_export_again_keeps_the_weights_and_renews_the_rest(tmp_path, monkeypatch):
    folder = tmp_path / "nice_digits"
    first, _ = write(folder)
    second = shutil.copytree(first, folder / "2")
    kept = [variable.numpy() for variable in zoo.load(str(folder), version=1).variables]
    for version in (first, second):
        (version / warmup.FILE).unlink()
        (version / "stray").write_text("")
    (first / "metrics.json").write_text(json.dumps({**METRICS, "nats": -99.0}))
    (folder / "README.md").write_text("old")
    reexport.main([str(folder)])
    for version in (first, second):
        assert_warms_up(version, "nice_digits")
        for variable, value in zip(zoo.load(str(folder), version=int(version.name)).variables, kept, strict=True):
            np.testing.assert_array_equal(variable, value)
        assert not (version / "stray").exists()
    cards = [(place / "README.md").read_text() for place in (folder, second, first)]
    assert cards[0] == cards[1] != cards[2], "beside the versions stands what the newest says"
    assert sorted(path.name for path in folder.iterdir() if path.is_dir()) == ["1", "2"]

    (first / "stray").write_text("")
    monkeypatch.setattr(contents, "model_card", lambda *arguments: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        reexport.main([str(folder)])
    assert (first / "stray").exists(), "a failure leaves the version as it was"
    assert sorted(path.name for path in folder.iterdir() if path.is_dir()) == ["1", "2"]


def test_reexport_of_an_unknown_model_is_one_line():
    with pytest.raises(SystemExit, match=r"tools\.reexport: Expected `name` to be one of .*Received: name='nope'"):
        reexport.main(["nope"])
