"""Pictures of events: grids of images, scatter plots, scatter plots next to the density of the points, and histograms
of log-likelihoods.
"""

import io
import math
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import tensorflow as tf
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from PIL import Image

from tfflows import corner, metrics
from tfflows.datasets import Data, image_files, image_patches
from tfflows.errors import check
from tfflows.events import Event
from tfflows.files import atomic_write
from tfflows.targets import Target


def number(event: Event) -> int:
    """Number of events in a picture: a grid of 64 images, or a scatter plot of 2,000 points."""
    return 64 if image_shape(event) else 2000


def image_shape(event: Event) -> tuple[int, int, int] | None:
    """Shape of the image that an event is, or that it was before it was flattened; None for other events."""
    if event.kind == "image":
        return event.shape
    sides = {channels: math.isqrt(event.size // channels) for channels in (1, 3)}
    shapes = [(side, side, channels) for channels, side in sides.items() if side * side * channels == event.size]
    return shapes[0] if event.discrete and shapes else None


def conditions(data: Data | Target, n: int) -> dict[str, np.ndarray]:
    """Labels and contexts of `n` events for a picture: all classes in turn, or those of the test set of a table."""
    event = data.event
    if isinstance(data, Target) or not (event.classes or event.context):
        return {}
    if not event.columns and not event.context:
        return {"label": np.arange(n, dtype=np.int32) % event.classes}
    rows = data.test.arrays(n, key=0)
    return {name: np.resize(rows[name], (n, *rows[name].shape[1:])) for name in ("label", "context") if name in rows}


def picture(x: np.ndarray, data: Data | Target) -> np.ndarray:
    """Events as one picture: images in a grid, vectors as a scatter plot of their first two entries, rows of a table as
    a corner plot beside the training set, patches of BSDS300 next to those of the training set, samples of a
    two-dimensional target next to its density.

    Args:
        x: `[n, *event]` in raw units.
        data: What the events should look like.

    Returns:
        uint8 `[height, width, 3]`.
    """
    check(len(x) > 0, "Expected at least one event to draw.", n=len(x))
    if isinstance(data, Target) and data.event.shape == (2,):
        return beside_density(np.asarray(x), data)
    if data.name in image_patches.NAMES:
        seen = data.train.arrays(64)["x"]
        return titled({"training set": patches(seen), "samples": patches(np.asarray(x)[:64])})
    if data.event.columns:
        seen = data.train.arrays(len(x), key=0)["x"]
        x = np.asarray(x)[: len(seen)]
        return rendered(corner.corner({"data": seen, "samples": x}, data.event.columns))
    return grid(x, data.event) if image_shape(data.event) else cloud({"samples": np.asarray(x)})


def grid(x: np.ndarray, event: Event, *, columns: int | None = None) -> np.ndarray:
    """A grid of images, or of flattened ones, row by row, with white lines between them; small ones are enlarged."""
    shades = np.asarray(x, np.float64) / ((event.levels or 2) - 1)
    return _tiled(shades.reshape(-1, *image_shape(event)), columns)


def patches(x: np.ndarray) -> np.ndarray:
    """A grid of patches of BSDS300, `[n, 63]`; gray is their mean."""
    return _tiled(0.5 + image_patches.whole(x)[..., None])


def _tiled(shades: np.ndarray, columns: int | None = None) -> np.ndarray:
    """Images of shades from 0 to 1, `[n, height, width, channels]`, as one picture."""
    columns = columns or int(np.ceil(np.sqrt(len(shades))))
    rows = -(-len(shades) // columns)
    height, width, channels = shades.shape[1:]
    zoom, shades = max(1, 48 // height), np.clip(shades, 0, 1)
    tiles = (np.repeat(np.repeat(shades, zoom, 1), zoom, 2) * 255).round().astype(np.uint8)
    tiles = np.pad(tiles, ((0, rows * columns - len(shades)), (1, 1), (1, 1), (0, 0)), constant_values=255)
    tiles = tiles.reshape(rows, columns, height * zoom + 2, width * zoom + 2, channels)
    sheet = tiles.swapaxes(1, 2).reshape(rows * tiles.shape[2], columns * tiles.shape[3], channels)
    return np.broadcast_to(sheet, (*sheet.shape[:2], 3)) if channels == 1 else sheet[..., :3]


def cloud(points: dict[str, np.ndarray]) -> np.ndarray:
    """Scatter plots side by side on shared axes, of the first two entries of `title -> [n, dimension]`."""
    figure = Figure(figsize=(4 * len(points), 4))
    axes = figure.subplots(1, len(points), squeeze=False, sharex=True, sharey=True)
    for axis, (title, x) in zip(axes[0], points.items(), strict=True):
        axis.scatter(x[:, 0], x[:, 1] if x.shape[1] > 1 else np.zeros(len(x)), s=2, alpha=0.4, linewidths=0)
        axis.set_title(title)
    return rendered(figure)


def beside_density(x: np.ndarray, target: Target, *, points: int = 300) -> np.ndarray:
    """The density of a two-dimensional target, and samples `[n, 2]` next to it on the same axes."""
    left, right, bottom, top = target.window
    columns, rows = np.linspace(left, right, points), np.linspace(bottom, top, points)
    grid_points = np.stack(np.meshgrid(columns, rows), axis=-1).reshape(-1, 2)
    log_density = target.log_density(tf.constant(grid_points, tf.float32)).numpy().reshape(points, points)
    figure = Figure(figsize=(8, 4))
    axes = figure.subplots(1, 2, sharex=True, sharey=True)
    axes[0].imshow(np.exp(log_density - log_density.max()), extent=target.window, origin="lower", aspect="auto")
    axes[0].set_title(f"density of {target.name}")
    axes[1].scatter(x[:, 0], x[:, 1], s=2, alpha=0.4, linewidths=0)
    axes[1].set(title="samples", xlim=(left, right), ylim=(bottom, top))
    return rendered(figure)


def histogram(training: np.ndarray, test: np.ndarray, *, quantile: float = 0.01) -> np.ndarray:
    """Histograms of the log-likelihoods of training and test set, with the threshold below which a row is flagged.

    Args:
        training: Log-likelihoods of the training set, in nats.
        test: Log-likelihoods of the test set.
        quantile: Share of the training set that is below the threshold.
    """
    threshold = metrics.lower_quantile(training, quantile)
    figure = Figure(figsize=(6, 4))
    axis = figure.subplots()
    draw_histograms(axis, {"training set": training, "test set": test}, "log-likelihood (nats)", upper=1.0)
    if math.isfinite(threshold):
        axis.axvline(threshold, color="black", linestyle="--", label=f"{quantile:.0%} quantile, {threshold:.2f}")
    axis.legend()
    return rendered(figure)


def draw_histograms(axis: Axes, scores: Mapping[str, np.ndarray], xlabel: str, *, upper: float = 0.998) -> None:
    """Draws histograms of scores by what they are of, between two quantiles; other scores are drawn at the ends."""
    every = np.concatenate([values[np.isfinite(values)] for values in scores.values()])
    low, high = np.quantile(every, [0.002, upper]) if len(every) else (0.0, 1.0)
    edges = np.linspace(low, high if high > low else low + 1, 60)
    for name, values in scores.items():
        weights = np.full(len(values), 100 / len(values))
        axis.hist(np.clip(values, edges[0], edges[-1]), edges, weights=weights, alpha=0.5, label=name)
    axis.set(xlabel=xlabel, ylabel="share (%)")
    axis.legend()


def rendered(figure: Figure) -> np.ndarray:
    """The figure as uint8 `[height, width, 3]`."""
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", dpi=100, bbox_inches="tight")
    return np.asarray(Image.open(buffer).convert("RGB"))


def titled(pictures: dict[str, np.ndarray]) -> np.ndarray:
    """Pictures side by side, each under its title."""
    figure = Figure(figsize=(4.5 * len(pictures), 4.8))
    axes = figure.subplots(1, len(pictures), squeeze=False)
    for axis, (title, image) in zip(axes[0], pictures.items(), strict=True):
        axis.imshow(image)
        axis.set_title(title)
        axis.axis("off")
    return rendered(figure)


def save(image: np.ndarray, path: Path) -> None:
    """Writes a picture as PNG."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with atomic_write(path) as beside:
        Image.fromarray(np.ascontiguousarray(image)).save(beside, format="png")


def read(path: Path) -> np.ndarray:
    """An image from a file: uint8 `[height, width, 1]` if it is gray, else `[height, width, 3]`."""
    with Image.open(path) as image:
        gray = image.mode in image_files.GRAY
        is_deep = image.mode.startswith("I")  # 16 bits, of which TensorFlow keeps the upper ones, too
        pixels = np.asarray(image) >> 8 if is_deep else np.asarray(image.convert("L" if gray else "RGB"))
        pixels = pixels.astype(np.uint8)
    return pixels[..., None] if gray else pixels
