"""The entries of a column: numbers in float64, or text; an error names the file, the row, the column and the value."""

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from tfflows.sources.place import Place

MISSING = ("", "NA", "N/A", "NaN", "nan", "null", "NULL", "None", "?")  # in text that is read as numbers, and in CSV
EXACT = 2**53  # float64 holds all integers up to this one
INTEGER = r"^[+-]?[0-9]+$"
NUMBER = r"(?i)^[+-]?(([0-9]+\.?[0-9]*|\.[0-9]+)(e[+-]?[0-9]+)?|inf|infinity|nan)$"
# With a decimal comma, commas between thousands, or a unit.
LIKE_NUMBER = r"^[+-]?([0-9]+,[0-9]+|[0-9]{1,3}(,[0-9]{3})+(\.[0-9]+)?|[$€£] ?[0-9.,]+|[0-9.,]+ ?[%$€£])$"


def numbers(place: Place, values: np.ndarray, missing: np.ndarray | None = None) -> np.ndarray:
    """Numbers in float64, NaN where they are missing.

    Args:
        place: Where they are.
        values: Booleans, integers or real numbers, `[rows]`.
        missing: Rows without a value.

    Raises:
        InputError: A number is infinite or not exact in float64.
    """
    missing = np.zeros(len(values), bool) if missing is None else missing
    if values.dtype.kind in "iu":
        _check_exact(place, ~missing & ((values > EXACT) | (values < -EXACT)), values)
    with np.errstate(over="ignore"):
        entries = values.astype(np.float64)
    _check_finite(place, ~missing & np.isinf(entries), values)
    entries[missing] = np.nan
    return entries


def parsed(place: Place, texts: pa.Array) -> np.ndarray:
    """Numbers that are written as text, in float64, NaN where they are missing.

    Raises:
        InputError: A text is not a number, or a number that is infinite or not exact in float64.
    """
    texts = pc.utf8_trim_whitespace(texts)
    missing = is_missing(texts)
    wrong = ~(missing | _matches(texts, NUMBER))
    if wrong.any():
        index, value = _first(wrong, texts)
        place.check_date(index, value)
        fix = f"correct or empty the value, or drop the column: {place.dropped}."
        place.refuse(f"Expected a number in each row of a numeric column: {fix}", index, value)
    filled = pc.replace_with_mask(texts, pa.array(missing), pa.scalar("nan", texts.type))
    entries = pc.cast(filled, pa.float64()).to_numpy(zero_copy_only=False)
    _check_finite(place, np.isinf(entries), texts)
    large = (np.abs(entries) >= EXACT) & _matches(texts, INTEGER)
    large[large] = [abs(int(value.as_py())) > EXACT for value in texts.filter(pa.array(large))]
    _check_exact(place, large, texts)
    return entries


def text(place: Place, texts: pa.Array, missing: np.ndarray) -> np.ndarray:
    """Text as an array of objects, None where it is missing.

    Raises:
        InputError: The first value is a date.
    """
    entries = texts.to_numpy(zero_copy_only=False)
    entries = np.where(missing, None, entries)
    if not missing.all():
        index = int(np.argmin(missing))
        place.check_date(index, entries[index])
    return entries


def text_of_numbers(place: Place, values: np.ndarray, missing: np.ndarray | None = None) -> np.ndarray:
    """Numbers as text, integers without `.0`, None where they are missing.

    Raises:
        InputError: A number is infinite.
    """
    if values.dtype.kind == "f":
        _check_finite(place, np.isinf(values), values)
    different, number = np.unique(values, return_inverse=True)
    entries = np.array([*map(_text_of, different), None], dtype=object)[number]
    return entries if missing is None else np.where(missing, None, entries)


def decoded(place: Place, values: Iterable[bytes]) -> pa.Array:
    """Bytes as text.

    Raises:
        InputError: Bytes are not UTF-8.
    """
    texts = []
    for index, value in enumerate(values):
        try:
            texts.append(value.decode())
        except UnicodeDecodeError:
            place.refuse(
                f"Expected text in UTF-8: convert the file, or drop the column: {place.dropped}.", index, value
            )
    return pa.array(texts, pa.string())


def booleans(texts: pa.Array) -> np.ndarray | None:
    """0 and 1 for texts that are all false or true, in any case, or missing (NaN); None if another text is among them.

    pandas writes booleans into .csv files in this way, while all other formats hold them as numbers.
    """
    texts = pc.utf8_trim_whitespace(texts)
    numbers = np.where(is_missing(texts), np.nan, -1.0)
    for number, word in enumerate(("false", "true")):
        numbers[_matches(texts, f"(?i)^{word}$")] = number
    return None if (numbers == -1).any() else numbers


def is_missing(texts: pa.Array) -> np.ndarray:
    """Whether texts, without the space around them, stand for a missing value."""
    found = pc.is_in(texts, pa.array(MISSING, texts.type))
    return pc.or_(found, pc.is_null(texts)).to_numpy(zero_copy_only=False)


def are_numbers(texts: pa.Array) -> np.ndarray:
    """Whether texts are numbers."""
    return _matches(pc.utf8_trim_whitespace(texts), NUMBER)


def are_like_numbers(texts: pa.Array) -> np.ndarray:
    """Whether texts are numbers with a decimal comma, with commas between thousands, or with a unit beside them."""
    return _matches(pc.utf8_trim_whitespace(texts), LIKE_NUMBER)


def _text_of(value: np.generic) -> str | None:
    if value.dtype.kind in "biu":
        return str(int(value))
    if np.isnan(value):
        return None
    return str(int(value)) if value.is_integer() and abs(float(value)) < EXACT else str(value)


def _check_finite(place: Place, infinite: np.ndarray, values: Sequence) -> None:
    if infinite.any():
        fix = f"correct the value, or drop the column: {place.dropped}."
        place.refuse(f"Expected numbers that are finite in float64: {fix}", *_first(infinite, values))


def _check_exact(place: Place, large: np.ndarray, values: Sequence) -> None:
    if large.any():
        rule = "Expected integers of at most 2**53 in magnitude, which float64 holds exactly: rescale the column, or"
        place.refuse(f"{rule} drop it: {place.dropped}.", *_first(large, values))


def _first(found: np.ndarray, values: Sequence) -> tuple[int, Any]:
    index = int(np.argmax(found))
    value = values[index]
    return index, value.as_py() if isinstance(value, pa.Scalar) else value.item()


def _matches(texts: pa.Array, pattern: str) -> np.ndarray:
    return pc.fill_null(pc.match_substring_regex(texts, pattern), False).to_numpy(zero_copy_only=False)
