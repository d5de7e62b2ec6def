"""What the name of a dataset says."""

from tfflows.datasets.tables.loading import is_path


def family(name: str) -> str:
    """The part of a name before a slash, such as `lsun` in `lsun/bedroom`; a path of files stays as it is."""
    return name if is_path(name) else name.partition("/")[0]
