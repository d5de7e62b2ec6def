"""Pictures of a trained model: `python -m tfflows.generate MODE --model=ID` writes MODE_ID.png.

    sample        samples at several temperatures, or of each class
    interpolate   interpolations between two test images, or between four (--path=manifold)
    edit          an image with less and more of each attribute of its dataset
    inpaint       hidden pixels filled in with the most likely values, or with posterior samples
    reconstruct   events, encoded and decoded
    density       density, samples and latent grid of a 2-D model; else histograms of log-likelihoods
    ood           out-of-distribution scores of another dataset and of the test set: --other=mnist
    quality       precision, recall and Frechet distance in the features of a small classifier

    python -m tfflows.generate sample --model=realnvp_fashion_mnist --temperatures=0.6,0.8,1
    python -m tfflows.generate inpaint --model=realnvp_fashion_mnist --hide=top,left --draws=4
    python -m tfflows.generate ood --model=realnvp_fashion_mnist --other=mnist --arrays=scores.npz

The same seed makes the same picture. In Python: the functions of `tfflows.generate`.
"""

import dataclasses
import inspect
import typing
from pathlib import Path
from typing import Any

from absl import flags

from tfflows import command

with command.quiet():
    import numpy as np

    import zoo
    from tfflows import datasets, figures
    from tfflows.config import read_config
    from tfflows.datasets.options import Options
    from tfflows.errors import InputError, check, check_choice
    from tfflows.files import atomic_write
    from tfflows.generate.modes import MODES
    from tfflows.generate.trained import Trained
    from tfflows.overrides import assignments, merge, split_overrides
    from tfflows.values import check_count
    from zoo.pretrained import exported_version

FLAGS = flags.FLAGS


def define_flags(values: flags.FlagValues) -> None:
    """Defines the flags of the command in `values`."""
    to = {"flag_values": values}
    flags.DEFINE_string("model", None, "Id of a pretrained model, or path of its folder.", required=True, **to)
    flags.DEFINE_integer("version", None, "Number of the version. (default: the newest)", **to)
    flags.DEFINE_string("dataset", None, "Dataset or files with the examples. (default: those of the training)", **to)
    flags.DEFINE_string("output", None, "The picture. (default: MODE_ID.png)", **to)
    flags.DEFINE_string("arrays", None, ".npz file for the arrays that the picture shows. (default: none)", **to)
    flags.DEFINE_multi_string("set", [], "data.key=value: another option of the model's dataset. Repeatable.", **to)
    for name, (define, text) in OPTIONS.items():
        define(name, None, text, **to)


OPTIONS: dict[str, tuple[Any, str]] = {
    "seed": (flags.DEFINE_integer, "All modes with random numbers: the seed. (default: 0)"),
    "n": (flags.DEFINE_integer, "sample, interpolate, reconstruct: number of images in a row, or of rows."),
    "temperatures": (flags.DEFINE_list, "sample: factors of the latent noise, comma-separated."),
    "temperature": (flags.DEFINE_float, "quality: the temperature of the samples."),
    "label": (flags.DEFINE_integer, "sample: the class of all samples. (default: a row for each class)"),
    "images": (flags.DEFINE_string, "interpolate, edit, inpaint, reconstruct: .npy file of images, or an image file."),
    "steps": (flags.DEFINE_integer, "interpolate: images in a row. inpaint: steps of the gradient ascent."),
    "path": (flags.DEFINE_string, "interpolate: linear, spherical or manifold."),
    "attributes": (flags.DEFINE_list, "edit: names of attributes or classes, comma-separated. (default: all)"),
    "strengths": (flags.DEFINE_list, "edit: multiples of the attribute's direction, comma-separated."),
    "hide": (flags.DEFINE_list, "inpaint: names of masks, comma-separated. (default: the ten of the NICE paper)"),
    "keep": (flags.DEFINE_string, "inpaint: mask, a .npy file or an image file; nonzero pixels are known."),
    "draws": (flags.DEFINE_integer, "inpaint, reconstruct: number of posterior draws. (default: 0)"),
    "other": (flags.DEFINE_string, "density, ood: name of another dataset."),
    "methods": (flags.DEFINE_list, "ood: names of scores, comma-separated. (default: all)"),
    "background": (flags.DEFINE_string, "ood: model of images with random pixels, for the likelihood ratio."),
    "features": (flags.DEFINE_string, "quality: .keras file of the classifier, written if it is not there."),
    "limit": (flags.DEFINE_integer, "edit, density, ood, quality: number of events of each set."),
}
LEAST = {"n": 1, "steps": 1, "limit": 2, "draws": 0}
READERS = {
    "temperatures": lambda texts: _numbers("temperatures", texts),
    "strengths": lambda texts: _numbers("strengths", texts),
    "images": lambda path: _pixels("images", path),
    "keep": lambda path: _one(_pixels("keep", path)) > 0,
    "background": zoo.load,
    "features": Path,
}


def _numbers(name: str, texts: list[str]) -> list[float]:
    try:
        return [float(text) for text in texts]
    except ValueError:
        raise InputError(f"Expected --{name} to be comma-separated numbers. Received: {texts}.") from None


def _pixels(name: str, path: str) -> np.ndarray:
    """Images `[rows, ...]` of a .npy file, or the one of a picture file."""
    try:
        return np.load(path) if path.endswith(".npy") else figures.read(Path(path))[None]
    except (OSError, ValueError) as error:
        raise InputError(f"Expected --{name} to be a .npy file or a picture. Received: {path!r} ({error}).") from error


def _one(images: np.ndarray) -> np.ndarray:
    """A single image, with or without an axis of rows."""
    return images[0] if len(images) == 1 else images


def _file(name: str, path: str) -> Path:
    file, rule = Path(path), f"Expected --{name} to be the path of a file that can be written."
    check(not file.is_dir(), rule, **{name: path})
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(f"{rule} Received: {path!r} ({error.strerror}).") from error
    return file


def options(mode: str, values: flags.FlagValues) -> dict[str, Any]:
    """The options of a mode that are given; another mode's are refused."""
    known = list(inspect.signature(MODES[mode]).parameters)[1:]
    given = {name: values[name].value for name in OPTIONS if values[name].value is not None}
    for name, value in given.items():
        check(name in known, f"Expected an option of {mode}, one of {known}.", **{name: value})
        check(value != [], f"Expected a value of --{name}.", **{name: value})
        if name in LEAST:
            check_count(name, value, least=LEAST[name])
    return {name: READERS.get(name, lambda value: value)(value) for name, value in given.items()}


def trained(model: str, version: int | None, texts: list[str], dataset: str | None = None) -> Trained:
    """The model with its training dataset or with another one; `--set` changes the options of the dataset."""
    given = split_overrides(assignments(texts))
    check(not given["model"] and not given["train"], "Expected --set=data.key=value only.", set=texts)
    folder = exported_version(model, version)
    config = read_config(folder / "config.json")
    known = datasets.options_of(dataset or config.dataset)
    known |= {name: value for name, value in config.data.items() if name in known or not dataset}
    of_data = merge("data", known, typing.get_type_hints(Options), given["data"])
    subject = Trained(zoo.load(model, version=version), folder.parent.name, dataset or config.dataset, of_data)
    return dataclasses.replace(subject, loaded=subject.like(dataset)) if dataset else subject


def main(argv: list[str], values: flags.FlagValues = FLAGS) -> None:
    """The whole run, from flags to a picture."""
    check(len(argv) == 2, f"Expected one mode, of {list(MODES)}.", arguments=argv[1:])
    mode = argv[1]
    check_choice("mode", mode, MODES)
    given = options(mode, values)
    required = [name for name, each in inspect.signature(MODES[mode]).parameters.items() if each.default is each.empty]
    missing = [name for name in required[1:] if name not in given]
    check(not missing, f"Expected --{'= and --'.join(missing)}= for {mode}.", mode=mode)
    output, arrays = (_file(name, values[name].value) if values[name].value else None for name in ("output", "arrays"))
    subject = trained(values.model, values.version, values.set, values.dataset)
    result = MODES[mode](subject, **given)
    output = output or Path(f"{mode}_{subject.name}.png")
    figures.save(result.picture, output)
    if arrays:
        with atomic_write(arrays) as beside, beside.open("wb") as file:
            np.savez_compressed(file, **result.arrays)
    print(*filter(None, [result.report, f"Picture {output}"]), sep="\n")


def cli() -> None:
    """The command `tfflows-generate`, and `python -m tfflows.generate`."""
    define_flags(FLAGS)
    command.start(main, name="tfflows.generate", module=__name__, document=__doc__)


if __name__ == "__main__":
    cli()
