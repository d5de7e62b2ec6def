"""The model card: what an exported model is, how it scores, and how to call it."""

from typing import Any

from tfflows.events import Event
from tfflows.models import GenerativeModel

TEMPLATE = """# {name}

{architecture} trained on {dataset}: {parameters:,} parameters.

- Event: {event}.
- Test set: {score}; mean and standard error over all {num_events:,} events.

![samples](samples.png)

## Use

    import zoo
    model = zoo.load("{name}")
    model.log_prob(x)                        # nats per event
    model.sample(16, seed=0, temperature=1.0)

Or serve this folder with TF Serving: signatures `log_prob` (the default), `sample`, `encode`, `decode`.

## What it is for, and what not

Densities, samples and anomaly scores of data like the training set. A density is no proof of likeness: flows are known
to give high densities to simple events from elsewhere. Samples show what the training set shows, its gaps and its
biases included.

## Numbers

| what | value |
|---|---|
{rows}

`config.json` holds all settings; the same command with them trains the model again.
"""


def model_card(name: str, config: dict[str, Any], metrics: dict[str, Any], model: GenerativeModel) -> str:
    """Markdown beside an export; every number comes from `config` and `metrics`."""
    return TEMPLATE.format(
        name=name,
        architecture=config["architecture"],
        dataset=config["dataset"],
        parameters=model.count_params(),
        event=_event(model.event),
        score=_score(metrics),
        num_events=metrics["num_events"],
        rows="\n".join(f"| {key} | {value} |" for key, value in metrics.items()),
    )


def _event(event: Event) -> str:
    values = f"integers 0..{event.levels - 1}" if event.discrete else "real numbers"
    label = f", with one of {event.classes} labels" if event.classes else ""
    return f"`{list(event.shape)}`, {values}, `{event.dtype}`{label}"


def _score(metrics: dict[str, Any]) -> str:
    nats = f"{metrics['nats']:.3f} +- {metrics['nats_se']:.3f} nats per event"
    if "bits_per_dim" not in metrics:
        return nats
    return f"{nats}, {metrics['bits_per_dim']:.4f} +- {metrics['bits_per_dim_se']:.4f} bits/dim (a bound)"
