"""Learns a posterior for every observation: a conditional flow is fitted to p(parameters | observation).

    python examples/conditional_density.py --picture=coverage.png

The simulator is "two moons". Its likelihood is hard to write down but easy to simulate, and the posterior consists of
two thin crescents. A spline flow is trained on pairs of parameters, drawn from the prior, and simulated observations;
the observation is the context of the flow. Afterwards, the posterior of a new observation needs no further training.

Simulation-based calibration checks the result on new simulations. If the posteriors of the flow are right, the ranks of
the true parameters among posterior samples are uniform, and a region that holds 90% of the posterior contains the true
parameters in 90% of the simulations.

Sources: Lueckmann et al., "Benchmarking Simulation-Based Inference", arXiv 2101.04653, T.8; Talts et al., "Validating
Bayesian Inference Algorithms with Simulation-Based Calibration", arXiv 1804.06788; Hermans et al., arXiv 2110.06581,
for the coverage.
"""

import argparse
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure
from scipy import stats

import zoo
from tfflows import figures

NAMES = ("theta0", "theta1")


def simulate(rows: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Parameters `[rows, 2]` from the prior, uniform in [-1, 1]^2, and an observation `[rows, 2]` of each."""
    random = np.random.default_rng(seed)
    theta = random.uniform(-1, 1, (rows, 2))
    return theta, observe(theta, random)


def observe(theta: np.ndarray, random: np.random.Generator) -> np.ndarray:
    """An observation `[rows, 2]` of each row of parameters: a point of a half moon, whose place depends on them."""
    angle, radius = random.uniform(-np.pi / 2, np.pi / 2, len(theta)), random.normal(0.1, 0.01, len(theta))
    moon = np.stack([radius * np.cos(angle) + 0.25, radius * np.sin(angle)], axis=1)
    place = np.stack([-np.abs(theta[:, 0] + theta[:, 1]), theta[:, 1] - theta[:, 0]], axis=1)
    return moon + place / np.sqrt(2)


def fit(simulations: int, steps: int) -> zoo.DensityEstimator:
    """The density of the parameters, within their bounds, given an observation."""
    theta, x = simulate(simulations, seed=0)
    # The rules add noise against overfitting, which would widen the crescents; here, more can be simulated.
    train = {"input_noise": 0.0, "weight_decay": 0.0, "patience": None, "validate_every": max(1, steps // 10)}
    return zoo.DensityEstimator(
        "nsf",
        settings={"steps": 4, "width": 128, "bins": 16},
        train={**train, "steps": steps, "batch_size": 512, "jit_compile": True},
        data={"bounds": "x0:-1:1,x1:-1:1"},  # the columns of an array are x0 and x1
        random_state=0,
    ).fit(theta, context=x)


def posteriors(estimator: zoo.DensityEstimator, x: np.ndarray, samples: int, seed: int = 0) -> np.ndarray:
    """Draws `[rows, samples, 2]` from the posterior of each observation."""
    drawn = estimator.sample(len(x) * samples, random_state=seed, context=np.repeat(x, samples, axis=0))
    return drawn.reshape(len(x), samples, 2)


def ranks(theta: np.ndarray, draws: np.ndarray) -> np.ndarray:
    """How many draws from its posterior are below each true parameter: int64 `[rows, 2]`, 0 to the number of draws."""
    return np.sum(draws < theta[:, None], axis=1)


def uniformity(ranks: np.ndarray, samples: int, bins: int = 20) -> np.ndarray:
    """The p-value, for each parameter, of a chi-square test that its ranks 0 to `samples` are uniform."""
    counts = [np.bincount(each * bins // (samples + 1), minlength=bins) for each in ranks.T]
    return np.array([stats.chisquare(each).pvalue for each in counts])


def levels(estimator: zoo.DensityEstimator, theta: np.ndarray, x: np.ndarray, draws: np.ndarray) -> np.ndarray:
    """The mass `[rows]` of the smallest region of each posterior that holds the true parameters, by its draws."""
    truth = estimator.score_samples(theta, context=x)
    samples = draws.shape[1]
    density = estimator.score_samples(draws.reshape(-1, 2), context=np.repeat(x, samples, axis=0))
    return np.mean(density.reshape(-1, samples) > truth[:, None], axis=1)


def coverage(levels: np.ndarray) -> np.ndarray:
    """The masses of regions, beside the shares of simulations whose parameters are in a region of this mass."""
    masses = np.linspace(0, 1, 101)
    return np.stack([masses, np.mean(levels[:, None] <= masses, axis=0)])


def picture(draws: np.ndarray, theta: np.ndarray, curve: np.ndarray) -> np.ndarray:
    """A posterior with the true parameters, and the coverage of all, as uint8 `[height, width, 3]`."""
    figure = Figure(figsize=(9, 4.5))
    left, right = figure.subplots(1, 2)
    left.scatter(*draws.T, s=2, alpha=0.4, linewidths=0)
    left.plot(*theta, "x", color="black")
    left.set(title="one posterior", xlim=(-1, 1), ylim=(-1, 1), xlabel=NAMES[0], ylabel=NAMES[1])
    right.plot(*curve)
    right.plot([0, 1], [0, 1], color="gray", linestyle="--")
    right.set(title="coverage", xlabel="mass of the region", ylabel="share of true parameters inside")
    return figures.rendered(figure)


def main() -> None:
    """Trains, checks the calibration on fresh simulations, and draws it."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--simulations", type=int, default=100_000)
    parser.add_argument("--steps", type=int, default=5000)
    parser.add_argument("--picture", type=Path, default=Path("coverage.png"))
    flags = parser.parse_args()
    estimator = fit(flags.simulations, flags.steps)
    theta, x = simulate(1000, seed=1)
    draws = posteriors(estimator, x, samples=99)
    print(f"Mean log-density of the true parameters {estimator.score(theta, context=x):.3f} nats")
    for name, p in zip(NAMES, uniformity(ranks(theta, draws), 99), strict=True):
        print(f"Ranks of {name}: p = {p:.3g} if they are uniform")
    curve = coverage(levels(estimator, theta, x, draws))
    for mass in (50, 90):
        print(f"Regions of {mass} % hold the true parameters of {curve[1][mass]:.1%} of the simulations")
    figures.save(picture(posteriors(estimator, x[:1], 3000)[0], theta[0], curve), flags.picture)
    print(f"Picture in {flags.picture}")


if __name__ == "__main__":
    main()
