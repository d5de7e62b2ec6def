"""The pretrained models that come with the zoo: each loads by name, and has the score in its row."""

import csv
import json
import shutil
import zlib

import numpy as np
import pytest
import tensorflow as tf

import zoo
from tests.datasets.test_tfds_images import beside_its_file
from tests.prepared import DATA_DIR
from tfflows import datasets, noise, training
from tfflows.datasets import tfds_vectors
from tfflows.datasets.recipes import BINARIZED, RECIPES
from tfflows.errors import InputError
from tfflows.events import Event
from tfflows.export import contents, golden
from tools import publish, scoreboard
from zoo.pretrained import exported_folder, exported_version, rows, with_version
from zoo.registry import ARCHITECTURES

ROWS = rows()


def test_there_is_a_first_one():
    assert "realnvp_digits" in [row["id"] for row in ROWS]


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row["id"])
def test_row_is_that_of_the_export(row):
    expected = {name: str(value) for name, value in publish.row(exported_folder(row["id"])).items()}
    if "zlib-ng" in zlib.ZLIB_RUNTIME_VERSION:  # packs the same files into other bytes
        expected["sha256"] = row["sha256"]
    assert row == expected


# In the default suite one small model stands for all.
LOADED = [row if row["id"] == "realnvp_digits" else pytest.param(row, marks=pytest.mark.slow) for row in ROWS]


@pytest.mark.parametrize("row", LOADED, ids=lambda row: row["id"])
def test_loads_by_name_and_agrees_with_its_saved_model_and_with_the_past(row, monkeypatch):
    model, signatures = zoo.load(row["id"]), tf.saved_model.load(exported_version(row["id"])).signatures
    assert model.count_params() == int(row["parameters"])
    drawn = signatures["sample"](seed=noise.sample_seeds(0, 2), temperature=tf.ones([2]))["x"].numpy()
    assert np.array_equal(model.event.check(drawn), drawn)
    assert np.any(drawn[0] != drawn[1])
    golden_events = first_events(model, row, monkeypatch)
    x = drawn if golden_events is None else np.concatenate([golden_events, drawn])  # scored at once: traced once
    scores = model.log_prob(x, num_importance_samples=int(row["num_importance_samples"])).numpy()
    served = signatures["log_prob"](x=tf.constant(x[-6:]))["log_prob"]
    np.testing.assert_allclose(scores[-6:], served, rtol=1e-5, atol=1e-4)
    if row["dataset"].startswith("toy/") and ARCHITECTURES[row["architecture"]].density == "exact":
        assert_gives_every_point_back(model, row)
    if golden_events is None:
        pytest.skip(f"golden scores need {row['dataset']} in {DATA_DIR}; the rest holds")
    np.testing.assert_allclose(scores[:-2], golden.read(exported_version(row["id"])), rtol=1e-4, atol=1e-3)


def first_events(model, row, monkeypatch):
    """The first events of the test set, which were scored when the model was exported; None where they are not here."""
    config = json.loads((exported_folder(row["id"]) / "config.json").read_text())
    beside_its_file(row["dataset"], monkeypatch)
    if (DATA_DIR / tfds_name(row["dataset"])).is_dir():
        monkeypatch.setenv("TFDS_DATA_DIR", str(DATA_DIR))
    elif tfds_name(row["dataset"]) in (*RECIPES, *tfds_vectors.NAMES):
        return None
    (x,) = contents.examples(model, datasets.load(row["dataset"], **config["data"])).values()
    return x


def tfds_name(dataset):
    return BINARIZED.get(dataset, dataset)


def test_version_is_loaded_by_its_folder():
    folder = exported_folder("nice_digits")
    assert exported_version(str(folder / "1")) == exported_version(str(folder), 1) == folder / "1"
    assert with_version(str(folder)) == with_version(str(folder / "1")) == str(folder / "1")
    assert with_version(f"{folder}/") == str(folder / "1")
    with pytest.raises(InputError, match="Expected a folder with numbered versions"):
        exported_version(str(folder / "1"), 1)
    assert zoo.load(str(folder / "1")).count_params() == zoo.load("nice_digits").count_params()


@pytest.mark.parametrize(
    ("text", "message"), [("{", "not JSON"), ('{"architecture": "nice", "dataset": "digits"}', "with its event")]
)
def test_damaged_export_is_refused(text, message, tmp_path):
    shutil.copytree(exported_folder("nice_digits"), tmp_path / "nice")
    (tmp_path / "nice/1/config.json").write_text(text)
    with pytest.raises(InputError, match=message):
        zoo.load(str(tmp_path / "nice"))


def test_manifest_has_the_hash_of_each_file():
    assert publish.manifest(publish.MANIFEST.parent) == publish.MANIFEST.read_text()


def test_pretrained_models_are_small():
    assert sum(path.stat().st_size for path in publish.MANIFEST.parent.rglob("*") if path.is_file()) < 120e6


@pytest.mark.slow
def test_digits_score_again_what_the_table_says():
    row = next(row for row in ROWS if row["id"] == "realnvp_digits")
    scores = training.evaluate(zoo.load("realnvp_digits"), datasets.load("digits").test)
    assert scores["nats"] == pytest.approx(float(row["nats"]), abs=1e-2)
    assert scores["bits_per_dim"] == pytest.approx(float(row["bits_per_dim"]), abs=1e-3)
    assert scores["num_events"] == int(row["num_events"])


def test_round_trip_of_trained_weights_gives_every_pixel_back():
    model = zoo.load("realnvp_digits")
    x = next(datasets.load("digits").test.examples.batch(300).as_numpy_iterator())["x"]
    np.testing.assert_array_equal(model.decode(model.encode(x)), x)


# Round-trip errors of a root search or a solver, in units of data; others have rounding errors only, which are larger
# for NICE's steep networks: since they preserve volume, they fold space sharply between modes.
TOLERANCE = {"flowpp": 1e-3, "made": 1e-3, "naf": 1e-3, "residual": 1e-3, "planar": 1e-3, "ffjord": 1e-3, "nice": 2e-3}


def assert_gives_every_point_back(model, row):
    x = next(datasets.load(row["dataset"]).test.examples.batch(1000).as_numpy_iterator())["x"]
    back = model.decode(tf.identity(model.encode(x))).numpy()
    np.testing.assert_allclose(back, x, atol=TOLERANCE.get(row["architecture"], 1e-4))


@pytest.mark.parametrize("row", [row for row in ROWS if row["truth_nats"]], ids=lambda row: row["id"])
def test_no_model_scores_above_the_truth(row):
    gap = float(row["truth_nats"]) - float(row["nats"])
    rough = row["architecture"] in ("nice", "planar", "radial", "vae", "flow_vae")
    assert -float(row["nats_se"]) < gap < (0.3 if rough else 0.1)


@pytest.mark.parametrize("row", [row for row in ROWS if row["elbo"]], ids=lambda row: row["id"])
def test_flow_of_an_energy_finds_its_log_z(row):
    assert float(row["elbo"]) < float(row["true_log_z"])
    assert abs(float(row["log_z"]) - float(row["true_log_z"])) < 4 * float(row["log_z_se"])
    assert float(row["ess"]) > 0.8


@pytest.mark.slow
def test_energy_scores_again_what_the_table_says():
    row, energy = next(row for row in ROWS if row["id"] == "planar_energy_u1"), datasets.load("energy/u1")
    objective = training.make_objective(zoo.load(row["id"]), energy, training.TrainSettings())
    for name, score in training.evaluate(objective, energy.test, batch_size=5000).items():
        assert score == pytest.approx(float(row[name]), abs=1e-3), name


def test_every_architecture_has_a_trained_model():
    assert {row["architecture"] for row in ROWS} == set(ARCHITECTURES)


def test_unknown_name_lists_the_known():
    with pytest.raises(InputError, match=r"`name` to be one of \[.*'realnvp_digits'.*Received: name='realnvp_digitz'"):
        zoo.load("realnvp_digitz")


def test_publishing_replaces_the_row_of_the_same_id(tmp_path):
    folder = tmp_path / "realnvp_cifar10"
    (folder / "1").mkdir(parents=True)
    table = tmp_path / "table.csv"
    for nats in (-7000.0, -6500.25):
        record = {"architecture": "realnvp", "dataset": "cifar10", "train": {"num_importance_samples": 1}}
        record["event"] = {"shape": [32, 32, 3], "levels": 256}
        (folder / "config.json").write_text(json.dumps(record))
        (folder / "metrics.json").write_text(json.dumps({"nats": nats, "seed": 3}))
        publish.publish(folder, table)
    with table.open(newline="") as file:
        written = list(csv.DictReader(file))
    assert [(row["id"], row["nats"], row["published"]) for row in written] == [
        ("realnvp_cifar10", "-6500.25", "3.49 bits/dim")
    ]
    with pytest.raises(InputError, match=r"folder of an export, with config\.json"):
        publish.row(tmp_path)


def test_names_are_listed_by_pattern():
    assert zoo.list_models() == list(ARCHITECTURES)
    assert zoo.list_models("*flow*") == ["flowpp", "tarflow", "flow_vae"]
    assert zoo.list_models("nothing") == []
    assert zoo.list_pretrained("realnvp_d*") == ["realnvp_digits"]
    assert zoo.list_pretrained() == [row["id"] for row in ROWS]


def test_info_has_the_details_of_an_architecture_and_of_a_pretrained_model():
    details = zoo.info("iaf")
    assert (details["paper"], details["events"], details["density"]) == ("arXiv 1606.04934", ["vector"], "exact")
    assert details["log_prob_cost"] == "one network pass in one step per dimension"
    assert details["sample_cost"] == "one network pass"
    assert details["settings"]["vector"]["flows"] == 4
    assert details["presets"] == zoo.presets("iaf") == ["vector", "energy"]
    for row in ROWS:
        found = zoo.info(row["id"])
        assert {name: "" if value is None else str(value) for name, value in found.items()} == row
        assert type(found["parameters"]) is int
        assert found["elbo" if row["dataset"].startswith("energy/") else "nats"] < 1000
        assert found["commit"] == row["commit"]
    with pytest.raises(InputError, match=r"`name` to be one of \['nice', 'realnvp'.*Received: name='real_nvp'"):
        zoo.info("real_nvp")


def test_preset_is_overridden_by_settings():
    event = Event((4,))
    preset = zoo.create("nsf", event, preset="vector", width=8)
    assert len(preset.flow_layers) == 2 + 2 * zoo.configure("nsf", "toy/rings").model["steps"]
    assert preset.count_params() == zoo.create("nsf", event, steps=4, width=8).count_params()
    with pytest.raises(InputError, match=r"`preset` to be one of \['vector', .*Received: preset='iris'"):
        zoo.create("nsf", event, preset="iris")


def test_readme_shows_the_table():
    assert scoreboard.best(ROWS) in publish.README.read_text()
    assert scoreboard.markdown(ROWS) in publish.PAGE.read_text()


def test_best_model_is_that_of_the_highest_score():
    row = next(row for row in ROWS if row["id"] == "realnvp_digits")
    table = scoreboard.best([{**row, "id": "worse", "nats": "-90.0"}, {**row, "id": "better", "nats": "-80.0"}])
    assert "`better`" in table
    assert "`worse`" not in table


def test_withdrawn_model_leaves_the_table_and_the_exports(tmp_path, monkeypatch):
    folders = [tmp_path / "exported" / name for name in ("realnvp_digits", "nice_digits")]
    for folder in folders:
        shutil.copytree(exported_folder(folder.name), folder)
        publish.publish(folder, tmp_path / "table.csv")
    monkeypatch.setattr(publish.pretrained, "exported_folder", lambda name: tmp_path / "exported" / name)
    monkeypatch.setattr(publish, "PAGE", tmp_path / "docs" / "pretrained.md")
    publish.withdraw("nice_digits", tmp_path / "table.csv")
    assert [row["id"] for row in rows(tmp_path / "table.csv")] == ["realnvp_digits"]
    assert [folder.exists() for folder in folders] == [True, False]
    with pytest.raises(InputError, match=r"`ID` to be one of \['realnvp_digits'\].*Received: ID='nice_digits'"):
        publish.withdraw("nice_digits", tmp_path / "table.csv")


@pytest.mark.slow
def test_settings_of_a_pretrained_model_may_change_where_its_weights_stay():
    name, z = "tarflow_toy_eight_gaussians", np.random.default_rng(0).normal(size=(4, 2))
    x = zoo.load(name).decode(z)
    one = zoo.load(name, jacobi_blocks=2)
    assert one.sample_cost != zoo.load(name).sample_cost
    np.testing.assert_allclose(one.decode(z), x, atol=1e-3)
    with pytest.raises(InputError, match=r"`setting` to be one of .*'jacobi_blocks'.*'depht'"):
        zoo.load(name, depht=2)
