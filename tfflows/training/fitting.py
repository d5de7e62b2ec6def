"""Fits a model to data or to an energy: one call, under any strategy, which goes on where it was stopped."""

import dataclasses
import math
from collections.abc import Sequence
from pathlib import Path

import keras

from tfflows.datasets import Data, Energy
from tfflows.models import GenerativeModel, MeanNegativeLogLikelihood, ReverseKL
from tfflows.training import strategies
from tfflows.training.callbacks import SamplePictures, SaveState, StepsPerSecond, StopAtStep, StopOnNonFinite
from tfflows.training.checkpoints import RunState
from tfflows.training.objective import make_objective
from tfflows.training.optimizers import optimizer
from tfflows.training.pipeline import training_stream
from tfflows.training.settings import TrainSettings
from tfflows.training.validation import Validation

BEST = "best.weights.h5"


@dataclasses.dataclass(frozen=True)
class Fitted:
    """The outcome of a run.

    Args:
        weights: File of the weights with the best validation score, averaged where settings say so.
        steps: Optimizer steps made.
        seconds: Time in training and validation, over all sittings.
        seed: Of the run.
    """

    weights: Path
    steps: int
    seconds: float
    seed: int

    @property
    def account(self) -> dict[str, float]:
        """What a score needs beside it."""
        return {"steps": self.steps, "seconds": round(self.seconds, 1), "seed": self.seed}


def fit(
    model: GenerativeModel,
    data: Data | Energy,
    settings: TrainSettings,
    *,
    seed: int,
    workdir: Path,
    callbacks: Sequence[keras.callbacks.Callback] = (),
) -> Fitted:
    """Maximizes the likelihood of data, or minimizes the reverse KL to an energy.

    Trains until the last step, or until patience ends, from the newest checkpoint in `workdir` if there is one.

    Args:
        model: A model made under the strategy that trains it.
        data: Its training and validation sets, or those of the seeds of an energy.
        settings: Settings of the training.
        seed: Seed of the order of data and of the noise.
        workdir: Folder of checkpoints, TensorBoard logs, sample pictures and the best weights.
        callbacks: Further callbacks of Keras; they act after those of this function.

    Returns:
        The weights with the best validation score, and how long they took.

    Raises:
        TrainingError: The loss is no longer finite.
        InputError: A model or a setting that does not suit the data or the replicas.
    """
    strategy = model.distribute_strategy
    steps, round_steps = settings.schedule_of(data.train.size, strategy.num_replicas_in_sync)
    fitted = make_objective(model, data, settings)
    compile_model(fitted, settings, steps, round_steps)
    fitted.noise_seed = seed & 0x7FFFFFFF
    state = RunState(fitted, workdir / "checkpoints", writes=strategies.is_chief(strategy))
    if not state.restore():
        first = next(iter(training_stream(data.train, batch_size=settings.batch_size, seed=seed)))
        fitted.initialize(**first, seed=seed)
    finished = state.step >= steps or state.validations_since_best.numpy() >= (settings.patience or math.inf)
    if not finished:
        fitted.fit(
            training_stream(data.train, batch_size=settings.batch_size, seed=seed, first_step=state.step),
            initial_epoch=state.step // round_steps,
            epochs=-(-steps // round_steps),
            steps_per_epoch=round_steps,
            callbacks=[*standard_callbacks(model, data, settings, steps, state, workdir), *callbacks],
            verbose="auto" if state.writes else 0,
            shuffle=False,
        )
    strategies.barrier(strategy)  # the others load what the chief has written
    return Fitted(workdir / BEST, state.step, float(state.seconds.numpy()), seed)


def compile_model(model: GenerativeModel | ReverseKL, settings: TrainSettings, steps: int, round_steps: int) -> None:
    """Gives the model its optimizer, built, and its loss."""
    # An execution that straddled the end of a round or of the run would overshoot it.
    whole = [n for n in range(1, settings.steps_per_execution + 1) if steps % n == 0 and round_steps % n == 0]
    with strategies.scope(model.distribute_strategy):
        model.compile(
            optimizer(settings, steps),
            loss=MeanNegativeLogLikelihood(),
            steps_per_execution=whole[-1],
            jit_compile=settings.jit_compile,
        )
        model.optimizer.build(model.trainable_variables)


def standard_callbacks(
    model: GenerativeModel, data: Data | Energy, settings: TrainSettings, steps: int, state: RunState, workdir: Path
) -> list[keras.callbacks.Callback]:
    """In the order in which they act: a checkpoint holds the score that was just made."""
    everyone = [StepsPerSecond(), StopOnNonFinite(), StopAtStep(steps)]
    everyone += [Validation(data, state, workdir / BEST, patience=settings.patience), SaveState(state)]
    if not state.writes:
        return everyone
    board = keras.callbacks.TensorBoard(str(workdir / "tensorboard"), write_graph=False)
    return [*everyone, SamplePictures(model, data, workdir, every=settings.sample_every), board]
