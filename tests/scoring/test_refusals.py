"""A mistake gets one clear line: the rule, what was received, and for a row its file and number."""

import importlib.util

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import tensorflow as tf

from tests.scoring import running
from tests.scoring.test_formats import write_records
from tfflows.scoring.job import Job

ROWS, BAD = 30, 17


def refused(model, folder, file, **settings):
    return running.refused(model, folder / file, folder / "scores.csv", batch_size=7, **settings)


def wrong_npy(folder, x):
    x[BAD, 1] = np.nan
    np.save(folder / "x.npy", x)


def too_large_for_float32(folder, x):
    x = x.astype(np.float64)
    x[BAD, 0] = 1e300
    np.save(folder / "x.npy", x)


def lines(folder, x, line):
    text = [f"{a},{b}" for a, b in x.tolist()]
    text[BAD] = line
    (folder / "x.csv").write_text("a,b\n" + "\n".join(text) + "\n")


def short_list(folder, x):
    lists = x.tolist()
    lists[BAD], lists[BAD + 1] = lists[BAD][:1], [*lists[BAD + 1], 0.0]
    pq.write_table(pa.table({"x": lists}), folder / "x.parquet")


def struct(folder, x):
    pq.write_table(pa.table({"x": [{"a": a, "b": b} for a, b in x.tolist()]}), folder / "x.parquet")


def null(folder, x):
    columns = {"a": x[:, 0].tolist(), "b": x[:, 1].tolist()}
    columns["b"][BAD] = None
    pq.write_table(pa.table(columns), folder / "x.parquet")


def short_record(folder, x):
    write_records(folder / "x.tfrecord", [*x[:BAD], x[BAD, :1], *x[BAD + 1 :]])


BAD_ROWS = {
    "npy": (wrong_npy, "x.npy", "`x` to be finite"),
    "npy of doubles": (too_large_for_float32, "x.npy", "`x` to be finite"),
    "csv, nan": (lambda folder, x: lines(folder, x, "1,nan"), "x.csv", "`x` to be finite"),
    "csv, word": (lambda folder, x: lines(folder, x, "1,abc"), "x.csv", "2 numbers, separated by commas"),
    "csv, columns": (lambda folder, x: lines(folder, x, "1,2,3"), "x.csv", "Received: '1,2,3'"),
    "csv, blank": (lambda folder, x: lines(folder, x, ""), "x.csv", "2 numbers, separated by commas"),
    "parquet, list": (short_list, "x.parquet", "2 numbers and no null in each row. Received: numbers=[1]"),
    "parquet, null": (null, "x.parquet", "1 numbers and no null in each row. Received: numbers=[1], nulls=1"),
    "tfrecord": (short_record, "x.tfrecord", "`x` to hold 2 values of float_list"),
}


@pytest.mark.parametrize("name", BAD_ROWS)
def test_bad_row_is_named(name, toy, tmp_path):
    write, file, rule = BAD_ROWS[name]
    write(tmp_path, running.points(ROWS))
    line = refused(toy, tmp_path, file, part_rows=10)
    assert rule in line
    assert line.endswith(f"In row {BAD}, counted from 0, of {str(tmp_path / file)!r}.")
    assert not (tmp_path / "scores.csv").exists()


@pytest.mark.parametrize(("value", "rule"), [(17, "integers in 0..16"), (0.5, "integers in 0..16"), (-1, "0..16")])
def test_bad_pixel_is_named(value, rule, digits, tmp_path):
    x = running.digits(ROWS)["x"].astype(np.float32)
    x[BAD, 3, 3] = value
    np.save(tmp_path / "x.npy", x)
    line = refused(digits, tmp_path, "x.npy")
    assert rule in line
    assert f"In row {BAD}, " in line


@pytest.mark.parametrize("label", [10, -1, 2.5, np.nan])
def test_bad_label_is_named(label, labeled, tmp_path):
    rows = running.digits(ROWS)
    np.save(tmp_path / "x.npy", rows["x"])
    labels = rows["label"].astype(np.float64)
    labels[BAD] = label
    np.save(tmp_path / "label.npy", labels)
    line = refused(labeled, tmp_path, "x.npy", labels=tmp_path / "label.npy", part_rows=10)
    assert "Expected each `label` to be " in line
    assert line.endswith(f"In row {BAD}, counted from 0, of {str(tmp_path / 'label.npy')!r}.")


def test_row_is_counted_in_its_file(toy, tmp_path):
    x = running.points(ROWS)
    np.save(tmp_path / "a.npy", x)
    x[BAD] = np.inf
    np.save(tmp_path / "b.npy", x)
    line = refused(toy, tmp_path, "?.npy")
    assert line.endswith(f"In row {BAD}, counted from 0, of {str(tmp_path / 'b.npy')!r}.")


def test_first_rows_of_each_file_are_looked_at_before_anything_is_written(toy, tmp_path):
    x = running.points(ROWS)
    np.save(tmp_path / "a.npy", x)
    x[3] = np.inf
    np.save(tmp_path / "b.npy", x)
    assert "In row 3, " in refused(toy, tmp_path, "?.npy")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.npy", "b.npy"]


def good(folder):
    np.save(folder / "x.npy", running.points(3))


def flipped(folder):
    np.save(folder / "x.npy", np.asfortranarray(running.points(3)))


def cut_off(folder):
    good(folder)
    (folder / "x.npy").write_bytes((folder / "x.npy").read_bytes()[:-1])


def cut_off_records(folder):
    write_records(folder / "x.tfrecord", running.points(3))
    (folder / "x.tfrecord").write_bytes((folder / "x.tfrecord").read_bytes()[:-1])


def damaged_records(folder):
    write_records(folder / "x.tfrecord", running.points(3))
    data = bytearray((folder / "x.tfrecord").read_bytes())
    data[-6] ^= 1
    (folder / "x.tfrecord").write_bytes(data)


def nameless_records(folder):
    with tf.io.TFRecordWriter(str(folder / "x.tfrecord")) as writer:
        writer.write(tf.train.Example().SerializeToString())


def other_records(folder):
    with tf.io.TFRecordWriter(str(folder / "x.tfrecord")) as writer:
        writer.write(b"\xff\xff")


def columns(folder):
    np.savetxt(folder / "x.csv", np.zeros((3, 4)), delimiter=",")


def missing(folder):
    (folder / "x.csv").write_text("1.0,\n3.0,4.0\n")


def numbered(folder):
    (folder / "x.csv").write_text("0,1\n0.5,0.5\n")


def parquet_columns(folder):
    pq.write_table(pa.table({"a": [1.0], "b": [1.0], "c": [2.0]}), folder / "x.parquet")


def words(folder):
    pq.write_table(pa.table({"a": ["1"], "b": ["2"]}), folder / "x.parquet")


def text(name):
    return lambda folder: (folder / name).write_text("hello")


MISTAKES = {
    "model": (good, "x.npy", {"model": "no such"}, "no such"),
    "version": (good, "x.npy", {"version": 9}, "`version` to be one of [1]. Received: version=9"),
    "version's version": (good, "x.npy", {"model": "{model}/1", "version": 1}, "no `version` with the folder"),
    "input": (good, "y.npy", {}, "Expected `input` to be the name of a dataset, or files that exist"),
    "pattern": (good, "?.csv", {}, "Expected `input` to be the name of a dataset, or files that exist"),
    "folder": (lambda _: None, "", {}, "Expected a folder with .npy, .csv, .parquet or .tfrecord files"),
    "ending": (text("x.txt"), "*.txt", {}, "Expected files named .npy, .csv, .parquet or .tfrecord"),
    "dataset": (good, "", {"input": "digitz"}, "'digitz'"),
    "event": (good, "", {"input": "digits"}, "Expected the events of 'digits' to be those of the model"),
    "energy": (good, "", {"input": "energy/u1"}, "a target has none"),
    "split": (good, "", {"input": "toy/rings", "split": "all"}, "['train', 'validation', 'test']"),
    "option": (good, "", {"input": "toy/rings", "options": {"depth": 1}}, "Received: data.depth=1"),
    "option of a file": (good, "x.npy", {"options": {"delimiter": ";"}}, "no options of a dataset for files of rows"),
    "output": (good, "x.npy", {"output": "{folder}/scores.txt"}, "ending of the output"),
    "output folder": (good, "x.npy", {"output": "{folder}/x.npy/scores.csv"}, "`output` to be in a folder that can be"),
    "itself": (good, "x.npy", {"output": "{folder}/x.npy"}, "Expected `output` to be another file than the input"),
    "labels": (good, "x.npy", {"labels": "{folder}/x.npy"}, "no `labels`: this model is not class-conditional"),
    "quantile": (good, "x.npy", {"flag_below_quantile": 1.0}, "`flag_below_quantile` to be between 0 and 1"),
    "scores": (good, "x.npy", {"flag_below_quantile": 0.01}, "Expected training_scores.npy beside the SavedModel"),
    "batch": (good, "x.npy", {"batch_size": 0}, "`batch_size` to be 1 or more. Received: batch_size=0"),
    "parts": (good, "x.npy", {"part_rows": 0}, "`part_rows` to be 1 or more. Received: part_rows=0"),
    "runner": (good, "x.npy", {"runner": "Beam"}, "`runner` to be one of ['local', 'DirectRunner'"),
    "flipped": (flipped, "x.npy", {}, "C order"),
    "cut off": (cut_off, "x.npy", {}, "to hold all of its 3 rows"),
    "no npy": (text("x.npy"), "x.npy", {}, "to be written by np.save"),
    "no parquet": (text("x.parquet"), "x.parquet", {}, "to be a Parquet file"),
    "columns": (columns, "x.csv", {}, "to have 2 columns, one for each entry"),
    "numbered columns": (numbered, "x.csv", {}, "a header 0,1,2,... looks like a row"),
    "missing value in the first row": (missing, "x.csv", {}, "2 numbers, separated by commas. Received: '1.0,'"),
    "parquet columns": (parquet_columns, "x.parquet", {}, "to have 2 columns, one for each entry, or a column `x`"),
    "words": (words, "x.parquet", {}, "Expected 1 numbers and no null in each row. Received: type='string'"),
    "records, cut off": (cut_off_records, "x.tfrecord", {}, "to hold complete, uncompressed records"),
    "records, damaged": (damaged_records, "x.tfrecord", {}, "to be complete"),
    "records without x": (nameless_records, "x.tfrecord", {}, "to have a feature `x`. Received: features=[]"),
    "records of others": (other_records, "x.tfrecord", {}, "to hold records of tf.train.Example"),
}


@pytest.mark.parametrize("name", MISTAKES)
def test_mistake_gets_one_clear_line_before_anything_is_written(name, toy, tmp_path):
    write, file, changed, rule = MISTAKES[name]
    write(tmp_path)
    before = {path: path.read_bytes() for path in tmp_path.iterdir()}
    settings = {"model": toy, "input": tmp_path / file, "output": tmp_path / "scores.csv", "batch_size": 7}
    for key, value in changed.items():
        settings[key] = value.format(model=toy, folder=tmp_path) if isinstance(value, str) else value
    assert rule in running.refused(**settings)
    assert {path: path.read_bytes() for path in tmp_path.iterdir()} == before


def test_labels_are_asked_for_and_counted(labeled, tmp_path):
    rows = running.digits(ROWS)
    np.save(tmp_path / "x.npy", rows["x"])
    np.save(tmp_path / "label.npy", rows["label"][1:])
    line = refused(labeled, tmp_path, "x.npy")
    assert "Expected a `label` for each row: in the input, or in a .npy file given as `labels`" in line
    line = refused(labeled, tmp_path, "x.npy", labels=tmp_path / "label.npy")
    assert f"to hold a label for each of {ROWS} rows. Received: shape=({ROWS - 1},)" in line


def test_file_that_changes_meanwhile_is_refused(toy, tmp_path, monkeypatch):
    np.savetxt(tmp_path / "x.csv", running.points(ROWS), delimiter=",")

    def shorter(job, parts):
        np.savetxt(tmp_path / "x.csv", running.points(ROWS - 1), delimiter=",")

    monkeypatch.setattr(Job, "check_first_rows", shorter)
    line = refused(toy, tmp_path, "x.csv")
    assert f"not to change while it is scored. Received: rows={ROWS - 1}" in line


def test_beam_that_is_missing_is_named(toy, tmp_path, monkeypatch):
    good(tmp_path)
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    line = refused(toy, tmp_path, "x.npy", runner="FlinkRunner")
    assert "pip install apache-beam" in line
    assert len(running.scored(tmp_path, toy, tmp_path / "x.npy")) == 3


def test_structures_are_refused(toy, tmp_path):
    struct(tmp_path, running.points(ROWS))
    assert "2 numbers and no null in each row. Received: type='struct<" in refused(toy, tmp_path, "x.parquet")
