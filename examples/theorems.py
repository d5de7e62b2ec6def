"""Checks three theorems about flows numerically; docs/theorems.md states them.

    python examples/theorems.py

It takes a minute on two cores.
"""

import numpy as np

import tfflows  # before Keras and TensorFlow, so that they start quietly

# isort: split
import keras
import tensorflow as tf
import tensorflow_probability as tfp

import zoo
from tfflows import bijectors, datasets
from tfflows.layers import AffineCoupling, Autoregressive
from tfflows.networks import MADE, MLP

tfd, tfb = tfp.distributions, tfp.bijectors


def fitted(name: str = "maf", *, epochs: int = 3) -> tuple[tfflows.Flow, np.ndarray, np.ndarray]:
    """A flow of the eight Gaussians, points of the test set, and the log-density that they were drawn from."""
    keras.utils.set_random_seed(0)
    data = datasets.load("toy/eight_gaussians")
    train, test = (split.arrays(5000)["x"] for split in (data.train, data.test))
    flow = zoo.create(name, data.event)
    flow.compile(keras.optimizers.Adam(3e-3))
    flow.fit(train, epochs=epochs, batch_size=256, verbose=0)
    return flow, test, data.truth.log_prob(test).numpy()


def two_divergences(flow: tfflows.Flow, x: np.ndarray, log_truth: np.ndarray) -> tuple[float, float]:
    """KL(truth || flow) of the data, and KL(truth of the latents || base) of their latents, from the same points.

    `u = f^-1(x)` of true points has the density `truth(f(u)) * |det df/du|`: that of an IAF whose base is the truth.
    """
    of_data = log_truth - flow.log_prob(x).numpy()
    u = flow.encode(x)
    log_det = flow.bijector().forward_log_det_jacobian(u, event_ndims=1)
    of_latents = log_truth + log_det - flow.base_distribution().log_prob(u)
    return float(np.mean(of_data)), float(np.mean(of_latents))


def coupling_inside(dimension: int = 5) -> dict[str, float]:
    """The largest difference of a RealNVP coupling from the MAF, and from the IAF, whose parameters it has.

    The MADE has the weights of the coupling's network, and lets its first half pass: there scale and shift are 0.
    """
    keras.utils.set_random_seed(1)
    coupling = AffineCoupling("halves", conditioner=MLP(width=16, depth=1))
    coupling.build((None, dimension))
    for weight in coupling.network.weights:
        weight.assign(0.5 * np.random.default_rng(0).normal(size=weight.shape))
    kept = int(coupling.keep.sum())
    made = Autoregressive(
        conditioner=MADE(width=16, depth=1, hidden=[np.full(16, kept)]),
        transformer=bijectors.BoundedAffine(bound=1.0),
    )
    made.build((None, dimension))
    for mine, theirs in zip(made.network.weights, coupling.network.weights, strict=True):
        whole, (_, part) = np.zeros(mine.shape), coupling.parts().get(theirs.path, (None, map(np.arange, mine.shape)))
        whole[np.ix_(*part)] = theirs
        mine.assign(whole)
    x = np.random.default_rng(2).normal(size=(100, dimension)).astype(np.float32)
    maf, iaf = (tfb.Invert(made.bijector()), made.bijector())
    inverse = tfb.Invert(coupling.bijector())
    return {
        "MAF": float(np.abs(maf.forward(x) - inverse.forward(x)).max()),
        "IAF": float(np.abs(iaf.forward(x) - coupling.bijector().forward(x)).max()),
    }


def elbos(
    flow: tfflows.Flow, x: np.ndarray, scales: tuple[float, ...], *, draws: int = 200, seed: int = 0
) -> dict[float, float]:
    """The mean ELBO of an autoencoder that is made of a flow, by the standard deviation of its decoder.

        p(x | z) = N(x; f(z), s^2),   q(z | x) = N(z; f^-1(x), s^2 * (J^T J)^-1),   J = df/dz at f^-1(x)

    As `s` falls to 0, it comes near the flow's own mean log-likelihood.
    """
    x = tf.constant(x)
    z = flow.encode(x)
    with tf.GradientTape() as tape:
        tape.watch(z)
        y = flow.bijector().forward(z)
    jacobian = tape.batch_jacobian(y, z)
    found = {}
    for scale in scales:
        # z + s * J^-1 e has the covariance s^2 * (J^T J)^-1.
        e = tf.random.stateless_normal([draws, *x.shape], [seed, 0])
        drawn = z + scale * tf.linalg.matvec(tf.linalg.inv(jacobian), e)
        log_q = tf.reduce_sum(tfd.Normal(0.0, 1.0).log_prob(e), -1) - x.shape[1] * np.log(scale)
        log_q += tf.linalg.slogdet(jacobian).log_abs_determinant
        decoded = tf.reshape(flow.bijector().forward(tf.reshape(drawn, [-1, x.shape[1]])), drawn.shape)
        log_p = tf.reduce_sum(tfd.Normal(decoded, scale).log_prob(x), -1) + flow.base_distribution().log_prob(drawn)
        found[scale] = float(tf.reduce_mean(log_p - log_q))
    return found


def main() -> None:
    """Prints the numbers of the three theorems."""
    flow, x, log_truth = fitted()
    of_data, of_latents = two_divergences(flow, x, log_truth)
    print(f"1. KL(truth || MAF) = {of_data:.5f}, KL(truth of latents || base) = {of_latents:.5f} nats")
    for name, difference in coupling_inside().items():
        print(f"2. RealNVP coupling and {name}: largest difference {difference:.1e}")
    print(f"3. Mean log-likelihood of the flow: {np.mean(flow.log_prob(x[:500])):.4f} nats")
    for scale, elbo in elbos(flow, x[:500], (0.3, 0.1, 0.03, 0.01)).items():
        print(f"   ELBO of the autoencoder with s = {scale}: {elbo:.4f} nats")


if __name__ == "__main__":
    main()
