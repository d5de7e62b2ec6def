"""Small Keras callbacks: speed, safety, checkpoints, pictures."""

import math
import time
from pathlib import Path

import keras
import numpy as np
import tensorflow as tf

from tfflows import figures, generate
from tfflows.datasets import Data
from tfflows.errors import TrainingError
from tfflows.generate import modes
from tfflows.generate.trained import first_examples
from tfflows.models import GenerativeModel
from tfflows.targets import Target
from tfflows.training.checkpoints import RunState
from tfflows.training.validation import averaged_weights


class StepsPerSecond(keras.callbacks.Callback):
    """Adds the speed of the current round to the logs, as `steps_per_second`."""

    def on_epoch_begin(self, epoch, logs=None):
        self._start, self._first_step = time.monotonic(), int(self.model.optimizer.iterations.numpy())

    def on_train_batch_end(self, batch, logs=None):
        steps = int(self.model.optimizer.iterations.numpy()) - self._first_step
        logs["steps_per_second"] = steps / max(time.monotonic() - self._start, 1e-9)

    def on_epoch_end(self, epoch, logs=None):
        self.on_train_batch_end(0, logs)


class StopOnNonFinite(keras.callbacks.Callback):
    """Raises `TrainingError` at the first loss that is NaN or infinite, or after a round that leaves such a weight,
    before anything is written.
    """

    def on_train_batch_end(self, batch, logs=None):
        if not math.isfinite(logs["loss"]):
            step, execution = int(self.model.optimizer.iterations.numpy()), self.model.steps_per_execution
            steps = f"step {step}" if execution == 1 else f"steps {step - execution + 1} to {step}"
            self._stop(f"a finite loss. Received: loss={logs['loss']} at {steps}")

    def on_epoch_end(self, epoch, logs=None):
        for variable in self.model.trainable_variables:
            if not np.isfinite(variable.numpy()).all():
                step = int(self.model.optimizer.iterations.numpy())
                self._stop(f"finite weights. Received: {variable.path!r} with NaN or infinity at step {step}")

    def _stop(self, rule):
        raise TrainingError(
            f"Expected {rule}. The last checkpoint is kept; try, with another --workdir, a smaller --learning_rate,"
            " more --set=train.warmup_steps, or a smaller --set=train.clip_norm."
        )


class StopAtStep(keras.callbacks.Callback):
    """Ends training when the optimizer has taken `steps` steps, even in the middle of a round."""

    def __init__(self, steps: int):
        super().__init__()
        self.steps = steps

    def on_train_batch_end(self, batch, logs=None):
        if self.model.optimizer.iterations.numpy() >= self.steps:
            self.model.stop_training = True


class SaveState(keras.callbacks.Callback):
    """Writes a checkpoint after each round."""

    def __init__(self, state: RunState):
        super().__init__()
        self.state = state
        self._since = time.monotonic()

    def on_epoch_end(self, epoch, logs=None):
        now = time.monotonic()
        self.state.seconds.assign_add(now - self._since)
        self._since = now
        self.state.save()


class SamplePictures(keras.callbacks.Callback):
    """Draws samples with the averaged weights every `every` rounds, for TensorBoard and `samples/` in the workdir.

    TensorBoard also shows samples at several temperatures and interpolations between validation images, or the density
    of a two-dimensional model. The seed is fixed, so that the pictures of a run show the same latents.

    Args:
        model: Model to sample from; its weights are among those that are trained.
        data: Data or target that it is fitted to.
        workdir: Folder of `samples/` and `tensorboard/samples/`.
        every: Number of rounds between two pictures.
    """

    def __init__(self, model: GenerativeModel, data: Data | Target, workdir: Path, *, every: int):
        super().__init__()
        self.generator = model
        self.data = data
        self.folder = workdir / "samples"
        self.every = every
        self.writer = tf.summary.create_file_writer(str(workdir / "tensorboard" / "samples"))

    def on_epoch_end(self, epoch, logs=None):
        if (epoch + 1) % self.every:
            return
        with averaged_weights(self.model):
            pictures = {"samples": self._samples(), **self._others()}
        step = int(self.model.optimizer.iterations.numpy())
        figures.save(pictures["samples"], self.folder / f"step-{step:09d}.png")
        with self.writer.as_default():
            for name, image in pictures.items():
                tf.summary.image(name, image[None], step=epoch)

    def on_train_end(self, logs=None):
        self.writer.close()

    def _samples(self):
        n = figures.number(self.generator.event)
        drawn = self.generator.sample(n, **figures.conditions(self.data, n), seed=0)
        return figures.picture(drawn.numpy(), self.data)

    def _others(self):
        """The other pictures by name; none of a target, nor of a model whose samples take long."""
        event = self.generator.event
        if isinstance(self.data, Target) or self.generator.sample_cost.is_high or event.condition_size:
            return {}
        trained = generate.Trained(self.generator, self.generator.name, self.data.name, loaded=self.data)
        if figures.image_shape(event):
            seen = first_examples(self.data, 12, "validation")["x"]
            found = {"temperatures": modes.sample(trained).picture}
            if len(seen) > 1:
                found["interpolation"] = modes.interpolate(trained, images=seen).picture
            return found
        in_the_plane = event.shape == (2,) and not event.columns
        return {"density": modes.density(trained).picture} if in_the_plane else {}
