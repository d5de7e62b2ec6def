"""What an export holds, and that it appears whole or not at all."""

import json
import shutil

import numpy as np
import pytest
import tensorflow as tf
from PIL import Image
from tensorflow.core.protobuf import saved_model_pb2

import zoo
from tests.training import small_run
from tfflows import datasets, export, guards, noise
from tfflows.errors import InputError
from tfflows.export import contents, saving

SIGNATURES = {"serving_default", "log_prob", "sample", "encode", "decode"}


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """A model, and the folder that it was exported to twice."""
    folder = tmp_path_factory.mktemp("exported") / "nice_digits"
    model = small_run.initialized()
    first, second = write(model, folder), write(model, folder)
    assert (first.name, second.name) == ("1", "2")
    return model, folder


def write(model, folder):
    metrics = {"parameters": 9, "nats": -150.0, "nats_se": 0.5, "num_events": 300}
    metrics |= {"bits_per_dim": 3.4, "bits_per_dim_se": 0.01}
    data = datasets.load("digits")
    return export.export(
        model, folder, config=small_run.configuration().record(model.event), metrics=metrics, data=data
    )


def test_model_folder_has_card_config_metrics_and_samples(trained):
    _, folder = trained
    names = {path.name for path in folder.iterdir()}
    assert names == {"1", "2", "config.json", "metrics.json", "samples.png", "log_likelihoods.png", "README.md"}
    assert json.loads((folder / "metrics.json").read_text())["nats"] == -150.0
    assert json.loads((folder / "config.json").read_text())["event"]["levels"] == 17
    assert "3.4000 +- 0.0100 bits/dim" in (folder / "README.md").read_text()
    assert list(folder.rglob("*.h5")) == [], "the weights are in the SavedModel, and there alone"
    with Image.open(folder / "samples.png") as samples:
        assert samples.size == (8 * 50, 8 * 50)


def test_signatures_are_batched_named_and_typed(trained):
    _, folder = trained
    loaded = tf.saved_model.load(folder / "2")
    assert set(loaded.signatures) == SIGNATURES
    specs = {
        name: {key: (spec.dtype.name, spec.shape.as_list()) for key, spec in f.structured_input_signature[1].items()}
        for name, f in loaded.signatures.items()
    }
    assert specs["serving_default"] == specs["log_prob"] == {"x": ("uint8", [None, 8, 8, 1])}
    assert specs["sample"] == {"seed": ("int32", [None, 2]), "temperature": ("float32", [None])}
    assert specs["encode"] == {"x": ("uint8", [None, 8, 8, 1])}
    assert specs["decode"] == {"z": ("float32", [None, 64])}
    outputs = {name: set(f.structured_outputs) for name, f in loaded.signatures.items()}
    assert outputs["log_prob"] == {"log_prob", "bits_per_dim"}
    assert (outputs["sample"], outputs["encode"], outputs["decode"]) == ({"x"}, {"z"}, {"x"})


def test_a_graph_holds_each_signature_s_function_once(trained):
    _, folder = trained
    saved = saved_model_pb2.SavedModel.FromString((folder / "2" / "saved_model.pb").read_bytes())
    graph = saved.meta_graphs[0]
    functions = {function.signature.name: function for function in graph.graph_def.library.function}
    nodes = {node.name: node for node in graph.graph_def.node}
    called = {}
    for name, signature in graph.signature_def.items():
        if name in SIGNATURES:
            output = next(iter(signature.outputs.values()))
            wrapper = functions[nodes[output.name.partition(":")[0]].attr["f"].func.name]
            (called[name],) = [node.attr["f"].func.name for node in wrapper.node_def if "f" in node.attr]
    assert called["serving_default"] == called["log_prob"]
    assert len(set(called.values())) == 4 == sum("_served_" in name for name in functions)


def test_a_row_scores_the_same_whatever_else_is_in_the_batch(trained):
    _, folder = trained
    loaded = tf.saved_model.load(folder / "1")
    score = loaded.signatures["log_prob"]
    x = next(datasets.load("digits").test.examples.batch(50).as_numpy_iterator())["x"]
    together = score(x=tf.constant(x))["log_prob"].numpy()
    np.testing.assert_array_equal(score(x=tf.constant(x))["log_prob"], together)
    np.testing.assert_allclose(score(x=tf.constant(x[7:9]))["log_prob"], together[7:9], rtol=1e-6)


def test_a_sample_is_a_function_of_its_seed_and_temperature(trained):
    _, folder = trained
    loaded = tf.saved_model.load(folder / "1")
    sample = loaded.signatures["sample"]
    seeds, temperature = noise.split(tf.constant([1, 2]), 6), tf.constant([0.0, 0.0, 0.5, 1.0, 1.0, 2.0])
    x = sample(seed=seeds, temperature=temperature)["x"].numpy()
    assert x.dtype == np.uint8
    assert x.max() <= 16
    np.testing.assert_array_equal(x[0], x[1])
    assert np.any(x[3] != x[4])
    np.testing.assert_array_equal(sample(seed=seeds[4:], temperature=temperature[4:])["x"], x[4:])


@pytest.mark.slow
def test_pretrained_model_is_live(trained):
    model, folder = trained
    x = next(datasets.load("digits").test.examples.batch(8).as_numpy_iterator())["x"]
    for version in (None, 1):
        loaded = zoo.load(str(folder), version=version)
        for mine, theirs in zip(loaded.variables, model.variables, strict=True):
            np.testing.assert_array_equal(mine, theirs)
        # The live model was traced for batches of any size, which may round the last bit differently.
        np.testing.assert_allclose(loaded.log_prob(x), model.log_prob(x), rtol=1e-6)
    with pytest.raises(InputError, match=r"`version` to be one of \[1, 2\]\. Received: version=3"):
        zoo.load(str(folder), version=3)


@pytest.mark.slow
def test_failed_export_leaves_nothing(trained, tmp_path, monkeypatch):
    model, _ = trained

    def fail(*arguments):
        raise KeyboardInterrupt

    for module, step in ((contents, "check_same"), (contents, "model_card"), (saving, "publish")):
        with monkeypatch.context() as patch:
            patch.setattr(module, step, fail)
            with pytest.raises(KeyboardInterrupt):
                write(model, tmp_path / "model")
        assert not (tmp_path / "model").exists()


def test_saved_model_that_is_not_the_model_is_not_exported(trained, tmp_path, monkeypatch):
    model, _ = trained
    monkeypatch.setattr("tfflows.servable.LOG_PROB_SEED", 9)
    with pytest.raises(RuntimeError, match="nats apart from the model; nothing was exported"):
        write(model, tmp_path / "model")
    assert not (tmp_path / "model").exists()


@pytest.mark.slow
def test_card_is_renewed_from_the_files_of_the_newest_version(trained, tmp_path):
    folder = shutil.copytree(trained[1], tmp_path / "nice_digits")
    version = folder / "2"
    written = (folder / "README.md").read_text()
    for path in (version / "README.md", folder / "README.md"):
        path.write_text("old")
    export.renew_card(folder)
    assert [path.read_text() for path in (version / "README.md", folder / "README.md")] == [written] * 2


def test_folder_that_cannot_be_written_is_said(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError, match=r"--export_dir to be a folder that can be written\. Received: export_dir="):
        export.check_writable(tmp_path / "file" / "model")
    export.check_writable(tmp_path / "model")
    assert not (tmp_path / "model").exists()


def test_an_event_that_the_model_cannot_score_is_one_line(trained, tmp_path, monkeypatch):
    model, _ = trained

    @tf.function
    def scores():
        return guards.checked_log_prob(tf.constant([0.0, np.nan]))

    monkeypatch.setattr(contents.training_scores, "scores", lambda *_, **__: scores())
    with pytest.raises(InputError, match=r"^Expected .* log_prob=nan in row 1\.$"):
        write(model, tmp_path / "nice_digits")
    assert not list(tmp_path.rglob("*.pb")), "a part of the export is there"
