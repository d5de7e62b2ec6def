"""Optimizer and learning-rate schedule of a run."""

from typing import Any

import keras
import tensorflow as tf

from tfflows.training.settings import TrainSettings


@keras.saving.register_keras_serializable("tfflows")
class WarmUp(keras.optimizers.schedules.LearningRateSchedule):
    """Linear warm-up to a constant: `peak * min(1, (step + 1) / warmup_steps)`."""

    def __init__(self, peak: float, warmup_steps: int):
        self.peak = peak
        self.warmup_steps = warmup_steps

    def __call__(self, step):
        step = keras.ops.cast(step, "float32")
        return self.peak * keras.ops.minimum(1.0, (step + 1) / max(1, self.warmup_steps))

    def get_config(self):
        return {"peak": self.peak, "warmup_steps": self.warmup_steps}


class ClipsGlobally:
    """Scales the gradient of the global batch down to the norm `clip_norm`, unless that is None.

    Keras' own `global_clipnorm` clips each replica's gradient before they are added up, so that training would depend
    on the number of replicas.
    """

    def __init__(self, *args: Any, clip_norm: float | None = None, **kwargs: Any):
        super().__init__(*args, **kwargs)
        self.clip_norm = clip_norm

    def get_config(self):
        return {**super().get_config(), "clip_norm": self.clip_norm}

    def _all_reduce_sum_gradients(self, grads_and_vars):
        reduced = super()._all_reduce_sum_gradients(grads_and_vars)
        if self.clip_norm is None:
            return reduced
        gradients, variables = zip(*reduced, strict=True)
        clipped, _ = tf.clip_by_global_norm(gradients, self.clip_norm)
        return list(zip(clipped, variables, strict=True))


@keras.saving.register_keras_serializable("tfflows")
class Adam(ClipsGlobally, keras.optimizers.Adam):
    """Adam that clips the gradient of the global batch."""


@keras.saving.register_keras_serializable("tfflows")
class Adamax(ClipsGlobally, keras.optimizers.Adamax):
    """Adamax that clips the gradient of the global batch."""


def schedule(settings: TrainSettings, steps: int) -> keras.optimizers.schedules.LearningRateSchedule:
    """Learning rate of each of `steps` steps."""
    if settings.schedule == "constant":
        return WarmUp(settings.learning_rate, settings.warmup_steps)
    warmup = min(settings.warmup_steps, steps - 1)
    return keras.optimizers.schedules.CosineDecay(
        0.0, max(1, steps - warmup), warmup_target=settings.learning_rate, warmup_steps=warmup
    )


def optimizer(settings: TrainSettings, steps: int) -> keras.optimizers.Optimizer:
    """The optimizer of a run of `steps` steps, which also keeps the moving average of the weights."""
    kind = {"adam": Adam, "adamax": Adamax}[settings.optimizer]
    average = {"use_ema": settings.ema > 0, "ema_momentum": settings.ema or 0.99}
    decay = {"weight_decay": settings.weight_decay} if settings.weight_decay else {}
    return kind(schedule(settings, steps), clip_norm=settings.clip_norm, **average, **decay)
