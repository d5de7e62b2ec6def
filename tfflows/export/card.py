"""The model card: what an exported model is, how it scores, and how to call it."""

from typing import Any

from tfflows.models import GenerativeModel


def model_card(name: str, config: dict[str, Any], metrics: dict[str, Any], model: GenerativeModel) -> str:
    """Markdown beside an export; every number comes from `config` and `metrics`."""
    event = model.event
    kind = f"integers 0..{event.levels - 1}" if event.discrete else "real numbers"
    score = f"{metrics['nats']:.3f} +- {metrics['nats_se']:.3f} nats per event"
    if event.discrete:
        score += f", {metrics['bits_per_dim']:.4f} +- {metrics['bits_per_dim_se']:.4f} bits/dim (a bound)"
    rows = "\n".join(f"| {key} | {value} |" for key, value in metrics.items())
    return f"""# {name}

{config["architecture"]} trained on {config["dataset"]}: {model.count_params():,} parameters.

- Event: `{list(event.shape)}`, {kind}, `{event.dtype}`{
        f", with one of {event.classes} labels" if event.classes else ""
    }.
- Test set: {score}; mean and standard error over all {metrics["num_events"]} events.

![samples](samples.png)

## Use

    import zoo
    model = zoo.load("{name}")
    model.log_prob(x)                        # nats per event
    model.sample(16, seed=0, temperature=1.0)

Or serve the numbered folder with TF Serving: signatures `log_prob` (the default), `sample`, `encode`, `decode`.

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
