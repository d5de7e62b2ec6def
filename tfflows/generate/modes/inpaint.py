"""Hidden pixels of images, filled in."""

from collections.abc import Sequence

import keras
import numpy as np

from tfflows import figures
from tfflows.errors import check
from tfflows.generate import inpainting, masks, posterior
from tfflows.generate.result import Result
from tfflows.generate.sheets import sheet
from tfflows.generate.trained import Trained


def inpaint(
    trained: Trained,
    *,
    images: np.ndarray | None = None,
    hide: Sequence[str] = masks.MASKS,
    keep: np.ndarray | None = None,
    steps: int = 300,
    draws: int = 0,
    seed: int = 0,
) -> Result:
    """Hidden pixels filled in: for each mask the image, what is known with noise, the likeliest image, and draws.

    Args:
        trained: A flow of images.
        images: Images, one for each mask in turn; by default the first of the test set.
        hide: Names of masks, of those of the NICE paper.
        keep: Which pixels are known, bool `[height, width]` or `[*event]`, in place of `hide`.
        steps: Number of steps of the gradient ascent.
        draws: Number of posterior draws by Langevin steps, 0 for none; each takes 500 steps.
        seed: Seed of random masks, of the start and of the draws.
    """
    trained.check_images()
    event = trained.model.event
    known = _masks(figures.image_shape(event), hide, keep, seed)
    x, conditions = trained.given(images, len(known))
    bar = keras.utils.Progbar(len(known) * steps)
    rows = {}
    for number, (name, mask) in enumerate(known.items()):
        place = slice(number % len(x), number % len(x) + 1)
        one = {"x": x[place], "keep": mask.reshape(event.shape)}
        one |= {key: value[place] for key, value in conditions.items()}
        progress = {"steps": steps, "progress": lambda _: bar.add(1)}
        found = inpainting.inpaint(trained.model, **one, seed=seed, **progress)
        row = [one["x"], found.start.numpy(), found.result.numpy()]
        if draws:
            row += list(posterior.posterior_draws(trained.model, **one, draws=draws, seed=seed).numpy())
        rows[name] = np.concatenate(row)
    report = "Columns: the image, the known pixels with noise, the likeliest image" + (", draws." if draws else ".")
    return Result(sheet(rows, event), {"images": np.stack(list(rows.values()))}, report)


def _masks(shape, hide, keep, seed):
    """Which pixels are known, bool `[height, width, channels]`, by the name of the mask."""
    if keep is None:
        return {name: masks.mask(name, shape, seed=seed) for name in hide}
    rule = "Expected `keep` with the height and width of the images."
    check(keep.shape[:2] == shape[:2], rule, shape=keep.shape, images=shape)
    keep = keep if keep.ndim == 3 else keep[..., None]
    keep = keep if keep.shape[2] in (1, shape[2]) else keep.any(axis=2, keepdims=True)  # a colored mask of gray images
    return {"given": np.broadcast_to(keep, shape)}
