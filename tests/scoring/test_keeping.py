"""The table of scores keeps columns of the input: keys by which its rows are joined with others."""

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest

import zoo
from tests.scoring import running
from tfflows import datasets
from tfflows.scoring import score

ROWS = 23
OPTIONS = {"part_rows": 10, "batch_size": 7}


def table():
    random = np.random.default_rng(0)
    return pd.DataFrame(
        {
            "time": pd.date_range("2024-01-31", periods=ROWS, freq="h"),
            "a": random.normal(size=ROWS),
            "id": [f"00{number}" for number in range(ROWS)],
            "b": random.normal(size=ROWS),
            "note": ["NA", "x, y", *["-"] * (ROWS - 2)],
        }
    )


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    """The folder of a small model of the columns `a` and `b`."""
    frame = table()[["a", "b"]]
    one = zoo.create("nice", datasets.from_arrays(frame).event, couplings=2, width=4, depth=1)
    one.initialize(frame)
    folder = tmp_path_factory.mktemp("model")
    running.write(one, folder)
    return folder


def write(folder, ending, frame):
    path = folder / f"rows{ending}"
    frame.to_csv(path, index=False) if ending == ".csv" else frame.to_parquet(path, index=False, row_group_size=9)
    return path


def read(path):
    return pd.read_csv(path, dtype=str, keep_default_na=False) if path.suffix == ".csv" else pd.read_parquet(path)


@pytest.mark.parametrize("output", [".csv", ".parquet"])
@pytest.mark.parametrize("ending", [".csv", ".parquet"])
def test_kept_columns_come_first_and_are_as_they_were(ending, output, model, tmp_path):
    frame = table()
    path, target = write(tmp_path, ending, frame), tmp_path / f"scores{output}"
    score(model, path, target, keep=["id", "time", "note"], **OPTIONS)
    plain = tmp_path / f"plain{output}"
    score(model, path, plain, **OPTIONS)
    found = read(target)
    assert list(found) == ["id", "time", "note", "log_prob"]
    assert list(found["id"]) == list(frame["id"])
    assert list(found["note"]) == list(frame["note"])
    assert list(pd.to_datetime(found["time"])) == list(frame["time"])
    assert list(found["log_prob"]) == list(read(plain)["log_prob"])


def test_command_takes_names_with_commas_between(model, tmp_path):
    path, target = write(tmp_path, ".csv", table()), tmp_path / "scores.csv"
    running.command(f"--model={model}", f"--input={path}", f"--output={target}", "--keep=id,time")
    assert list(read(target)) == ["id", "time", "log_prob"]


def test_several_files_keep_their_columns_in_order(model, tmp_path):
    for name, part in {"a": table()[:9], "b": table()[9:]}.items():
        part.to_csv(tmp_path / f"{name}.csv", index=False)
    score(model, f"{tmp_path}/*.csv", tmp_path / "scores.parquet", keep=["id"], **OPTIONS)
    assert list(read(tmp_path / "scores.parquet")["id"]) == list(table()["id"])


REFUSED = {
    "no column": (["key"], ".csv", r"rows.csv' to have the columns of `keep`. Received: missing=['key']"),
    "twice": (["id", "id"], ".csv", "different columns in `keep`"),
    "own": (["log_prob"], ".csv", "none of ('log_prob', 'bits_per_dim', 'outlier')"),
    "npy": (["id"], ".npy", "an output in .csv or .parquet with `keep`"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_columns_that_cannot_be_kept_are_refused(name, model, tmp_path):
    keep, ending, message = REFUSED[name]
    path = write(tmp_path, ".csv", table())
    assert message in running.refused(model, path, tmp_path / f"scores{ending}", keep=keep)


def test_other_inputs_have_no_columns_to_keep(model, tmp_path):
    path = tmp_path / "x.npy"
    np.save(path, table()[["a", "b"]].to_records(index=False))
    assert "the .csv or .parquet files" in running.refused(model, path, tmp_path / "scores.csv", keep=["a"])


def test_files_with_other_types_are_refused(model, tmp_path):
    one, other = table()[["a", "b", "id"]], table()[["a", "b", "id"]].assign(id=np.arange(ROWS))
    one.to_parquet(tmp_path / "a.parquet")
    other.to_parquet(tmp_path / "b.parquet")
    line = running.refused(model, f"{tmp_path}/*.parquet", tmp_path / "scores.csv", keep=["id"])
    assert "the same types in" in line
    assert "'int64'" in line


KINDS = {
    "category": pd.Categorical(["a", "b", None] * 7 + ["a", "b"]),
    "missing": [None, *range(1, ROWS)],
    "bytes": [b"\xff" + bytes([row]) for row in range(ROWS)],
    "list": [[row, row + 1] for row in range(ROWS)],
}


@pytest.mark.parametrize("name", KINDS)
def test_columns_of_parquet_keep_their_types(name, model, tmp_path):
    path = write(tmp_path, ".parquet", table().assign(key=KINDS[name]))
    score(model, path, tmp_path / "scores.parquet", keep="key", **OPTIONS)
    kept, stored = (pq.read_table(each)["key"].combine_chunks() for each in (tmp_path / "scores.parquet", path))
    assert kept.to_pylist() == stored.to_pylist()
    if name in ("bytes", "list"):
        line = running.refused(model, path, tmp_path / "scores.csv", keep=["key"])
        assert "an output in .parquet with columns of `keep` that are neither numbers" in line
    else:
        score(model, path, tmp_path / "scores.csv", keep=["key"], **OPTIONS)
        assert len(read(tmp_path / "scores.csv")["key"]) == ROWS
