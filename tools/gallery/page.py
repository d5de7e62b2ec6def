"""The page: a table that sorts and filters, and a section for each model."""

import html
from collections.abc import Mapping
from pathlib import Path

from tools import scoreboard
from tools.gallery.pictures import TEXTS

TEMPLATE = Path(__file__).parent / "page.html"
HEADS = ("model", "architecture", "dataset", "score", "to compare with", "parameters", "size (MB)")

Row = Mapping[str, str]


def page(rows: list[Row], pictures: Mapping[str, Mapping[str, str]], megabytes: Mapping[str, float]) -> str:
    """The whole page.

    Args:
        rows: The table of pretrained models.
        pictures: For each id the paths of its pictures, relative to the page, by kind.
        megabytes: Size of each export.
    """
    parts = {
        "heads": "".join(f"<th scope='col'><button type='button'>{_text(head)}</button></th>" for head in HEADS),
        "rows": "\n".join(_row(row, megabytes[row["id"]]) for row in rows),
        "datasets": "".join(f"<option>{_text(name)}</option>" for name in sorted({row["dataset"] for row in rows})),
        "models": "\n".join(_section(row, pictures[row["id"]]) for row in rows),
    }
    text = TEMPLATE.read_text()
    for name, part in parts.items():
        text = text.replace(f"<!-- {name} -->", part)
    return text


def _text(value: object) -> str:
    return html.escape(str(value), quote=True)


def _row(row: Row, megabytes: float) -> str:
    link = f"<a href='#{_text(row['id'])}'>{_text(row['id'])}</a>"
    cells = [
        (row["id"], link),
        (row["architecture"], _text(row["architecture"])),
        (row["dataset"], _text(row["dataset"])),
        (scoreboard.score(row).split()[0], _text(scoreboard.score(row))),
        (scoreboard.anchor(row), _text(scoreboard.anchor(row))),
        (row["parameters"], f"{int(row['parameters']):,}"),
        (f"{megabytes:.2f}", f"{megabytes:.2f}"),
    ]
    tags = "".join(f"<td data-value='{_text(value)}'>{shown}</td>" for value, shown in cells)
    return f"<tr data-dataset='{_text(row['dataset'])}'>{tags}</tr>"


def _section(row: Row, pictures: Mapping[str, str]) -> str:
    name = row["id"]
    figures = "".join(
        f"<figure><img src='{_text(path)}' alt='{_text(TEXTS[kind].format(id=name))}' loading='lazy'>"
        f"<figcaption>{_text(kind)}</figcaption></figure>"
        for kind, path in pictures.items()
    )
    compared = scoreboard.anchor(row)
    compared = f"(to compare with: {compared})" if compared != "-" else ""
    again = f"python train.py --config=exported/{name}/config.json"
    return f"""<section id='{_text(name)}' data-dataset='{_text(row["dataset"])}'>
<h2>{_text(name)}</h2>
<p>{_text(row["architecture"])} on <code>{_text(row["dataset"])}</code>: <strong>{_text(scoreboard.score(row))}</strong>
{_text(compared)}. {int(row["parameters"]):,} parameters, {_text(scoreboard.training(row))}.
<a href='../../exported/{_text(name)}/README.md'>Model card</a></p>
<div class='figures'>{figures}</div>
<pre><code>model = zoo.load({_text(repr(name))})
{_text(again)}</code></pre>
</section>"""
