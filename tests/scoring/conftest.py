"""Small exports, made once."""

import functools

import pytest
import tensorflow as tf

from tests.scoring import running

LOAD = functools.cache(tf.saved_model.load)


@pytest.fixture(autouse=True)
def loaded_once(monkeypatch):
    """A SavedModel is loaded once for all tests of this process; no test changes one in place."""
    monkeypatch.setattr(tf.saved_model, "load", LOAD)


@pytest.fixture(scope="session")
def exports(tmp_path_factory):
    """Folders of small models: of points in the plane, of the digits, and of the digits with labels."""
    folder = tmp_path_factory.mktemp("exports")
    running.export_toy(folder / "toy")
    running.export_digits(folder / "digits")
    running.export_digits(folder / "labeled", conditional=True)
    return folder


@pytest.fixture(scope="session")
def toy(exports):
    return exports / "toy"


@pytest.fixture(scope="session")
def digits(exports):
    return exports / "digits"


@pytest.fixture(scope="session")
def labeled(exports):
    return exports / "labeled"
