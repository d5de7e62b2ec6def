"""Planar flow: a stack of maps that each bend space along one direction.

Source: Rezende and Mohamed, "Variational Inference with Normalizing Flows" (1505.05770), section 4.1.
Differs from the paper: it fits posteriors and draws from them, as this does with `inverted`; without it the same maps
go from data to latent, as a density is what is fitted, and a sample takes one root for each layer.
"""

from tfflows.costs import Cost
from tfflows.errors import check
from tfflows.events import Event
from tfflows.layers import ActNorm, Inverse, Planar
from tfflows.models import Flow
from zoo.architecture import Architecture


def vector(event: Event, *, layers: int = 32, inverted: bool = False) -> Flow:
    """Planar flow of vectors.

    Args:
        event: Of shape `(dimension,)`.
        layers: Number of planar maps.
        inverted: Whether each map goes from latent to data, as in the paper: a sample is what has a closed form then.
    """
    check(layers >= 1, "Expected `layers` to be 1 or more.", layers=layers)
    maps = [Planar(context_size=event.classes) for _ in range(layers)]
    return Flow(event, [ActNorm(), *(map(Inverse, maps) if inverted else maps)], name="planar")


# Presets.
TOY = {
    "steps": 4000,
    "batch_size": 512,
    "learning_rate": 1e-2,
    "schedule": "cosine",
    "validate_every": 500,
    "steps_per_execution": 50,
}

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
