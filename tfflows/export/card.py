"""The model card: what an exported model is, how it scores, and how to call it."""

from typing import Any

from tfflows.columns import described, listed
from tfflows.datasets.arrays import IN_MEMORY
from tfflows.datasets.licenses import license_of
from tfflows.events import Event
from tfflows.metrics import ScoreKind

CARD = "README.md"

# The front matter is what model hubs read: https://huggingface.co/docs/hub/model-cards.
TEMPLATE = """---
library_name: tfflows
license: apache-2.0
tags:
- normalizing-flows
- density-estimation
- {architecture}
datasets:
- {dataset}
model-index:
- name: {name}
  results:
  - task:
      type: density-estimation
    dataset:
      name: {dataset}
      type: {dataset}
      split: test
    metrics:
{results}
---

# {name}

{architecture} trained on {dataset}{start}: {parameters:,} parameters.

- Event: {event}.
- Score: {score}.
- License of the data: {license}.
{columns}
![samples](samples.png)

## Use

    import zoo
    model = zoo.load("path/to/{name}")  # the path of this folder, or the id of a pretrained model
    model.log_prob(x)  # nats per event
    model.sample(16, seed=0, temperature=1.0)

    python -m tfflows.scoring --model=path/to/{name} --input=events.npy --output=scores.csv

Or serve this folder with TF Serving: signatures `log_prob` (the default), `sample`, `encode`, `decode`.

## Intended use and limits

{purpose}

## Numbers

| name | value |
|---|---|
{rows}

`config.json` holds all settings.{again}
"""
AGAIN = " To train the same model again: `python train.py --config=config.json`."

OF_DATA = """\
Densities, samples and anomaly scores of data like the training set. A high density is no proof that an event is like
the training set: flows are known to give high densities to simple events from elsewhere. Samples show what the training
set shows, its gaps and its biases included."""
OF_ENERGY = """\
Samples of a density that is known up to its constant, without a Markov chain. The weights
`log_density(x) - model.log_prob(x)` correct what the flow gets wrong; but no weight brings back a mode that the flow
never samples."""

# Metrics for the front matter, by their names in metrics.json.
RESULTS = {
    "nats": "log-likelihood (nats per event)",
    "bits_per_dim": "bits per dimension",
    "elbo": "evidence lower bound (nats)",
    "log_z": "log normalizing constant (nats)",
}


def model_card(name: str, config: dict[str, Any], metrics: dict[str, Any]) -> str:
    """The model card in Markdown, with the YAML front matter of model hubs; all numbers are those of `metrics`."""
    return TEMPLATE.format(
        name=name,
        architecture=config["architecture"],
        dataset=config["dataset"],
        start=f", from the weights of `{config['init']}`" if config.get("init") else "",
        parameters=metrics["parameters"],
        event=_event(Event(**config["event"])),
        score=summary(metrics),
        license=license_of(config["dataset"]),
        columns=_columns(Event(**config["event"])),
        purpose=OF_ENERGY if "elbo" in metrics else OF_DATA,
        results="\n".join(_result(key, label, metrics[key]) for key, label in RESULTS.items() if key in metrics),
        again="" if config["dataset"] == IN_MEMORY else AGAIN,
        rows="\n".join(f"| {key} | {value} |" for key, value in metrics.items()),
    )


def _result(key: str, label: str, value: float) -> str:
    return f"    - type: {key}\n      name: {label}\n      value: {value:.4f}"


def _event(event: Event) -> str:
    values = f"integers 0..{event.levels - 1}" if event.discrete else "real numbers"
    label = f", with one of {event.classes} labels" if event.classes else ""
    label += f": {listed(event.labels)}" if event.labels else ""
    return f"`{list(event.shape)}`, {values}, `{event.dtype}`{label}"


def _columns(event: Event) -> str:
    """The columns of a table, as a section of its own; empty for other events."""
    lines = [f"- {line}" for line in described(event.columns, event.context_columns)]
    return "\n".join(["", "## Columns", "", *lines, ""]) if lines else ""


def summary(metrics: dict[str, Any]) -> str:
    """One line: the scores with their standard errors, the truth where it is known, and the number of events."""
    return _of_draws(metrics) if "elbo" in metrics else _of_data(metrics)


def _of_data(metrics: dict[str, Any]) -> str:
    text = f"{metrics['nats']:.3f} +- {metrics['nats_se']:.3f} nats per event{ScoreKind(metrics['kind']).text}"
    if "bits_per_dim" in metrics:
        text += f", {metrics['bits_per_dim']:.4f} +- {metrics['bits_per_dim_se']:.4f} bits/dim"
    if "truth_nats" in metrics:
        text += f" (the true density: {metrics['truth_nats']:.3f})"
    return f"{text}, on all {metrics['num_events']:,} events of the test set"


def _of_draws(metrics: dict[str, Any]) -> str:
    text = f"ELBO {metrics['elbo']:.3f} +- {metrics['elbo_se']:.3f} nats"
    text += f", log Z {metrics['log_z']:.3f} +- {metrics['log_z_se']:.3f}"
    if "true_log_z" in metrics:
        text += f" (the truth: {metrics['true_log_z']:.3f})"
    return f"{text}, effective sample size {metrics['ess']:.1%}, by {metrics['num_events']:,} draws"
