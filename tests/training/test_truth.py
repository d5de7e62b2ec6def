"""On data of known density, a trained flow scores close to the truth, and not above it beyond chance."""

import numpy as np
import pytest

import zoo
from tfflows import datasets, training


@pytest.mark.slow
def test_score_of_the_truth_is_its_negative_entropy():
    truth = training.truth(datasets.load("toy/checkerboard"))
    assert truth["truth_nats"] == pytest.approx(-np.log(32), abs=1e-5)
    assert training.truth(datasets.load("digits")) == {}


@pytest.mark.slow
def test_mixture_of_eight_gaussians_is_learned(tmp_path):
    config = zoo.configure("made", "toy/eight_gaussians")  # the fastest to train of those that learn it
    data = datasets.load(config.dataset)
    fitted = training.fit(zoo.build(config, data.event), data, config.settings, seed=config.seed, workdir=tmp_path)
    model = zoo.build(config, data.event, weights=fitted.weights)
    x = data.test.examples.batch(data.test.size).get_single_element()["x"].numpy()
    gap = data.truth.log_prob(x).numpy().astype(np.float64) - model.log_prob(x).numpy()
    assert -gap.std() / np.sqrt(len(gap)) < gap.mean() < 0.05
