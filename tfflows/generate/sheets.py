"""Pictures made of rows: images with a title at the left of each row, or panels with a title above each."""

from collections.abc import Mapping

import numpy as np
from matplotlib.figure import Figure

from tfflows import corner, figures
from tfflows.events import Event

INCHES = 0.55  # of an image in a row


def drawn(rows: Mapping[str, np.ndarray], event: Event) -> np.ndarray:
    """Events by their titles: rows of images, scatter plots of vectors, a corner plot of tables."""
    if figures.image_shape(event):
        return sheet(rows, event)
    if event.columns:
        return figures.rendered(corner.corner(dict(rows), event.columns))
    return figures.cloud(dict(rows))


def sheet(rows: Mapping[str, np.ndarray], event: Event) -> np.ndarray:
    """Rows of images, each with its title at the left.

    Args:
        rows: The images `[columns, *event]` of each row, by its title.
        event: What an image is.

    Returns:
        The picture, uint8 `[height, width, 3]`.
    """
    longest = max(len(images) for images in rows.values())
    size = (1.5 + INCHES * longest, INCHES * len(rows))
    figure = Figure(figsize=size)
    axes = figure.subplots(len(rows), 1, squeeze=False, gridspec_kw={"hspace": 0.04})
    for axis, (title, images) in zip(axes[:, 0], rows.items(), strict=True):
        axis.imshow(figures.grid(np.asarray(images), event, columns=longest), aspect="equal")
        axis.set(xticks=[], yticks=[])
        axis.set_ylabel(title, rotation=0, ha="right", va="center")
        axis.spines[:].set_visible(False)
    return figures.rendered(figure)
