"""Facts of VAEs: bounds where the truth is known, a flow as the limit of a VAE, and the KL term in training."""

from functools import partial

import numpy as np
import pytest
import tensorflow as tf
import tensorflow_probability as tfp

import zoo
from tests.cases import EVENTS, Case, events, float64, make
from tfflows import noise
from tfflows.bijectors.base import sum_event
from tfflows.bounds import BOUND
from tfflows.errors import InputError
from tfflows.events import Event
from tfflows.layers import Chain
from tfflows.likelihoods import Likelihood
from tfflows.models import VAE, LatentVariableModel
from tfflows.models.latent import Inference
from tfflows.models.vae import log_normal
from tfflows.networks import MLP, Encoder

LATENTS, STD = 2, 0.5
RANDOM = np.random.default_rng(0)
# Orthogonal columns, so that the posterior is a product over the latents.
W = np.linalg.qr(RANDOM.normal(size=(3, LATENTS)))[0] * [0.9, 1.4]
B = RANDOM.normal(size=3)


def linear_vae(*, mean=1.0, std=1.0):
    """A linear VAE of vectors; its posterior is the exact one, with the mean and the deviation multiplied by these."""
    model = VAE(Event((3,)), encoder=Encoder(3, depth=0), decoder=MLP(width=1, depth=0), latents=LATENTS)
    model.standardize.flow_layers[0].set_weights(np.array([[0.3, -0.2, 0.5], [0.4, -0.6, 0.1]]))
    log_std = np.full(3, unbounded(np.log(STD)))
    model.decoder.dense[0].set_weights([np.concatenate([W.T, 0 * W.T], 1), np.concatenate([B, log_std])])
    variance = 1 / (1 + (W**2).sum(0) / STD**2)
    slope = mean * variance * W / STD**2
    log_std = unbounded(np.log(std) + 0.5 * np.log(variance))
    model.moments.set_weights([np.concatenate([slope, 0 * slope], 1), np.concatenate([-B @ slope, log_std])])
    return model


def unbounded(log_std):
    """The network output for which the bounded log-deviation has this value."""
    return BOUND * np.arctanh(log_std / BOUND)


def truth(model, x):
    """The log of `p(x) = N(b, W W' + std^2 I)`, where x is standardized."""
    scaled, log_det = model._scaled(tf.constant(x))
    cholesky = np.linalg.cholesky(W @ W.T + STD**2 * np.eye(3))
    return tfp.distributions.MultivariateNormalTriL(B, cholesky).log_prob(scaled) + log_det


def scores(model, x, num, seed=0):
    return model.log_prob(x, num_importance_samples=num, seed=seed).numpy()


@pytest.mark.slow
def test_more_importance_samples_come_as_close_to_the_truth_as_one_likes():
    with float64():
        model, x = linear_vae(mean=0.8, std=1.3), np.float32(np.random.default_rng(1).normal(size=(1500, 3)))
        gaps = np.stack([truth(model, x) - scores(model, x, num) for num in (1, 10, 100, 1000)])
    gains = gaps[:-1] - gaps[1:]
    error = gains.std(axis=1) / np.sqrt(len(x))
    assert np.all(gains.mean(axis=1)[:2] > 2 * error[:2])
    assert gains.mean(axis=1)[2] > -2 * error[2]
    assert gaps.mean(axis=1)[0] > 0.1 > 0.01 > abs(gaps.mean(axis=1)[3])


def test_bound_of_the_exact_posterior_is_the_truth():
    with float64():
        model, x = linear_vae(), np.float32(np.random.default_rng(1).normal(size=(500, 3)))
        # Whatever is drawn, all importance weights are p(x).
        np.testing.assert_allclose(scores(model, x, 2), truth(model, x), atol=1e-9)
        # With one sample, the closed form of the KL stands in place of what was drawn: right on average.
        gap = np.concatenate([scores(model, x, 1, seed) - truth(model, x) for seed in range(4)])
        assert abs(gap.mean()) < 4 * gap.std() / np.sqrt(len(gap)) < 0.2


def test_gradients_of_what_is_drawn_are_those_of_the_expectation():
    # d/dm:      W'(x - W m - b) / std^2 - m
    # d/dlog s:  1 - s^2 (1 + diag(W'W) / std^2)
    n, m, s = 50_000, np.array([0.5, -0.8]), np.array([0.4, 1.1])
    with float64():
        model, y = linear_vae(), tf.constant([[0.7, -1.2, 0.4]], tf.float64)
        mean, log_std = (tf.constant(np.tile(part, (n, 1))) for part in (m, np.log(s)))
        with tf.GradientTape() as tape:
            tape.watch([mean, log_std])
            seeds = noise.split(noise.seed_pair(0), n)
            found = model.infer((tf.repeat(y, n, axis=0), mean, log_std), None, seeds, training=True)
            bound = model._log_likelihood(found.outputs, None, tf.repeat(y, n, axis=0)) - found.log_ratio
        drawn = tape.gradient(bound, [mean, log_std])
    known = W.T @ (y.numpy()[0] - W @ m - B) / STD**2 - m, 1 - s**2 * (1 + (W**2).sum(0) / STD**2)
    for part, expected in zip(drawn, known, strict=True):
        error = part.numpy().std(axis=0) / np.sqrt(n)
        assert np.all(error < 0.1)
        assert np.all(np.abs(part.numpy().mean(axis=0) - expected) < 4 * error)


class Sheared(Likelihood):
    """`N(f(z), sigma^2 J J')`, of `outputs = (f(z), J)` with the Jacobian at z."""

    size = 1

    def __init__(self, sigma):
        self.sigma = sigma

    def log_prob(self, outputs, x):
        mean, jacobian = outputs
        e = tf.linalg.solve(jacobian, (x - mean)[..., None])[..., 0] / self.sigma
        return log_normal(e) - tf.linalg.slogdet(jacobian)[1] - x.shape[-1] * np.log(abs(self.sigma))

    entry_log_prob = quantile = None


class FlowAsVAE(LatentVariableModel):
    """Encoder `N(f^-1(x), sigma^2 I)`, decoder `N(f(z), sigma^2 J J')` of a flow; a sigma below 0 turns the noise."""

    def __init__(self, flow, sigma):
        super().__init__(flow.event)
        self.flow, self.sigma, self.standardize, self.likelihood = flow, sigma, Chain([]), Sheared(sigma)

    latent_shape = property(lambda self: self.flow.latent_shape)
    inference_layers = ()
    draw = None

    def recognize(self, x, context, *, training=False, seeds=None):
        return (self.flow.bijector(context).inverse(x),)

    def infer(self, features, context, seeds, *, training):
        e = noise.normal(seeds, self.latent_shape, features[0].dtype)
        z = features[0] + self.sigma * e
        log_ratio = log_normal(e) - e.shape[-1] * np.log(abs(self.sigma)) - log_normal(z)
        return Inference(z, self.generate(z, context), log_ratio, log_ratio[:, None])

    def generate(self, z, context):
        with tf.GradientTape() as tape:
            tape.watch(z)
            x = self.flow.bijector(context).forward(z)
        return x, tape.batch_jacobian(x, z)


def test_flow_is_the_limit_of_a_vae_without_noise():
    # Gritsenko, Snoek and Salimans, "On the relationship between Normalising Flows and Variational- and Denoising
    # Autoencoders". A draw is off by terms of first order in sigma, which cancel in the mean over the noise.
    with float64():
        case = Case("realnvp", EVENTS["vector"])
        flow, (x, _) = make(case), events(case, 100)
        exact, gaps = flow.log_prob(x).numpy(), []
        for sigma in (1e-3, 1e-4):
            models = [FlowAsVAE(flow, sign * sigma) for sign in (1, -1)]
            pair = np.stack([model.log_prob_fn(tf.constant(x), None, noise.seed_pair(0)) for model in models]) - exact
            gaps.append([np.median(np.abs(pair)), np.median(np.abs(pair.mean(axis=0)))])
    drawn, mean = np.transpose(gaps)
    np.testing.assert_allclose(drawn[0] / drawn[1], 10, rtol=0.05)
    np.testing.assert_allclose(mean[0] / mean[1], 100, rtol=0.2)  # some rows lie near a kink of the networks
    assert drawn[-1] < 1e-3
    assert mean[-1] < 1e-6


def trained_cost(model, x, step=0):
    """The mean KL term in training, its gradients in the moments, and the KL of each latent."""
    model.optimizer.iterations.assign(step)
    x, seed = tf.constant(x), noise.seed_pair(0)
    with tf.GradientTape(persistent=True) as tape:
        scaled, _ = model._scaled(x)
        kl = model.infer(model.recognize(scaled, None), None, noise.row_seeds(x, seed), training=True).kl
        reconstruction = model.log_prob_fn(x, None, seed) + sum_event(kl, 1)
        cost = tf.reduce_mean(reconstruction - model.log_prob_fn(x, None, seed, training=True))
        mean = tf.reduce_mean(kl, axis=0)
    return cost, tape.gradient(cost, model.moments.bias), mean, tape.gradient(mean, model.moments.bias)


def compiled(**settings):
    """A linear VAE whose second latent carries little information."""
    model = linear_vae()
    model.moments.set_weights([0.1 * model.moments.kernel.numpy(), np.array([1.0, 0.1, -0.5, -0.1])])
    for name, value in settings.items():
        setattr(model, name, value)
    model.compile("sgd")
    model.in_train_step = True
    return model


def test_free_bits_cost_nothing_and_teach_nothing():
    x = np.float32(np.random.default_rng(1).normal(size=(32, 3)))
    cost, slope, kl, kl_slope = trained_cost(compiled(free_bits=0.2), x)
    assert kl[0] > 0.2 > kl[1] > 0.01
    np.testing.assert_allclose(cost, kl[0] + 0.2, rtol=1e-4)
    np.testing.assert_allclose(slope[::2], kl_slope[::2], rtol=1e-4, atol=1e-4)
    np.testing.assert_allclose(slope[1::2], 0, atol=1e-4)
    cost, slope, kl, kl_slope = trained_cost(compiled(), x)
    np.testing.assert_allclose(cost, tf.reduce_sum(kl), rtol=1e-4)
    np.testing.assert_allclose(slope, kl_slope, rtol=1e-4, atol=1e-4)


def test_estimate_of_the_kl_counts_where_it_is_negative():
    model, kl = compiled(), tf.constant([[-0.5, 1.0], [0.1, 1.0]])
    np.testing.assert_allclose(model._cost(kl, training=True), [0.5, 1.1], rtol=1e-6)
    np.testing.assert_allclose(compiled(free_bits=0.1)._cost(kl, training=True), [1.1, 1.1], rtol=1e-6)


@pytest.mark.parametrize(("step", "beta"), [(0, 0.1), (4, 0.5), (9, 1.0), (500, 1.0)])
def test_kl_is_warmed_up_by_the_step(step, beta):
    x = np.float32(np.random.default_rng(1).normal(size=(32, 3)))
    cost, _, kl, _ = trained_cost(compiled(free_bits=0.2, kl_warmup_steps=10), x, step)
    np.testing.assert_allclose(cost, beta * (kl[0] + 0.2), rtol=1e-4)


def test_training_loop_of_ones_own_has_no_warm_up():
    model = compiled(kl_warmup_steps=10)
    model.in_train_step = False
    np.testing.assert_allclose(model._cost(tf.constant([[0.5, 1.0]]), training=True), [1.5], rtol=1e-6)


@pytest.mark.slow
def test_evaluation_knows_neither_free_bits_nor_warm_up():
    x = np.float32(np.random.default_rng(1).normal(size=(32, 3)))
    for num in (1, 3):
        plain, other = (scores(compiled(**settings), x, num) for settings in ({}, {"free_bits": 9.0}))
        np.testing.assert_array_equal(other, plain)
        np.testing.assert_array_equal(scores(compiled(kl_warmup_steps=10), x, num), plain)


@pytest.mark.parametrize("alone", [False, True], ids=["global", "mutant"])
def test_free_bits_take_the_mean_over_all_replicas(alone, monkeypatch):
    if alone:
        monkeypatch.setattr("tfflows.models.latent.mean_of_all_rows", lambda kl: tf.reduce_mean(kl, axis=0))
    x = np.random.default_rng(1).normal(size=(32, 3))
    x = np.float32(x[np.argsort(x @ compiled().moments.kernel.numpy()[:, 0])])  # so that the halves differ
    by_hand = tf.distribute.ReductionToOneDevice()
    strategy = tf.distribute.MirroredStrategy(["CPU:0", "CPU:1"], cross_device_ops=by_hand)
    halves = [trained_cost(compiled(), half)[2][0] for half in (x[:16], x[16:])]
    free_bits = float(sum(halves) / 2) * 0.99  # just below the mean over both
    assert min(halves) < free_bits < max(halves)
    with strategy.scope():
        model = compiled(free_bits=free_bits)
    parts = strategy.experimental_distribute_values_from_function(
        lambda context: tf.constant(np.split(x, 2)[context.replica_id_in_sync_group])
    )
    seed = noise.seed_pair(0)
    run = tf.function(lambda x: strategy.run(partial(model.log_prob_fn, training=True), args=(x, None, seed)))
    together = np.concatenate(strategy.experimental_local_results(run(parts)))
    same = np.allclose(together, compiled(free_bits=free_bits).log_prob_fn(tf.constant(x), None, seed, training=True))
    assert same != alone


def test_encode_gives_the_mean_and_by_a_seed_a_draw():
    model = make(Case("vae", EVENTS["vector"]))
    x, _ = events(Case("vae", EVENTS["vector"]), 4000)
    _, mean, log_std = model.recognize(model._scaled(tf.constant(x))[0], None)
    np.testing.assert_allclose(model.encode(x), mean, rtol=1e-5, atol=1e-6)
    e = (model.encode(x, seed=3) - mean) * tf.exp(-log_std)
    np.testing.assert_allclose(tf.reduce_mean(e, axis=0), 0, atol=4 / np.sqrt(len(x)))
    np.testing.assert_allclose(tf.reduce_mean(e**2, axis=0), 1, atol=4 * np.sqrt(2 / len(x)))
    np.testing.assert_array_equal(model.encode(x, seed=3), model.encode(x, seed=3))
    assert np.all(model.encode(x, seed=4) != model.encode(x, seed=3))


def test_a_seed_draws_the_latent_of_a_flow_where_it_has_many():
    case = Case("realnvp", EVENTS["image"])
    flow, (x, _) = make(case), events(case, 8)
    drawn = flow.encode_fn(tf.constant(x), None, noise.seed_pair(3))
    assert np.any(np.abs(drawn - flow.encode_fn(tf.constant(x), None)) > 0.01)
    np.testing.assert_array_equal(flow.decode_fn(tf.identity(drawn), None), x)
    with pytest.raises(InputError, match=r"Expected .*`seed`.*Received: seed="):
        make(Case("realnvp", EVENTS["vector"])).encode(np.zeros((2, 2)), seed=3)


@pytest.mark.parametrize("levels", [2, 256])
def test_images_of_odd_sizes(levels):
    event = Event((7, 5, 3), "uint8", levels)
    model = zoo.create("vae", event=event, latents=3, features=8, width=2)
    x = np.random.default_rng(0).integers(0, levels, (4, *event.shape)).astype(np.uint8)
    # A new decoder starts at zero, whatever the latent: one distribution for all pixels.
    per_pixel = scores(model, x, 1) / event.size
    assert np.all(np.isfinite(per_pixel))
    assert levels != 2 or np.allclose(per_pixel, -np.log(2), atol=1e-4)
    assert model.decode(model.encode(x)).shape == x.shape
    for temperature in (0.0, 0.7):
        drawn = model.sample(4, seed=0, temperature=temperature).numpy()
        assert drawn.shape == x.shape
        assert 0 <= drawn.min() < drawn.max() <= levels - 1
