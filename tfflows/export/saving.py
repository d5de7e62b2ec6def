"""Writes a trained model as a new version of `<export_dir>/<id>/`, atomically."""

import contextlib
import json
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tfflows import versions
from tfflows.datasets import Data
from tfflows.errors import InputError
from tfflows.export import contents
from tfflows.export.card import CARD, model_card
from tfflows.files import atomic_write
from tfflows.models import GenerativeModel
from tfflows.models.assertions import as_input_errors
from tfflows.targets import Target

COPIED = ("config.json", "metrics.json", "samples.png", "log_likelihoods.png", "README.md")


def export(
    model: GenerativeModel,
    folder: Path,
    *,
    config: dict[str, Any],
    metrics: dict[str, Any],
    data: Data | Target,
) -> Path:
    """Writes `<folder>/<version>/`, after reloading it and checking that it scores and samples as the model does.

    A version has the SavedModel, whose weights `zoo.load` reads, with its warm-up requests for TF Serving; scores of
    the training set and `log_likelihoods.png`, their histogram (not of a target, which has none), `golden.json`, the
    log-likelihoods of a few test events, `config.json`, `metrics.json`, `samples.png`, drawn by the reloaded
    SavedModel, and the model card. All but the SavedModel and the scores are also copied next to the versions.

    Args:
        model: Model in float32, outside any strategy.
        folder: `<export_dir>/<id>`.
        config: Configuration of the run, saved as JSON.
        metrics: Scores and where they come from, saved as JSON.
        data: What the model was fitted to.

    Returns:
        The folder of the new version.

    Raises:
        InputError: `folder` cannot be written, or the model has no log-likelihood for an event of the training set.
    """
    with _writing(folder) as beside:
        with as_input_errors():
            contents.write(model, beside, name=folder.name, config=config, metrics=metrics, data=data)
        return publish(beside, folder)


def export_again(
    model: GenerativeModel,
    version: Path,
    *,
    config: dict[str, Any],
    metrics: dict[str, Any],
    data: Data | Target,
) -> None:
    """Rewrites an existing version, as `export` would write it today; `model` has the weights of that version."""
    folder = version.parent
    with _writing(folder) as beside:
        contents.write(model, beside, name=folder.name, config=config, metrics=metrics, data=data)
        old = beside.with_name(f"{beside.name}-old")
        beside.chmod(0o755)
        version.rename(old)
        try:
            beside.rename(version)
        except BaseException:
            old.rename(version)
            raise
        shutil.rmtree(old)
    if int(version.name) == versions.numbers(folder)[-1]:
        _copy_beside(version)


@contextlib.contextmanager
def _writing(folder: Path) -> Iterator[Path]:
    """A new folder in `folder` to write to, which is deleted if anything fails."""
    check_writable(folder)
    folder.mkdir(parents=True, exist_ok=True)
    beside = Path(tempfile.mkdtemp(prefix=".writing-", dir=folder))
    try:
        yield beside
    except BaseException:
        shutil.rmtree(beside, ignore_errors=True)
        _remove_if_empty(folder)
        raise


def _remove_if_empty(folder: Path) -> None:
    with contextlib.suppress(OSError):
        folder.rmdir()


def check_writable(folder: Path) -> None:
    """Checks that `folder` can be created and written; leaves no new folder.

    Raises:
        InputError: It cannot be created or written.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=folder):
            pass
        _remove_if_empty(folder)
    except OSError as error:
        raise InputError(
            f"Expected --export_dir to be a folder that can be written. Received: export_dir={str(folder.parent)!r}"
            f" ({error.strerror})."
        ) from error


def publish(beside: Path, folder: Path) -> Path:
    """Renames a finished version into place under the next free number, then renews the copies next to the versions."""
    beside.chmod(0o755)
    while True:
        version = folder / str(max([0, *versions.numbers(folder)]) + 1)
        try:
            beside.rename(version)
            break
        except OSError:  # another process took this number in between
            if not version.exists():
                raise
    _copy_beside(version)
    return version


def renew_card(folder: Path) -> None:
    """Writes the model card of the newest version again, from the settings and the scores in its folder."""
    version = folder / str(versions.select(folder))
    config, metrics = (json.loads((version / name).read_text()) for name in ("config.json", "metrics.json"))
    with atomic_write(version / CARD) as beside:
        beside.write_text(model_card(folder.name, config, metrics))
    _copy_beside(version)


def _copy_beside(version: Path) -> None:
    for name in COPIED:
        if not (version / name).exists():  # a target has no log-likelihoods
            continue
        with atomic_write(version.parent / name) as copy:
            shutil.copyfile(version / name, copy)
