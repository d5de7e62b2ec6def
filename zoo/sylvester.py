"""Sylvester flow: planar maps without the bottleneck of a single hidden unit.

Source: van den Berg et al., "Sylvester Normalizing Flows for Variational Inference" (1803.05649): the flow, and its
orthogonal, Householder and triangular forms.
Differs from the paper: the paper fits posteriors, as `zoo/flow_vae.py` does with these layers; this is the flow alone.
By default the maps go from data to latent, so that a density has a closed form and a sample takes root searches.
"""

from tfflows.costs import Cost
from tfflows.events import Event
from tfflows.layers import ActNorm, Inverse, sylvester_layer
from tfflows.models import GenerativeModel, make_flow
from zoo.architecture import TOY_TRAINING, Architecture


def vector(
    event: Event, *, layers: int = 16, kind: str = "orthogonal", directions: int = 8, inverted: bool = False
) -> GenerativeModel:
    """Sylvester flow for vectors.

    Args:
        event: Event of shape `(dimension,)`.
        layers: Number of Sylvester maps.
        kind: Form of the orthonormal directions: `"orthogonal"`, `"householder"` or `"triangular"`.
        directions: Number of orthonormal columns, or of Householder reflections; a triangular map has neither.
        inverted: Whether each map goes from latent to data, as that of a posterior: then samples have a closed form.
    """
    settings = {"directions": directions, "context_size": event.condition_size}
    maps = [sylvester_layer(kind, place, **settings) for place in range(layers)]
    return make_flow(event, [ActNorm(), *(map(Inverse, maps) if inverted else maps)], name="sylvester")


# Presets.
TOY = {**TOY_TRAINING, "steps": 4000, "learning_rate": 1e-2}

PRESETS = {
    "vector": {"model": {"layers": 8}, "train": TOY},
    "energy": {"model": {"inverted": True}, "train": {**TOY, "ema": 0.99, "anneal_steps": 1000}},
}

ARCHITECTURE = Architecture(
    paper="1803.05649",
    title="Sylvester normalizing flows",
    builders={"vector": vector},
    presets=PRESETS,
    sample_cost=Cost(root_search=True),
)
