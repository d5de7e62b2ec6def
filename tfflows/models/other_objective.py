"""Training by another objective than the likelihood of data."""

from typing import Any

import tensorflow as tf

from tfflows.metrics import ScoreKind
from tfflows.models.base import GenerativeModel
from tfflows.models.distributed import DistributedModel


class OtherObjective(DistributedModel):
    """A Keras model that trains another one by an objective of its own, and scores data as that one does.

    A subclass defines `call`, whose mean negative output is minimized. Weights are those of the other model, and are
    saved as its own.

    Args:
        model: The model to train.
        progress: Name of the value that the progress bar shows.
        **kwargs: Arguments of `keras.Model`.
    """

    def __init__(self, model: GenerativeModel, *, progress: str, **kwargs: Any):
        super().__init__(progress=progress, **kwargs)
        self.model = model
        self.built = True

    @property
    def event(self):
        """What one data point is."""
        return self.model.event

    @property
    def score_kind(self) -> ScoreKind:
        """What log-likelihoods are."""
        return self.model.score_kind

    @property
    def weights_are_set(self):
        return self.model.weights_are_set

    @property
    def layer_metrics(self):
        return self.model.layer_metrics

    def initialize(self, *args: Any, **kwargs: Any) -> None:
        """Sets the data-dependent weights, as the model does."""
        self.model.initialize(*args, **kwargs)

    def adapt(self, batches: tf.data.Dataset) -> None:
        """Computes the statistics of the training set, as the model does."""
        self.model.adapt(batches)

    def nats_fn(self, batch: dict[str, tf.Tensor], seed: tf.Tensor, num_importance_samples: int = 1) -> tf.Tensor:
        """Log-likelihoods `[batch]` of the model, in nats."""
        return self.model.nats_fn(batch, seed, num_importance_samples)

    def save_weights(self, *args: Any, **kwargs: Any) -> None:
        self.model.save_weights(*args, **kwargs)

    def load_weights(self, *args: Any, **kwargs: Any) -> None:
        self.model.load_weights(*args, **kwargs)
