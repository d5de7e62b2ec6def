"""The score of a model on a whole split."""

from typing import Any

import numpy as np
import tensorflow as tf

from tfflows import metrics, noise
from tfflows.datasets import Data, Split
from tfflows.models import GenerativeModel
from tfflows.training.pipeline import padded_batches


def log_probs(
    model: GenerativeModel, split: Split, *, batch_size: int = 256, num_importance_samples: int = 1, seed: int = 0
) -> np.ndarray:
    """Log-probability of every example, `[split.size]` in nats, in no particular order under a strategy.

    Args:
        model: Trained model; under its strategy each replica scores a share of each batch.
        split: Examples.
        batch_size: Over all replicas.
        num_importance_samples: As in `GenerativeModel.log_prob`.
        seed: Of the dequantisation noise.
    """
    model.check_initialized()
    strategy = model.distribute_strategy

    def score(element, is_real):
        nats = model.log_prob_fn(element["x"], element.get("label"), noise.seed_pair(seed), num_importance_samples)
        return nats, tf.cast(is_real, tf.int32)  # replicas gather no booleans

    score_batch = model.cached_function(
        "evaluate", lambda batch: strategy.run(score, args=batch), num_importance_samples, seed
    )
    scores = []
    batch_size = -(-min(batch_size, split.size) // strategy.num_replicas_in_sync) * strategy.num_replicas_in_sync
    for batch in strategy.experimental_distribute_dataset(padded_batches(split, batch_size=batch_size)):
        values, is_real = (strategy.gather(part, axis=0).numpy() for part in score_batch(batch))
        scores.append(values[is_real == 1])
    return np.concatenate(scores)


def evaluate(model: GenerativeModel, split: Split, **options: Any) -> dict[str, float]:
    """Mean score of a split with its standard error; takes the options of `log_probs`.

    Returns:
        `nats` and `nats_se` per event, `num_events`, and, for discrete events, `bits_per_dim` and `bits_per_dim_se`.
    """
    scores = log_probs(model, split, **options).astype(np.float64)
    mean, error = float(scores.mean()), float(scores.std(ddof=1) / np.sqrt(len(scores)))
    result = {"nats": mean, "nats_se": error, "num_events": len(scores)}
    if model.event.discrete:
        result["bits_per_dim"] = metrics.bits_per_dim(mean, model.event)
        result["bits_per_dim_se"] = metrics.bits_per_dim(-error, model.event)
    return result


def truth(data: Data) -> dict[str, float]:
    """Score of the true density on the test set, as `truth_nats` and `truth_nats_se`; nothing where it is not known.

    No model scores better but by chance: one that does by more than the standard error has a defect.
    """
    if data.truth is None:
        return {}
    x = np.stack([element["x"] for element in data.test.examples.as_numpy_iterator()])
    scores = data.truth.log_prob(x).numpy().astype(np.float64)
    return {"truth_nats": float(scores.mean()), "truth_nats_se": float(scores.std(ddof=1) / np.sqrt(len(scores)))}
