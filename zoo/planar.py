"""Planar flow: a stack of maps that each bend space along one direction.

Source: Rezende and Mohamed, "Variational Inference with Normalizing Flows" (1505.05770), section 4.1.
Differs from the paper: the paper fits posteriors and samples from them, as this does with `inverted`; by default the
maps go from data to latent, so that a density has a closed form and a sample takes a root search in each layer.
"""

from tfflows.costs import Cost
from tfflows.errors import check
from tfflows.events import Event
from tfflows.layers import ActNorm, Inverse, Planar
from tfflows.models import GenerativeModel, make_flow
from zoo.architecture import TOY_TRAINING, Architecture


def vector(event: Event, *, layers: int = 32, inverted: bool = False) -> GenerativeModel:
    """Planar flow for vectors.

    Args:
        event: Event of shape `(dimension,)`.
        layers: Number of planar maps.
        inverted: Whether each map goes from latent to data, as in the paper: then samples have a closed form.
    """
    check(layers >= 1, "Expected `layers` to be 1 or more.", layers=layers)
    maps = [Planar(context_size=event.condition_size) for _ in range(layers)]
    return make_flow(event, [ActNorm(), *(map(Inverse, maps) if inverted else maps)], name="planar")


# Presets.
TOY = {**TOY_TRAINING, "steps": 4000, "learning_rate": 1e-2}

PRESETS = {
    "vector": {"model": {}, "train": TOY},
    "energy": {"model": {"inverted": True}, "train": {**TOY, "anneal_steps": 1000}},
}

ARCHITECTURE = Architecture(
    paper="1505.05770",
    title="Planar flow",
    builders={"vector": vector},
    presets=PRESETS,
    sample_cost=Cost(root_search=True),
)
