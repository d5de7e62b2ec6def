"""Radial flow: a stack of maps that each stretch or shrink space around one point.

Source: Rezende and Mohamed, "Variational Inference with Normalizing Flows" (1505.05770), section 4.1.
Differs from the paper: it fits posteriors and draws from them; here the same maps go from data to latent, as a density
is what is fitted. Both directions have a closed form.
"""

from tfflows.errors import check
from tfflows.events import Event
from tfflows.layers import ActNorm, Radial
from tfflows.models import Flow


def vector(event: Event, *, layers: int = 64) -> Flow:
    """Radial flow of vectors.

    Args:
        event: Of shape `(dimension,)`.
        layers: Number of radial maps.
    """
    check(layers >= 1, "Expected `layers` to be 1 or more.", layers=layers)
    return Flow(event, [ActNorm(), *(Radial(context_size=event.classes) for _ in range(layers))], name="radial")


TOY = {"steps": 5000, "batch_size": 512, "learning_rate": 1e-2, "schedule": "cosine", "validate_every": 500}
TOY |= {"steps_per_execution": 50}

PRESETS = {"vector": {"model": {}, "train": TOY}}
