"""The architectures of the zoo: one literal row for each."""

import dataclasses
from collections.abc import Callable, Mapping
from typing import Any

from tfflows.errors import check
from tfflows.events import Event
from tfflows.models import GenerativeModel
from zoo import ffjord, flow_vae, flowpp, glow, iaf, iaf_vae, made, maf, naf, nice, nsf, planar, radial, realnvp, vae


@dataclasses.dataclass(frozen=True)
class Architecture:
    """One paper's model.

    Args:
        paper: Number on arXiv.
        builders: For each kind of event, `"vector"` or `"image"`, the function that makes the model.
        presets: By dataset, by family of datasets such as `"energy"`, and by kind of event for all others:
            settings and, where the paper has one, its score, as
            `{"model": {...}, "train": {...}, "published": "3.49 bits/dim"}`.
        density: `"exact"` or `"bound"`, for continuous events; scores of discrete events are always bounds.
        log_prob_passes: Cost of a density in passes through the networks; D stands for the number of dimensions.
        sample_passes: Cost of a sample in passes through the networks.
    """

    paper: str
    builders: Mapping[str, Callable[..., GenerativeModel]]
    presets: Mapping[str, Mapping[str, Any]]
    density: str
    log_prob_passes: str
    sample_passes: str

    def builder(self, event: Event) -> Callable[..., GenerativeModel]:
        """The builder for this kind of event.

        Raises:
            InputError: The architecture cannot take the event.
        """
        kinds = {"vector": "(dimension,)", "image": "(height, width, channels)"}
        shapes = " or ".join(kinds[kind] for kind in self.builders)
        check(event.kind in self.builders, f"Expected an event of shape {shapes}.", shape=event.shape)
        return self.builders[event.kind]

    def preset(self, dataset: str, event: Event) -> Mapping[str, Any]:
        """The paper's settings for a dataset, or for its family or kind of event where the paper does not say."""
        names = (dataset, dataset.partition("/")[0], event.kind)
        return next((self.presets[name] for name in names if name in self.presets), {})


ARCHITECTURES: dict[str, Architecture] = {
    "nice": Architecture(
        paper="1410.8516",
        builders={"vector": nice.vector, "image": nice.image},
        presets=nice.PRESETS,
        density="exact",
        log_prob_passes="1",
        sample_passes="1",
    ),
    "realnvp": Architecture(
        paper="1605.08803",
        builders={"vector": realnvp.vector, "image": realnvp.image},
        presets=realnvp.PRESETS,
        density="exact",
        log_prob_passes="1",
        sample_passes="1",
    ),
    "glow": Architecture(
        paper="1807.03039",
        builders={"vector": glow.vector, "image": glow.image},
        presets=glow.PRESETS,
        density="exact",
        log_prob_passes="1",
        sample_passes="1",
    ),
    "flowpp": Architecture(
        paper="1902.00275",
        builders={"vector": flowpp.vector, "image": flowpp.image},
        presets=flowpp.PRESETS,
        density="exact",
        log_prob_passes="1",
        sample_passes="1, with one root for each coupling",
    ),
    "nsf": Architecture(
        paper="1906.04032",
        builders={"vector": nsf.vector, "image": nsf.image},
        presets=nsf.PRESETS,
        density="exact",
        log_prob_passes="1",
        sample_passes="1, or D autoregressive",
    ),
    "made": Architecture(
        paper="1502.03509",
        builders={"vector": made.vector},
        presets=made.PRESETS,
        density="exact",
        log_prob_passes="1",
        sample_passes="D, each with one root for mixtures",
    ),
    "maf": Architecture(
        paper="1705.07057",
        builders={"vector": maf.vector},
        presets=maf.PRESETS,
        density="exact",
        log_prob_passes="1",
        sample_passes="D, each with one root for mixtures",
    ),
    "iaf": Architecture(
        paper="1606.04934",
        builders={"vector": iaf.vector},
        presets=iaf.PRESETS,
        density="exact",
        log_prob_passes="D",
        sample_passes="1",
    ),
    "naf": Architecture(
        paper="1804.00779",
        builders={"vector": naf.vector},
        presets=naf.PRESETS,
        density="exact",
        log_prob_passes="1",
        sample_passes="D, each with one root",
    ),
    "planar": Architecture(
        paper="1505.05770",
        builders={"vector": planar.vector},
        presets=planar.PRESETS,
        density="exact",
        log_prob_passes="1",
        sample_passes="1, with one root for each layer",
    ),
    "radial": Architecture(
        paper="1505.05770",
        builders={"vector": radial.vector},
        presets=radial.PRESETS,
        density="exact",
        log_prob_passes="1",
        sample_passes="1",
    ),
    "ffjord": Architecture(
        paper="1810.01367",
        builders={"vector": ffjord.vector},
        presets=ffjord.PRESETS,
        density="exact",
        log_prob_passes="adaptive, about 20 to 100, times D for the trace",
        sample_passes="adaptive, about 20 to 100",
    ),
    "vae": Architecture(
        paper="1312.6114",
        builders={"vector": vae.vector, "image": vae.image},
        presets=vae.PRESETS,
        density="bound",
        log_prob_passes="1",
        sample_passes="1",
    ),
    "flow_vae": Architecture(
        paper="1505.05770",
        builders={"vector": flow_vae.vector, "image": flow_vae.image},
        presets=flow_vae.PRESETS,
        density="bound",
        log_prob_passes="1",
        sample_passes="1, or D in a prior of MAF",
    ),
    "iaf_vae": Architecture(
        paper="1606.04934",
        builders={"image": iaf_vae.image},
        presets=iaf_vae.PRESETS,
        density="bound",
        log_prob_passes="1",
        sample_passes="1",
    ),
}
