"""What each column of a table is for: data, label, context, weight, or nothing."""

import dataclasses
from collections.abc import Sequence

from tfflows.datasets.options import Options
from tfflows.datasets.tables.schema import ColumnOptions
from tfflows.errors import InputError, check


@dataclasses.dataclass(frozen=True)
class Roles:
    """The columns that are read.

    Args:
        data: Names of the columns whose density is modeled.
        context: Names of the columns that condition the model.
        label: Name of the column with the classes; None for none.
        weight: Name of the column with the weights; None for none.
    """

    data: tuple[str, ...]
    context: tuple[str, ...] = ()
    label: str | None = None
    weight: str | None = None

    @property
    def names(self) -> tuple[str, ...]:
        """All names."""
        return (*self.data, *self.context, *(name for name in (self.label, self.weight) if name is not None))


def roles(table: str, names: Sequence[str], options: Options) -> Roles:
    """The role of each column of a table.

    Raises:
        InputError: A column does not exist, has two roles, or none is left for the data.
    """
    context, dropped, chosen = names_in(options.context), names_in(options.drop), names_in(options.columns)
    others = [name for name in (options.label, options.weight) if name is not None]
    data = chosen or tuple(name for name in names if name not in (*context, *dropped, *others))
    used = [*data, *context, *others]
    unknown = [name for name in (*used, *dropped) if name not in names]
    check(not unknown, f"Expected columns of {table!r}, which has {_short(names)}.", unknown=unknown)
    twice = sorted({name for name in used if used.count(name) > 1})
    check(not twice, "Expected each column to be data, context, label or weight, only one of them.", twice=twice)
    both = sorted(set(used) & set(dropped))
    check(not both, "Expected no column of data.drop to have a role.", both=both)
    check(bool(data), f"Expected at least one column of {table!r} for the data.", columns=list(names))
    return Roles(data, context, options.label, options.weight)


def column_options(options: Options, roles: Roles) -> ColumnOptions:
    """What the options say about the columns.

    Raises:
        InputError: An option names a column that is not read, or is not understood.
    """
    categorical, continuous = names_in(options.categorical), names_in(options.continuous)
    circular, bounds = _ends("circular", options.circular), _ends("bounds", options.bounds)
    read = (*roles.data, *roles.context)
    for option, named in (("categorical", categorical), ("continuous", continuous), ("circular", circular)):
        _check_known(option, named, read)
    _check_known("bounds", bounds, roles.data)
    named = [*categorical, *continuous, *circular]
    twice = sorted({name for name in named if named.count(name) > 1})
    check(not twice, "Expected each column in one of data.categorical, data.continuous, data.circular.", twice=twice)
    for name, (low, high) in circular.items():
        rule = "Expected the two ends of a circular column: --set=data.circular=NAME:0:360."
        check(low is not None and high is not None, rule, circular=options.circular, column=name)
    found = None if options.bounds is None else bounds
    return ColumnOptions(categorical, continuous, circular, found, options.scaling, options.missing)


def names_in(text: str | Sequence[str] | None) -> tuple[str, ...]:
    """The names in an option: a sequence, whose names may have commas, or text with commas between them."""
    if text is None:
        return ()
    if not isinstance(text, str):
        return tuple(text)
    return tuple(part.strip() for part in text.split(",") if part.strip())


def _ends(option: str, text: str | Sequence[str] | None) -> dict[str, tuple[float | None, float | None]]:
    """The ends in `"a:0:1,b:0:"`, by name; none in `"none"`."""
    found = {}
    for part in names_in(None if text == "none" else text):
        name, *ends = part.rsplit(":", maxsplit=2)
        rule = f"Expected NAME:LOW:HIGH in data.{option}, where an end may be left out, or several with commas between."
        try:
            low, high = (float(end) if end else None for end in ends)
        except ValueError:
            raise InputError(f"{rule} Received: {option}={part!r}.") from None
        check(low is None or high is None or low < high, rule, **{option: part})
        found[name] = (low, high)
    return found


def _check_known(option: str, named: Sequence[str], read: Sequence[str]) -> None:
    unknown = [name for name in named if name not in read]
    check(not unknown, f"Expected data.{option} to name columns that are read, {_short(read)}.", unknown=unknown)


def _short(names: Sequence[str]) -> str:
    return ", ".join(map(repr, names[:10])) + (f", ... ({len(names)} columns)" if len(names) > 10 else "")
