"""A wrong table gets one clear line: the rule, the file, the row, the column, the value, and an option that helps."""

import datetime
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
import tensorflow as tf

from tests.sources import reading
from tfflows.sources import check_same, expand, index_column, open_table

BIG = 2**53 + 1

WRONG = {
    "empty": ("a.csv", "", ["a header and rows", "a.csv"]),
    "blank": ("a.csv", "\r\n\r\n", ["a header and rows"]),
    "header only": ("a.csv", "a,b\n", ["Expected a file with rows", "rows=0"]),
    "header without line break": ("a.csv", "a,b", ["Expected a file with rows"]),
    "header and blank lines": ("a.csv", "a,b\r\n\r\n\r\n", ["Expected a file with rows"]),
    "short row": ("a.csv", "a,b\n1,2\n3\n", ["Expected 2 fields in each row", "row=1", "fields=1", "line='3'"]),
    "long row": ("a.csv", "a,b\n1,2\n3,4\n5,6,7\n", ["Expected 2 fields", "row=2", "fields=3", "line='5,6,7'"]),
    "blank row": ("a.csv", "a,b\n1,2\n\n3,4\n", ["Expected 2 fields", "row=1", "fields=1"]),
    "word": ("a.csv", "a,b\n1,2\n3,4\n5,abc\n", ["a number in each row", "row=2, column='b', value='abc'", "drop=b"]),
    "word later": ("a.csv", "a\n" + "1\n" * 9 + "x\n", ["row=9, column='a', value='x'"]),
    "1e400": ("a.csv", "a,b\n1,2\n3,1e400\n", ["finite in float64", "row=1, column='b', value='1e400'", "drop=b"]),
    "inf": ("a.csv", "a b,b\n1,2\n-inf,3\n", ["finite", "row=1, column='a b', value='-inf'", "data.drop='a b'"]),
    "large": ("a.csv", f"a\n{2**53}\n-{BIG}\n", ["2**53", f"row=1, column='a', value='-{BIG}'", "drop=a"]),
    "ISO date": ("a.csv", "t,a\n,1\n2020-01-31,1\n", ["seconds since 1970", "row=1", "'2020-01-31'", "data.drop=t"]),
    "ISO time": ("a.csv", "t,a\n2020-01-31T12:00:00Z,1\n", ["seconds since 1970", "row=0"]),
    "American date": ("a.csv", "t,a\n1/31/2020 12:00,1\n", ["seconds since 1970"]),
    "date in words": ("a.csv", "t,a\n31 January 2020,1\n", ["seconds since 1970"]),
    "same names": ("a.csv", "a,b,a\n1,2,3\n", ["different names", "['a']"]),
    "semicolons": ("a.csv", "a;b\n1;2\n", ["--set=data.delimiter=';'", "line='a;b'"]),
    "tabs": ("a.csv", "a\tb\n1\t2\n", ["--set=data.delimiter='\\t'"]),
    "open quote": ("a.csv", 'a,b\n1,2\n3,"4\n5,6\n', ["each quote to be closed", """row=1, line='3,"4'"""]),
    "open quote in header": ("a.csv", 'a,"b\n1,2\n', ["each quote to be closed"]),
    "stray quote": ("a.csv", 'a,b\n1,x\n2,5" or\n3,7" or\n4,y\n', ["quotes around a field", "row=1"]),
    "numbered": ("a.csv", "0,1\n0.5,0.5\n", ["a header 0,1,2,... looks like a row"]),
    "numbered with index": ("a.csv", ",0,1\n0,0.5,0.5\n", ["a header 0,1,2,... looks like a row"]),
    "Latin-1": ("a.csv", "a,b\n1,x\n2,é\n".encode("latin-1"), ["text in UTF-8", "row=1, column='b'"]),
    "UTF-16": ("a.csv", "a,b\n1,x\n".encode("utf-16"), ["text file in UTF-8", "iconv"]),
    "ending": ("a.txt", "a,b\n1,2\n", ["Expected a table named .csv, .parquet, .npy, .npz or .tfrecord", "a.txt"]),
    "packed": ("a.csv.gz", "", ["unpack it"]),
    "no npy": ("a.npy.csv.npy", None, ["file that can be read"]),
    "images": ("a.npy", np.zeros((2, 8, 8)), ["[rows, columns]", "reshape it", "shape=(2, 8, 8)"]),
    "scalar": ("a.npy", np.float64(1), ["[rows, columns]", "shape=()"]),
    "no rows": ("a.npy", np.zeros((0, 3)), ["Expected a file with rows"]),
    "no columns": ("a.npy", np.zeros((3, 0)), ["[rows, columns]"]),
    "objects": ("a.npy", np.array([["a", 1]], object), ["real numbers or text", "astype", "'object'"]),
    "complex": ("a.npy", np.zeros((2, 2), complex), ["real numbers or text", "'complex128'"]),
    "npy, infinite": ("a.npy", np.array([[1, 2], [3, -np.inf]]), ["finite", "row=1, column='x1', value=-inf"]),
    "npy, large": ("a.npy", np.array([[1, 2], [-BIG, 3]]), ["2**53", f"row=1, column='x0', value=-{BIG}", "drop=x0"]),
    "npy, unsigned": ("a.npy", np.array([2**64 - 1], np.uint64), ["2**53", f"value={2**64 - 1}"]),
    "npy, date": ("a.npy", np.array([(1, "2020-01-01")], [("a", "f4"), ("t", "M8[D]")]), ["1970", "data.drop=t"]),
    "npy, nested": ("a.npy", np.zeros(2, [("a", "f4"), ("b", "f4", (2,))]), ["column='b'", "data.drop=b"]),
    "npz": ("a.npz", {"data": np.zeros((3, 2)), "y": np.zeros(3)}, ["`x` or `X`", "'data': (3, 2), 'y': (3,)"]),
    "npz, vector": ("a.npz", {"x": np.zeros(3)}, ["`x` or `X` of shape [rows, columns]", "'x': (3,)"]),
    "npz, names": ("a.npz", {"x": np.zeros((3, 2)), "x1": np.zeros(3)}, ["different names", "['x1']"]),
    "npz, objects": ("a.npz", {"X": np.zeros((1, 1)), "y": np.array([None])}, ["column='y'", "'object'", "drop=y"]),
    "list": ("a.parquet", pa.table({"a": [1], "b": [[1.0]]}), ["column='b'", "list<", "data.drop=b"]),
    "binary": ("a.parquet", pa.table({"a": [b"1"]}), ["column='a'", "type='binary'", "data.drop=a"]),
    "timestamp": ("a.parquet", pa.table({"t": [datetime.datetime(2020, 1, 1)]}), ["1970", "timestamp", "data.drop=t"]),
    "day": ("a.parquet", pa.table({"t": [datetime.date(2020, 1, 1)]}), ["1970", "date32", "data.drop=t"]),
    "date as text": ("a.parquet", pa.table({"t": [None, "2020-01-01"]}), ["1970", "row=1", "data.drop=t"]),
    "parquet, large": ("a.parquet", pa.table({"a": [None, BIG]}), ["2**53", f"row=1, column='a', value={BIG}"]),
    "parquet, infinite": ("a.parquet", pa.table({"a": [1.0] * 7 + [np.inf]}), ["finite", "row=7", "value=inf"]),
    "parquet, no rows": ("a.parquet", pa.table({"a": pa.array([], pa.float64())}), ["a file with rows"]),
    "records, none": ("a.tfrecord", [], ["a file with rows"]),
    "records, infinite": ("a.tfrecord", [{"a": [1.0]}, {"a": [np.inf]}], ["finite", "row=1, column='a', value=inf"]),
    "records, large": ("a.tfrecord", [{"a": [BIG]}], ["2**53", "row=0, column='a'"]),
    "records, length": ("a.tfrecord", [{"a": [1.0, 2.0]}, {"a": [1.0]}], ["2 values", "row=1, column='a'", "[1.0]"]),
    "records, type": ("a.tfrecord", [{"a": [1.0]}, {"a": [1.0]}, {"a": [1]}], ["float32", "row=2, column='a'"]),
    "records, image": ("a.tfrecord", [{"a": [b"\xff\xd8"]}], ["text in UTF-8", "row=0, column='a'"]),
    "records, names": ("a.tfrecord", [{"a": [1.0, 2.0], "a0": [1.0]}], ["different names", "['a0']"]),
}


@pytest.mark.parametrize("name", WRONG)
def test_wrong_table_gets_one_clear_line(name, tmp_path):
    file, content, words = WRONG[name]
    path = str(tmp_path / file) if content is None else reading.write(tmp_path / file, content)
    line = reading.refused(reading.columns, path)
    assert [word for word in [*words, str(tmp_path)] if word not in line] == [], line


@pytest.mark.parametrize("ending", ["csv", "parquet", "npy", "npz", "tfrecord"])
def test_missing_and_foreign_files(ending, tmp_path):
    path = tmp_path / f"a.{ending}"
    assert f"Expected a file that can be read. Received: '{path}'" in reading.refused(open_table, str(path))
    path.write_bytes(b"\xff\xfe\x00 nonsense")
    assert str(path) in reading.refused(open_table, str(path))
    (tmp_path / f"b.{ending}").mkdir()
    assert f"b.{ending}" in reading.refused(open_table, str(tmp_path / f"b.{ending}"))


def test_damaged_parquet_is_said(tmp_path):
    path = reading.write(tmp_path / "a.parquet", pa.table({"a": np.random.default_rng(0).normal(size=100)}))
    data = bytearray(Path(path).read_bytes())
    data[4:40] = bytes(36)
    Path(path).write_bytes(data)
    line = reading.refused(reading.columns, path)
    assert f"Expected {path!r} to be a complete Parquet file. Received: " in line


@pytest.mark.parametrize(
    ("file", "content"),
    [
        ("a.csv", "a\nx\n1\ny\n"),
        ("a.parquet", pa.table({"a": ["1", "1", "y"]})),
        ("a.npy", np.array([("1",), ("1",), ("y",)], [("a", "U3")])),
        ("a.tfrecord", [{"a": [b"1"]}, {"a": [b"1"]}, {"a": [b"y"]}]),
    ],
)
def test_text_that_should_be_numbers_is_named(file, content, tmp_path):
    line = reading.refused(reading.columns, reading.write(tmp_path / file, content), {"a": "number"})
    assert "a number in each row of a numeric column" in line
    assert "column='a', value='x'" in line or "row=2, column='a', value='y'" in line


def test_column_that_is_not_wanted_may_be_anything(tmp_path):
    table = pa.table({"a": [1], "l": [[1]], "b": [b"1"], "t": [datetime.date(2020, 1, 1)], "i": [BIG]})
    found = reading.columns(reading.write(tmp_path / "a.parquet", table), {"a": "number"})
    np.testing.assert_array_equal(found["a"], [1])
    path = reading.write(tmp_path / "a.csv", "a,t,i\n1,2020-01-01,1e400\n")
    np.testing.assert_array_equal(reading.columns(path, {"a": "number"})["a"], [1])


def test_long_text_is_cut_in_errors(tmp_path):
    path = reading.write(tmp_path / "a.csv", "a\n1\n" + "x" * 10_000 + "\n")
    assert len(reading.refused(reading.columns, path)) < 500


def test_mapped_array_must_be_local(tmp_path):
    path = reading.write(tmp_path / "f.npy", np.asfortranarray(np.zeros((3, 2))))
    tf.io.gfile.copy(path, "ram://wrong-tables-f.npy", overwrite=True)
    assert "np.ascontiguousarray" in reading.refused(open_table, "ram://wrong-tables-f.npy")


DIFFERENT = {
    "types": ("a,b\n1,2\n", "b,a\nx,2\n", ["one type", "column='b'", "'number'", "'text'", "data.drop=b"]),
    "more": ("a,b\n1,2\n", "a,b,c\n1,2,3\n", ["the same columns", "columns=['c']", "data.drop=c"]),
    "fewer": ("a,b\n1,2\n", "a\n1\n", ["the same columns", "columns=['b']", "data.drop=b"]),
}


@pytest.mark.parametrize("name", DIFFERENT)
def test_files_that_differ_are_both_named(name, tmp_path):
    first, second, words = DIFFERENT[name]
    files = [open_table(reading.write(tmp_path / f"{i}.csv", text)) for i, text in enumerate((first, second))]
    line = reading.refused(check_same, files)
    assert [word for word in [*words, files[0].name, files[1].name] if word not in line] == [], line
    assert check_same(files, drop=["b", "c"]) == {"a": "number"}


def test_files_may_differ_in_order_and_in_what_is_missing(tmp_path):
    texts = ["a,b\n1,\n", "b,a\nx,2\n", "a,b\n,y\n"]
    files = [open_table(reading.write(tmp_path / f"{i}.csv", text)) for i, text in enumerate(texts)]
    assert files[0].undecided == {"b"}
    assert check_same(files) == {"a": "number", "b": "text"}


@pytest.mark.parametrize(
    "paths", ["none.csv", "none*.csv", "a.csv,none.csv", ["a.csv", "none.csv"], [], "", "empty", ",", "a.csv,*.csv"]
)
def test_paths_without_files_are_refused(paths, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    reading.write(tmp_path / "a.csv", "a\n1\n")
    (tmp_path / "empty").mkdir()
    reading.write(tmp_path / "empty" / "notes.txt", "not a table")
    assert "Expected " in reading.refused(expand, paths)


INDEXES = {
    "pandas": (",a\n0,5\n1,6\n", "Unnamed: 0"),
    "pandas, read and written": ("Unnamed: 0,a\n0,5\n1,6\n", "Unnamed: 0"),
    "shuffled": (",a\n7,5\n3,6\n", "Unnamed: 0"),
    "numbers": (",a\n0.5,5\n1.5,6\n", None),
    "repeated": (",a\n1,5\n1,6\n", None),
    "missing": (",a\n0,5\n,6\n", None),
    "words": (",a\nx,5\ny,6\n", None),
    "named": ("a,b\n0,1\n1,2\n", None),
}


@pytest.mark.parametrize("name", INDEXES)
def test_index_of_pandas_is_found(name, tmp_path):
    text, found = INDEXES[name]
    file = open_table(reading.write(tmp_path / "a.csv", text))
    assert index_column(file) == found
