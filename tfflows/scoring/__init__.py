"""Scores of large datasets by exported models, on one machine or with Apache Beam.

result = tfflows.scoring.score("exported/realnvp_digits", "x.npy", "scores.csv")
"""

import typing

if typing.TYPE_CHECKING:
    from tfflows.scoring.scoring import Result as Result
    from tfflows.scoring.scoring import score as score


def __getattr__(name: str) -> typing.Any:
    """Imports `score` and `Result` when they are first used, so that the command can start TensorFlow quietly."""
    if name not in ("score", "Result"):
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from tfflows.scoring import scoring

    return getattr(scoring, name)
