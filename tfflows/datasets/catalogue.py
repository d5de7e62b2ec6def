"""The names that are known without asking TFDS."""

from tfflows.datasets import digits, named_targets, recipes, toys


def names() -> list[str]:
    """Names of the built-in datasets and targets, and of TFDS datasets with the papers' preprocessing.

    Any other image dataset of TFDS loads by its TFDS name.
    """
    return [*digits.NAMES, *toys.NAMES, *named_targets.NAMES, *recipes.RECIPES, *recipes.BINARIZED]
