"""Exports pretrained models again, in place, with this version of the code.

    python -m tools.reexport realnvp_digits

Run it after a change of what an export contains. Weights, configurations and scores stay the same; the datasets are
needed for pictures and for the scores of the training set. Without names it exports all pretrained models. Run
`python -m tools.publish exported/*/` after it, as the archives have new hashes.
"""

import json
from collections.abc import Sequence
from pathlib import Path

from tfflows import datasets, export, versions
from tools import command
from zoo.pretrained import exported_folder, list_pretrained, load


def reexport(folder: Path) -> None:
    """Exports every version of the model in `folder` again."""
    for number in versions.numbers(folder):
        version = folder / str(number)
        config, metrics = (json.loads((version / name).read_text()) for name in ("config.json", "metrics.json"))
        data = datasets.load(config["dataset"], **config["data"])
        model = load(str(folder), version=number)
        metrics["parameters"] = model.count_params()  # a layer may need fewer of them than in earlier versions
        export.export_again(model, version, config=config, metrics=metrics, data=data)
        print(version, flush=True)


def main(argv: Sequence[str] | None = None) -> None:
    """Exports all models again, or those that are named."""
    parser = command.parser(__doc__)
    parser.add_argument("names", nargs="*", help="ids or folders of pretrained models (default: all)")
    with command.errors_in_one_line("tools.reexport"):
        for name in parser.parse_args(argv).names or list_pretrained():
            reexport(exported_folder(name))


if __name__ == "__main__":
    main()
