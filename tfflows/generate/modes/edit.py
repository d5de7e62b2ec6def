"""An image with less and with more of its attributes."""

from collections.abc import Sequence

import keras
import numpy as np

from tfflows.errors import check_choice
from tfflows.generate import editing
from tfflows.generate.result import Result
from tfflows.generate.sheets import sheet
from tfflows.generate.trained import Trained

STRENGTHS = (-1.5, -1.0, -0.5, 0.0, 0.5, 1.0, 1.5)


def edit(
    trained: Trained,
    *,
    images: np.ndarray | None = None,
    attributes: Sequence[str] | None = None,
    strengths: Sequence[float] = STRENGTHS,
    limit: int = 10_000,
) -> Result:
    """An image with less and with more of each attribute: a row for each.

    Args:
        trained: A model of images without a condition, whose dataset has labels or attributes.
        images: Images, of which the first is edited; by default the first of the test set.
        attributes: Names of attributes; by default all.
        strengths: Multiples of the attribute's direction, from minus to plus.
        limit: Number of training images whose latents give the directions.
    """
    trained.check_images()
    known = trained.attributes()
    chosen = list(known.names) if attributes is None else list(attributes)
    for name in chosen:
        check_choice("attribute", name, known.names)
    size = min(limit, known.size)
    bar = keras.utils.Progbar(size)
    pairs = known.examples.take(size).batch(200).as_numpy_iterator()
    batches = ((batch["x"], batch["attributes"]) for batch in pairs)
    directions = editing.attribute_vectors(trained.model, batches, progress=bar.add)
    x, _ = trained.given(images, 1)
    of = {name: directions[known.names.index(name)] for name in chosen}
    edited = {name: editing.edit(trained.model, x[:1], of[name], strengths=strengths)[0].numpy() for name in chosen}
    arrays = {"images": np.stack(list(edited.values())), "directions": np.stack(list(of.values()))}
    return Result(sheet(edited, trained.model.event), arrays)
