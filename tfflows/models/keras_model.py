"""A generative model as Keras users expect it: `compile("adam")`, `fit(x)`, `evaluate(x)`, `predict(x)`."""

from typing import Any

import keras
import tensorflow as tf

from tfflows.errors import check
from tfflows.events import Event
from tfflows.models import inputs
from tfflows.models.assertions import as_input_errors
from tfflows.models.distributed import DistributedModel
from tfflows.models.objective import check_needs_no_targets
from tfflows.models.statistics import with_statistics
from tfflows.serialization import Configurable


class KerasModel(Configurable, DistributedModel):
    """The Keras interface of a model that has no targets.

        model.compile("adam")             the loss is the mean negative log-likelihood, nats per event, to which Keras
                                          adds the penalties of regularized weights
        model.fit(x)                      or fit(x, label), fit(x, context=...), or a dataset of x, (x, label) or
                                          {"x": ..., "label": ..., "context": ..., "sample_weight": ...}
        model.evaluate(x)                 the loss, and bits per dimension of discrete events
        model.predict(x)                  log-likelihoods, [n]
        model.save("model.keras")         keras.models.load_model reads it, after `import tfflows`

    `fit` sets the data-dependent weights from random rows of an array, or from the first batch of a dataset. If a layer
    uses statistics of the training set, `fit` computes them before each validation and at the end. Callbacks may
    monitor `val_loss` and, for pixels, `val_bits_per_dim`. All other arguments are those of Keras.

    Args:
        event: What one data point is.
    """

    def __init__(self, event: Event, **kwargs: Any):
        # Keras would round the float64 of a table's rows to float32.
        progress = "bits_per_dim" if event.discrete else "nll"
        super().__init__(**{"autocast": not event.columns, "progress": progress, **kwargs})
        self.event = event

    def compile(
        self,
        optimizer: Any = "adam",
        loss: Any = None,
        *,
        metrics: Any = None,
        weighted_metrics: Any = None,
        **kwargs: Any,
    ) -> None:
        """Configures the model for training.

        Args:
            optimizer: A Keras optimizer, or its name.
            loss: A function of `(unused, log_prob)`, as there are no targets; by default, the negative log-likelihood.
            metrics: Must be None, as Keras' metrics compare predictions with targets.
            weighted_metrics: Must be None.
            **kwargs: Further arguments of `keras.Model.compile`.

        Raises:
            InputError: If a loss or a metric needs targets.
        """
        check_needs_no_targets(loss, metrics or weighted_metrics)
        super().compile(optimizer, loss, **kwargs)

    def quantize(self, mode: Any, **kwargs: Any) -> None:
        del kwargs
        check(
            False, "Expected no quantization; keras.mixed_precision.set_global_policy sets a smaller type.", mode=mode
        )

    def compile_from_config(self, config):
        self.compile(**keras.saving.deserialize_keras_object(config))
        self.optimizer.build(self.trainable_variables)

    def fit(  # noqa: PLR0913, PLR0917 - Keras' signature
        self,
        x=None,
        y=None,
        batch_size=None,
        epochs=1,
        verbose="auto",
        callbacks=None,
        validation_split=0.0,
        validation_data=None,
        shuffle=True,
        class_weight=None,
        sample_weight=None,
        initial_epoch=0,
        steps_per_epoch=None,
        *,
        context=None,
        **kwargs,
    ):
        x = inputs.named(self.event, x, y, sample_weight, class_weight, context)
        if not self.initialized:
            self.initialize(**inputs.first_batch(self.event, x, batch_size, validation_split))
        if self.uses_statistics:
            batches = inputs.batches(self.event, x, validation_split, steps_per_epoch)
            callbacks = with_statistics(self, callbacks, batches)
        with as_input_errors():
            return super().fit(
                inputs.packed(x),
                batch_size=batch_size,
                epochs=epochs,
                verbose=verbose,
                callbacks=callbacks,
                validation_split=validation_split,
                validation_data=self._named_validation(validation_data),
                # Keras warns that it cannot shuffle a dataset.
                shuffle=shuffle and not isinstance(x, tf.data.Dataset),
                initial_epoch=initial_epoch,
                steps_per_epoch=steps_per_epoch,
                **kwargs,
            )

    def evaluate(self, x=None, y=None, *args, sample_weight=None, context=None, **kwargs):
        self.check_initialized()
        x = inputs.named(self.event, x, y, sample_weight, context=context)
        with as_input_errors():
            return super().evaluate(inputs.packed(x), None, *args, **kwargs)

    def predict(self, x, *args, label=None, context=None, **kwargs):
        self.check_initialized()
        x = inputs.named(self.event, x, label, context=context)
        with as_input_errors():
            return super().predict(inputs.packed(x), *args, **kwargs)

    def train_on_batch(self, *args, **kwargs):
        self.check_initialized()
        with as_input_errors():
            return super().train_on_batch(*args, **kwargs)

    def test_on_batch(self, *args, **kwargs):
        self.check_initialized()
        with as_input_errors():
            return super().test_on_batch(*args, **kwargs)

    def _named_validation(self, data):
        if inputs.is_array(data) or isinstance(data, dict):
            return (inputs.packed(inputs.named(self.event, data)),)
        return (inputs.packed(inputs.named(self.event, *data)),) if isinstance(data, tuple) else data

    @property
    def uses_statistics(self) -> bool:
        """Whether the density needs statistics of the training set, which `adapt` computes."""
        return False

    # What one step does.

    def train_step(self, data):
        return super().train_step(self.unpacked(data))

    def test_step(self, data):
        return super().test_step(self.unpacked(data))

    def test_logs(self):
        logs = {"loss": self._loss_tracker.result()}
        return {**logs, self._progress.name: self._progress.mean()} if self.event.discrete else logs

    def predict_step(self, data):
        values, _, _ = self.unpacked(data)
        return self(values, training=False)

    def unpacked(self, data):
        return inputs.named_step(self.event, data)
