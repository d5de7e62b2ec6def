"""The same rows have the same scores in every format."""

import numpy as np
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as pq
import pytest
import tensorflow as tf

from tests.scoring import running
from tfflows.events import Event
from tfflows.scoring import score
from tfflows.scoring.served import Served, Version
from tfflows.sources.csv import Csv

ROWS = 53
SMALL_PARTS = {"part_rows": 20, "batch_size": 8}
CUTS = [8, 16, 20, 28, 36, 40, 48]


def write_npy(path, x):
    np.save(path, x)


def write_npy_double(path, x):
    np.save(path, x.astype(np.float64))


def write_flattened(path, x):
    np.save(path, x.reshape(len(x), -1))


def write_csv(path, x):
    np.savetxt(path, x.reshape(len(x), -1), delimiter=",", fmt="%.9g")


def write_csv_with_header(path, x):
    names = ",".join(["the same name"] * x[0].size)
    np.savetxt(path, x.reshape(len(x), -1), delimiter=",", fmt="%.9g", header=names, comments="", newline="\r\n")


def write_columns(path, x):
    columns = x.reshape(len(x), -1).T
    table = pa.table({f"c{index}": column for index, column in enumerate(columns)})
    pq.write_table(table, path, row_group_size=13)


def write_lists(path, x):
    pq.write_table(pa.table({"x": pa.array(x.reshape(len(x), -1).tolist())}), path, row_group_size=17)


def write_nested(path, x):
    pq.write_table(pa.table({"other": pa.array(range(len(x))), "x": pa.array(x.tolist())}), path)


def write_fixed(path, x):
    lists = pa.FixedSizeListArray.from_arrays(pa.array(x.reshape(-1)), x[0].size)
    pq.write_table(pa.table({"x": lists}), path)


def feature(x, kind):
    if kind == "bytes":
        return tf.train.Feature(bytes_list=tf.train.BytesList(value=[x.tobytes()]))
    if kind == "int64":
        return tf.train.Feature(int64_list=tf.train.Int64List(value=x.reshape(-1).tolist()))
    return tf.train.Feature(float_list=tf.train.FloatList(value=x.reshape(-1).tolist()))


def write_records(path, x, kind="float", label=None):
    with tf.io.TFRecordWriter(str(path)) as writer:
        for index, row in enumerate(x):
            features = {"x": feature(row, kind)}
            if label is not None:
                features["label"] = feature(np.asarray(label[index]), "int64")
            writer.write(tf.train.Example(features=tf.train.Features(feature=features)).SerializeToString())


def write_raw_records(path, x):
    write_records(path, x, "bytes")


def write_integer_records(path, x):
    write_records(path, x, "int64")


OF_REAL_NUMBERS = {
    "npy": ("x.npy", write_npy),
    "npy of doubles": ("x.npy", write_npy_double),
    "csv": ("x.csv", write_csv),
    "csv with header": ("x.csv", write_csv_with_header),
    "parquet columns": ("x.parquet", write_columns),
    "parquet lists": ("x.parquet", write_lists),
    "parquet fixed lists": ("x.pq", write_fixed),
    "tfrecord": ("x.tfrecord", write_records),
    "tfrecord raw": ("x.tfrecords-00000-of-00001", write_raw_records),
}
OF_PIXELS = {
    **{name: OF_REAL_NUMBERS[name] for name in ("npy", "csv", "parquet columns", "parquet lists", "tfrecord raw")},
    "npy of doubles": ("x.npy", write_npy_double),
    "npy, flattened": ("x.npy", write_flattened),
    "parquet nested": ("x.parquet", write_nested),
    "tfrecord": ("x.tfrecord", write_integer_records),
}


@pytest.fixture(scope="module")
def expected(toy):
    """The scores of the points in the plane, in the batches of a run."""
    model = Version.find(str(toy))
    scores = [Served(model, 8)(x=tf.constant(x)) for x in np.split(running.points(ROWS), CUTS)]
    return np.concatenate(scores)


@pytest.mark.parametrize("name", OF_REAL_NUMBERS)
def test_real_numbers_score_the_same(name, toy, expected, tmp_path):
    file, write = OF_REAL_NUMBERS[name]
    write(tmp_path / file, running.points(ROWS))
    scores = running.scored(tmp_path, toy, tmp_path / file, **SMALL_PARTS)
    np.testing.assert_array_equal(scores, expected)


def test_batches_are_those_of_the_model_at_large(toy, expected):
    at_once = running.served(toy, x=running.points(ROWS))["log_prob"]
    np.testing.assert_allclose(expected, at_once, rtol=1e-5)
    assert np.unique(expected).size == ROWS


@pytest.mark.parametrize("name", OF_PIXELS)
def test_pixels_score_the_same(name, digits, tmp_path):
    file, write = OF_PIXELS[name]
    x = running.digits(ROWS)["x"]
    write(tmp_path / file, x)
    scores = running.scored(tmp_path, digits, tmp_path / file, batch_size=64)
    np.testing.assert_allclose(scores, running.served(digits, x=x)["log_prob"], rtol=1e-5)


def labelled_csv(folder, rows):
    names = ["label", *(f"x{index}" for index in range(64))]
    columns = [rows["label"], *rows["x"].reshape(ROWS, 64).T]
    pa.csv.write_csv(pa.table(dict(zip(names, columns, strict=True))), folder / "x.csv")


def labelled_parquet(folder, rows):
    pq.write_table(pa.table({"label": rows["label"], "x": rows["x"].tolist()}), folder / "x.parquet")


def labelled_records(folder, rows):
    write_records(folder / "x.tfrecord", rows["x"], "bytes", rows["label"])


def labels_beside(folder, rows):
    np.save(folder / "x.npy", rows["x"])
    np.save(folder / "label.npy", rows["label"])


LABELLED = {
    "csv": (labelled_csv, "x.csv"),
    "parquet": (labelled_parquet, "x.parquet"),
    "tfrecord": (labelled_records, "x.tfrecord"),
    "file": (labels_beside, "x.npy"),
}


@pytest.mark.parametrize("name", LABELLED)
def test_labels_come_with_their_rows(name, labeled, tmp_path):
    write, file = LABELLED[name]
    rows = running.digits(ROWS)
    write(tmp_path, rows)
    labels = tmp_path / "label.npy" if name == "file" else None
    scores = running.scored(tmp_path, labeled, tmp_path / file, labels=labels, **SMALL_PARTS)
    np.testing.assert_allclose(scores, with_labels(labeled, rows), rtol=1e-5)


def with_labels(labeled, rows):
    return running.served(labeled, x=rows["x"], label=rows["label"].astype(np.int32))["log_prob"]


def test_labels_beside_run_over_all_files(labeled, tmp_path):
    rows = running.digits(ROWS)
    for name, part in {"a.npy": slice(0, 30), "b.npy": slice(30, ROWS)}.items():
        np.save(tmp_path / name, rows["x"][part])
    np.save(tmp_path / "label.npy", rows["label"])
    scores = running.scored(tmp_path, labeled, tmp_path / "[ab].npy", labels=tmp_path / "label.npy", **SMALL_PARTS)
    np.testing.assert_allclose(scores, with_labels(labeled, rows), rtol=1e-5)


def test_labels_matter(labeled):
    rows = running.digits(ROWS)
    right, wrong = with_labels(labeled, rows), with_labels(labeled, {**rows, "label": np.roll(rows["label"], 1)})
    assert np.mean(right != wrong) > 0.5


@pytest.mark.parametrize("name", ["csv", "parquet", "tfrecord"])
def test_model_without_classes_leaves_labels_out(name, digits, tmp_path):
    write, file = LABELLED[name]
    rows = running.digits(ROWS)
    write(tmp_path, rows)
    scores = running.scored(tmp_path, digits, tmp_path / file)
    np.testing.assert_allclose(scores, running.served(digits, x=rows["x"])["log_prob"], rtol=1e-5)


def test_conditional_model_asks_a_dataset_for_its_labels(labeled, tmp_path):
    scores = running.scored(tmp_path, labeled, "digits")
    np.testing.assert_allclose(scores, with_labels(labeled, running.digits(300)), rtol=1e-5)


def test_files_follow_each_other_by_name(toy, tmp_path):
    x = running.points(ROWS)
    (tmp_path / "data").mkdir()
    for name, rows in {"b.npy": x[20:45], "a.npy": x[:20], "c.npy": x[45:]}.items():
        np.save(tmp_path / "data" / name, rows)
    (tmp_path / "data" / "notes.txt").write_text("not data")
    by_folder = running.scored(tmp_path, toy, tmp_path / "data", **SMALL_PARTS)
    by_pattern = running.scored(tmp_path, toy, tmp_path / "data" / "?.npy", **SMALL_PARTS)
    np.testing.assert_allclose(by_folder, running.served(toy, x=x)["log_prob"], rtol=1e-5)
    np.testing.assert_array_equal(by_folder, by_pattern)


@pytest.fixture(scope="module")
def remote_toy(toy):
    for path in [toy / "1", *toy.glob("1/**/*")]:
        copy = f"ram://model/{path.relative_to(toy)}"
        tf.io.gfile.makedirs(copy) if path.is_dir() else tf.io.gfile.copy(str(path), copy)
    return "ram://model"


@pytest.mark.parametrize("name", ["npy", "csv", "parquet lists", "tfrecord"])
def test_input_model_and_output_may_be_remote(name, remote_toy, expected, tmp_path):
    file, write = OF_REAL_NUMBERS[name]
    write(tmp_path / file, running.points(ROWS))
    folder = f"ram://scoring {name}"
    tf.io.gfile.makedirs(folder)
    tf.io.gfile.copy(str(tmp_path / file), f"{folder}/{file}")
    score(remote_toy, f"{folder}/{file}", f"{folder}/scores.parquet", **SMALL_PARTS)
    tf.io.gfile.copy(f"{folder}/scores.parquet", str(tmp_path / "scores.parquet"))
    np.testing.assert_array_equal(pq.read_table(tmp_path / "scores.parquet")["log_prob"], expected)
    assert sorted(tf.io.gfile.listdir(folder)) == ["scores.parquet", file]


def test_line_of_csv_may_be_long(tmp_path):
    x = np.random.default_rng(0).normal(size=(2, 100_000))  # 2 MB a line, more than two of the blocks of pyarrow
    (tmp_path / "x.csv").write_text("\n".join(",".join(f"{value:.17e}" for value in row) for row in x) + "\n")
    file = Csv.open(str(tmp_path / "x.csv"), Event((100_000,)))
    (span,) = file.spans(10)
    (chunk,) = file.chunks(span, 10)
    np.testing.assert_array_equal(file.decode(chunk)["x"], x)
