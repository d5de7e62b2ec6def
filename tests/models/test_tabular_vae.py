"""A VAE as the model of the real entries of a table."""

import numpy as np
import pytest
from scipy.stats import norm

import zoo
from tfflows.columns import Column
from tfflows.errors import InputError
from tfflows.events import Event
from tfflows.models import VAE, Tabular
from tfflows.models.known import real_event
from tfflows.networks import MLP, Encoder

EVENT = Event((1,), columns=(Column("n", step=1.0, scale=2.0),))
VALUES = np.arange(-12.0, 13.0)[:, None]


def gaussian(noise=0.1):
    """A linear VAE with its exact posterior: z ~ N(0, 1) and x = sqrt(1 - noise^2) z + noise e, so that x ~ N(0, 1)."""
    vae = VAE(real_event(EVENT), encoder=Encoder(1, depth=0), decoder=MLP(width=1, depth=0), latents=1)
    model = Tabular(EVENT, vae)
    model.initialize(np.zeros((8, 1)))
    slope, bias = np.sqrt(1 - noise**2), 5 * np.arctanh(np.log(noise) / 5)
    act_norm = vae.standardize.flow_layers[0]
    act_norm.log_scale.assign([0.0])
    act_norm.shift.assign([0.0])
    for dense in (vae.moments, vae.decoder.dense[0]):
        dense.kernel.assign([[slope, 0.0]])
        dense.bias.assign([0.0, bias])
    return model


def test_importance_weights_of_rounded_values_tighten_a_bound():
    truth = np.log(norm.cdf(VALUES[:, 0] / 2 + 0.25) - norm.cdf(VALUES[:, 0] / 2 - 0.25))
    model = gaussian()
    means = [model.log_prob(VALUES, num_importance_samples=number).numpy() for number in (1, 20, 2000)]
    gaps = [np.sum(np.exp(truth) * (found - truth)) for found in means]
    assert gaps[0] < gaps[1] < gaps[2] + 0.01
    assert abs(gaps[2]) < 0.02
    assert np.exp(means[2].astype(float)).sum() == pytest.approx(1, abs=0.03)  # 1.16 with the closed form of the KL


def test_it_is_a_bound_and_its_warm_up_counts_the_steps_of_the_table():
    real = Event((1,), columns=(Column("a"),))
    model = zoo.create("vae", real, width=4, kl_warmup_steps=1000)
    assert model.score_kind == "bound"
    assert model.takes_importance_samples
    model.compile("adam")
    model.fit(np.random.default_rng(0).normal(size=(64, 1)), epochs=1, verbose=0)
    assert float(model.flow._beta("float32")) == 1  # of a loop of one's own
    model.in_train_step = True
    assert float(model.flow._beta("float32")) == pytest.approx(0.003)


def test_a_table_of_exact_densities_takes_no_importance_samples():
    model = zoo.create("made", Event((1,), columns=(Column("a"),)))
    assert model.score_kind == "exact"
    assert not model.takes_importance_samples
    model.initialize(np.random.default_rng(0).normal(size=(64, 1)))
    with pytest.raises(InputError, match="num_importance_samples"):
        model.log_prob(VALUES, num_importance_samples=2)


@pytest.mark.parametrize(("name", "metric"), [("vae", "kl"), ("ffjord", "function_evaluations"), ("made", None)])
def test_training_logs_what_the_model_of_the_real_entries_logs(name, metric):
    model = zoo.create(name, Event((1,), columns=(Column("a"),)), width=4)
    assert [one.name for one in model.logged_metrics[2:]] == ([] if metric is None else [metric])


def test_encode_draws_the_posterior_with_a_seed():
    real = Event((2,), columns=(Column("a"), Column("b")))
    model = zoo.create("vae", real, width=4)
    x = np.random.default_rng(0).normal(size=(8, 2))
    model.initialize(x)
    center, *drawn = (model.encode(x, seed=seed).numpy() for seed in (None, 1, 2, 1))
    assert np.abs(drawn[0] - drawn[1]).max() > 0.1
    assert np.abs(drawn[0] - center).max() > 0.1
    np.testing.assert_array_equal(drawn[0], drawn[2])
