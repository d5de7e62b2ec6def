"""What `keras.Model.fit` needs to run the same under every `tf.distribute` strategy."""

import functools
from collections.abc import Sequence
from typing import Any

import keras
import tensorflow as tf

from tfflows import noise
from tfflows.errors import check
from tfflows.models.executions import execution
from tfflows.models.initialized import Initialized
from tfflows.models.objective import MeanNegativeLogLikelihood, RecentMean


class DistributedModel(Initialized, keras.Model):
    """A Keras model whose train and test functions read their logs once, after the steps of an execution.

    Keras 3 builds the model from a reduced `PerReplica` batch and reduces scalar logs over an axis that they do not
    have, and both fail under `MultiWorkerMirroredStrategy`. These hooks run one step per replica, several in each
    execution, and return the results of the metrics over all replicas.

    Args:
        progress: Name of the value that the progress bar shows next to the loss, `progress_value` of the outputs.
        **kwargs: Arguments of `keras.Model`.
    """

    # Seed of the training noise; `fit` of `tfflows.training` sets it from the run's seed.
    noise_seed = 0

    # True in the steps of `fit` and `train_on_batch`, which `optimizer.iterations` counts. A loop of the user's own may
    # have another optimizer.
    in_train_step = False

    def __init__(self, *, progress: str, **kwargs: Any):
        # Networks may compute in bfloat16 by the global policy; a model itself does not, unless it is told to.
        super().__init__(**{"dtype": keras.config.floatx(), **kwargs})
        self._progress = RecentMean(name=progress)
        functions: dict[tuple, Any] = {}
        self._functions = lambda: functions  # wrapped in a function, as Keras would take the keys for names of state

    def cached_function(self, name: str, function: Any, *variant: Any) -> Any:
        """`tf.function(function)`, created once for each `name` and `variant`, so that it is not traced again."""
        key = (name, *variant)
        functions = self._functions()
        if key not in functions:
            # TensorFlow counts traces by the code of a function, which models share, and would warn of retracing when a
            # program makes several models; an object without code is counted by itself.
            functions[key] = tf.function(functools.partial(function), reduce_retracing=True, autograph=False)
        return functions[key]

    def on_rows(
        self, name: str, function: Any, inputs: Sequence[Any], row: Sequence[int], dtype: Any, *variant: Any
    ) -> tf.Tensor:
        """`function(*inputs)` as a cached function, `[rows, *row]`; TensorFlow's fused convolutions fail for 0 rows."""
        if inputs[0].shape[0] == 0:
            return tf.zeros([0, *row], dtype)
        return self.cached_function(name, function, *variant)(*inputs)

    def compile(self, optimizer: Any = "adam", loss: Any = None, **kwargs: Any) -> None:
        """As in Keras; the default loss is the mean negative output, which is a log-likelihood."""
        super().compile(optimizer, loss=MeanNegativeLogLikelihood() if loss is None else loss, **kwargs)

    def compute_loss(self, x=None, y=None, y_pred=None, sample_weight=None, training=True):
        # Uses the compiled loss, which divides by the number of replicas. It ignores the target, but Keras requires
        # one.
        return super().compute_loss(x, y_pred, y_pred, sample_weight, training)

    def step_seed(self, *, training: bool) -> tf.Tensor:
        """The seed, int32 `[2]`, of a step's noise: a new one in each training step, a fixed one in other steps."""
        if not training:
            return tf.zeros([2], tf.int32)
        if not self.in_train_step:
            return noise.new_seed()
        return tf.stack([tf.constant(self.noise_seed), tf.cast(self.optimizer.iterations, tf.int32)])

    def unpacked(self, data: Any) -> Any:
        """A batch in the form that a step takes."""
        return data

    @property
    def trained_in_turn(self) -> Sequence[Sequence[keras.Variable]]:
        """Sets of variables that successive executions train in turn; empty if each execution trains all variables."""
        return ()

    def make_train_function(self, force=False):
        if self.train_function is None or force:
            steps = [self._train_step_of(variables) for variables in self.trained_in_turn] or [self.train_step]
            turns = [execution(self, self._counted(step), self.train_logs) for step in steps]
            self.train_function = self._alternating(turns) if len(turns) > 1 else turns[0]
        return self.train_function

    def _counted(self, train_step):
        def step(data):
            self.in_train_step = True
            try:
                return train_step(data)
            finally:
                self.in_train_step = False

        return step

    def _alternating(self, turns):
        def turn(iterator):
            # Computed from the number of steps so far, so that a resumed run continues with the right set.
            made = int(self.optimizer.iterations.numpy()) // self.steps_per_execution
            return turns[made % len(turns)](iterator)

        return turn

    def _train_step_of(self, variables):
        frozen = [other for other in self.trainable_variables if all(other is not one for one in variables)]

        def step(data):
            for variable in frozen:
                variable.trainable = False
            try:
                return self.train_step(data)
            finally:
                for variable in frozen:
                    variable.trainable = True

        return step

    def make_test_function(self, force=False):
        if self.test_function is None or force:
            self.test_function = execution(self, self.test_step, self.test_logs)
        return self.test_function

    def train_logs(self) -> dict[str, tf.Tensor]:
        """What training logs after a step: results over the rows of all replicas."""
        return {metric.name: metric.result() for metric in self.logged_metrics}

    def test_logs(self) -> dict[str, tf.Tensor]:
        """What evaluation logs after a step."""
        return self.train_logs()

    def progress_value(self, outputs: tf.Tensor) -> tf.Tensor:
        """What the progress bar shows next to the loss, for each row."""
        return outputs

    def compute_metrics(self, x, y, y_pred, sample_weight=None):
        self._progress.update_state(self.progress_value(y_pred), sample_weight)
        return self.train_logs()

    @property
    def logged_metrics(self) -> list[keras.metrics.Metric]:
        """The metrics whose results a training step returns."""
        return [self._loss_tracker, self._progress, *self.layer_metrics]

    @property
    def layer_metrics(self) -> list[keras.metrics.Metric]:
        """The training metrics of the parts of the model, such as the KL of a latent variable."""
        return []

    def _maybe_symbolic_build(self, iterator=None, data_batch=None):
        """Creates the variables of optimizer and loss before the first trace, in which a strategy cannot create any."""
        if iterator is not None:
            epoch = next(iter(iterator), None)  # two numbers of steps, and the batches
            batch = None if epoch is None else next(epoch[2], None)
            check(batch is not None, "Expected a dataset with at least one batch.", batches=0)
            data_batch = tf.nest.map_structure(
                lambda x: self.distribute_strategy.experimental_local_results(x)[0], batch
            )
        with self.distribute_strategy.scope():
            self._symbolic_build(data_batch=self.unpacked(data_batch))
