"""Which split a row is in is a function of the row and the seed; and so is the order of training, wherever rows are."""

import numpy as np
import pytest

import zoo
from tests.datasets import tabling
from tests.sources.reading import refused
from tfflows import datasets
from tfflows.datasets.tables import splitting, streaming, table
from tfflows.training.pipeline import training_stream

CACHE = pytest.mark.parametrize("cache", [True, False], ids=["memory", "files"])


def xs(data):
    return {part: rows["x"] for part, rows in tabling.splits(data).items()}


def sets(data):
    return {part: tabling.row_set(x) for part, x in xs(data).items()}


def test_no_row_is_in_two_splits_and_none_is_lost():
    columns = tabling.numbers(2000)
    found = sets(datasets.from_arrays(columns))
    assert sum(map(len, found.values())) == 2000
    assert len(set.union(*found.values())) == 2000
    assert [len(found[part]) for part in tabling.PARTS] == [1600, 200, 200]


def test_copies_are_in_one_split_whatever_their_weights_and_places():
    x = np.random.RandomState(0).normal(size=(300, 2))
    order = np.random.RandomState(1).permutation(900)
    data = datasets.from_arrays(np.tile(x, (3, 1))[order], weight=np.arange(1.0, 901))
    found = sets(data)
    assert sum(map(len, found.values())) == len(set.union(*found.values())) == 300
    assert data.train.size + data.validation.size + data.test.size == 900
    assert {column.step for column in data.event.columns} == {0}
    zero = np.concatenate([x, np.zeros([30, 2]), -np.zeros([30, 2])])
    parts = [(rows == 0).all(1).any() for rows in xs(datasets.from_arrays(zero)).values()]
    assert sum(parts) == 1, "-0.0 and 0.0 are in two splits"


def test_rows_of_integers_that_agree_are_no_copies():
    x = np.random.RandomState(0).randint(0, 3, (1000, 2))
    found = xs(datasets.from_arrays(x))
    assert [len(found[part]) for part in tabling.PARTS] == [800, 100, 100]
    assert all(len(np.unique(rows, axis=0)) == 9 for rows in found.values())


@pytest.mark.parametrize("kind", ["content", "place"])
def test_the_seed_decides(kind, tmp_path):
    columns = tabling.numbers() if kind == "content" else {"x0": np.arange(300) % 7, "x1": np.arange(300)}
    path = tabling.write(tmp_path / "a.csv", columns)
    first = sets(datasets.load(path, split_seed=5))
    assert first == sets(datasets.load(path, split_seed=5))
    assert first["test"] != sets(datasets.load(path, split_seed=6))["test"]
    assert zoo.configure("maf", path, overrides={"data.split_seed": 5}).data["split_seed"] == 5
    assert zoo.configure("maf", path).data["split_seed"] == 0


def test_rows_keep_their_split_in_another_order_with_other_options():
    columns = tabling.numbers()
    order = np.random.RandomState(0).permutation(300)
    shuffled = {name: values[order] for name, values in columns.items()}
    assert sets(datasets.from_arrays(columns)) == sets(
        datasets.from_arrays(shuffled, continuous="x2", scaling="robust")
    )


def test_cuts_count_the_rows_that_they_give():
    random = np.random.RandomState(0)
    for _ in range(20):
        bins = random.randint(0, 8, 40)  # each bin has many rows
        histogram = np.bincount(bins, minlength=splitting.BINS)
        cuts = splitting.Cuts.of(histogram, 5, 6)
        counts = np.bincount(cuts.part(bins), minlength=3)
        assert list(cuts.sizes(histogram).values()) == counts.tolist()
        assert counts[1] >= 5
        assert counts[2] >= 6


@pytest.mark.parametrize("by_content", [True, False])
def test_the_hash_of_a_row_does_not_depend_on_its_chunk(by_content):
    columns, hashed = tabling.numbers(), splitting.RowHash(3, by_content)
    places = np.arange(300)
    chunks = [slice(at, at + 7) for at in range(0, 300, 7)]
    parts = [hashed({name: x[chunk] for name, x in columns.items()}, places[chunk]) for chunk in chunks]
    np.testing.assert_array_equal(np.concatenate(parts), hashed(columns, places))
    assert len(np.unique(hashed(columns, places))) == 300


def test_holdout_is_a_fraction_and_has_a_most(monkeypatch):
    x = np.random.RandomState(0).normal(size=(1000, 2))
    sizes = [getattr(datasets.from_arrays(x, holdout=0.3), part).size for part in tabling.PARTS]
    assert sizes == [400, 300, 300]
    monkeypatch.setattr("tfflows.datasets.tables.splitting.MOST_HELD_OUT", 50)
    assert datasets.from_arrays(x).train.size == 900
    data = datasets.from_arrays(x, test=False)
    assert (data.train.size, data.validation.size, data.test) == (950, 50, data.validation)


def with_rows_of_no_weight(columns):
    """The columns, with weights, and rows of weight 0 between that no model could learn from."""
    rows = len(columns["x0"])
    wild = {"x0": np.full(rows, 1e30), "x1": np.full(rows, np.nan), "x2": np.full(rows, -0.5)}
    mixed = {name: np.stack([wild[name], values], 1).ravel() for name, values in columns.items()}
    return {**mixed, "w": np.stack([np.zeros(rows), 1 + np.arange(rows) % 3], 1).ravel()}


@CACHE
def test_rows_of_no_weight_are_left_out(cache, tmp_path):
    columns, other = tabling.numbers(), tabling.numbers(50, seed=1)
    train = tabling.write(tmp_path / "a.csv", with_rows_of_no_weight(columns))
    test = tabling.write(tmp_path / "b.csv", with_rows_of_no_weight(other))
    data = datasets.load(train, cache=cache, weight="w", test=test)
    assert data.event == datasets.from_arrays(columns, test=False).event
    assert data.train.size + data.validation.size == 300
    found = [tabling.rows(split) for split in (data.train, data.validation)]
    assert tabling.row_set(np.concatenate([rows["x"] for rows in found])) == tabling.row_set(
        np.stack(list(columns.values()), 1)
    )
    np.testing.assert_array_equal(tabling.rows(data.test)["x"], np.stack(list(other.values()), 1))
    assert found[0]["sample_weight"].mean() == pytest.approx(1, abs=1e-6)


def test_rows_after_those_of_no_weight_keep_their_numbers(tmp_path):
    columns = with_rows_of_no_weight(tabling.numbers())
    columns["w"][41] = -1
    line = refused(lambda: datasets.load(tabling.write(tmp_path / "a.csv", columns), weight="w", cache=True))
    assert "row=41" in line
    assert "column='w'" in line
    columns["w"][:] = 0
    line = refused(lambda: datasets.load(tabling.write(tmp_path / "a.csv", columns), weight="w"))
    assert "to train on whose weight is not 0. Received: rows=0" in line
    good = tabling.write(tmp_path / "good.csv", {**tabling.numbers(), "w": np.ones(300)})
    line = refused(lambda: datasets.load(good, weight="w", test=tabling.write(tmp_path / "b.csv", columns)))
    assert "test=0" in line


@CACHE
@pytest.mark.parametrize("own", [("validation",), ("test",), ("validation", "test")])
def test_splits_have_files_of_their_own(own, cache, tmp_path):
    train = tabling.write(tmp_path / "a.csv", tabling.numbers())
    others = {part: tabling.numbers(50, seed=index + 1) for index, part in enumerate(own)}
    paths = {part: tabling.write(tmp_path / f"{part}.csv", columns) for part, columns in others.items()}
    data = datasets.load(train, cache=cache, **paths)
    found = xs(data)
    for part, columns in others.items():
        np.testing.assert_array_equal(found[part], np.stack(list(columns.values()), 1))
    assert data.train.size == 300 - 30 * (2 - len(own))
    assert tabling.row_set(found["train"]) <= tabling.row_set(np.stack(list(tabling.numbers().values()), 1))


@pytest.fixture
def small_chunks(monkeypatch):
    """Chunks of ten rows, as a table of millions of rows has of thousands."""
    monkeypatch.setattr(streaming, "CHUNK", 10)
    monkeypatch.setattr(table.read, "__defaults__", (10,))


@pytest.fixture
def small_pieces(small_chunks, monkeypatch):
    """Pieces of a few rows, too."""
    monkeypatch.setattr(table.pieces, "__defaults__", (64,))


@pytest.mark.usefixtures("small_pieces")
@pytest.mark.parametrize("ending", ["csv", "parquet"])
def test_files_give_the_rows_of_memory(ending, tmp_path):
    path = tabling.write(tmp_path / f"a.{ending}", tabling.mixed(500))
    memory, files = (datasets.load(path, cache=cache, **tabling.ROLES) for cache in (True, False))
    assert memory.event == files.event
    assert memory.train.examples.element_spec == files.train.examples.element_spec
    tabling.assert_same(tabling.splits(memory), tabling.splits(files))


@pytest.fixture
def two_files(tmp_path):
    """A table of 300 rows in two files, in which rows that agree are no copies."""
    columns = {"a": np.arange(300) % 7, "b": np.arange(300)}
    for name, part in {"a": slice(0, 170), "b": slice(170, None)}.items():
        tabling.write(tmp_path / f"{name}.csv", {key: values[part] for key, values in columns.items()})
    return tmp_path


@pytest.mark.usefixtures("small_pieces")
@CACHE
def test_the_split_is_that_of_a_rows_place_in_the_whole_table(cache, two_files):
    bins = splitting.RowHash(0, by_content=False)({"a": np.zeros(300)}, np.arange(300))
    expected = splitting.Cuts.of(np.bincount(bins, minlength=splitting.BINS), 30, 30).part(bins)
    for place, rows in enumerate(xs(datasets.load(str(two_files), cache=cache)).values()):
        np.testing.assert_array_equal(rows[:, 1], np.flatnonzero(expected == place))


@pytest.mark.usefixtures("small_pieces")
def test_a_wrong_row_has_its_number_in_its_file(two_files):
    lines = (two_files / "b.csv").read_text().splitlines()
    lines[98] = "1,"
    (two_files / "b.csv").write_text("\n".join(lines))
    error = refused(datasets.load, str(two_files))
    assert "row=97" in error
    assert "b.csv" in error


@pytest.mark.usefixtures("small_chunks")
@CACHE
def test_a_shuffled_pass_has_each_row_once_in_the_order_of_its_key(cache, tmp_path):
    columns = {"a": np.arange(1500) + 0.5, "b": np.random.RandomState(0).normal(size=1500)}
    split = datasets.load(tabling.write(tmp_path / "a.csv", columns), cache=cache).train

    def order(key):
        return np.stack([row["x"] for row in split.shuffled(np.int64(key)).as_numpy_iterator()])[:, 0]

    first, again, other = order(3), order(3), order(4)
    np.testing.assert_array_equal(first, again)
    assert not np.array_equal(first, other)
    assert sorted(first) == sorted(other) == sorted(tabling.rows(split)["x"][:, 0])
    assert abs(np.corrcoef(first, np.arange(len(first)))[0, 1]) < 0.2, "sorted files stay sorted"
    assert np.mean(np.abs(np.diff(first)) <= 3) < 0.3, "neighbors stay neighbors"


@pytest.mark.usefixtures("small_pieces")
@CACHE
def test_training_resumes_with_the_same_batches(cache, tmp_path):
    path = tabling.write(tmp_path / "a.csv", tabling.mixed(300))
    split = datasets.load(path, cache=cache, **tabling.ROLES).train
    whole = list(training_stream(split, batch_size=32, seed=7).take(16).as_numpy_iterator())
    for first_step in (1, 7, 9):
        later = training_stream(split, batch_size=32, seed=7, first_step=first_step).take(4).as_numpy_iterator()
        for step, batch in enumerate(later, first_step):
            for name, values in batch.items():
                np.testing.assert_array_equal(values, whole[step][name])
    first_pass = np.concatenate([batch["x"] for batch in whole[:7]])
    assert len(tabling.row_set(first_pass)) == 224


def test_a_table_is_kept_in_memory_if_it_is_small(tmp_path, monkeypatch):
    path = tabling.write(tmp_path / "a.csv", tabling.numbers())
    streamed = []
    monkeypatch.setattr(streaming, "split", lambda table, part: streamed.append(part))
    for most, expected in ((2**20, []), (2000, ["train"]), (500, list(tabling.PARTS))):
        streamed.clear()
        monkeypatch.setattr("tfflows.datasets.tables.loading.CACHE_BYTES", most)
        datasets.load(path)
        assert streamed == expected


def test_a_file_that_changes_is_read_again(tmp_path):
    path = tabling.write(tmp_path / "a.csv", tabling.numbers())
    before = datasets.event(path)
    assert datasets.event(path) is before
    tabling.write(tmp_path / "a.csv", tabling.numbers(200, seed=1))
    assert datasets.event(path) != before
