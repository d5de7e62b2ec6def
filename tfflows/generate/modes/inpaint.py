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
    place = np.arange(len(known)) % len(x)
    given = {"x": x[place], **{name: value[place] for name, value in conditions.items()}}
    keep = np.stack([mask.reshape(event.shape) for mask in known.values()])
    bar = keras.utils.Progbar(steps)
    found = inpainting.inpaint(trained.model, **given, keep=keep, steps=steps, seed=seed, progress=bar.update)
    columns = [given["x"], found.start.numpy(), found.result.numpy()]
    rows = {name: [column[number] for column in columns] for number, name in enumerate(known)}
    for number, name in enumerate(known if draws else ()):
        one = {key: value[number : number + 1] for key, value in given.items()}
        drawn = posterior.posterior_draws(trained.model, **one, keep=keep[number], draws=draws, seed=seed)
        rows[name] += list(drawn[:, 0].numpy())
    report = "Columns: the image, the known pixels with noise, the likeliest image" + (", draws." if draws else ".")
    rows = {name: np.stack(row) for name, row in rows.items()}
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
