"""Lists what an architecture of the registry still lacks outside its own file.

    python -m tools.missing              every architecture
    python -m tools.missing bnaf         one of them

It prints one line for each missing piece, with the way to add it, and exits with status 1 if there is any.
"""

import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from tfflows.errors import check_choice
from tools import command
from zoo import pretrained
from zoo.registry import ARCHITECTURES

ROOT = Path(__file__).parents[1]


def missing(name: str, root: Path = ROOT) -> Iterator[str]:
    """The missing pieces of the architecture `name` in the clone at `root`."""
    tests = (root / "tests" / "zoo").glob("test_*.py")
    if not any(f'"{name}"' in test.read_text() for test in tests):
        yield f"tests/zoo/test_{name}.py: test the facts of its paper"
    for path, mark in {"README.md": f"| `{name}` |", "docs/models.md": f"### {name}"}.items():
        if not any(line.startswith(mark) for line in (root / path).read_text().splitlines()):
            yield f"{path}: add `{mark}`, with what the model is"
    ids = [row["id"] for row in pretrained.rows(root / "zoo" / "pretrained.csv") if row["architecture"] == name]
    if not ids:
        yield "zoo/pretrained.csv: train and export a model, then run `python -m tools.publish exported/<id>`"
    for id in ids:
        if not (root / "docs" / "images" / f"{id}.png").exists():
            yield f"docs/images/{id}.png: run `python -m tools.pictures`"


def main(argv: Sequence[str] | None = None) -> None:
    """Prints what architectures lack, all of the registry or those that are named."""
    parser = command.parser(__doc__)
    parser.add_argument("names", nargs="*", help="names of architectures (default: all)")
    names = parser.parse_args(argv).names
    with command.errors_in_one_line("tools.missing"):
        for name in names:
            check_choice("name", name, tuple(ARCHITECTURES))
    lines = [f"{name}: {line}" for name in names or ARCHITECTURES for line in missing(name)]
    print("\n".join(lines) or "Nothing is missing.")
    sys.exit(1 if lines else 0)


if __name__ == "__main__":
    main()
