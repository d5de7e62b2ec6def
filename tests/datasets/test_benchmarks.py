"""The benchmarks of vectors, prepared by TFDS from miniatures of their archives."""

import numpy as np
import pytest
import tensorflow_datasets as tfds

from tests.datasets import benchmark_miniature as miniature
from tfflows import datasets, figures
from tfflows.datasets import benchmark_tables, image_patches, old_frames, tfds_vectors
from tfflows.errors import InputError
from tfflows.events import Event
from tfflows.training.pipeline import one_pass

PUBLISHED = {"power": 6, "gas": 8, "hepmass": 21, "miniboone": 43, "miniboone_small": 43}
PUBLISHED |= {"bsds300": 63, "bsds300_patches": 63}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    made = tmp_path_factory.mktemp("tfds")
    miniature.write(made / "downloads" / "manual")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(image_patches.splits, "__defaults__", ((300, 20, 50),))
        for name in PUBLISHED:
            datasets.load(name, data_dir=str(made))
    return str(made)


def splits(name, folder):
    """The rows of each split, which TFDS shuffles when it writes them, sorted."""
    data = datasets.load(name, data_dir=folder)
    found = [one_pass(split, batch_size=1000).get_single_element()["x"].numpy() for split in data_splits(data)]
    assert [len(rows) for rows in found] == [split.size for split in data_splits(data)]
    return [in_order(rows) for rows in found]


def data_splits(data):
    return data.train, data.validation, data.test


def in_order(rows):
    return np.array(sorted(rows.astype(np.float32).tolist()), np.float32)


def assert_rows(found, expected):
    np.testing.assert_allclose(found, in_order(expected), rtol=1e-5, atol=1e-6)


def test_events_are_the_papers_vectors():
    assert {name: datasets.event(name) for name in tfds_vectors.NAMES} == {
        name: Event((size,)) for name, size in PUBLISHED.items()
    }


@pytest.mark.parametrize("name", PUBLISHED)
def test_tfds_knows_them_by_name(name, folder):
    builder = tfds.builder(name, data_dir=folder)
    assert builder.is_prepared()
    assert dict(builder.info.features)["x"].shape == (PUBLISHED[name],)


@pytest.mark.parametrize("name", ["power", "miniboone"])
def test_rows_are_cut_and_standardized_without_the_test_set(name, folder):
    train, validation, test = splits(name, folder)
    rows = len(getattr(miniature, name)())
    assert (len(validation), len(test)) == (9 * rows // 100, rows // 10)
    assert len(train) == rows - len(validation) - len(test)
    known = np.concatenate([train, validation])
    np.testing.assert_allclose(known.mean(axis=0), 0, atol=1e-5)
    np.testing.assert_allclose(known.std(axis=0), 1, rtol=1e-5)
    assert np.abs(test.mean(axis=0)).max() > 0.05


def test_power_is_shuffled_and_its_rounded_columns_get_noise(folder):
    original = miniature.power()
    made = benchmark_tables.power(original)
    for found, expected in zip(splits("power", folder), made, strict=True):
        assert_rows(found, expected)
    rows = np.concatenate(made)
    time = np.argsort(np.argsort(rows[:, 5]))
    assert time[:5].tolist() == [95, 15, 30, 158, 128]  # the permutation of NumPy's seed 42
    for column, source, noise in zip(range(6), (0, 2, 4, 5, 6, 7), (0.001, 0.01, 1, 1, 1, 0), strict=True):
        slope, offset = np.polyfit(original[time, source], rows[:, column], 1)
        added = (rows[:, column] - slope * original[time, source] - offset) / slope
        # Float32 keeps 2e-6 of these numbers.
        assert np.ptp(added) < noise * 1.2 + 1e-5
        assert np.ptp(added) > noise * 0.8


def test_gas_keeps_one_of_correlated_sensors_in_the_order_of_time(folder):
    _, table = miniature.gas()
    kept = table[:, 4::2]  # the second of each pair
    expected = (kept - kept.mean(axis=0)) / kept.std(axis=0, ddof=1)
    train, validation, test = splits("gas", folder)
    assert (len(train), len(validation), len(test)) == (81, 9, 10)
    for found, rows in zip((train, validation, test), np.split(expected, [81, 90]), strict=True):
        assert_rows(found, rows)


def test_hepmass_keeps_collisions_and_continuous_features(folder):
    train, test = (rows[rows[:, 0] == 1][:, 1:23] for rows in miniature.hepmass())
    mean, scale = train.mean(axis=0), train.std(axis=0, ddof=1)
    columns = [number for number in range(22) if number != 3]
    found = splits("hepmass", folder)
    assert [len(split) for split in found] == [54, 6, 30]
    expected = [((rows - mean) / scale)[:, columns] for rows in (train[:54], train[54:], test)]
    for rows, split in zip(found, expected, strict=True):
        assert_rows(rows, split)


def test_small_miniboone_is_cut_from_the_validation_set(folder, tmp_path):
    _, validation, test = splits("miniboone", folder)
    files = tmp_path / "downloads" / "manual" / "data" / "miniboone"
    files.mkdir(parents=True)
    np.save(files / "val.npy", validation)
    np.save(files / "test.npy", test)
    for place in (folder, str(tmp_path)):
        found = splits("miniboone_small", place)
        assert [len(split) for split in found] == [8, 1, 10]
        assert_rows(in_order(np.concatenate(found[:2])), validation)
        assert_rows(found[2], test)


def test_bsds300_is_taken_as_it_is(folder):
    for found, expected in zip(splits("bsds300", folder), miniature.bsds300().values(), strict=True):
        np.testing.assert_array_equal(found, in_order(expected))


def test_patches_are_of_disjoint_images(tmp_path, monkeypatch):
    images = {split: {tmp_path / split / f"{number}.jpg" for number in range(20)} for split in ("train", "test")}
    for path in [*images["train"], *images["test"]]:
        path.parent.mkdir(exist_ok=True)
        path.touch()
    monkeypatch.setattr(image_patches, "patches", lambda paths, size, seed: set(paths))
    train, validation, test = image_patches.splits(tmp_path)
    assert len(validation) == 2
    assert train | validation == images["train"]
    assert not train & validation
    assert test == images["test"]


def test_patches_are_centered(folder):
    found = splits("bsds300_patches", folder)
    assert [len(split) for split in found] == [300, 20, 50]
    for rows in found:
        # Without its last pixel, a row's mean is that pixel's distance from the mean.
        assert np.abs(rows.sum(axis=1)).max() < 1
        assert np.abs(rows).max() < 1
        # The noise is uniform: the values are not multiples of 1/256.
        assert np.ptp((rows * 256) % 1) > 0.99


def test_a_patch_is_a_square_of_its_image_and_its_seed_s(tmp_path):
    path = tmp_path / "ramp.png"
    ramp = np.arange(8)[:, None] * 8 + np.arange(8)
    image_patches.Image.fromarray(ramp.astype(np.uint8)).save(path)
    (patch,), (same,), (other,) = (image_patches.patches([path], 1, seed=seed) for seed in (0, 0, 1))
    np.testing.assert_array_equal(patch, same)
    assert np.all(patch != other)
    noise = patch * 256 - (ramp - ramp.mean()).ravel()[:-1]
    assert np.ptp(noise) < 1


def test_missing_images_are_named(tmp_path):
    with pytest.raises(InputError, match=r"at least 10 training images and a test image.*train=0, test=0"):
        image_patches.splits(tmp_path)


def test_published_sizes_of_the_splits():
    small = benchmark_tables.small(np.empty([3284, 0]), np.empty([3648, 0]))
    assert [len(split) for split in small] == [2956, 328, 3648]
    sizes = {2_049_280: (1_659_917, 184_435, 204_928), 1_052_065: (852_174, 94_685, 105_206), 36_488: None}
    sizes[36_488] = (29_556, 3_284, 3_648)
    for rows, expected in sizes.items():
        assert tuple(map(len, benchmark_tables._cut(np.empty([rows, 0])))) == expected


def test_an_archive_of_other_columns_is_refused(tmp_path):
    made = tmp_path / "downloads" / "manual" / "data" / "miniboone"
    made.mkdir(parents=True)
    np.save(made / "data.npy", miniature.miniboone()[:, 1:])
    with pytest.raises(InputError, match=r"Expected 43 columns for 'miniboone'"):
        datasets.load("miniboone", data_dir=str(tmp_path))
    assert not (tmp_path / "miniboone" / "1.0.0").exists()


@pytest.mark.parametrize("content", [b"", b"no pickle", miniature.pickle.dumps({"a": 1}), b"cos\nsystem\n."])
def test_other_pickles_are_refused(content, tmp_path):
    path = tmp_path / "file.pickle"
    path.write_bytes(content)
    with pytest.raises(InputError, match=r"Expected a DataFrame of numbers.*file\.pickle"):
        old_frames.read(path)


def test_a_pickle_cannot_run_code(tmp_path):
    made = tmp_path / "made"
    path = tmp_path / "file.pickle"
    path.write_bytes(f"cos\nmkdir\n(S'{made}'\ntR.".encode())
    with pytest.raises(InputError, match=r"a table holds nothing of os\.mkdir"):
        old_frames.read(path)
    assert not made.exists()


def test_old_pickles_keep_names_and_order(tmp_path):
    path = tmp_path / "file.pickle"
    names, table = miniature.gas()
    path.write_bytes(miniature.old_pickle(names, table))
    found, values = old_frames.read(path)
    assert found == names
    np.testing.assert_array_equal(values, table)


def test_whole_patches_have_the_last_pixel_that_makes_the_mean_0():
    patch = np.random.default_rng(0).uniform(-0.5, 0.5, size=(5, 64))
    patch -= patch.mean(axis=1, keepdims=True)
    np.testing.assert_allclose(image_patches.whole(patch[:, :-1]).reshape(5, 64), patch, atol=1e-12)


def test_picture_shows_patches_in_gray_beside_those_of_the_training_set(folder, monkeypatch):
    panels = {}
    monkeypatch.setattr(figures, "titled", panels.update)
    dark = np.full((70, 63), -0.25)
    dark[:, 0] = 0.25 * 63  # white; the last pixel is as dark as the others
    figures.picture(dark, datasets.load("bsds300_patches", data_dir=folder))
    assert list(panels) == ["training set", "samples"]
    assert panels["samples"].shape == panels["training set"].shape == (8 * 50, 8 * 50, 3)
    assert set(np.unique(panels["samples"])) == {64, 255}
    assert len(np.unique(panels["training set"])) > 50
