"""Events, encoded and decoded."""

import numpy as np

from tfflows.errors import check
from tfflows.generate import reconstruction
from tfflows.generate.result import Result
from tfflows.generate.sheets import drawn
from tfflows.generate.trained import Trained
from tfflows.models import Flow, LatentVariableModel


def reconstruct(
    trained: Trained, *, images: np.ndarray | None = None, n: int = 8, draws: int = 0, seed: int = 0
) -> Result:
    """Events, encoded and decoded; of an autoencoder also with latents that are drawn from its posterior.

    Args:
        trained: A model.
        images: Images; by default the first of the test set.
        n: Number of events.
        draws: Number of draws of the latents, 0 for none.
        seed: Seed of the draws.
    """
    x, conditions = trained.given(images, n)
    found = reconstruction.reconstruct(trained.model, x, **conditions)
    rows = {"data": x, "decoded": found.events.numpy()}
    if draws:
        rule = "Expected a model whose latents are random, for draws: those of a flow of real numbers are exact."
        check(not isinstance(trained.model, Flow), rule, model=trained.name)
        again = reconstruction.sample_reconstructions(trained.model, x, **conditions, draws=draws, seed=seed).numpy()
        rows |= {f"draw {number + 1}": row for number, row in enumerate(again)}
    center = "the posterior's center" if isinstance(trained.model, LatentVariableModel) else "the latent"
    mean, largest = float(np.mean(found.error)), float(np.max(found.largest))
    report = f"Decoded from {center}: mean absolute error {mean:.3g}, largest {largest:.3g}, in raw units."
    arrays = {"data": x, "decoded": rows["decoded"], "error": found.error.numpy()}
    return Result(drawn(rows, trained.model.event), arrays, report)
