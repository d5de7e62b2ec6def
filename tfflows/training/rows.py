"""Names the rows of a dataset that training cannot use."""

import contextlib
from collections.abc import Iterator

import numpy as np

from tfflows.datasets import Data
from tfflows.errors import InputError, TrainingError
from tfflows.models.assertions import as_input_errors
from tfflows.targets import Target

BATCH = 1024


@contextlib.contextmanager
def naming_rows(data: Data | Target) -> Iterator[None]:
    """If an error is raised inside the block, and a row of the data is to blame, raises one that names the row."""
    try:
        with as_input_errors():
            yield
    except (InputError, TrainingError):
        if isinstance(data, Data):
            check_rows(data)
        raise


def check_rows(data: Data) -> None:
    """Reads the training and the validation set.

    Raises:
        InputError: A row breaks a rule of the event; the message has its number.
    """
    for name, split in {"training": data.train, "validation": data.validation}.items():
        first = 0
        for batch in split.events().batch(BATCH).as_numpy_iterator():
            try:
                data.event.check(batch["x"], first_row=first)
                data.event.check_label(batch.get("label"), first_row=first)
                data.event.check_context(batch.get("context"), first_row=first)
            except InputError as error:
                raise InputError(f"{error} This is in the {name} set of {data.name}.") from None
            first += len(batch["x"])


def first_not_finite(nats: np.ndarray) -> str:
    """The first log-likelihood that is not finite, and its row, in words."""
    row = int(np.argmin(np.isfinite(nats)))
    return f"log_prob={nats[row]} in row {row} of {len(nats)}"
