"""Facts of MAF's paper, 1705.07057."""

import keras
import numpy as np
import pytest
import tensorflow as tf
import tensorflow_probability as tfp

import zoo
from tests.cases import EVENTS, Case, assert_finite_at, float64, make
from tfflows import bijectors, layers, noise
from tfflows.errors import InputError
from tfflows.events import Event
from tfflows.layers.batchnorm import streaming_moments
from tfflows.networks import MADE, MLP

tfd = tfp.distributions


def normal(dimension):
    return tfd.Sample(tfd.Normal(tf.constant(0.0, keras.config.floatx()), 1.0), dimension)


def shake(weights, size=0.3):
    random = np.random.default_rng(0)
    for weight in weights:
        weight.assign(size * random.normal(size=weight.shape))


def coupling_and_its_made(dimension=5):
    """A RealNVP coupling, and the MADE whose hidden units all have the number of kept entries as their degree."""
    coupling = layers.AffineCoupling("halves", conditioner=MLP(width=16, depth=2))
    coupling.build((None, dimension))
    shake(coupling.network.weights)
    kept = int(coupling.keep.sum())
    made = layers.Autoregressive(
        conditioner=MADE(width=16, depth=2, hidden=[np.full(16, kept)] * 2),
        transformer=bijectors.BoundedAffine(bound=1.0),
    )
    made.build((None, dimension))
    parts = coupling.parts()
    for mine, theirs in zip(made.network.weights, coupling.network.weights, strict=True):
        whole, (_, part) = np.zeros(mine.shape), parts.get(theirs.path, (None, map(np.arange, mine.shape)))
        whole[np.ix_(*part)] = theirs  # the numbers of kept entries are 0, and nothing sees the others
        mine.assign(whole)
    return coupling, made


def test_realnvp_is_maf_with_parameters_masked_out():
    # Section 3.3: scale and shift of the first d entries 0, those of the others functions of the first d alone.
    with float64():
        coupling, made = coupling_and_its_made()
        random = np.random.default_rng(1)
        x, z = tf.constant(random.normal(size=(7, 5))), tf.constant(random.normal(size=(7, 5)))
        theirs, mine = (tfd.TransformedDistribution(normal(5), layer.bijector()) for layer in (coupling, made))
        np.testing.assert_allclose(mine.log_prob(x), theirs.log_prob(x), rtol=1e-12)
        np.testing.assert_allclose(made.bijector().forward(z), coupling.bijector().forward(z), rtol=1e-12)
        assert np.ptp(mine.log_prob(x) - normal(5).log_prob(x)) > 0.1


def maf(flows):
    """Autoregressive layers with nothing between them, not built."""
    return [
        layers.Autoregressive(
            conditioner=MADE(width=16, depth=1, activation="tanh"),
            transformer=bijectors.BoundedAffine(),
            order=("natural", "reversed")[number % 2],
        )
        for number in range(flows)
    ]


def test_maximum_likelihood_fits_the_implicit_iaf_by_kl():
    # Section 3.2 and the appendix on it: E_data[-log p_maf(x)] is KL(p_u || base) up to a constant, where p_u is the
    # density that the inverse map, an IAF with the data as its base, gives to the random numbers.
    with float64():
        stack = maf(2)
        for layer in stack:
            layer.build((None, 3))
            shake(layer.weights)
        data = tfd.MultivariateNormalDiag(
            tf.constant([1.0, -2.0, 0.5], tf.float64), tf.constant([0.5, 1.0, 2.0], tf.float64)
        )
        x = data.sample(50, seed=1)
        weights = [weight for layer in stack for weight in layer.trainable_variables]
        with tf.GradientTape(persistent=True) as tape:
            chain = tfp.bijectors.Chain([layer.bijector() for layer in stack])
            likelihood = tf.reduce_mean(tfd.TransformedDistribution(normal(3), chain).log_prob(x))
            u = tfp.bijectors.Chain([layer.bijector() for layer in stack]).inverse(x)
            implicit = tfp.bijectors.Invert(tfp.bijectors.Chain([layer.bijector() for layer in stack]))
            log_p_u = data.log_prob(x) + implicit.inverse_log_det_jacobian(tf.identity(u), event_ndims=1)
            kl = tf.reduce_mean(log_p_u - normal(3).log_prob(u))
        np.testing.assert_allclose(kl, tf.reduce_mean(data.log_prob(x)) - likelihood, rtol=1e-9)
        gradients = tape.gradient(kl, weights), tape.gradient(likelihood, weights)
        for of_kl, of_likelihood in zip(*gradients, strict=True):
            np.testing.assert_allclose(of_kl, -of_likelihood, rtol=1e-6, atol=1e-9)
            assert np.any(of_likelihood)


def test_orders_are_reversed_or_random():
    def orders(**settings):
        model = zoo.create("maf", event=Event((6,)), flows=3, width=8, **settings)
        return [layer.degrees.tolist() for layer in model.flow_layers if isinstance(layer, layers.Autoregressive)]

    natural = list(range(1, 7))
    assert orders() == [natural, natural[::-1], natural]
    drawn = orders(order="random")
    assert all(sorted(order) == natural for order in drawn)
    assert len(set(map(tuple, drawn))) == 3
    assert orders(order="random") == drawn
    assert orders(components=2)[3] == natural[::-1]


def test_inputs_far_outside_a_mixture_have_finite_scores_and_gradients():
    model = zoo.create("maf", event=EVENTS["vector"], components=4)
    model.initialize(tf.random.stateless_normal([64, 2], [0, 1]))
    shake(model.trainable_variables, 0.1)
    x = tf.constant([[1e4, -1e4], [0.0, 1e4]])
    assert_finite_at(x, model)


def batchnorm():
    layer = layers.BatchNorm()
    layer.build((None, 3))
    layer.beta.assign([1.0, 2.0, 3.0])
    layer.log_gamma.assign([0.1, 0.2, -0.3])
    return layer


def expected(x, mean, variance):
    z = (x - mean) / np.sqrt(variance + 1e-5) * np.exp([0.1, 0.2, -0.3]) + [1.0, 2.0, 3.0]
    return z, np.sum([0.1, 0.2, -0.3]) - 0.5 * np.sum(np.log(variance + 1e-5))


def test_batch_normalisation_has_the_statistics_of_the_batch_in_training_and_of_the_whole_set_after():
    with float64():
        layer = batchnorm()
        assert not layer.initialized
        data = np.random.default_rng(0).normal([5.0, -1.0, 100.0], [1.0, 0.1, 3.0], (70, 3))
        layer.initialize(tf.constant(data[:10]))
        assert layer.initialized
        np.testing.assert_allclose(layer.mean, data[:10].mean(0))
        layer.adapt((data[start : start + 30], None) for start in (0, 30, 60))
        x = tf.constant(data[:20])
        for training, rows in ((False, data), (True, data[:20])):
            bijector = layer.bijector(training=training)
            z, log_det = expected(data[:20], rows.mean(0), rows.var(0))
            np.testing.assert_allclose(bijector.inverse(x), z, rtol=1e-9)
            np.testing.assert_allclose(bijector.inverse_log_det_jacobian(x, event_ndims=1), np.full(20, log_det))
        np.testing.assert_allclose(layer.bijector().forward(layer.bijector().inverse(x)), x)


def test_statistics_are_stable_far_from_zero():
    rows = 1e8 + np.random.default_rng(0).normal(size=(1000, 2))
    mean, variance = streaming_moments(np.split(rows, [1, 30, 500]))
    np.testing.assert_allclose(mean, rows.mean(0), rtol=1e-14)
    np.testing.assert_allclose(variance, rows.var(0), rtol=1e-7)


def slope(layer, x):
    """A function of all outputs of the layer in a training step, and its gradient."""
    with tf.GradientTape() as tape:
        tape.watch(x)
        bijector = layer.bijector(training=True)
        log_det = bijector.inverse_log_det_jacobian(x, event_ndims=1)
        loss = tf.reduce_sum(tf.sin(bijector.inverse(x)) * x) + tf.reduce_sum(log_det)
    return loss, tape.gradient(loss, x)


def test_two_replicas_have_the_statistics_and_the_gradients_of_the_whole_batch():
    data = np.random.default_rng(0).normal(size=(8, 3)).astype(np.float32)
    alone, expected_slopes = slope(batchnorm(), tf.constant(data))
    strategy = tf.distribute.MirroredStrategy(["CPU:0", "CPU:1"])
    with strategy.scope():
        layer = batchnorm()
    halves = strategy.experimental_distribute_values_from_function(
        lambda context: tf.constant(data[4 * context.replica_id_in_sync_group :][:4])
    )
    losses, slopes = tf.function(lambda x: strategy.run(slope, args=(layer, x)))(halves)
    np.testing.assert_allclose(sum(strategy.experimental_local_results(losses)), alone, rtol=1e-5)
    together = np.concatenate(strategy.experimental_local_results(slopes))
    np.testing.assert_allclose(together, expected_slopes, rtol=1e-4, atol=1e-5)


def test_score_in_training_moves_with_the_batch_and_in_evaluation_does_not():
    model = make(Case("maf", EVENTS["vector"]))
    x = tf.random.stateless_normal([8, 2], [0, 1])
    seed = noise.seed_pair(0)
    scores = [model.log_prob_fn(rows, None, seed, training=training)[0] for training in (0, 1) for rows in (x, x[:4])]
    np.testing.assert_allclose(scores[0], scores[1], rtol=1e-6)
    assert abs(scores[2] - scores[3]) > 1e-3


def test_settings_that_make_no_sense_are_refused():
    with pytest.raises(InputError, match=r"`order` to be one of \['reversed', 'random'\]\. Received: order='natural'"):
        zoo.create("maf", event=Event((2,)), order="natural")
    with pytest.raises(InputError, match=r"`components` to be 1 or more\. Received: components=0"):
        zoo.create("maf", event=Event((2,)), components=0)
