"""The theorems of docs/theorems.md hold, and the page has the numbers of its example."""

import re
from pathlib import Path

import numpy as np
import pytest

from examples import theorems

PAGE = (Path(__file__).parents[1] / "docs" / "theorems.md").read_text()


@pytest.fixture(scope="module")
def fitted():
    return theorems.fitted()


@pytest.mark.slow
def test_divergence_of_the_data_is_that_of_the_latents(fitted):
    flow, x, log_truth = fitted
    of_data, of_latents = theorems.two_divergences(flow, x, log_truth)
    assert of_data == pytest.approx(of_latents, abs=1e-4)
    assert of_data > 0.1
    assert of_data == pytest.approx(float(np.mean(log_truth) - np.mean(flow.log_prob(x))), abs=1e-4)


def test_coupling_is_a_maf_and_an_iaf():
    found = theorems.coupling_inside()
    assert set(found) == {"MAF", "IAF"}
    assert max(found.values()) < 1e-5


@pytest.mark.slow
def test_bounds_rise_to_the_likelihood_of_the_flow(fitted):
    flow, x, _ = fitted
    found = theorems.elbos(flow, x[:200], (0.3, 0.1, 0.03, 0.01))
    exact = float(np.mean(flow.log_prob(x[:200])))
    assert list(found.values()) == sorted(found.values())
    assert exact - 0.02 < found[0.01] < exact + 0.005
    assert found[0.3] < exact - 0.3


@pytest.mark.slow
def test_page_has_the_numbers_of_the_example(fitted):
    flow, x, log_truth = fitted
    values = [float(value) for value in re.findall(r"nats|= (\d\.\d{5})", PAGE) if value]
    assert values == pytest.approx(theorems.two_divergences(flow, x, log_truth), abs=2e-3)
