"""Fits a flow of the zoo to the posterior of a Bayesian model in TFP, and compares it with a long run of HMC.

    python examples/eight_schools.py

Eight schools coached their students for a test; each reports the effect and its standard error. A hierarchical model
estimates how much the effects differ. If they differ little, all schools are close to the common mean, so the
posterior is a funnel. Both methods use the non-centered form, theta = mu + tau * theta_standard, where the prior of
theta_standard is standard normal. This form removes most of the funnel, so that HMC gives a reliable reference; the
flow learns the curvature that remains.

Source: Rubin (1981); Gelman et al., "Bayesian Data Analysis", section 5.5; the priors are those of TFP's tutorial.
"""

import keras
import numpy as np
import tensorflow as tf
import tensorflow_probability as tfp

import zoo
from tfflows.events import Event
from tfflows.models import GenerativeModel

tfd = tfp.distributions

EFFECTS = np.array([28, 8, -3, 7, -1, 1, 18, 12], np.float32)
ERRORS = np.array([15, 10, 16, 11, 9, 11, 10, 18], np.float32)
NAMES = ("mu", "log tau", *(f"theta {school}" for school in "ABCDEFGH"))

SCHOOLS = tfd.JointDistributionSequential(
    [
        tfd.Normal(0.0, 10.0, name="mu"),
        tfd.Normal(5.0, 1.0, name="log_tau"),
        tfd.Sample(tfd.Normal(0.0, 1.0), 8, name="theta_standard"),
        lambda theta_standard, log_tau, mu: tfd.Independent(
            tfd.Normal(mu[..., None] + tf.exp(log_tau)[..., None] * theta_standard, ERRORS), 1, name="effects"
        ),
    ]
)


def log_posterior(x: tf.Tensor) -> tf.Tensor:
    """Log of the posterior density `[n]`, up to a constant, of unconstrained `x = [mu, log_tau, theta_standard]`."""
    return SCHOOLS.log_prob(x[..., 0], x[..., 1], x[..., 2:], EFFECTS)


def quantities(x: tf.Tensor) -> np.ndarray:
    """mu, log tau and the eight thetas, `[n, 10]`, of `x`."""
    mu, log_tau, standard = np.split(np.asarray(x, np.float64).reshape(-1, 10), [1, 2], axis=1)
    return np.concatenate([mu, log_tau, mu + np.exp(log_tau) * standard], axis=1)


@tf.function(jit_compile=True)
def hmc(chains: int, steps: int) -> tuple[tf.Tensor, tf.Tensor]:
    """A run of HMC: states `[steps, chains, 10]`, and R-hat of each entry `[10]`, 1 where the chains agree."""
    kernel = tfp.mcmc.HamiltonianMonteCarlo(log_posterior, step_size=0.3, num_leapfrog_steps=16)
    kernel = tfp.mcmc.SimpleStepSizeAdaptation(kernel, num_adaptation_steps=400)
    states = tfp.mcmc.sample_chain(
        **{"num_results": steps, "num_burnin_steps": 500, "kernel": kernel, "trace_fn": None},
        current_state=tf.random.stateless_normal([chains, 10], seed=[0, 0]),
        seed=[0, 1],
    )
    return states, tfp.mcmc.potential_scale_reduction(states)


def fit(steps: int, *, batch_size: int = 512, learning_rate: float = 3e-3) -> GenerativeModel:
    """A RealNVP that minimizes the reverse KL to the posterior, by TFP's own loss on its TFP distribution."""
    keras.utils.set_random_seed(0)
    model = zoo.create("realnvp", event=Event((10,)), couplings=4, width=32)
    model.initialize(np.random.default_rng(0).normal(size=(1000, 10)).astype(np.float32))
    schedule = keras.optimizers.schedules.CosineDecay(learning_rate, steps)
    optimizer = keras.optimizers.Adam(schedule, global_clipnorm=10.0)
    optimizer.build(model.trainable_variables)
    flow = model.distribution()  # it reads the weights whenever it is called

    @tf.function(jit_compile=True)
    def train(steps: tf.Tensor) -> None:
        for step in tf.range(steps):
            with tf.GradientTape() as tape:
                loss = tfp.vi.monte_carlo_variational_loss(
                    log_posterior, flow, sample_size=batch_size, seed=tf.stack([1, step])
                )
            gradients = tape.gradient(loss, model.trainable_variables)
            optimizer.apply(gradients, model.trainable_variables)

    train(tf.constant(steps))
    return model


def compare(*, chains: int = 64, hmc_steps: int = 10_000, steps: int = 3000) -> tuple[list[dict[str, float]], float]:
    """A row for each quantity, with its means and their difference in posterior deviations, and the worst R-hat."""
    states, rhat = hmc(chains, hmc_steps)
    truth = quantities(states)
    draws = quantities(fit(steps).sample(100_000, seed=0))
    rows = [
        {
            "hmc": float(mean),
            "deviation": float(deviation),
            "flow": float(flow),
            "apart": float((flow - mean) / deviation),
        }
        for mean, deviation, flow in zip(truth.mean(0), truth.std(0), draws.mean(0), strict=True)
    ]
    return rows, float(tf.reduce_max(rhat))


def main() -> None:
    """Prints the comparison as a table."""
    rows, rhat = compare()
    print(f"HMC: R-hat at most {rhat:.4f}\n\n{'':10}{'HMC mean':>10}{'deviation':>11}{'flow mean':>11}{'apart':>8}")
    for name, row in zip(NAMES, rows, strict=True):
        print(f"{name:10}{row['hmc']:10.3f}{row['deviation']:11.3f}{row['flow']:11.3f}{row['apart']:8.3f}")


if __name__ == "__main__":
    main()
