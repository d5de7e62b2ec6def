"""The state of a run on disk: written atomically, read back from the newest complete checkpoint."""

import logging
from pathlib import Path

import keras
import tensorflow as tf

from tfflows.errors import InputError, check

CHECKPOINTS = "checkpoints"  # name of their folder in a workdir
# What TensorFlow raises on a file that is truncated, empty, or from another model.
UNREADABLE = (tf.errors.OpError, AssertionError, LookupError, RuntimeError, ValueError)

logger = logging.getLogger(__name__)


def check_not_shorter(workdir: Path, steps: int) -> Path:
    """Returns `workdir`, after checking that its newest checkpoint is not beyond `steps`.

    Raises:
        InputError: The run has already taken more steps, which cannot be undone.
    """
    made = max((int(path.stem.removeprefix("step-")) for path in _found(workdir / CHECKPOINTS)), default=0)
    rule = "Expected at least the number of steps already taken in the workdir: choose another --workdir to train less."
    check(steps >= made, rule, steps=steps, made=made, workdir=str(workdir))
    return workdir


class RunState:
    """Everything that a run resumes from: weights, optimizer with step and moving average, best score, patience, time.

    The order of the data, the augmentation and the noise are functions of the seed and the step, so they need no state.

    Args:
        model: Compiled model, with its optimizer built.
        folder: Folder of the checkpoints; None for a run that is not resumed.
        writes: Whether this process writes; all processes read.
    """

    def __init__(self, model: keras.Model, folder: Path | None, *, writes: bool):
        self.folder = folder
        self.writes = writes
        self.best_nats = tf.Variable(float("-inf"), dtype=tf.float64)
        self.validations_since_best = tf.Variable(0, dtype=tf.int64)
        self.seconds = tf.Variable(0.0, dtype=tf.float64)
        self.optimizer = model.optimizer
        variables = [variable.value for variable in (*model.variables, *model.optimizer.variables)]
        self._checkpoint = tf.train.Checkpoint(
            variables=variables,
            best_nats=self.best_nats,
            validations_since_best=self.validations_since_best,
            seconds=self.seconds,
        )

    @property
    def step(self) -> int:
        """Number of optimizer steps made."""
        return int(self.optimizer.iterations.numpy())

    def save(self) -> None:
        """Writes a checkpoint of the current step, then deletes all but the newest two."""
        if not self.writes or self.folder is None:
            return
        self.folder.mkdir(parents=True, exist_ok=True)
        self._checkpoint.write(str(self.folder / f"step-{self.step:09d}"))
        for prefix in self._prefixes()[2:]:
            for path in self.folder.glob(f"{prefix.name}.*"):
                path.unlink()

    def restore(self) -> bool:
        """Reads the newest complete checkpoint; returns False if there are no checkpoints.

        Raises:
            InputError: There are checkpoints, but none can be read.
        """
        prefixes = self._prefixes()
        for prefix in prefixes:
            try:
                self._checkpoint.read(str(prefix)).assert_consumed()
                return True
            except UNREADABLE as error:
                cause = str(error).splitlines()[0]
                logger.warning("Checkpoint %s cannot be read (%s): going back to the one before.", prefix, cause)
        if prefixes:
            raise InputError(
                f"Expected {self.folder} to hold a complete checkpoint: choose another --workdir. Received: none."
            )
        return False

    def _prefixes(self) -> list[Path]:
        """Checkpoints, newest first, found by their index files, which TensorFlow writes last."""
        return [] if self.folder is None else [path.with_suffix("") for path in reversed(_found(self.folder))]


def _found(folder: Path) -> list[Path]:
    """The index files of the checkpoints in a folder, oldest first."""
    return sorted(folder.glob("step-*.index"))
