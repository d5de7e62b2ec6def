"""Fits a model to data or to a target: one call, under any strategy, which resumes a stopped run."""

import dataclasses
import math
from collections.abc import Sequence
from pathlib import Path

import keras
import tensorflow as tf

from tfflows.datasets import Data
from tfflows.errors import TrainingError
from tfflows.models import GenerativeModel, ReverseKL
from tfflows.splits import without_weight
from tfflows.targets import Target
from tfflows.training import strategies
from tfflows.training.callbacks import SamplePictures, SaveState, StepsPerSecond, StopAtStep, StopOnNonFinite
from tfflows.training.checkpoints import CHECKPOINTS, RunState
from tfflows.training.objective import make_objective, training_as_set
from tfflows.training.optimizers import optimizer
from tfflows.training.pipeline import training_stream
from tfflows.training.rows import naming_rows
from tfflows.training.same_data import check_same
from tfflows.training.settings import TrainSettings
from tfflows.training.validation import Validation

BEST = "best.weights.h5"


@dataclasses.dataclass(frozen=True)
class Fitted:
    """The outcome of a run.

    Args:
        weights: File of the weights with the best validation score, averaged if the settings say so.
        steps: Number of optimizer steps taken.
        seconds: Time in training and validation, over all sessions.
        seed: Seed of the run.
    """

    weights: Path
    steps: int
    seconds: float
    seed: int

    @property
    def account(self) -> dict[str, float]:
        """What is reported with a score."""
        return {"steps": self.steps, "seconds": round(self.seconds, 1), "seed": self.seed}


def fit(
    model: GenerativeModel,
    data: Data | Target,
    settings: TrainSettings,
    *,
    seed: int,
    workdir: str | Path,
    callbacks: Sequence[keras.callbacks.Callback] = (),
    verbose: str | int = "auto",
    only_weights: bool = False,
) -> Fitted:
    """Maximizes the likelihood of data, or minimizes the reverse KL to a target.

    Trains until the last step, or until patience runs out, from the newest checkpoint in `workdir` if there is one.

    Args:
        model: Model created under the strategy that trains it.
        data: Data with a training and a validation set, or a target, whose sets are seeds.
        settings: Settings of the training.
        seed: Seed of the order of data and of the noise.
        workdir: Folder of checkpoints, TensorBoard logs, sample pictures and the best weights.
        callbacks: Additional Keras callbacks, which run after those of this function.
        verbose: How Keras reports the progress: 0, 1, 2 or `"auto"`.
        only_weights: Whether `workdir` gets the best weights alone, so that the run cannot be resumed.

    Returns:
        The weights with the best validation score, and how long training took.

    Raises:
        TrainingError: The loss is no longer finite.
        InputError: The model or a setting does not suit the data or the replicas, or the run in `workdir` was started
            with other data.
    """
    strategy = model.distribute_strategy
    steps, round_steps = settings.schedule_of(data.train.size, strategy.num_replicas_in_sync)
    objective = make_objective(model, data, settings)
    compile_model(objective, settings, steps, round_steps)
    objective.noise_seed, workdir = seed & 0x7FFFFFFF, Path(workdir)
    check_same(data, None if only_weights else workdir, writes=strategies.is_chief(strategy))
    state = RunState(objective, None if only_weights else workdir / CHECKPOINTS, writes=strategies.is_chief(strategy))
    if not state.restore():
        first = next(iter(training_stream(data.train, batch_size=settings.batch_size, seed=seed)))
        with naming_rows(data):
            objective.initialize(**without_weight(first), seed=seed)
    finished = state.step >= steps or state.validations_since_best.numpy() >= (settings.patience or math.inf)
    if not finished:
        stream = training_stream(data.train, batch_size=settings.batch_size, seed=seed, first_step=state.step)
        extended = [*standard_callbacks(model, data, settings, steps, state, workdir), *callbacks]
        with naming_rows(data), training_as_set(model, settings):
            run(objective, stream, state, steps, round_steps, extended, verbose=verbose)
    check_validated(state, data)
    strategies.barrier(strategy)  # the others load what the chief has written
    return Fitted(workdir / BEST, state.step, float(state.seconds.numpy()), seed)


def run(
    model: GenerativeModel | ReverseKL,
    stream: tf.data.Dataset,
    state: RunState,
    steps: int,
    round_steps: int,
    callbacks: Sequence[keras.callbacks.Callback],
    *,
    verbose: str | int = "auto",
) -> None:
    """Trains from the current step to the last, in rounds of `round_steps`."""
    # A run that is extended may continue in the middle of what would be one execution.
    model.steps_per_execution = math.gcd(model.steps_per_execution, state.step)
    # Keras' own method, as the weights and statistics that depend on data are set by `fit` above and by `Validation`.
    keras.Model.fit(
        model,
        stream,
        initial_epoch=state.step // round_steps,
        epochs=-(-steps // round_steps),
        steps_per_epoch=round_steps,
        callbacks=list(callbacks),
        verbose=verbose if state.writes else 0,
        shuffle=False,
    )


def check_validated(state: RunState, data: Data | Target) -> None:
    """Raises `TrainingError` if no validation had a finite log-likelihood, so that no weights were kept."""
    if state.best_nats.numpy() == -math.inf:
        with naming_rows(data):
            raise TrainingError(
                "Expected the validation set to have a finite log-likelihood in one round at least. Received: none; the"
                " warnings name the first row. Remove such rows, or train for longer, with another --workdir."
            )


def compile_model(model: GenerativeModel | ReverseKL, settings: TrainSettings, steps: int, round_steps: int) -> None:
    """Compiles the model with its loss and its optimizer, and builds the optimizer."""
    # An execution that straddled the end of a round or of the run would overshoot it.
    whole = [n for n in range(1, settings.steps_per_execution + 1) if steps % n == 0 and round_steps % n == 0]
    with strategies.scope(model.distribute_strategy):
        model.compile(
            optimizer(settings, steps),
            steps_per_execution=whole[-1],
            jit_compile=settings.jit_compile,
        )
        model.optimizer.build(model.trainable_variables)


def standard_callbacks(
    model: GenerativeModel, data: Data | Target, settings: TrainSettings, steps: int, state: RunState, workdir: Path
) -> list[keras.callbacks.Callback]:
    """Callbacks in the order in which they run: a checkpoint includes the score of its round."""
    everyone = [StepsPerSecond(), StopOnNonFinite(), StopAtStep(steps)]
    rest = {"patience": settings.patience, "batch_size": settings.eval_batch_size}
    everyone += [Validation(data, state, workdir / BEST, **rest), SaveState(state)]
    if not state.writes or state.folder is None:
        return everyone
    board = keras.callbacks.TensorBoard(str(workdir / "tensorboard"), write_graph=False)
    return [*everyone, SamplePictures(model, data, workdir, every=settings.sample_every), board]
