"""A pretrained model with its dataset, for the scripts that draw and judge it."""

import zoo
from tfflows.config import read_config
from tfflows.generate import Trained
from zoo.pretrained import exported_version


def trained(name: str) -> Trained:
    """The model with this id."""
    config = read_config(exported_version(name) / "config.json")
    return Trained(zoo.load(name), name, config.dataset, config.data)
