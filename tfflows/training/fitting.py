"""Fits a model to data: one call, under any strategy, which goes on where it was stopped."""

import dataclasses
import math
from pathlib import Path

import keras

from tfflows.datasets import Data
from tfflows.models import GenerativeModel, MeanNegativeLogLikelihood
from tfflows.training import strategies
from tfflows.training.callbacks import SamplePictures, SaveState, StepsPerSecond, StopAtStep, StopOnNonFinite
from tfflows.training.checkpoints import RunState
from tfflows.training.optimizers import optimizer
from tfflows.training.pipeline import training_stream
from tfflows.training.settings import TrainSettings
from tfflows.training.validation import Validation


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


def fit(model: GenerativeModel, data: Data, settings: TrainSettings, *, seed: int, workdir: Path) -> Fitted:
    """Trains until the last step, or until patience ends, from the newest checkpoint in `workdir` if there is one.

    Args:
        model: Made under the strategy it is to train by.
        data: Its training and validation sets.
        settings: How.
        seed: Of the order of data and of the noise.
        workdir: Gets checkpoints, TensorBoard logs, sample pictures and the best weights.

    Returns:
        The weights with the best validation score, and how long they took.

    Raises:
        TrainingError: The loss is no longer finite.
        InputError: A batch size that does not suit the data or the replicas.
    """
    strategy = model.distribute_strategy
    steps, round_steps = settings.schedule_of(data.train.size, strategy.num_replicas_in_sync)
    compile_model(model, settings, steps, round_steps)
    model.noise_seed = seed & 0x7FFFFFFF
    best = workdir / "best.weights.h5"
    state = RunState(model, workdir / "checkpoints", writes=strategies.is_chief(strategy))
    if not state.restore():
        first = next(iter(training_stream(data.train, batch_size=settings.batch_size, seed=seed)))
        model.initialize(first["x"], first.get("label"), seed=seed)
    finished = state.step >= steps or state.validations_since_best.numpy() >= (settings.patience or math.inf)
    if not finished:
        model.fit(
            training_stream(data.train, batch_size=settings.batch_size, seed=seed, first_step=state.step),
            initial_epoch=state.step // round_steps,
            epochs=-(-steps // round_steps),
            steps_per_epoch=round_steps,
            callbacks=callbacks(data, settings, steps, state, workdir, best),
            verbose="auto" if state.writes else 0,
            shuffle=False,
        )
    strategies.barrier(strategy)  # the others load what the chief has written
    return Fitted(best, state.step, float(state.seconds.numpy()), seed)


def compile_model(model: GenerativeModel, settings: TrainSettings, steps: int, round_steps: int) -> None:
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


def callbacks(
    data: Data, settings: TrainSettings, steps: int, state: RunState, workdir: Path, best: Path
) -> list[keras.callbacks.Callback]:
    """In the order in which they act: a checkpoint holds the score that was just made."""
    everyone = [StepsPerSecond(), StopOnNonFinite(), StopAtStep(steps)]
    everyone += [Validation(data, state, best, patience=settings.patience), SaveState(state)]
    if not state.writes:
        return everyone
    board = keras.callbacks.TensorBoard(str(workdir / "tensorboard"), write_graph=False)
    return [*everyone, SamplePictures(workdir, every=settings.sample_every), board]
