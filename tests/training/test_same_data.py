"""A run goes on with the data that it was started with, and with no others."""

import json

import numpy as np
import pandas as pd
import pytest

import zoo
from tfflows import datasets, training
from tfflows.errors import InputError
from tfflows.training import same_data


def table(folder, rows=200, scale=1.0, colors=("red", "green")):
    random = np.random.default_rng(0)
    frame = pd.DataFrame({"x": scale * random.normal(size=rows), "color": random.choice(colors, rows)})
    frame.to_csv(folder / "t.csv", index=False)
    return datasets.load(str(folder / "t.csv"))


def run(folder, data, steps):
    settings = {"train.steps": steps, "train.validate_every": 2, "train.batch_size": 16, "train.warmup_steps": 0}
    config = zoo.configure("made", data.name, overrides={**settings, "model.width": 4})
    model = zoo.build(config, data.event)
    return training.fit(model, data, config.settings, seed=0, workdir=folder / "run", verbose=0)


CHANGES = {
    r"column 'x'": {"scale": 1000.0},
    r"column 'color'": {"colors": ("red", "blue")},
    r"train: 160 before, 192 now": {"rows": 240},
}


@pytest.mark.slow
def test_a_run_of_other_data_is_not_continued(tmp_path):
    run(tmp_path, table(tmp_path), 4)
    for message, change in CHANGES.items():
        with pytest.raises(InputError, match=f"Expected the data with which the run in .* was started.*{message}"):
            run(tmp_path, table(tmp_path, **change), 6)
    assert run(tmp_path, table(tmp_path), 6).steps == 6


def test_only_the_chief_writes_and_targets_have_no_data(tmp_path):
    data = table(tmp_path)
    same_data.check_same(data, tmp_path / "run", writes=False)
    same_data.check_same(datasets.load("energy/u1"), tmp_path / "run")
    same_data.check_same(data, None)
    assert not (tmp_path / "run").exists()
    same_data.check_same(data, tmp_path / "run")
    assert json.loads((tmp_path / "run/data.json").read_text())["train"] == data.train.size


def test_a_damaged_description_of_the_data_is_named(tmp_path):
    (tmp_path / "data.json").write_text('{"train": 1')
    with pytest.raises(InputError, match=r"data\.json to hold a JSON object: .*--workdir\. Received: Expecting"):
        same_data.check_same(table(tmp_path), tmp_path)
