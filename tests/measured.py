"""Tables of measured rows, as tests make and read them."""

import csv


def empty(folder, page, marks, **tables):
    """A folder with empty tables, `name=columns`, and a page with marks for one of them."""
    for name, columns in tables.items():
        (folder / f"{name}.csv").write_text(",".join(columns) + "\n")
    (folder / page).write_text(f"Title\n\n<!-- {marks} -->\n<!-- /{marks} -->\nEnd\n")
    return folder


def read(path):
    """The rows of a table."""
    with path.open(newline="") as file:
        return list(csv.DictReader(file))
