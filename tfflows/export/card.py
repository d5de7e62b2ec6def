"""The model card: what an exported model is, how it scores, and how to call it."""

from typing import Any

from tfflows.events import Event
from tfflows.models import GenerativeModel

TEMPLATE = """# {name}

{architecture} trained on {dataset}: {parameters:,} parameters.

- Event: {event}.
- Score: {score}.

![samples](samples.png)

## Use

    import zoo
    model = zoo.load("{name}")
    model.log_prob(x)                        # nats per event
    model.sample(16, seed=0, temperature=1.0)

    python -m tfflows.scoring --model={name} --input=events.npy --output=scores.csv

Or serve this folder with TF Serving: signatures `log_prob` (the default), `sample`, `encode`, `decode`.

## What it is for, and what not

{purpose}

## Numbers

| what | value |
|---|---|
{rows}

`config.json` holds all settings: `python train.py --config=config.json` trains the model again.
"""

OF_DATA = """\
Densities, samples and anomaly scores of data like the training set. A density is no proof of likeness: flows are known
to give high densities to simple events from elsewhere. Samples show what the training set shows, its gaps and its
biases included."""
OF_ENERGY = """\
Samples of a density that is known but for its constant, without a Markov chain. What the flow gets wrong, the weights
`log_density(x) - model.log_prob(x)` make up for; but a mode that it never draws from, no weight brings back."""


def model_card(name: str, config: dict[str, Any], metrics: dict[str, Any], model: GenerativeModel) -> str:
    """Markdown beside an export; every number comes from `config` and `metrics`."""
    return TEMPLATE.format(
        name=name,
        architecture=config["architecture"],
        dataset=config["dataset"],
        parameters=model.count_params(),
        event=_event(model.event),
        score=score(metrics),
        purpose=OF_ENERGY if "elbo" in metrics else OF_DATA,
        rows="\n".join(f"| {key} | {value} |" for key, value in metrics.items()),
    )


def _event(event: Event) -> str:
    values = f"integers 0..{event.levels - 1}" if event.discrete else "real numbers"
    label = f", with one of {event.classes} labels" if event.classes else ""
    return f"`{list(event.shape)}`, {values}, `{event.dtype}`{label}"


def score(metrics: dict[str, Any]) -> str:
    """One line: the scores with their standard errors, the truth beside them where it is known, and of how many."""
    return _of_draws(metrics) if "elbo" in metrics else _of_data(metrics)


def _of_data(metrics: dict[str, Any]) -> str:
    text = f"{metrics['nats']:.3f} +- {metrics['nats_se']:.3f} nats per event"
    if "bits_per_dim" in metrics:
        text += f", {metrics['bits_per_dim']:.4f} +- {metrics['bits_per_dim_se']:.4f} bits/dim (a bound)"
    if "truth_nats" in metrics:
        text += f" (the true density: {metrics['truth_nats']:.3f})"
    return f"{text}, on all {metrics['num_events']:,} events of the test set"


def _of_draws(metrics: dict[str, Any]) -> str:
    text = f"ELBO {metrics['elbo']:.3f} +- {metrics['elbo_se']:.3f} nats"
    text += f", log Z {metrics['log_z']:.3f} +- {metrics['log_z_se']:.3f}"
    if "true_log_z" in metrics:
        text += f" (the truth: {metrics['true_log_z']:.3f})"
    return f"{text}, effective sample size {metrics['ess']:.1%}, by {metrics['num_events']:,} draws"
