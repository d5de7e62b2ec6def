"""The names that are known without asking TFDS."""

from tfflows.datasets import digits, energies, recipes, toys


def names() -> list[str]:
    """Names with their papers' settings. Any other image dataset of TFDS loads by its TFDS name."""
    return [*digits.NAMES, *toys.NAMES, *energies.NAMES, *recipes.RECIPES, *recipes.BINARIZED]
