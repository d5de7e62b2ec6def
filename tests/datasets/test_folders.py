"""Folders of images: what is in them decides shape, channels, classes and splits, and an error names the file."""

import io

import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

import zoo
from tests.sources.reading import refused
from tfflows import datasets
from tfflows.datasets import image_files
from tfflows.datasets.options import IMAGES
from tfflows.events import Event
from tfflows.training.pipeline import training_stream

PARTS = ("train", "validation", "test")


def pixels(seed, height=6, width=8, channels=3):
    shape = (height, width) if channels == 1 else (height, width, channels)
    return np.random.RandomState(seed).randint(0, 256, shape).astype(np.uint8)


def write(folder, names, **settings):
    """Writes an image for each name, and returns their pixels by name."""
    written = {name: pixels(index, **settings) for index, name in enumerate(names)}
    for name, values in written.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(values).save(folder / name)
    return written


def rows(split):
    return list(split.examples.as_numpy_iterator())


def names_of(data, written):
    """The names of the images in each split, by their pixels."""
    names = {values.tobytes(): name for name, values in written.items()}
    return {part: [names[row["x"].tobytes()] for row in rows(getattr(data, part))] for part in PARTS}


FLAT = [f"{index}.png" for index in range(40)]
CLASSES = [f"{kind}/{index}.png" for kind in ("cat", "dog") for index in range(20)]


@pytest.mark.parametrize("names", [FLAT, CLASSES, [f"a/b/{name}" for name in FLAT]])
def test_each_image_is_in_one_split_as_it_is(names, tmp_path):
    written = write(tmp_path, names)
    data = datasets.load(str(tmp_path))
    assert data.event == datasets.event(str(tmp_path)) == Event((6, 8, 3), levels=256)
    found = names_of(data, written)
    assert sorted(name for of_split in found.values() for name in of_split) == sorted(names)
    assert [len(found[part]) for part in PARTS] == [getattr(data, part).size for part in PARTS] == [32, 4, 4]
    assert found == names_of(datasets.load(str(tmp_path)), written)
    assert data.train.augment is None


def test_splits_depend_on_seed_and_path_alone(tmp_path):
    written = write(tmp_path, FLAT)
    first = names_of(datasets.load(str(tmp_path), holdout=0.2), written)
    assert len(first["test"]) == 8
    assert first["test"] != names_of(datasets.load(str(tmp_path), holdout=0.2, split_seed=1), written)["test"]
    tmp_path.rename(tmp_path.with_name("moved"))
    assert first == names_of(datasets.load(str(tmp_path.with_name("moved")), holdout=0.2), written)


@pytest.mark.parametrize("validation", ["validation", "val", None])
def test_subfolders_with_the_names_of_splits(validation, tmp_path):
    names = [f"train/{name}" for name in CLASSES] + ["test/cat/0.png", "test/dog/0.png"]
    names += [f"{validation}/dog/x.png"] if validation else []
    data = datasets.load(str(tmp_path), conditional=write(tmp_path, names) is not None)
    assert data.event.labels == ("cat", "dog")
    assert (data.train.size, data.validation.size, data.test.size) == ((40, 1, 2) if validation else (36, 4, 2))
    assert [row["label"] for row in rows(data.test)] == [0, 1]


def test_labels_are_the_subfolders(tmp_path):
    written = write(tmp_path, CLASSES)
    data = datasets.load(str(tmp_path), conditional=True)
    assert data.event == Event((6, 8, 3), levels=256, classes=2, labels=("cat", "dog"))
    found = names_of(data, written)
    for part in PARTS:
        labels = [data.event.labels[row["label"]] for row in rows(getattr(data, part))]
        assert labels == [name.split("/")[0] for name in found[part]]


@pytest.mark.parametrize("ending", ["png", "PNG", "jpg", "jpeg", "bmp", "gif"])
@pytest.mark.parametrize("channels", [1, 3])
def test_images_of_every_format_are_read(ending, channels, tmp_path):
    values = np.full((8, 8) if channels == 1 else (8, 8, 3), 77, np.uint8)
    for index in range(3):
        Image.fromarray(values).save(tmp_path / f"{index}.{ending}")
    data = datasets.load(str(tmp_path))
    assert data.event.shape == (8, 8, 3 if ending == "gif" else channels)
    np.testing.assert_allclose(rows(data.train)[0]["x"], 77, atol=2)


@pytest.mark.parametrize("mode", ["RGBA", "P", "LA", "1", "CMYK"])
def test_modes_become_gray_or_colors(mode, tmp_path):
    for index in range(3):
        ending = "jpg" if mode == "CMYK" else "png"
        Image.fromarray(pixels(index)).convert(mode).save(tmp_path / f"{index}.{ending}")
    data = datasets.load(str(tmp_path))
    gray = mode in ("LA", "1")
    assert data.event.shape[-1] == (1 if gray else 3)
    expected = {np.asarray(Image.open(path).convert("L" if gray else "RGB")).tobytes() for path in tmp_path.iterdir()}
    if mode != "CMYK":
        assert {row["x"].tobytes() for part in PARTS for row in rows(getattr(data, part))} == expected


@pytest.mark.parametrize("first", ["gray", "color"])
def test_mixed_folders_have_colors(first, tmp_path):
    Image.fromarray(pixels(0, channels=1)).save(tmp_path / ("0.png" if first == "gray" else "9.png"))
    write(tmp_path, ["1.png", "2.png"])
    data = datasets.load(str(tmp_path))
    assert data.event.shape == (6, 8, 3)
    found = [row["x"] for part in PARTS for row in rows(getattr(data, part))]
    (gray,) = [x for x in found if np.ptp(x, axis=2).max() == 0]
    np.testing.assert_array_equal(gray[:, :, 0], pixels(0, channels=1))


def test_size_resizes_the_shorter_side_and_crops_the_center(tmp_path):
    for index, (height, width) in enumerate([(8, 20), (24, 12), (8, 8), (16, 40)]):
        columns = np.broadcast_to(np.linspace(0, 255, width).astype(np.uint8), (height, width))
        Image.fromarray(columns).save(tmp_path / f"{index}.png")
    data = datasets.load(str(tmp_path), size=4)
    assert data.event == Event((4, 4, 1), levels=256)
    means = [row["x"].mean() for part in PARTS for row in rows(getattr(data, part))]
    np.testing.assert_allclose(means, 127, atol=2)  # the center, not a corner


def test_n_bits_and_flip(tmp_path):
    written = write(tmp_path, FLAT)
    data = datasets.load(str(tmp_path), n_bits=3, flip=True)
    assert data.event.levels == 8
    x = rows(data.train)[0]["x"]
    assert any(np.array_equal(x, values // 32) for values in written.values())
    flipped = [data.train.augment({"x": x}, tf.constant([0, seed]))["x"].numpy() for seed in range(20)]
    assert {each.tobytes() for each in flipped} == {x.tobytes(), x[:, ::-1].tobytes()}
    assert data.validation.augment is None


def test_training_sees_each_image_once_in_a_pass_and_resumes(tmp_path):
    written = write(tmp_path, CLASSES)
    split = datasets.load(str(tmp_path), conditional=True).train
    batches = list(training_stream(split, batch_size=8, seed=1).take(8).as_numpy_iterator())
    first, second = (np.concatenate([batch["x"] for batch in half]) for half in (batches[:4], batches[4:]))
    assert len({x.tobytes() for x in first} & {x.tobytes() for x in written.values()}) == 32
    assert not np.array_equal(first, second)
    resumed = next(training_stream(split, batch_size=8, seed=1, first_step=5).as_numpy_iterator())
    np.testing.assert_array_equal(resumed["x"], batches[5]["x"])
    np.testing.assert_array_equal(resumed["label"], batches[5]["label"])


def test_event_reads_headers_only_and_once(tmp_path, monkeypatch):
    write(tmp_path, FLAT)
    opened = []
    header = image_files.header
    monkeypatch.setattr(image_files, "header", lambda path: opened.append(path) or header(path))
    monkeypatch.setattr(Image.Image, "load", lambda image: pytest.fail("read pixels"))
    monkeypatch.setattr("PIL.ImageFile.ImageFile.load", lambda image: pytest.fail("read pixels"))
    datasets.event(str(tmp_path))
    datasets.load(str(tmp_path), split_seed=3)
    assert len(opened) == 40


def test_configuration_has_the_options_of_folders(tmp_path):
    write(tmp_path, CLASSES, height=8)
    options = {"n_bits": 8, "flip": None, "mutation": 0.0, "conditional": True, "flatten": False}
    options |= {"holdout": 0.1, "split_seed": 0, "size": None}
    config = zoo.configure("realnvp", str(tmp_path), overrides={"data.conditional": "True"})
    assert config.data == options
    assert datasets.options_of("digits").keys() == {*IMAGES, "data_dir"}
    assert "`columns` is an option of" in refused(datasets.load, str(tmp_path), columns="a")
    assert "`data_dir` is an option of" in refused(datasets.load, str(tmp_path), data_dir="/tmp")
    assert "`size` is an option of folders" in refused(datasets.load, "digits", size=4)


def png(values):
    buffer = io.BytesIO()
    Image.fromarray(values).save(buffer, "png")
    return buffer.getvalue()


WRONG = {
    "shapes": ({"7.png": png(pixels(0, 9, 8))}, {}, ["7.png", "(9, 8)", "(6, 8)", "--set=data.size=32"]),
    "text": ({"7.png": b"text"}, {}, ["7.png", "not an image"]),
    "empty": ({"7.png": b""}, {"size": 4}, ["7.png"]),
    "cut off": ({"7.png": png(pixels(0))[:-30]}, {}, ["7.png", "truncated"]),
    "no class": ({"cat/1.png": png(pixels(0))}, {"conditional": True}, ["0.png", "conditional=False"]),
    "tables": ({"a.csv": b"a\n1\n"}, {}, ["folder of images or one of tables", "a.csv", "0.png"]),
    "outside": ({"train/1.png": png(pixels(0))}, {}, ["subfolders train", "0.png"]),
    "size": ({}, {"size": 0}, ["`size`", "size=0"]),
    "another format": ({"7.png": b"P5 8 6 255\n" + bytes(48)}, {}, ["7.png", "PNG, JPEG, GIF or BMP"]),
}


@pytest.mark.parametrize("name", WRONG)
def test_errors_name_the_file(name, tmp_path):
    content, options, message = WRONG[name]
    write(tmp_path, FLAT)
    for path, data in content.items():
        (tmp_path / path).parent.mkdir(exist_ok=True)
        (tmp_path / path).write_bytes(data)
    for use in (datasets.event, datasets.load):
        error = refused(use, str(tmp_path), **options)
        assert all(part in error for part in message), error


def test_classes_of_test_images_must_be_those_of_training(tmp_path):
    write(tmp_path, [f"train/{name}" for name in CLASSES] + ["test/bird/0.png"])
    assert "test/bird/0.png" in refused(datasets.load, str(tmp_path), conditional=True)
    write(tmp_path / "one", [f"a/{name}" for name in FLAT])
    assert "two or more classes" in refused(datasets.load, str(tmp_path / "one"), conditional=True)
    write(tmp_path / "few", ["0.png", "1.png"])
    assert "more images" in refused(datasets.load, str(tmp_path / "few"))
    write(tmp_path / "no_train", ["test/0.png", "val/1.png"])
    assert "subfolder train" in refused(datasets.load, str(tmp_path / "no_train"))


def test_hidden_files_are_no_images(tmp_path):
    write(tmp_path, FLAT)
    (tmp_path / "._0.png").write_bytes(b"notes of macOS")
    (tmp_path / ".trash").mkdir()
    (tmp_path / ".trash" / "a.png").write_bytes(b"")
    assert datasets.load(str(tmp_path)).train.size == 32


@pytest.mark.parametrize("ending", ["npy", "npz"])
@pytest.mark.parametrize("channels", [0, 1, 3])
def test_arrays_of_images_in_files(ending, channels, tmp_path):
    shape = (50, 4, 5, channels) if channels else (50, 4, 5)
    x = np.random.RandomState(0).randint(0, 256, shape).astype(np.uint8)
    path = str(tmp_path / f"a.{ending}")
    np.save(path, x) if ending == "npy" else np.savez(path, x=x)
    data = datasets.load(path, n_bits=4)
    assert data.event == datasets.event(path, n_bits=4) == Event((4, 5, channels or 1), levels=16)
    found = [row["x"].tobytes() for part in PARTS for row in rows(getattr(data, part))]
    assert sorted(found) == sorted(each.tobytes() for each in x // 16)
    assert [getattr(data, part).size for part in PARTS] == [40, 5, 5]
    assert datasets.options_of(path).keys() == {*IMAGES, "holdout", "split_seed"}
    assert datasets.training_rows(path) is None


def test_labels_of_arrays_of_images(tmp_path):
    x, label = np.repeat(np.arange(50, dtype=np.uint8), 4).reshape(50, 2, 2), np.where(np.arange(50) < 20, "b", "a")
    path = str(tmp_path / "a.npz")
    np.savez(path, x=x, label=label)
    data = datasets.load(path, conditional=True)
    assert data.event.labels == ("a", "b")
    assert all((row["label"] == 1) == (row["x"].max() < 20) for row in rows(data.train))
    assert datasets.load(path).event.classes == 0
    np.savez(path, x=x)
    assert "array `label`" in refused(datasets.load, path, conditional=True)
    np.savez(path, x=x.astype(float))
    assert "uint8" in refused(datasets.load, path)
