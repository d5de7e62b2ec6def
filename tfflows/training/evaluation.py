"""The score of a model on a whole split: of data, or of the model's own samples for a target."""

from typing import Any

import numpy as np
import tensorflow as tf

from tfflows import metrics, noise
from tfflows.datasets import Data, Split
from tfflows.errors import check
from tfflows.models import GenerativeModel, ReverseKL
from tfflows.splits import WEIGHT
from tfflows.targets import Target
from tfflows.training.pipeline import padded_batches


def nats_of(model: GenerativeModel | ReverseKL, split: Split, **options: Any) -> np.ndarray:
    """Log-likelihoods or log-weights of all examples, float64 `[split.size]` in nats; unordered under a strategy.

    Takes the options of `nats_and_weights_of`.
    """
    return nats_and_weights_of(model, split, **options)[0]


def nats_and_weights_of(
    model: GenerativeModel | ReverseKL,
    split: Split,
    *,
    batch_size: int = 256,
    num_importance_samples: int = 1,
    seed: int = 0,
) -> tuple[np.ndarray, np.ndarray]:
    """As `nats_of`, and the weight of each example in a mean, float64 `[split.size]`; 1 without weights.

    Args:
        model: Trained model, for log-likelihoods, or `ReverseKL`, for log-weights. Under its strategy, each replica
            evaluates a share of each batch.
        split: Examples to evaluate.
        batch_size: Number of examples in a batch, over all replicas.
        num_importance_samples: As in `GenerativeModel.log_prob`.
        seed: Seed of the dequantization noise, or of the samples.

    Raises:
        InputError: All weights are 0.
    """
    model.check_initialized()
    strategy = model.distribute_strategy

    def step(element, is_real, seed):
        nats = model.nats_fn(element, seed, num_importance_samples)
        weight = tf.cast(element.get(WEIGHT, tf.ones_like(nats)), nats.dtype)
        return nats, weight, tf.cast(is_real, tf.int32)  # replicas cannot gather booleans

    run_step = model.cached_function(
        "evaluate", lambda batch, seed: strategy.run(step, args=(*batch, seed)), num_importance_samples
    )
    kept, pair = [], noise.seed_pair(seed)
    batch_size = -(-min(batch_size, split.size) // strategy.num_replicas_in_sync) * strategy.num_replicas_in_sync
    for batch in strategy.experimental_distribute_dataset(padded_batches(split, batch_size=batch_size)):
        nats, weight, is_real = (strategy.gather(part, axis=0).numpy() for part in run_step(batch, pair))
        kept.append(np.stack([nats, weight])[:, is_real == 1])
    nats, weights = np.concatenate(kept, axis=1).astype(np.float64)
    check(weights.sum() > 0, "Expected a weight greater than 0 among the rows that are scored.", rows=len(weights))
    return nats, weights


def evaluate(model: GenerativeModel | ReverseKL, split: Split, **options: Any) -> dict[str, float]:
    """Weighted mean log-likelihood of a whole split, with its standard error; takes the options of `nats_of`.

    Returns:
        For data `nats` and `nats_se` per event, which includes the noise of an estimate; `kind`, a `ScoreKind`;
        `num_events`; and, for discrete events, `bits_per_dim` and `bits_per_dim_se`. For a target, the result of
        `importance_estimates`.
    """
    values, weights = nats_and_weights_of(model, split, **options)
    if isinstance(model, ReverseKL):
        return importance_estimates(values)
    mean, error = mean_and_error(values, weights)
    result = {"nats": mean, "nats_se": error, "kind": str(model.score_kind), "num_events": len(values)}
    if model.event.discrete:
        result["bits_per_dim"] = metrics.bits_per_dim(mean, model.event)
        result["bits_per_dim_se"] = metrics.bits_per_dim(-error, model.event)
    return result


def importance_estimates(log_weights: np.ndarray) -> dict[str, float]:
    """Estimates from log-weights, `[n]` in nats, of samples that a flow draws for a target.

    Returns:
        `elbo`, their mean, a lower bound on log Z; `log_z`, the log of the mean weight; standard errors of both, that
        of `log_z` by the delta method; `ess`, the effective fraction of the samples, mean(w)^2 / mean(w^2), in (0, 1];
        `num_events`. They cannot show that the flow misses a part of the target: `log_z` is then too low, and `ess`
        looks better than it is.
    """
    highest = log_weights.max()
    weights = np.exp(log_weights - highest)
    (elbo, elbo_se), (mean, error) = mean_and_error(log_weights), mean_and_error(weights)
    return {
        "elbo": elbo,
        "elbo_se": elbo_se,
        "log_z": float(highest + np.log(mean)),
        "log_z_se": error / mean,
        "ess": float(mean**2 / np.mean(weights**2)),
        "num_events": len(log_weights),
    }


def mean_and_error(values: np.ndarray, weights: np.ndarray | None = None) -> tuple[float, float]:
    """The weighted mean and its standard error, which is NaN for a single value and for values that are infinite.

    Values of weight 0 do not count, even if they are infinite.
    """
    weights = np.ones(len(values)) if weights is None else weights
    values, weights = values[weights > 0], weights[weights > 0]
    shares = weights / weights.sum()
    mean = float(np.sum(shares * values))
    if len(values) == 1:
        return mean, float("nan")
    unbiased = len(values) / (len(values) - 1)
    with np.errstate(invalid="ignore"):
        return mean, float(np.sqrt(unbiased * np.sum((shares * (values - mean)) ** 2)))


def truth(data: Data | Target) -> dict[str, float]:
    """The score of a perfect model, where it is known: `truth_nats` and `truth_nats_se` of the density that the test
    set was drawn from, `true_log_z` of a target.

    No model scores better except by chance: one that does by more than the standard error has a bug.
    """
    if isinstance(data, Target):
        return {} if data.log_z is None else {"true_log_z": data.log_z}
    if data.truth is None:
        return {}
    x = data.test.arrays()["x"]
    mean, error = mean_and_error(data.truth.log_prob(x).numpy().astype(np.float64))
    return {"truth_nats": mean, "truth_nats_se": error}
