"""Generated parts of documents, each between two marks: `<!-- name -->` and `<!-- /name -->`."""

from pathlib import Path

from tfflows.errors import check
from tfflows.files import atomic_write


def renew(document: Path, name: str, text: str) -> None:
    """Writes `text`, whole lines, between the marks `name` of a document.

    Raises:
        InputError: The document does not have the marks.
    """
    before, begin, rest = document.read_text().partition(f"<!-- {name} -->\n")
    _, end, after = rest.partition(f"<!-- /{name} -->\n")
    check(bool(begin and end), f"Expected the marks <!-- {name} --> and <!-- /{name} -->.", document=str(document))
    with atomic_write(document) as beside:
        beside.write_text(before + begin + text + end + after)
