"""What the registry knows about an architecture, and settings that presets share."""

import dataclasses
import inspect
from collections.abc import Callable, Mapping
from typing import Any

from tfflows.costs import Cost
from tfflows.datasets.naming import family
from tfflows.errors import check
from tfflows.events import Event
from tfflows.models import GenerativeModel

Builder = Callable[..., GenerativeModel]


ONE_PASS = Cost()
# Presets of toys and of images of 28 x 28 pixels; each adds at least its number of steps and its learning rate.
TOY_TRAINING = {"batch_size": 512, "schedule": "cosine", "validate_every": 500, "steps_per_execution": 50}
MUON_TRAINING = {
    **{"batch_size": 64, "schedule": "cosine", "optimizer": "muon", "mixed_precision": True},
    **{"ema": 0.999, "steps_per_execution": 10},
}
# Images most of whose pixels are 0. With a small `alpha` and learned noise, the logit of such a pixel is nearly normal.
DARK_IMAGES = {"alpha": 1e-5, "dequantization": "logit_normal"}


@dataclasses.dataclass(frozen=True)
class Architecture:
    """One paper's model.

    Args:
        paper: arXiv identifier of the paper.
        title: Name of the method, as in the paper.
        builders: For each kind of event, `"vector"` or `"image"`, the function that creates the model.
        presets: Settings by dataset (`"flat_mnist"` for flattened MNIST), by family of datasets, such as `"energy"`,
            or, for all other datasets, by kind of event; with a published score if there is one, and the number of the
            paper that published it if that is another: `{"model": {...}, "train": {...}, "published": "-0.02 nats",
            "source": "1705.07057"}`.
        density: What `log_prob` is for continuous events: `"exact"` or `"bound"`; for discrete events it is then always
            a bound. `"probability"` if the model gives the exact probabilities of integers.
        estimates: Kinds of event whose density, or the bound on it, is an unbiased estimate.
        log_prob_cost: Cost of a density, with the default settings.
        sample_cost: Cost of a sample, with the default settings.
    """

    paper: str
    title: str
    builders: Mapping[str, Builder]
    presets: Mapping[str, Mapping[str, Any]]
    density: str = "exact"
    estimates: tuple[str, ...] = ()
    log_prob_cost: Cost = ONE_PASS
    sample_cost: Cost = ONE_PASS

    def builder(self, event: Event) -> Builder:
        """The builder for this kind of event.

        Raises:
            InputError: The architecture cannot take the event.
        """
        kinds = {"vector": "(dimension,)", "image": "(height, width, channels)"}
        shapes = " or ".join(kinds[kind] for kind in self.builders)
        check(event.kind in self.builders, f"Expected an event of shape {shapes}.", shape=event.shape)
        return self.builders[event.kind]

    def preset(self, dataset: str, event: Event) -> Mapping[str, Any]:
        """The settings for a dataset, or for its family or kind of event where there is no preset of its own."""
        is_flat = event.kind == "vector" and event.discrete
        names = (f"flat_{dataset}",) if is_flat else (dataset, family(dataset))
        names += (event.kind,)
        return next((self.presets[name] for name in names if name in self.presets), {})

    def published(self, dataset: str, event: Event) -> str:
        """The published score on a dataset; empty if there is none."""
        return self.preset(dataset, event).get("published", "")

    def source(self, dataset: str, event: Event) -> str:
        """Returns the arXiv identifier of the paper with the published score on a dataset."""
        return self.preset(dataset, event).get("source", self.paper)


def keyword_defaults(builder: Builder) -> dict[str, Any]:
    """The settings of an architecture: its builder's keyword-only arguments and their defaults."""
    parameters = inspect.signature(builder).parameters.values()
    return {parameter.name: parameter.default for parameter in parameters if parameter.kind is parameter.KEYWORD_ONLY}
