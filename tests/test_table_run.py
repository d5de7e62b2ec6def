"""A whole run on a table with a column of every kind: training, export, scoring by names, and serving."""

import json

import numpy as np
import pytest
from tensorflow_serving.config.model_server_config_pb2 import ModelConfig

import zoo
from tests.command_line import train
from tests.datasets import tabling
from tests.scoring import running
from tfflows import datasets
from tfflows.serving import Client, ServingError
from tools.emulator.server import Emulator


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """The folder of a run on people.csv, some of whose values are missing."""
    folder = tmp_path_factory.mktemp("table")
    columns = tabling.mixed()
    columns["income"][::9] = np.nan
    (folder / "people.csv").write_text(tabling.text(columns).replace("nan", ""))
    settings = {**{f"data.{name}": value for name, value in tabling.ROLES.items()}, "data.missing": "mask"}
    settings |= {"train.validate_every": 2, "model.flows": 1, "model.width": 8}
    flags = ["--model=maf", f"--dataset={folder}/people.csv", "--steps=4"]
    flags += [f"--set={name}={value}" for name, value in settings.items()]
    printed = train(*flags, f"--workdir={folder}/run", f"--export_dir={folder}/exported")
    (folder / "printed").write_text(printed)
    return folder


def inputs(folder):
    """The inputs of the model for the test set."""
    path = str(folder / "people.csv")
    data = datasets.load(path, **tabling.ROLES, missing="mask")
    found = tabling.rows(data.test)
    return {name: found[name] for name in ("x", "label", "context")}, data.event


@pytest.mark.slow
def test_export_records_the_columns_and_how_they_were_read(run):
    record = json.loads((run / "exported/maf_people/config.json").read_text())
    event = inputs(run)[1]
    assert record["event"] == event.to_dict()
    assert tabling.ROLES.items() <= record["data"].items()
    model = zoo.load(str(run / "exported/maf_people"))
    assert model.event == event
    assert "  income: real numbers greater than 0, may be missing" in (run / "printed").read_text().splitlines()
    assert (run / "exported/maf_people/samples.png").stat().st_size > 0


@pytest.mark.slow
def test_file_is_scored_by_names_and_flagged(run):
    flags = [f"--model={run}/exported/maf_people", f"--input={run}/people.csv", f"--output={run}/scores.npy"]
    printed = running.command(*flags, "--flag_below_quantile=0.05")
    assert [line.split()[0] for line in printed.splitlines()] == ["Rows", "Score", "Outliers", "Output"]
    found = np.load(run / "scores.npy")
    assert len(found) == 300
    assert np.isfinite(found["log_prob"]).all()
    assert 1 <= found["outlier"].sum() <= 60


@pytest.mark.slow
def test_server_scores_as_the_model_does(run):
    given, _ = inputs(run)
    expected = zoo.load(str(run / "exported/maf_people")).log_prob(**given).numpy()
    config = ModelConfig(name="people", base_path=str(run / "exported/maf_people"))
    x, label, context = given["x"], given["label"], given["context"]
    assert np.isnan(x).any()
    with Emulator([config]) as server, Client(server.address, "people") as client:
        np.testing.assert_allclose(client.log_prob(x, label, context=context), expected, rtol=1e-4)
        samples = client.sample(5, label=label[:5], context=context[:5])
        x[0, 0] = np.nan  # of a column without missing values
        with pytest.raises(ServingError, match="NaN where it may be missing"):
            client.log_prob(x, label, context=context)
    assert samples.shape == (5, 6)
    assert set(samples[:, 4]) <= {0.0, 1.0, 2.0}
