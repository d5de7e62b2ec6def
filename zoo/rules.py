"""The settings for a table, from its numbers of rows and columns: the only place where they are derived.

A small table gets a small network, dropout and many passes, and training stops when the validation set no longer
improves. A large one gets a wider network, and a number of steps that a laptop makes in minutes.
"""

import math
from typing import Any

import numpy as np

from tfflows.errors import check, check_choice
from tfflows.events import Event
from tfflows.models.known import real_event

MOST_STEPS, EXECUTION = 10_000, 10  # a multiple of it, as are the numbers of steps between validations
TINY, SMALL, LARGE = 500, 5_000, 100_000  # rows
MOST_NOISE = 0.3  # of the standard deviation of a column
IMPORTANCE_SAMPLES = 20  # of a score that is a bound, which would else depend on one draw
FEW = 5  # rows of the validation set of a small table
BANDWIDTHS = {"scott": lambda rows, _: rows, "silverman": lambda rows, columns: rows * (columns + 2) / 4}


def preset(architecture: str, event: Event, rows: int) -> dict[str, dict[str, Any]]:
    """The settings of model and training, as in the presets of an architecture.

    Args:
        architecture: Name of the architecture.
        event: A row of the table.
        rows: Number of rows of the training set.
    """
    train = _training(rows)
    if architecture in ("vae", "flow_vae"):
        train |= {"num_importance_samples": IMPORTANCE_SAMPLES}
    return {"model": _model(architecture, real_event(event).size, rows, train["steps"]), "train": train}


def _model(architecture: str, size: int, rows: int, steps: int) -> dict[str, Any]:
    width = _power_of_two(math.sqrt(rows), 16, 128)
    layers = 2 if rows < TINY else 3 if rows < SMALL else 5
    dropout = 0.2 if rows < TINY else 0.1 if rows < SMALL else 0.0
    # A coupling needs two columns.
    kind = {"kind": "coupling", "dropout": dropout} if size > 1 else {"kind": "autoregressive", "dropout": 0.0}
    latent = {"latents": max(2, size // 2), "kl_warmup_steps": steps // 5}  # without it, the posterior collapses
    depth = {
        **dict.fromkeys(("vae", "flow_vae"), latent),
        "nsf": {"steps": layers, **kind},
        "maf": {"flows": layers, "batch_norm": False},
        "realnvp": {"couplings": 2 * layers},
        "glow": {"steps": 2 * layers},
        "flowpp": {"couplings": 2 * layers},
        "iaf": {"flows": layers},
        "naf": {"flows": 2},
        "bnaf": {"flows": 2, "units": max(4, width // 8)},
        "residual": {"blocks": 2 * layers},
    }
    without_width = ("planar", "radial", "sylvester", "bnaf")
    return {**depth.get(architecture, {}), **({} if architecture in without_width else {"width": width})}


def _training(rows: int) -> dict[str, Any]:
    batch_size = _power_of_two(rows / 20, min(16, rows), 512 if rows > LARGE else 256)
    per_pass = max(1, rows // batch_size)
    steps = min(max(60 * per_pass, 2_000), MOST_STEPS)
    validate_every = EXECUTION * math.ceil(min(max(per_pass, 50), 500) / EXECUTION)
    return {
        "steps": steps,
        "batch_size": batch_size,
        "validate_every": validate_every,
        "patience": 10,
        "learning_rate": 2e-3,
        "schedule": "cosine",
        "warmup_steps": steps // 10,
        "clip_norm": 5.0,
        "ema": 0.99,
        "weight_decay": 1e-2 if rows < SMALL else 1e-4,
        "steps_per_execution": EXECUTION,
        # As the width of a kernel, it falls with the number of rows.
        "input_noise": round(min(MOST_NOISE, 3 / math.sqrt(rows)), 4),
    }


def bandwidth(rule: str | float, rows: int, columns: int) -> float:
    """The width of a kernel in standard deviations of a column, as in scikit-learn's `KernelDensity`.

    Args:
        rule: `"scott"`, for `rows ** (-1 / (columns + 4))`; `"silverman"`, for
            `(rows * (columns + 2) / 4) ** (-1 / (columns + 4))`; or the width itself, above 0.
        rows: Number of rows of the training set.
        columns: Number of columns.

    Raises:
        InputError: `rule` is neither a known name nor a positive number.

    Source: Scott, "Multivariate Density Estimation" (1992), equation 6.42; Silverman, "Density Estimation for
    Statistics and Data Analysis" (1986), section 4.3.2.
    """
    if isinstance(rule, str):
        check_choice("bandwidth", rule, BANDWIDTHS)
        return round(BANDWIDTHS[rule](rows, columns) ** (-1 / (columns + 4)), 4)
    is_number = isinstance(rule, int | float | np.number) and not isinstance(rule, bool) and 0 < rule < math.inf
    check(is_number, f"Expected `bandwidth` to be one of {sorted(BANDWIDTHS)}, or a number above 0.", bandwidth=rule)
    return float(rule)


def holdout(rows: int) -> float:
    """The fraction of so many rows in memory that is the validation set: a tenth, or a few rows of a small table."""
    return min(max(0.1, FEW / rows), 1 / 3)


def _power_of_two(wanted: float, least: int, most: int) -> int:
    """The power of two next to `wanted`, within limits."""
    return min(max(2 ** round(math.log2(max(wanted, 1))), least), most)
