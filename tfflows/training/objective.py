"""The objective of a training run, which follows from what the model is fitted to: data or a target."""

import contextlib
from collections.abc import Iterator

from tfflows.datasets import Data
from tfflows.errors import check
from tfflows.layers import ActNorm, Logit
from tfflows.layers.chain import set_recompute
from tfflows.models import Dequantized, Flow, FlowMatching, GenerativeModel, LatentVariableModel, ReverseKL, Tabular
from tfflows.models.objective import check_importance_samples
from tfflows.targets import Target
from tfflows.training import strategies
from tfflows.training.settings import TrainSettings

NOISY = Dequantized | Tabular  # models to whose events training can add noise


def make_objective(
    model: GenerativeModel, data: Data | Target, settings: TrainSettings
) -> GenerativeModel | FlowMatching | ReverseKL:
    """The Keras model to fit and to evaluate: `model` itself or its `FlowMatching` for data, `ReverseKL` for a target.

    Raises:
        InputError: `settings` or the model do not suit what it is fitted to.
    """
    if isinstance(data, Target):
        _check_target(settings)
        _check_memory(model, settings)
        with strategies.scope(model.distribute_strategy):
            return ReverseKL(model, data, anneal_steps=settings.anneal_steps)
    _check_data(model, data, settings)
    if settings.objective == "flow_matching":
        with strategies.scope(model.distribute_strategy):
            return FlowMatching(model, optimal_transport=settings.optimal_transport)
    return model


@contextlib.contextmanager
def training_as_set(model: GenerativeModel, settings: TrainSettings) -> Iterator[None]:
    """Inside the block, a training step adds noise to events, alternates between E- and M-steps, and computes layers
    again for the gradient, as the settings say; later training of the model does not.
    """
    try:
        _set(model, settings.input_noise, settings.variational_em, recomputes=settings.memory == "recompute")
        yield
    finally:
        _set(model, 0.0, False, recomputes=False)
        model.train_function = None  # was traced with these settings


def _set(model, input_noise, variational_em, *, recomputes):
    set_recompute(model, recomputes=recomputes)
    if isinstance(model, LatentVariableModel):
        model.variational_em = variational_em
    if isinstance(model, NOISY):
        model.input_noise = input_noise


def _check_target(settings):
    rule = "Expected `num_importance_samples` to be 1 for a target: all draws together estimate log Z."
    check(settings.num_importance_samples == 1, rule, num_importance_samples=settings.num_importance_samples)
    rule = "Expected `variational_em` to be False for a target: a flow has no posterior."
    check(not settings.variational_em, rule, variational_em=True)
    rule = "Expected objective='maximum_likelihood' for a target, which has no examples to match."
    check(settings.objective == "maximum_likelihood", rule, objective=settings.objective)
    rule = "Expected `input_noise` to be 0 for a target, which has no examples."
    check(not settings.input_noise, rule, input_noise=settings.input_noise)


def _check_data(model, data, settings):
    rule = f"Expected `anneal_steps` to be 1 for {data.name!r}: annealing applies to targets only."
    check(settings.anneal_steps == 1, rule, anneal_steps=settings.anneal_steps)
    check_importance_samples(model, settings.num_importance_samples)
    _check_memory(model, settings)
    rule = "Expected `variational_em` to be False: only a VAE of vectors or images has a posterior to train."
    has_latent = isinstance(model, LatentVariableModel)
    check(has_latent or not settings.variational_em, rule, variational_em=True, model=model.name)
    rule = "Expected `input_noise` to be 0: only flows of pixels and models of a table can add noise."
    check(
        isinstance(model, NOISY) or not settings.input_noise, rule, input_noise=settings.input_noise, model=model.name
    )
    rule = "Expected `input_noise` to be 0 with a logit of the pixels, which has no values outside of their range."
    has_logit = isinstance(model, Dequantized) and any(isinstance(layer, Logit) for layer in model.flow.flow_layers)
    check(not (has_logit and settings.input_noise), rule, input_noise=settings.input_noise, model=model.name)


def _check_memory(model, settings):
    flow = getattr(model, "flow", model)
    layers = flow.flow_layers if isinstance(flow, Flow) else []
    # An actnorm alone would save nothing.
    repeats = any(layer.is_function_of_weights and not isinstance(layer, ActNorm) for layer in layers)
    rule = "Expected memory='keep': this model has no layers that can be recomputed for the gradient."
    check(repeats or settings.memory == "keep", rule, memory=settings.memory, model=model.name)


def warnings(model: GenerativeModel, data: Data | Target) -> list[str]:
    """One line for each reason why this model is costly to fit to `data`."""
    if not isinstance(data, Target) or not isinstance(model, Flow) or not model.sample_cost.is_high:
        return []
    return [f"Warning: a target is fitted by sampling, and a sample of {model.name} takes {model.sample_cost}."]
