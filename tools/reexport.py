"""Exports pretrained models again, in place, with this version of the code.

    python -m tools.reexport realnvp_digits

Run it after a change of what an export contains. Weights, configurations and scores stay the same; the datasets are
needed for pictures and for the scores of the training set. Without names it exports all pretrained models. Run
`python -m tools.publish exported/*/` after it, as the archives have new hashes.
"""

import json
import sys
from pathlib import Path

from tfflows import datasets, export, versions
from tfflows.errors import InputError
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


def main(names: list[str]) -> None:
    """Exports the models `names` again, or all."""
    try:
        for name in names or list_pretrained():
            reexport(exported_folder(name))
    except InputError as error:
        sys.exit(f"tools.reexport: {error}")


if __name__ == "__main__":
    main(sys.argv[1:])
