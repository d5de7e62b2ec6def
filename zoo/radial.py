"""Radial flow: a stack of maps that each stretch or shrink space around one point.

Source: Rezende and Mohamed, "Variational Inference with Normalizing Flows" (1505.05770), section 4.1.
Differs from the paper: the paper fits posteriors and samples from them, as this does with `inverted`; by default the
maps go from data to latent, because here a density is fitted. Both directions have a closed form.
"""

from tfflows.errors import check
from tfflows.events import Event
from tfflows.layers import ActNorm, Inverse, Radial
from tfflows.models import GenerativeModel, make_flow
from zoo.architecture import TOY_TRAINING, Architecture


def vector(event: Event, *, layers: int = 64, inverted: bool = False) -> GenerativeModel:
    """Radial flow for vectors.

    Args:
        event: Event of shape `(dimension,)`.
        layers: Number of radial maps.
        inverted: Whether each map goes from latent to data, as in the paper, for a different family of densities.
    """
    check(layers >= 1, "Expected `layers` to be 1 or more.", layers=layers)
    maps = [Radial(context_size=event.condition_size) for _ in range(layers)]
    return make_flow(event, [ActNorm(), *(map(Inverse, maps) if inverted else maps)], name="radial")


# Presets.
TOY = {**TOY_TRAINING, "steps": 5000, "learning_rate": 1e-2}

PRESETS = {
    "vector": {"model": {}, "train": TOY},
    "energy": {"model": {"layers": 32, "inverted": True}, "train": {**TOY, "steps": 4000, "anneal_steps": 1000}},
}

ARCHITECTURE = Architecture(
    paper="1505.05770",
    title="Radial flow",
    builders={"vector": vector},
    presets=PRESETS,
)
