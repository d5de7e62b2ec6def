"""A run on a target: weights, pictures and resuming as on data, and a warning where drawing is costly."""

import keras
import numpy as np
import pytest
from PIL import Image

import zoo
from tfflows import datasets, export, noise, training
from tfflows.errors import InputError
from tfflows.training import TrainSettings, make_objective

ENERGY = datasets.load("energy/u1")
SMALL = {"train.steps": 6, "train.batch_size": 64, "train.validate_every": 2, "train.sample_every": 3}
SMALL |= {"train.steps_per_execution": 1, "train.schedule": "constant", "train.ema": 0.5, "model.layers": 2}


def run(workdir, **changed):
    config = zoo.configure("planar", "energy/u1", overrides={**SMALL, **changed})
    keras.utils.set_random_seed(0)
    model = zoo.build(config, ENERGY.event)
    return config, model, training.fit(model, ENERGY, config.settings, seed=0, workdir=workdir)


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """A run of six steps, and its workdir."""
    folder = tmp_path_factory.mktemp("whole")
    return *run(folder), folder


@pytest.mark.slow
def test_run_leaves_the_best_weights_of_the_flow_and_a_picture(whole):
    config, _, fitted, folder = whole
    best = zoo.build(config, ENERGY.event, weights=fitted.weights)
    scores = training.evaluate(training.make_objective(best, ENERGY, config.settings), ENERGY.test)
    assert (scores["num_events"], fitted.steps) == (20_000, 6)
    assert scores["elbo"] < scores["log_z"] < ENERGY.log_z + 4 * scores["log_z_se"]
    assert 0 < scores["ess"] < 1
    (picture,) = (folder / "samples").iterdir()
    with Image.open(picture) as image:
        assert image.width > 1.5 * image.height, "the density stands beside the samples"


@pytest.mark.slow
def test_run_goes_on_where_it_stopped(whole, tmp_path):
    run(tmp_path, **{"train.steps": 4})
    _, resumed, fitted = run(tmp_path)
    assert fitted.steps == 6
    for one, other in zip(whole[1].variables, resumed.variables, strict=True):
        np.testing.assert_allclose(one, other, atol=1e-6)


def test_export_draws_the_density_beside_samples_and_scores_its_own_draws(tmp_path):
    config = zoo.configure("planar", "energy/u1", overrides=SMALL)
    model = zoo.build(config, ENERGY.event)
    training.make_objective(model, ENERGY, config.settings).initialize(noise.split(noise.seed_pair(0), 64))
    scores = {
        "parameters": 9,
        "elbo": 1.5,
        "elbo_se": 0.01,
        "log_z": 1.8,
        "log_z_se": 0.02,
        "ess": 0.75,
        "num_events": 1000,
    }
    metrics = {"parameters": model.count_params(), **scores, **training.truth(ENERGY)}
    version = export.export(model, tmp_path / "model", config=config.record(ENERGY.event), metrics=metrics, data=ENERGY)
    card = (version / "README.md").read_text()
    assert "ELBO 1.500 +- 0.010 nats, log Z 1.800 +- 0.020 (the truth: 1.878)" in card
    assert "effective sample size 75.0%, by 1,000 draws" in card
    with Image.open(version / "samples.png") as image:
        assert image.width > 1.5 * image.height


@pytest.mark.parametrize(
    ("name", "settings", "cost"),
    [
        ("maf", {}, "one network pass in one step per dimension"),
        (
            "made",
            {"components": 3},
            "one network pass in one step per dimension and a root search for each entry",
        ),
        ("naf", {}, "one network pass in one step per dimension and a root search for each entry"),
        ("bnaf", {}, "one network pass in one step per dimension and a root search for each entry"),
        ("flowpp", {}, "one network pass and a root search for each entry"),
        ("planar", {"inverted": False}, "one network pass and a root search for each entry"),
        ("sylvester", {"inverted": False}, "one network pass and a root search for each entry"),
        *((name, {}, None) for name in ("realnvp", "iaf", "nice", "glow", "nsf", "ffjord", "radial")),
        ("planar", {"inverted": True}, None),
        ("sylvester", {"inverted": True}, None),
    ],
)
def test_flow_that_is_costly_to_draw_from_is_warned_of_with_its_cost(name, settings, cost):
    model = zoo.create(name, event=ENERGY.event, **settings)
    lines = training.warnings(model, ENERGY)
    assert lines == ([] if cost is None else [lines[0]])
    assert cost is None or lines[0].endswith(f"a sample of {name} takes {cost}.")
    assert training.warnings(model, datasets.load("toy/rings")) == []


def test_presets_of_energies_draw_cheaply():
    for name in ("planar", "radial", "sylvester", "realnvp", "iaf", "nice", "glow", "nsf", "ffjord"):
        config = zoo.configure(name, "energy/funnel")
        assert config.settings.anneal_steps > 1
        assert training.warnings(zoo.build(config, ENERGY.event), ENERGY) == []


def test_settings_without_effect_on_a_target_are_refused():
    with pytest.raises(InputError, match=r"`input_noise` to be 0 for a target.*input_noise=0\.3"):
        make_objective(zoo.create("planar", ENERGY.event), ENERGY, TrainSettings(input_noise=0.3))


@pytest.mark.slow
def test_draws_are_float32_where_networks_compute_in_bfloat16(tmp_path):
    keras.config.set_dtype_policy("mixed_bfloat16")
    try:
        model, settings = zoo.create("realnvp", ENERGY.event), TrainSettings(steps=2, validate_every=2, batch_size=8)
        fitted = training.fit(model, ENERGY, settings, seed=0, workdir=tmp_path, verbose=0)
    finally:
        keras.config.set_dtype_policy("float32")
    assert fitted.steps == 2
    assert make_objective(model, ENERGY, settings).compute_dtype == "float32"
