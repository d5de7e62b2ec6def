"""Optimizer and learning-rate schedule of a run."""

import math
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


class AveragesEarly:
    """Uses the decay `min(ema_momentum, (1 + step) / (10 + step))` in the moving average of the weights.

    Otherwise, the first weights would weigh down the average of a short run, as `tf.train.ExponentialMovingAverage`
    explains. The average of a variable takes five TensorFlow operations.
    """

    def _update_model_variables_moving_average(self, trainable_variables):
        if not self.use_ema:
            return
        step = tf.cast(tf.convert_to_tensor(self.iterations), tf.float32)
        momentum = tf.where(step > 0, tf.minimum(self.ema_momentum, (1 + step) / (10 + step)), 0.0)
        rest = 1 - momentum
        for variable, average in zip(trainable_variables, self._model_variables_moving_average, strict=True):
            if average is None:  # as for variables that an update overwrites
                continue
            kept, new = (tf.cast(number, average.dtype) for number in (momentum, rest))
            average.assign(kept * tf.convert_to_tensor(average) + new * tf.convert_to_tensor(variable))


class Fused:
    """Updates a variable and its slots in one TensorFlow operation (Keras: 18).

    The updates are those of Keras, except that `1 - beta` is rounded to float32, a relative error of 5e-5. The graph of
    a training step is much smaller: tracing MAF with 42 variables takes 1.2 s on 2 cores, and 2.0 s with Keras' own
    operations; a step takes 1% to 6% less time.
    """

    def _backend_update_step(self, grads, trainable_variables, learning_rate):
        if getattr(self, "amsgrad", False):  # there is no such operation
            super()._backend_update_step(grads, trainable_variables, learning_rate)
            return
        step = tf.cast(tf.convert_to_tensor(self.iterations) + 1, tf.float32)
        beta1, beta2, epsilon = (tf.constant(number) for number in (self.beta_1, self.beta_2, self.epsilon))
        numbers = {"beta1": beta1, "beta2": beta2, "epsilon": epsilon, "beta1_power": beta1**step}
        numbers |= {"lr": tf.cast(learning_rate, tf.float32), "beta2_power": beta2**step}
        # In place of the learning rate, which Keras passes on to each variable, on its device.
        super()._backend_update_step(grads, trainable_variables, numbers)


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


class DecaysKernels:
    """Applies weight decay to the kernels of networks only.

    Decay would pull a shift or a scale away from the data, and the degrees of freedom of a Student's t base to 1.
    """

    def build(self, variables):
        if not self.built:
            self.exclude_from_weight_decay([variable for variable in variables if not is_kernel(variable)])
        super().build(variables)


def is_kernel(variable: keras.Variable) -> bool:
    """Whether a variable is a matrix or a convolution of a network, or the direction of weight normalization."""
    return len(variable.shape) >= 2 and (variable.name.startswith("kernel") or variable.name == "direction")


@keras.saving.register_keras_serializable("tfflows")
class Adam(ClipsGlobally, AveragesEarly, DecaysKernels, Fused, keras.optimizers.Adam):
    """Adam that clips the gradient of the global batch, in one operation for each variable."""

    def update_step(self, gradient, variable, learning_rate):
        if self.amsgrad:
            super().update_step(gradient, variable, learning_rate)
            return
        index, dtype = self._get_variable_index(variable), variable.dtype
        m, v = self._momentums[index].value.handle, self._velocities[index].value.handle
        numbers = {name: tf.cast(number, dtype) for name, number in learning_rate.items()}
        tf.raw_ops.ResourceApplyAdam(var=variable.handle, m=m, v=v, grad=tf.cast(gradient, dtype), **numbers)


@keras.saving.register_keras_serializable("tfflows")
class Adamax(ClipsGlobally, AveragesEarly, DecaysKernels, Fused, keras.optimizers.Adamax):
    """Adamax that clips the gradient of the global batch, in one operation for each variable."""

    def update_step(self, gradient, variable, learning_rate):
        index, dtype = self._get_variable_index(variable), variable.dtype
        m, v = self._m[index].value.handle, self._u[index].value.handle
        numbers = {name: tf.cast(number, dtype) for name, number in learning_rate.items() if name != "beta2_power"}
        tf.raw_ops.ResourceApplyAdaMax(var=variable.handle, m=m, v=v, grad=tf.cast(gradient, dtype), **numbers)


@keras.saving.register_keras_serializable("tfflows")
class Muon(ClipsGlobally, AveragesEarly, DecaysKernels, keras.optimizers.Muon):
    """Muon for the kernels of networks, convolutions included, and Adam for all other variables.

    The update of a kernel is its momentum with all singular values near 1, scaled to a root mean square of 0.2 times
    the learning rate, which suits Adam as well. A convolution `[height, width, inputs, outputs]` is taken for a matrix
    `[height * width * inputs, outputs]`; Keras leaves convolutions to Adam. `is_kernel` says what a kernel is.

    Source: Jordan et al., "Muon: An optimizer for hidden layers in neural networks" (2024); Liu et al., "Muon is
    Scalable for LLM Training" (2502.16982), for the scale.
    Differs from the papers: the last layers of networks are included.
    """

    def _should_use_adamw(self, variable):
        return not is_kernel(variable)

    def zeropower_via_newtonschulz5(self, x, steps):
        matrix = tf.reshape(x, [-1, x.shape[-1]])
        return tf.reshape(super().zeropower_via_newtonschulz5(matrix, steps), x.shape)

    def lr_adjust(self, x):
        rows, columns = math.prod(x.shape[:-1]), x.shape[-1]
        return x * self.rms_rate * max(rows, columns) ** 0.5


def schedule(settings: TrainSettings, steps: int) -> keras.optimizers.schedules.LearningRateSchedule:
    """Learning rate of each of `steps` steps."""
    if settings.schedule == "constant":
        return WarmUp(settings.learning_rate, settings.warmup_steps)
    warmup = min(settings.warmup_steps, steps // 2)
    return keras.optimizers.schedules.CosineDecay(
        0.0, max(1, steps - warmup), warmup_target=settings.learning_rate, warmup_steps=warmup
    )


def optimizer(settings: TrainSettings, steps: int) -> keras.optimizers.Optimizer:
    """The optimizer of a run of `steps` steps, which also keeps the moving average of the weights."""
    kind = {"adam": Adam, "adamax": Adamax, "muon": Muon}[settings.optimizer]
    average = {"use_ema": settings.ema > 0, "ema_momentum": settings.ema or 0.99}
    decay = settings.weight_decay or None
    return kind(schedule(settings, steps), clip_norm=settings.clip_norm, weight_decay=decay, **average)
