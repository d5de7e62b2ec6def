"""Corner plots: the marginal of each column of a table, and of each pair of columns."""

from collections.abc import Sequence

import numpy as np
from matplotlib.figure import Figure

from tfflows.columns import Column

MOST_COLUMNS = 8
BINS = 40


def corner(tables: dict[str, np.ndarray], columns: Sequence[Column]) -> Figure:
    """A corner plot of several tables on the same axes, such as data and samples.

    Args:
        tables: Title -> rows, `[n, columns]`.
        columns: The columns, of which the first 8 are shown.
    """
    shown = columns[:MOST_COLUMNS]
    size = len(shown)
    figure = Figure(figsize=(1.2 + 1.6 * size, 1.2 + 1.6 * size))
    axes = figure.subplots(size, size, squeeze=False)
    limits = [_limits(column, [table[:, place] for table in tables.values()]) for place, column in enumerate(shown)]
    for number, (title, table) in enumerate(tables.items()):
        color = f"C{number}"  # of Matplotlib's cycle
        for row in range(size):
            _marginal(axes[row, row], table[:, row], shown[row], limits[row], color, title)
            for place in range(row):
                _pair(axes[row, place], table[:, place], table[:, row], (shown[place], shown[row]), color)
    _finish(axes, shown, limits)
    handles, labels = axes[0, 0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="upper right", bbox_to_anchor=(0.9, 0.88))
    return figure


def _limits(column: Column, values: list[np.ndarray]) -> tuple[float, float]:
    """The range of a column that is shown: without the outermost 0.2% of the first table with values; with a margin."""
    if column.kind == "categorical":
        return -0.6, len(column.categories) - 0.4
    if column.kind == "circular":
        return column.support
    finite = [each[np.isfinite(each)] for each in values]
    shown = next((each for each in finite if len(each)), np.array([-1.0, 1.0]))
    low, high = np.quantile(shown, [0.002, 0.998])
    margin = 0.08 * (high - low) or 1.0
    return low - margin, high + margin


def _places(values: np.ndarray, column: Column) -> np.ndarray:
    """Categories by their place, so that they are at equal distances."""
    if column.kind != "categorical":
        return values
    same = values[:, None] == np.array(column.values)
    return np.where(same.any(1), same.argmax(1), np.nan)


def _marginal(axis, values, column, limits, color, title):
    places = _places(values, column)
    width = max(column.step, (limits[1] - limits[0]) / BINS)
    width = column.step * round(width / column.step) if column.step else width
    edges = np.arange(limits[0], limits[1] + width, width)
    if column.step:
        edges = (np.floor(limits[0] / column.step) - 0.5) * column.step + np.arange(len(edges) + 1) * width
    if column.kind == "categorical":
        edges = np.arange(len(column.categories) + 1) - 0.5
    places = places[np.isfinite(places)]
    axis.hist(places, edges, density=len(places) > 0, histtype="stepfilled", color=color, alpha=0.45, label=title)


def _pair(axis, x, y, columns, color):
    random = np.random.RandomState(0)
    x, y = (
        _places(values, column) + (random.uniform(-0.3, 0.3, len(values)) if column.kind == "categorical" else 0.0)
        for values, column in zip((x, y), columns, strict=True)
    )
    axis.scatter(x, y, s=1.5, alpha=0.3, linewidths=0, color=color)


def _finish(axes, columns, limits):
    """Names at the outer axes, ticks only there."""
    size = len(columns)
    for row in range(size):
        for place in range(size):
            axis = axes[row, place]
            if place > row:
                axis.axis("off")
                continue
            axis.set_xlim(limits[place])
            if place < row:
                axis.set_ylim(limits[row])
            _label(axis, columns[place], which="x", shown=row == size - 1)
            _label(axis, columns[row], which="y", shown=place == 0 and row > 0)


def _label(axis, column, *, which, shown):
    ruler = axis.xaxis if which == "x" else axis.yaxis
    if not shown:
        ruler.set_ticks([])
        return
    ruler.set_label_text(column.name, fontsize=9, parse_math=False)  # a name may have dollar signs
    axis.tick_params(axis=which, labelsize=7, labelrotation=35 if which == "x" else 0)
    ruler.get_offset_text().set_fontsize(7)
    if column.kind == "categorical" and len(column.categories) <= 8:
        ruler.set_ticks(range(len(column.categories)), labels=column.categories, parse_math=False)
