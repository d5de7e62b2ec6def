"""Odd but correct tables give exact values."""

import decimal
import pickle
import tracemalloc

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import tensorflow as tf

from tests.sources import reading
from tfflows.sources import check_same, expand, open_table, records, select

nan = np.nan
BOM = b"\xef\xbb\xbf"

CSV = {
    "plain": ("a,b\n1,2\n3,4\n", {"a": [1, 3], "b": [2, 4]}),
    "without last line break": ("a,b\n1,2\n3,4", {"a": [1, 3], "b": [2, 4]}),
    "Windows": ("a,b\r\n1,x\r\n3,y\r\n", {"a": [1, 3], "b": ["x", "y"]}),
    "byte order mark": (BOM + b"a,b\n1,2\n", {"a": [1], "b": [2]}),
    "byte order mark, no header": (BOM + b"1,2\n3,4\n", {"x0": [1, 3], "x1": [2, 4]}),
    "byte order mark, quotes": (BOM + b'"a","b"\r\n"1","2"\r\n', {"a": [1], "b": [2]}),
    "no header": ("1,2\n3,4\n", {"x0": [1, 3], "x1": [2, 4]}),
    "no header, missing": ("1,\n3,4\n", {"x0": [1, 3], "x1": [nan, 4]}),
    "commas in quotes": ('a,"b,c"\n"1","x,y"\n2,z\n', {"a": [1, 2], "b,c": ["x,y", "z"]}),
    "line breaks in quotes": ('a,b\n1,"x\ny\r\n"\n2,"\n"\n3,z\n', {"a": [1, 2, 3], "b": ["x\ny\r\n", None, "z"]}),
    "line break in header": ('"a\nb",c\n1,2\n', {"a\nb": [1], "c": [2]}),
    "doubled quotes": ('a,b\n"1","say ""x"", y"\n2,""""\n', {"a": [1, 2], "b": ['say "x", y', '"']}),
    "blank last lines": ("a,b\n1,2\n\n\r\n\n", {"a": [1], "b": [2]}),
    "blank line in one column": ("a\n1\n\n3\n\n", {"a": [1, nan, 3]}),
    "space": ("a , b\n 1 , 2\n3 ,\t4\n", {"a": [1, 3], "b": [2, 4]}),
    "missing numbers": (
        "a\n1\n" + "\n".join(["NA", "N/A", "NaN", "nan", "null", "NULL", "None", "?", '""', " ? "]) + "\n2\n",
        {"a": [1, *[nan] * 10, 2]},
    ),
    "missing text": (
        "a,b\nx,1\n,2\nNA,3\n ?,4\nnull,5\nx,6\n",
        {"a": ["x", *[None] * 4, "x"], "b": [1, 2, 3, 4, 5, 6]},
    ),
    "first value is missing": ("a,b\n,NA\n1,x\n", {"a": [nan, 1], "b": [None, "x"]}),
    "all missing": ("a,b\n,1\n,2\n", {"a": [nan, nan], "b": [1, 2]}),
    "ways to write numbers": ("a\n1.\n.5\n+1\n-1E+3\n 2e-3\n0012\n", {"a": [1, 0.5, 1, -1000, 0.002, 12]}),
    "digits": (
        f"a\n0.1\n{1 / 3!r}\n5e-324\n1.7976931348623157e308\n",
        {"a": [0.1, 1 / 3, 5e-324, np.finfo(float).max]},
    ),
    "large real numbers": ("a\n1e300\n12345678901234567890.5\n", {"a": [1e300, 12345678901234567890.5]}),
    "largest integer": (f"a\n{2**53}\n-{2**53}\n", {"a": [2.0**53, -(2.0**53)]}),
    "truth": ("a\ntrue\nfalse\n", {"a": ["true", "false"]}),
    "index": (",a\n0,5\n1,6\n", {"Unnamed: 0": [0, 1], "a": [5, 6]}),
    "numbers in a column of text": ("a\nx\n1\n2.0\n", {"a": ["x", "1", "2.0"]}),
    "not quite dates": ("a,b\n1-2,10.1.2.3\n", {"a": ["1-2"], "b": ["10.1.2.3"]}),
    "Unicode": ("größe,b\n1,日本\n", {"größe": [1], "b": ["日本"]}),
}


def same(found, expected):
    assert list(found) == list(expected)
    for name, values in expected.items():
        text = any(isinstance(value, str) for value in values)
        assert found[name].dtype == (object if text else np.float64)
        assert found[name].tolist() == values if text else np.array_equal(found[name], values, equal_nan=True), name


@pytest.mark.parametrize("name", CSV)
@pytest.mark.parametrize(("span", "size"), [(1, 1), (3, 2), (1000, 1000)])
def test_csv_is_exact(name, span, size, tmp_path):
    content, expected = CSV[name]
    same(reading.columns(reading.write(tmp_path / "a.csv", content), span=span, size=size), expected)


@pytest.mark.parametrize(("delimiter", "option"), [(";", ";"), ("\t", "\t"), ("\t", "\\t"), ("|", "|")])
def test_other_characters_between_fields(delimiter, option, tmp_path):
    path = reading.write(tmp_path / "a.csv", f'a{delimiter}b\n1{delimiter}"x{delimiter},"\n')
    same(reading.columns(path, delimiter=option), {"a": [1], "b": [f"x{delimiter},"]})


@pytest.mark.parametrize("block", [1, 2, 7, 64])
def test_records_do_not_depend_on_blocks(block, tmp_path, monkeypatch):
    monkeypatch.setattr(records, "BLOCK", block)
    for content, expected in CSV.values():
        same(reading.columns(reading.write(tmp_path / "a.csv", content), span=2, size=2), expected)


MATRIX = np.array([[1, 2], [3, 4], [5, 6], [0, 1]])
EXACT = {"x0": [1, 3, 5, 0], "x1": [2, 4, 6, 1]}
ALIGNED = np.dtype([("a", "i1"), ("b", "f8")], align=True)
ARRAYS = {
    "float16": ("a.npy", MATRIX.astype(np.float16), EXACT),
    "big-endian": ("a.npy", MATRIX.astype(">f8"), EXACT),
    "big-endian integers": ("a.npy", MATRIX.astype(">i2"), EXACT),
    "Fortran order": ("a.npy", np.asfortranarray(MATRIX), EXACT),
    "Fortran order, big-endian": ("a.npy", np.asfortranarray(MATRIX.astype(">f4")), EXACT),
    "unsigned": ("a.npy", MATRIX.astype(np.uint64), EXACT),
    "long double": ("a.npy", MATRIX.astype(np.longdouble), EXACT),
    "vector": ("a.npy", np.array([1.5, nan]), {"x0": [1.5, nan]}),
    "truth": ("a.npy", np.array([[True], [False]]), {"x0": [1, 0]}),
    "fields": ("a.npy", np.array([(1, "x"), (2, "")], [("a", ">i2"), ("b", ">U1")]), {"a": [1, 2], "b": ["x", None]}),
    "fields with gaps": ("a.npy", np.array([(1, 0.5)], ALIGNED), {"a": [1], "b": [0.5]}),
    "bytes": ("a.npy", np.array([[b"x"], [b"\xc3\xa9"]]), {"x0": ["x", "é"]}),
    "ADBench": ("a.npz", {"X": MATRIX, "y": np.array([0, 0, 1, 1])}, {**EXACT, "y": [0, 0, 1, 1]}),
    "npz": ("a.npz", {"t": np.array(list("abca")), "x": MATRIX.T.copy().T, "z": np.zeros((4, 1))},
            {**EXACT, "t": list("abca")}),
    "decimals": ("a.parquet", pa.table({"a": [decimal.Decimal("1.5"), None]}), {"a": [1.5, nan]}),
    "nulls": ("a.parquet", pa.table({"a": [None, 1], "b": ["x", None]}), {"a": [nan, 1], "b": ["x", None]}),
    "only nulls": ("a.parquet", pa.table({"a": pa.nulls(2)}), {"a": [nan, nan]}),
    "truth and null": ("a.parquet", pa.table({"a": [True, None, False]}), {"a": [1, nan, 0]}),
    "dictionary": ("a.parquet", pa.table({"a": pa.array(["x", None]).dictionary_encode()}), {"a": ["x", None]}),
    "large text": ("a.parquet", pa.table({"a": pa.array(["x", ""], pa.large_string())}), {"a": ["x", None]}),
    "half": ("a.parquet", pa.table({"a": pa.array(np.float16([0.5, 2]))}), {"a": [0.5, 2]}),
    "records": ("a.tfrecord", [{"b": [b"x"], "a": [1, 2]}, {}, {"b": [b"y"], "a": [3, 4], "c": [1]}],
                {"a0": [1, nan, 3], "a1": [2, nan, 4], "b": ["x", None, "y"]}),
}  # fmt: skip


@pytest.mark.parametrize("name", ARRAYS)
def test_binary_format_is_exact(name, tmp_path):
    file, content, expected = ARRAYS[name]
    same(reading.columns(reading.write(tmp_path / file, content)), expected)


REFERENCE = {
    "a": [0.5, nan, -3.0, 2.0, 0.0, 1e10, 7.25],
    "i": [1.0, 2.0, 0.0, -5.0, 2.0**40, 3.0, 3.0],
    "t": ["x", "y", None, "x,y", "é", "z", "1"],
}


def written(folder):
    """The reference in every format."""
    table = pa.table({name: [None if v != v else v for v in values] for name, values in REFERENCE.items()})
    table = table.set_column(1, "i", table["i"].cast(pa.int64()))
    rows = table.to_pylist()
    lines = [f'{"" if r["a"] is None else r["a"]},{r["i"]},"{r["t"] or ""}"' for r in rows]
    fields = [(r["a"] if r["a"] is not None else nan, r["i"], r["t"] or "") for r in rows]
    examples = [{"a": [] if r["a"] is None else [r["a"]], "i": [r["i"]], "t": [(r["t"] or "").encode()]} for r in rows]
    contents = {
        "a.csv": "a,i,t\n" + "\n".join(lines),
        "a.parquet": table,
        "a.npy": np.array(fields, [("a", "f8"), ("i", "i8"), ("t", "U5")]),
        "a.tfrecord": examples,
    }
    return [reading.write(folder / name, content) for name, content in contents.items()]


def test_fields_of_an_array_may_have_any_name(tmp_path):
    with open(tmp_path / "a.npy", "wb") as file:
        np.lib.format.write_array(file, np.array([(1, 2)], [("日本", "f4"), ("b", "i4")]), version=(3, 0))
    same(reading.columns(tmp_path / "a.npy"), {"日本": [1], "b": [2]})


def test_array_may_have_many_fields(tmp_path):
    array = np.zeros(3, [(f"column_{number}", "f8") for number in range(1000)])
    np.save(tmp_path / "a.npy", array)
    assert len(open_table(str(tmp_path / "a.npy")).names) == 1000


def test_columns_may_be_changed_in_place(tmp_path):
    for path in written(tmp_path):
        assert all(values.flags.writeable for values in reading.columns(path, span=100, size=100).values())


def test_an_open_quote_is_found_before_the_rows_are_read(tmp_path):
    """The first rows, which are read when a file is opened, are closed."""
    path = reading.write(tmp_path / "a.csv", "a\n" + '"x"\n' * 10_001 + '"y\nz\n')
    line = reading.refused(lambda: list(open_table(path).spans(100)))
    assert "each quote to be closed" in line
    assert "row=10001" in line


def test_formats_give_the_same_columns(tmp_path):
    files = [open_table(path) for path in written(tmp_path)]
    assert check_same(files) == {"a": "number", "i": "number", "t": "text"}
    for file in files:
        same(reading.columns(file.name), REFERENCE)
        assert pickle.loads(pickle.dumps(file)) == file
        assert file.identity()["bytes"] > 0


def test_numbers_may_be_text_in_every_format(tmp_path):
    for path in written(tmp_path):
        found = reading.columns(path, {"a": "text", "i": "text"})
        assert found["a"].tolist()[:5] == ["0.5", None, "-3", "2", "0"], path
        assert found["i"].tolist() == ["1", "2", "0", "-5", "1099511627776", "3", "3"], path


def test_integers_as_text_are_exact_and_short_floats_are_short(tmp_path):
    path = reading.write(tmp_path / "a.npy", np.array([(2**60 + 1, 0.1)], [("a", "i8"), ("b", "f4")]))
    found = reading.columns(path, {"a": "text", "b": "text"})
    assert (found["a"][0], found["b"][0]) == (str(2**60 + 1), "0.1")


def test_paths_are_expanded(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name in ("b.csv", "a.csv", "c,d.csv", "notes.txt", ".hidden.csv"):
        reading.write(tmp_path / name, "a\n1\n")
    names = {name: str(tmp_path / name) for name in ("a.csv", "b.csv", "c,d.csv")}
    assert expand("a.csv") == [names["a.csv"]]
    assert expand("c,d.csv") == [names["c,d.csv"]]
    assert expand("b.csv, a.csv") == expand(["b.csv", "a.csv"]) == [names["b.csv"], names["a.csv"]]
    assert expand("?.csv") == [names["a.csv"], names["b.csv"]]
    assert expand(str(tmp_path)) == list(names.values())
    assert expand(tmp_path / "a.csv") == [names["a.csv"]]


def test_tables_may_be_remote(tmp_path):
    tf.io.gfile.makedirs("ram://tables")
    for path in written(tmp_path):
        remote = f"ram://tables/{path.rpartition('/')[2]}"
        tf.io.gfile.copy(path, remote, overwrite=True)
        same(reading.columns(remote), REFERENCE)
    np.savez(tmp_path / "z.npz", x=MATRIX)
    tf.io.gfile.copy(str(tmp_path / "z.npz"), "ram://tables/z.npz", overwrite=True)
    same(reading.columns("ram://tables/z.npz"), EXACT)
    assert len(expand("ram://tables")) == len(expand("ram://tables/*")) == 5


def test_only_selected_columns_of_parquet_are_read(tmp_path):
    for path in written(tmp_path):
        file = select(open_table(path), ["i"])
        (chunk,) = file.chunks(next(file.spans(100)), 100)
        assert file.columns(chunk, {"i": "number"}, 0)["i"].tolist() == REFERENCE["i"]
        if path.endswith("parquet"):
            assert (chunk.schema.names, file.names, file.kinds) == (["i"], ("i",), {"i": "number"})


def test_a_span_is_not_read_beyond(tmp_path):
    table = pa.table({"a": np.arange(1_000_000.0)})
    pq.write_table(table, tmp_path / "a.parquet", row_group_size=1_000_000)
    np.save(tmp_path / "a.npy", np.arange(1_000_000.0))
    for ending in ("npy", "parquet"):
        file = open_table(str(tmp_path / f"a.{ending}"))
        span = next(file.spans(1000))
        tracemalloc.start()
        before = pa.total_allocated_bytes()
        (chunk,) = file.chunks(span, 1000)
        assert tracemalloc.get_traced_memory()[1] + pa.total_allocated_bytes() - before < 4e6
        tracemalloc.stop()
        np.testing.assert_array_equal(file.columns(chunk, file.kinds, 0)[file.names[0]], np.arange(1000))
