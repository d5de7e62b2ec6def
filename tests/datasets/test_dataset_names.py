"""The errors for a wrong name or option are the same for `event` and `load`, and no data is touched."""

import re
import types

import numpy as np
import pytest
import tensorflow_datasets as tfds

from tfflows import datasets
from tfflows.datasets import tfds_builders, tfds_vectors
from tfflows.errors import InputError
from tfflows.events import Event

USES = pytest.mark.parametrize("use", [datasets.event, datasets.load])


def test_names_are_the_digits_the_toys_the_energies_and_the_recipes():
    names = datasets.names()
    assert names[0] == "digits"
    assert {"toy/rings", "energy/u1", "celeb_a", "cifar10", "mnist", "downsampled_imagenet/64x64", "lsun/tower"} <= set(
        names
    )
    assert len(names) == len(set(names))


@pytest.mark.parametrize("name", datasets.names())
def test_each_name_has_an_event_without_data(name, tmp_path, monkeypatch):
    monkeypatch.setenv("TFDS_DATA_DIR", str(tmp_path))
    event = datasets.event(name)
    assert event.discrete == (name not in tfds_vectors.NAMES and not name.startswith(("toy/", "energy/")))
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("CelebA", Event((64, 64, 3), "uint8", levels=256)),
        ("downsampled_imagenet", Event((32, 32, 3), "uint8", levels=256)),
        ("kmnist", Event((28, 28, 1), "uint8", levels=256)),
        ("imagenet_resized/16x16", Event((16, 16, 3), "uint8", levels=256)),
    ],
)
def test_tfds_names_and_spellings_work(name, expected):
    assert datasets.event(name) == expected


def test_classes_are_those_of_the_label():
    assert datasets.event("cifar100", conditional=True, n_bits=3) == Event((32, 32, 3), "uint8", levels=8, classes=100)


@USES
@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("celeba", r"one of \['digits', .*any image dataset of TFDS.*name='celeba'. Did you mean 'celeb_a'"),
        ("cifar-10", "Did you mean 'cifar10'"),
        ("energy/u5", "Did you mean 'energy/u"),
        ("toy/moons", "Did you mean 'toy/two_moons'"),
        ("no such thing at all", "Received: name='no such thing at all'"),
        ("", "Received: name=''"),
        (None, "to be a string, one of .*name=None"),
        ("lsun/bedrom", r"one of \['lsun/bedroom'.*name='lsun/bedrom'"),
        ("mnist/nope", r"one of \['mnist'\]"),
        ("mnist:0.0.1", "0.0.1"),
        ("imdb_reviews", "feature `image` of uint8"),
        ("caltech101", r"images of one shape.*shape=\(None, None, 3\)"),
    ],
)
def test_wrong_names_are_refused_in_one_line(use, name, message):
    with pytest.raises(InputError, match=message) as caught:
        use(name)
    assert "\n" not in str(caught.value)


@USES
@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"bits": 5}, r"one of \['n_bits', 'flip', 'mutation', .*\].*'bits'"),
        ({"n_bits": 0}, "`n_bits`.*1..8.*n_bits=0"),
        ({"n_bits": 9}, "n_bits=9"),
        ({"n_bits": 8.0}, "n_bits=8.0"),
        ({"n_bits": True}, "n_bits=True"),
        ({"flip": "yes"}, "`flip`.*flip='yes'"),
        ({"conditional": None}, "`conditional`.*conditional=None"),
        ({"data_dir": 3}, "`data_dir`.*data_dir=3"),
    ],
)
def test_wrong_options_are_refused_by_name(use, options, message):
    with pytest.raises(InputError, match=message):
        use("mnist", **options)


@pytest.mark.parametrize(
    ("image", "message"),
    [
        (tfds.features.Image(shape=(8, 8, 1), dtype=np.uint16), "uint8 pixels"),
        (tfds.features.Image(shape=(8, 8, 4)), "1 or 3 channels"),
        (tfds.features.Tensor(shape=(8, 8, 3), dtype=np.uint8), "feature `image`"),
    ],
)
def test_other_kinds_of_images(image, message, monkeypatch):
    info = types.SimpleNamespace(features=tfds.features.FeaturesDict({"image": image}))
    builder = types.SimpleNamespace(name="odd", builder_config=None, info=info)
    monkeypatch.setattr(tfds_builders, "make", lambda name, data_dir: builder)
    with pytest.raises(InputError, match=message):
        datasets.event("odd")


def test_options_list_their_defaults():
    options = {"n_bits": 8, "flip": None, "mutation": 0.0, "conditional": False, "flatten": False, "data_dir": None}
    assert datasets.options_of("mnist") == options
    assert options.items() <= datasets.OPTIONS.items()


def test_errors_quote_what_can_be_typed():
    with pytest.raises(InputError) as caught:
        datasets.event("nope")
    for name in re.findall(r"'([^']+)'", str(caught.value))[:-1]:
        datasets.event(name)
