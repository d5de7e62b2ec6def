"""Small models of tables, with weights that were moved, and rows for each kind of column."""

import keras
import numpy as np

import zoo
from tfflows.columns import Column
from tfflows.events import Event
from tfflows.models import Tabular

REAL = Column("real", shift=1.0, scale=2.0)
POSITIVE = Column("positive", low=0.0, shift=0.5, scale=0.8)
NEGATIVE = Column("negative", high=0.0, shift=0.5, scale=0.8)
BOUNDED = Column("bounded", low=-1.0, high=3.0, shift=0.2, scale=0.9)
COUNT = Column("count", low=-0.5, step=1.0, shift=1.0, scale=0.7)
TENTHS = Column("tenths", step=0.1, shift=0.4, scale=0.3)
THIRDS = Column("thirds", low=-1.35, high=1.65, step=0.3, scale=0.9)  # multiples of 0.3, from -1.2 to 1.5
SPIKE = Column("spike", low=0.0, atom=0.0, shift=0.3, scale=0.9)
EVEN = Column("even", step=0.25, origin=0.1, shift=0.6, scale=0.5)  # 0.1, 0.35, 0.6, ...
COLOR = Column("color", "categorical", categories=("red", "green", "blue"), values=(2.0, 5.0, 7.0))
ANGLE = Column("angle", "circular", low=0.0, high=360.0)
GAP = Column("gap", missing=True, shift=-1.0, scale=1.5)
PLACE = Column("place", "circular", low=-180.0, high=180.0)
SEEN = Column("seen", missing=True, shift=2.0, scale=3.0)
SIDE = Column("side", "categorical", categories=("left", "right"))
CONTEXT = (PLACE, SEEN, SIDE)
ALL = (COLOR, REAL, POSITIVE, ANGLE, NEGATIVE, BOUNDED, COUNT, TENTHS, THIRDS, GAP)


def table(*columns: Column, conditional: bool = False, move: float = 0.15, seed: int = 0, **settings) -> Tabular:
    """The model of a table in the current precision; `conditional` on a label and on CONTEXT."""
    conditions = {"classes": 2, "context": len(CONTEXT), "context_columns": CONTEXT} if conditional else {}
    settings = {"kind": "autoregressive", "steps": 2, "width": 8, "bins": 3, **settings}
    keras.utils.set_random_seed(seed)
    model = zoo.create("nsf", Event((len(columns),), columns=columns, **conditions), **settings)
    x, given = rows(model.event, 64)
    model.initialize(x, **given)
    random = np.random.default_rng(seed)
    for variable in model.trainable_variables:
        variable.assign(variable.numpy() + move * random.normal(size=variable.shape))
    return model


def rows(event: Event, n: int, seed: int = 0) -> tuple[np.ndarray, dict[str, np.ndarray]]:
    """Random rows, and their conditions by name."""
    random = np.random.default_rng(seed)
    given = {"label": random.integers(0, event.classes, n).astype(np.int32)} if event.classes else {}
    if event.context:
        given["context"] = np.stack([values(column, n, random) for column in event.context_columns], axis=1)
    return np.stack([values(column, n, random) for column in event.columns], axis=1), given


def values(column: Column, n: int, random: np.random.Generator) -> np.ndarray:
    """Random values of a column, near its shift; a fourth of those that may be missing are."""
    low, high = column.support
    if column.kind == "categorical":
        return random.choice(column.values, n)
    if column.kind == "circular":
        return random.uniform(low, high, n)
    y = column.shift + column.scale * random.normal(size=n)
    if np.isfinite(low) and np.isfinite(high):
        x = low + (high - low) / (1 + np.exp(-y))
    else:
        x = low + np.exp(y) if np.isfinite(low) else high - np.exp(-y) if np.isfinite(high) else y
    if column.step:
        x = multiples(column, x)
    return np.where(random.uniform(size=n) < 0.25, np.nan, x) if column.missing else x


def multiples(column: Column, x: np.ndarray) -> np.ndarray:
    """The nearest multiples of a step, as the decimal numbers that a file holds."""
    return np.array([float(f"{round(each / column.step) * column.step:.6f}") for each in x]) + 0.0


def twin(model: Tabular, *columns: Column) -> Tabular:
    """A model of other columns with the same weights."""
    event = Event((len(columns),), columns=columns)
    other = Tabular(event, model.flow.__class__.from_config(model.flow.get_config()), width=64)
    other.set_weights(model.get_weights())
    return other
