"""Which pixels of an image are known: the ten masks of the NICE paper."""

import numpy as np

from tfflows.errors import check_choice

# What is hidden, in the order of the figure.
MASKS = (
    *("top", "bottom", "odd", "even", "left", "right"),
    *("middle_vertically", "middle_horizontally", "random_75", "random_90"),
)


def mask(name: str, shape: tuple[int, int, int], *, seed: int = 0) -> np.ndarray:
    """The known pixels of an image.

    Args:
        name: What is hidden: the `"top"` or `"bottom"` rows; the pixels at `"odd"` or `"even"` places, counted from 1
            row by row; the `"left"` or `"right"` side; the middle half of the columns, `"middle_vertically"`, or of
            the rows, `"middle_horizontally"`; 75% or 90% of the pixels at random, `"random_75"` or `"random_90"`.
        shape: Height, width and channels.
        seed: Seed of random pixels.

    Returns:
        bool `[height, width, channels]`, True where a pixel is known; all channels of a pixel are hidden together.

    Raises:
        InputError: There is no such mask.

    Source: Dinh et al., "NICE" (1410.8516), figure 6.
    """
    check_choice("mask", name, MASKS)
    height, width, channels = shape
    row, column = np.mgrid[:height, :width]
    place = row * width + column + 1
    if name.startswith("random"):
        order = np.random.default_rng(seed).permutation(height * width).reshape(height, width)
        hidden = order < round(int(name[-2:]) / 100 * height * width)
    else:
        hidden = {
            "top": row < height // 2,
            "bottom": row >= height // 2,
            "odd": place % 2 == 1,
            "even": place % 2 == 0,
            "left": column < width // 2,
            "right": column >= width // 2,
            "middle_vertically": (column >= width // 4) & (column < width - width // 4),
            "middle_horizontally": (row >= height // 4) & (row < height - height // 4),
        }[name]
    return np.broadcast_to(~hidden[..., None], (height, width, channels)).copy()
