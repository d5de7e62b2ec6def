"""Keras' backend is TensorFlow, or an error says how to choose it."""

import os
import subprocess
import sys

import pytest

from tfflows import backend


@pytest.mark.parametrize("chosen", ["jax", "torch"])
def test_another_backend_is_one_line(chosen):
    run = subprocess.run(
        [sys.executable, "-c", "import tfflows"],
        env={**os.environ, "KERAS_BACKEND": chosen},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert run.returncode == 1
    assert run.stderr.splitlines()[-1] == (
        f"ImportError: Expected Keras' TensorFlow backend. Received: KERAS_BACKEND={chosen!r}. Set"
        " KERAS_BACKEND=tensorflow in the environment, before Keras is imported."
    )


@pytest.fixture
def without_keras(monkeypatch, tmp_path):
    """As before Keras is imported, without a choice in the environment; the home of Keras' configuration file."""
    monkeypatch.delitem(sys.modules, "keras")
    monkeypatch.delenv("KERAS_BACKEND", raising=False)
    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    return tmp_path


def test_keras_configuration_file_counts(without_keras):
    (without_keras / "keras.json").write_text('{"backend": "jax"}')
    with pytest.raises(ImportError, match=r"Received: .*keras\.json='jax'"):
        backend.check_backend()


@pytest.mark.parametrize("text", ['{"backend": "tensorflow"}', '{"floatx": "float32"}', "not JSON", "[]"])
def test_other_files_are_no_reason(without_keras, text):
    (without_keras / "keras.json").write_text(text)
    backend.check_backend()


def test_no_file_is_no_reason(without_keras):
    backend.check_backend()


def test_an_imported_keras_counts(monkeypatch):
    monkeypatch.setattr("keras.backend.backend", lambda: "torch")
    with pytest.raises(ImportError, match=r"Received: keras\.backend\.backend\(\)='torch'"):
        backend.check_backend()
