"""Interpolations between images in latent space."""

import numpy as np

from tfflows.errors import check, check_choice
from tfflows.generate import interpolation
from tfflows.generate.result import Result
from tfflows.generate.sheets import sheet
from tfflows.generate.trained import Trained


def interpolate(
    trained: Trained,
    *,
    images: np.ndarray | None = None,
    n: int = 6,
    steps: int = 9,
    path: str = "linear",
) -> Result:
    """Interpolations between two images in latent space, a row for each; or a square between four images.

    Args:
        trained: A model of images.
        images: Images, of which each two in turn are the ends of a row; by default the first of the test set.
        n: Number of rows.
        steps: Number of images in a row, or at a side of the square.
        path: `"linear"`, `"spherical"`, or `"manifold"`, the square between the first four images.
    """
    trained.check_images()
    check_choice("path", path, (*interpolation.PATHS, "manifold"))
    wanted = 4 if path == "manifold" else 2 * n
    x, conditions = trained.given(images, wanted)
    check(len(x) >= (4 if path == "manifold" else 2), "Expected more images.", images=len(x), path=path)
    if path == "manifold":
        same = {name: value[0] for name, value in conditions.items()}
        between = interpolation.manifold(trained.model, x[:4], **same, steps=steps).numpy()
    else:
        pairs = len(x) // 2 * 2
        ends = x[0:pairs:2], x[1:pairs:2]
        own = {name: value[0:pairs:2] for name, value in conditions.items()}
        between = interpolation.interpolate(trained.model, *ends, **own, steps=steps, path=path).numpy()
    rows = {f"{number + 1}": row for number, row in enumerate(between)}
    return Result(sheet(rows, trained.model.event), {"images": between})
