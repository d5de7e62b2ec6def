"""The zoo: architectures by name, and pretrained models by id.

model = zoo.create("realnvp", event=Event((2,)))
model = zoo.load("realnvp_digits")
"""

from tfflows.config import Config as Config
from zoo.configuration import configure as configure
from zoo.creation import build as build
from zoo.creation import create as create
from zoo.pretrained import list_pretrained as list_pretrained
from zoo.pretrained import load as load
from zoo.registry import ARCHITECTURES


def list_models() -> list[dict[str, str]]:
    """For each architecture its name, paper, kinds of event, exactness, and cost of a density and of a sample."""
    return [
        {
            "name": name,
            "paper": f"arXiv {row.paper}",
            "events": ", ".join(row.builders),
            "density": row.density,
            "log_prob_passes": row.log_prob_passes,
            "sample_passes": row.sample_passes,
        }
        for name, row in ARCHITECTURES.items()
    ]
