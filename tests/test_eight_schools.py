"""The eight-schools example: the posterior means of the flow are those of a long run of HMC."""

import numpy as np
import pytest

from examples import eight_schools


def test_model_is_the_one_of_the_textbook():
    # N(mu; 0, 10) * N(log_tau; 5, 1) * product of N(standard; 0, 1) * product of N(effect; mu + tau * standard, error)
    x = np.random.default_rng(0).normal(size=(3, 10)).astype(np.float32)
    mu, log_tau, standard = x[:, :1], x[:, 1:2], x[:, 2:]
    terms = [(mu, 0, 10), (log_tau, 5, 1), (standard, 0, 1)]
    terms += [(eight_schools.EFFECTS, mu + np.exp(log_tau) * standard, eight_schools.ERRORS)]
    expected = sum(
        np.sum(-0.5 * ((value - mean) / scale) ** 2 - np.log(scale * np.sqrt(2 * np.pi)), axis=1)
        for value, mean, scale in terms
    )
    np.testing.assert_allclose(eight_schools.log_posterior(x), expected, rtol=1e-5)
    np.testing.assert_allclose(eight_schools.quantities(x)[:, 2:], mu + np.exp(log_tau) * standard, rtol=1e-5)


@pytest.mark.slow
def test_posterior_means_of_the_flow_are_those_of_hmc():
    rows, rhat = eight_schools.compare(chains=64, hmc_steps=2000, steps=1000)
    assert len(rows) == len(eight_schools.NAMES) == 10
    assert rhat < 1.02
    for name, row in zip(eight_schools.NAMES, rows, strict=True):
        assert abs(row["apart"]) < 0.1, name
        assert abs(row["flow"] - row["hmc"]) == pytest.approx(abs(row["apart"]) * row["deviation"], abs=1e-6)
