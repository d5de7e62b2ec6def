"""Densities of two-dimensional models, and how well log-likelihoods tell datasets apart."""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from matplotlib.figure import Figure
from scipy.stats import rankdata
from sklearn.metrics import roc_auc_score

from tfflows import figures
from tfflows.errors import check
from tfflows.metrics import ScoreKind
from tfflows.models import GenerativeModel

BATCH = 200  # of events that are scored together
POINTS = 200  # at a side of the picture of a density
IMPORTANCE_SAMPLES = 100  # of a bound, which is then as good as the density


def density(model: GenerativeModel, window: tuple[float, float, float, float], *, points: int = POINTS) -> np.ndarray:
    """The density of a two-dimensional model on a grid.

    Args:
        model: A model of two real numbers.
        window: Left, right, bottom and top end.
        points: Number of points at a side.

    Returns:
        float64 `[points, points]`, rows from bottom to top.

    Raises:
        InputError: The model has other events.
    """
    _check_plane(model)
    left, right, bottom, top = window
    grid = np.stack(np.meshgrid(np.linspace(left, right, points), np.linspace(bottom, top, points)), axis=-1)
    draws = IMPORTANCE_SAMPLES if model.score_kind is ScoreKind.BOUND and model.takes_importance_samples else 1
    scores = model.log_prob(grid.reshape(-1, 2).astype(np.float32), num_importance_samples=draws)
    return np.exp(scores.numpy().astype(np.float64)).reshape(points, points)


def warped_grid(model: GenerativeModel, *, reach: float = 2.5, lines: int = 15, points: int = 200) -> np.ndarray:
    """The images of a square grid of latents, which show how a flow bends the plane.

    Args:
        model: A flow of two real numbers.
        reach: Largest latent.
        lines: Number of lines in each direction.
        points: Number of points of a line.

    Returns:
        float32 `[2 * lines, points, 2]`.

    Raises:
        InputError: The model has other events, or no two-dimensional latent.
    """
    _check_plane(model)
    check(model.latent_shape == (2,), "Expected a model with two latents.", latent_shape=model.latent_shape)
    places, along = np.linspace(-reach, reach, lines), np.linspace(-reach, reach, points)
    upright = np.stack(np.meshgrid(along, places), axis=-1)
    z = np.concatenate([upright, upright[..., ::-1]]).reshape(-1, 2).astype(np.float32)
    return model.decode(z).numpy().reshape(2 * lines, points, 2)


def plane(model: GenerativeModel, seen: np.ndarray, *, seed: int = 0) -> np.ndarray:
    """The density of a two-dimensional model, its samples and its warped grid, side by side on the same axes.

    Args:
        model: A model of two real numbers.
        seen: Events that set the window, `[rows, 2]`.
        seed: Seed of the samples.

    Returns:
        uint8 `[height, width, 3]`.
    """
    low, high = np.quantile(seen, [0.001, 0.999], axis=0)
    margin = 0.15 * (high - low)
    window = tuple(np.stack([low - margin, high + margin], axis=1).ravel())
    panels = 3 if model.latent_shape == (2,) else 2
    figure = Figure(figsize=(4 * panels, 4))
    axes = figure.subplots(1, panels, sharex=True, sharey=True)
    values = density(model, window)
    axes[0].imshow(values, extent=window, origin="lower", aspect="auto", vmax=np.quantile(values, 0.999))
    x = model.sample(len(seen), seed=seed).numpy()
    axes[1].scatter(x[:, 0], x[:, 1], s=1, alpha=0.4, linewidths=0)
    if panels == 3:
        for line in warped_grid(model):
            axes[2].plot(line[:, 0], line[:, 1], color="tab:blue", linewidth=0.5)
    for axis, title in zip(axes, ("density", "samples", "grid of latents"), strict=False):
        axis.set(title=title, xlim=window[:2], ylim=window[2:])
    return figures.rendered(figure)


def log_likelihoods(model: GenerativeModel, examples: Mapping[str, np.ndarray], *, seed: int = 0) -> np.ndarray:
    """Log-likelihoods of examples, float64 `[rows]` in nats.

    Args:
        model: A model.
        examples: `x`, and `label` and `context` where the model has them.
        seed: Seed of the dequantization noise.
    """
    return in_batches(model.log_prob, examples, seed=seed)


def in_batches(function: Callable[..., Any], examples: Mapping[str, np.ndarray], **settings: Any) -> np.ndarray:
    """A function of all examples, float64 `[rows, ...]`, some of which it gets at a time."""
    rows = len(examples["x"])
    batches = ({name: x[first : first + BATCH] for name, x in examples.items()} for first in range(0, rows, BATCH))
    return np.concatenate([function(**batch, **settings).numpy() for batch in batches]).astype(np.float64)


def samples_in_batches(
    model: GenerativeModel, n: int, label: np.ndarray | None, *, seed: int, temperature: float
) -> np.ndarray:
    """Samples, `[n, *event]`, a batch at a time; `label` has the class of each, for a class-conditional model."""
    found = []
    for number, first in enumerate(range(0, n, BATCH)):
        size = min(BATCH, n - first)
        labels = None if label is None else label[first : first + size]
        found.append(model.sample(size, labels, seed=[seed, number], temperature=temperature).numpy())
    return np.concatenate(found)


def auroc(inside: np.ndarray, outside: np.ndarray) -> float:
    """Probability that a score of `outside` is above one of `inside`, which may be infinite; ties count one half.

    Args:
        inside: Scores of events of the distribution, higher for stranger ones.
        outside: Scores of other events.
    """
    truth = np.repeat([0, 1], [len(inside), len(outside)])
    return float(roc_auc_score(truth, rankdata(np.concatenate([inside, outside]))))


def histograms(scores: Mapping[str, np.ndarray], *, xlabel: str) -> np.ndarray:
    """A picture of histograms of scores, by what they are of."""
    figure = Figure(figsize=(6, 4))
    figures.draw_histograms(figure.subplots(), scores, xlabel)
    return figures.rendered(figure)


def _check_plane(model: GenerativeModel) -> None:
    plane = model.event.shape == (2,) and not model.event.discrete and not model.event.columns
    rule = "Expected a model of two real numbers without a condition."
    check(plane and model.event.condition_size == 0, rule, event=model.event.to_dict())
