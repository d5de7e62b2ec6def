"""Out-of-distribution scores, the quality of samples, random pixels in training."""

import importlib
import io
import math
import random

import keras
import matplotlib as mpl
import numpy as np
import pytest
import tensorflow as tf
from PIL import Image
from scipy.stats import gaussian_kde

import zoo
from tests.cases import EVENTS, Case, make
from tests.generate.models import IMAGE, image_model, images
from tfflows import datasets, figures, generate
from tfflows.errors import InputError
from tfflows.events import Event
from tfflows.generate import classifier, densities, outliers

NORMAL = np.random.default_rng(0).normal(size=(2000, 8))


@pytest.fixture(scope="module")
def detector():
    return generate.Detector(image_model(), images(300), background=make(Case("nice", IMAGE)))


def test_scores_are_those_of_the_papers(detector):
    x = images(20, seed=5)
    found = detector(x)
    assert list(found) == list(outliers.METHODS)
    log_prob = detector.model.log_prob(x).numpy()
    np.testing.assert_allclose(found["likelihood"], -log_prob, rtol=1e-5)
    mean = detector.model.log_prob(images(300)).numpy().mean()
    np.testing.assert_allclose(found["typicality"], np.abs(log_prob - mean), rtol=1e-3, atol=1e-3)
    ratio = detector.background.log_prob(x).numpy() - log_prob
    np.testing.assert_allclose(found["likelihood_ratio"], ratio, rtol=1e-4, atol=1e-3)
    file = io.BytesIO()
    Image.fromarray(x[0, ..., 0]).save(file, format="png", optimize=True)
    bits = -log_prob[0] / math.log(2) - 8 * len(file.getvalue())
    assert found["input_complexity"][0] == pytest.approx(bits, rel=1e-5)


def statistics_of(model, x):
    """The log-likelihood of each row, half the squared norm of its latent, and their sum."""
    log_prob = model.log_prob(x).numpy().astype(np.float64)
    energy = 0.5 * np.sum(model.encode(x).numpy().astype(np.float64) ** 2, axis=1)
    return log_prob, energy, log_prob + energy


def test_density_of_states_is_the_product_of_three_kernel_estimates(detector):
    x = images(20, seed=5)
    reference, found = (statistics_of(detector.model, rows) for rows in (images(300), x))
    expected = -sum(gaussian_kde(each).logpdf(values) for each, values in zip(reference, found, strict=True))
    np.testing.assert_allclose(detector(x)["density_of_states"], expected, atol=1e-3)


def test_latents_are_computed_for_the_density_of_states_alone(monkeypatch):
    model, x = image_model(), images(20)
    calls, encode = [], model.encode
    monkeypatch.setattr(model, "encode", lambda *args, **kwargs: calls.append(1) or encode(*args, **kwargs))
    detector = generate.Detector(model, images(30, seed=1))
    detector(x, ["likelihood", "typicality"])
    assert not calls
    detector(x, ["density_of_states"])
    assert len(calls) == 2  # of the reference and of the events


def test_density_of_states_far_away_is_finite(detector):
    kernel = detector._kernels[0]
    far = outliers._log_density(kernel, np.array([1e5, 2e5]))
    assert np.isfinite(far).all()
    assert far[1] < far[0]


def test_strange_images_have_higher_scores():
    # A model of dark images that was fitted to them; bright ones are strange.
    x = (images(200) // 4).astype(np.uint8)
    model = zoo.create("nice", IMAGE, couplings=2, width=8, depth=1)
    model.compile(keras.optimizers.Adam(0.02))
    model.fit(x, epochs=20, verbose=0)
    detect = generate.Detector(model, x)
    strange = detect(images(50, seed=3) // 2 + 4)
    usual = detect(x[:50])
    for name in ("likelihood", "typicality", "density_of_states"):
        assert generate.auroc(usual[name], strange[name]) > 0.9


def test_out_of_distribution_scores_without_what_they_need():
    without = generate.Detector(image_model(), images(50))
    assert "likelihood_ratio" not in without.methods
    with pytest.raises(InputError, match=r"`method` to be one of .*'likelihood_ratio'"):
        without(images(2), ["likelihood_ratio"])
    vectors = generate.Detector(make(Case("realnvp", EVENTS["vector"])), NORMAL[:50, :2].astype(np.float32))
    assert "input_complexity" not in vectors.methods
    with pytest.raises(InputError, match="`background` to model the same events"):
        generate.Detector(image_model(), images(50), background=make(Case("nice", EVENTS["vector"])))
    with pytest.raises(InputError, match="without a condition"):
        generate.Detector(zoo.create("nice", Event((4, 4, 1), levels=8, classes=2)), images(50))


def test_auroc_is_a_probability_and_ties_count_half():
    assert generate.auroc(np.array([0.0, 1.0]), np.array([2.0, 3.0])) == 1
    assert generate.auroc(np.array([0.0, 2.0]), np.array([1.0, 1.0])) == 0.5
    assert generate.auroc(np.ones(3), np.ones(4)) == 0.5


def test_frechet_distance_of_normal_distributions():
    assert generate.frechet_distance(NORMAL, NORMAL) == pytest.approx(0, abs=1e-6)
    assert generate.frechet_distance(NORMAL, NORMAL + 2) == pytest.approx(8 * 4, rel=1e-6)
    # sum over the dimensions of (3 s - s)^2
    spread = np.sum((2 * NORMAL.std(0, ddof=1)) ** 2)
    wide = 3 * NORMAL - 2 * NORMAL.mean(0)
    assert generate.frechet_distance(NORMAL, wide) == pytest.approx(spread, rel=0.01)


def test_precision_falls_with_strange_samples_and_recall_with_missing_ones():
    random = np.random.default_rng(1)
    real, good = random.normal(size=(2, 1000, 2))
    precision, recall = generate.precision_and_recall(real, good)
    assert precision > 0.9
    assert recall > 0.9
    half_strange = np.concatenate([good[:500], good[500:] + 50])
    assert generate.precision_and_recall(real, half_strange)[0] == pytest.approx(precision / 2, abs=0.05)
    precision, recall = generate.precision_and_recall(real, good[good[:, 0] > 0])
    assert precision > 0.9
    assert recall == pytest.approx(0.5, abs=0.1)


def test_precision_and_recall_need_enough_rows():
    with pytest.raises(InputError, match=r"more than 3 events and samples.*rows=3"):
        generate.precision_and_recall(NORMAL, NORMAL[:3])


def test_classifier_learns_is_reproducible_and_kept(tmp_path, monkeypatch):
    monkeypatch.setattr(classifier, "STEPS", 150)
    data = datasets.load("digits", conditional=True)
    path = tmp_path / "classifier.keras"
    model = classifier.classifier(data, path=path, seed=1)
    assert classifier.accuracy(model, data) > 0.8
    x = np.stack([element["x"] for element in data.test.examples.take(20).as_numpy_iterator()])
    found = classifier.features(model, x)
    assert found.shape == (20, classifier.FEATURES)
    monkeypatch.setattr(classifier, "STEPS", 0)  # it is not trained again
    np.testing.assert_allclose(classifier.features(classifier.classifier(data, path=path), x), found, rtol=1e-5)
    with pytest.raises(InputError, match="a dataset of images with labels"):
        classifier.classifier(datasets.load("digits"))


def test_random_pixels_in_training_alone():
    plain, mutated = (datasets.load("digits", mutation=share) for share in (0.0, 0.25))
    seeds = [tf.constant([0, number]) for number in range(50)]
    elements = list(plain.train.examples.take(50))
    changed = [mutated.train.augment(element, seed)["x"] for element, seed in zip(elements, seeds, strict=True)]
    before = np.stack([element["x"] for element in elements])
    different = np.stack(changed) != before
    # A new value is the old one once in 17 times.
    assert different.mean() == pytest.approx(0.25 * 16 / 17, abs=0.02)
    drawn = np.stack(changed)[different]
    assert np.bincount(drawn, minlength=17).min() > 10
    np.testing.assert_array_equal(mutated.train.augment(elements[0], seeds[0])["x"], changed[0])
    for part in ("validation", "test"):
        first = [next(iter(getattr(data, part).examples))["x"] for data in (plain, mutated)]
        np.testing.assert_array_equal(*first)


def test_flipped_images_are_mutated_and_flattened_last():
    x = np.tile(np.arange(4, dtype=np.uint8), (40, 4, 1))
    data = datasets.from_arrays(x, flip=True, mutation=0.0001, flatten=True)
    rows = {tuple(element["x"].numpy().tolist()) for element in data.train.events()}
    assert {tuple(list(range(4)) * 4), tuple(list(range(3, -1, -1)) * 4)} <= rows


def test_numbers_of_numpy_and_integers_are_fractions():
    assert datasets.load("digits", mutation=0).train.size == datasets.load("digits").train.size
    x = np.random.default_rng(0).normal(size=(100, 2))
    assert datasets.from_arrays(x, holdout=np.float32(0.25)).train.size == 50


@pytest.mark.parametrize("mutation", [1.0, -0.1, True, 1, "0"])
def test_mutation_is_a_fraction(mutation):
    with pytest.raises(InputError, match=r"`mutation` to be a number in \[0, 1\)"):
        datasets.load("digits", mutation=mutation)


def test_impossible_rows_are_the_strangest():
    kernel = gaussian_kde(NORMAL[:50, 0])
    values = np.array([0.3, 40.0, -np.inf])
    found = outliers._log_density(kernel, values)
    np.testing.assert_allclose(found[:1], kernel.logpdf(values[:1]), rtol=1e-12)
    assert -np.inf < found[1] < -100
    assert found[2] == -np.inf


@pytest.mark.parametrize(("name", "kept"), [("classifier", None), ("text.keras", "text"), ("other.keras", "other")])
def test_files_that_are_no_classifiers_of_the_dataset_are_refused(name, kept, tmp_path):
    path = tmp_path / name
    if kept == "text":
        path.write_text("not a model")
    elif kept == "other":
        keras.Sequential([keras.Input((8, 8, 1)), keras.layers.Flatten(name="features")]).save(path)
    with pytest.raises(InputError, match=r"Expected (the path of a \.keras file|a classifier of this dataset).*path="):
        classifier.classifier(datasets.load("digits", conditional=True), path=path)


def test_a_classifier_leaves_random_numbers_alone(monkeypatch):
    monkeypatch.setattr(classifier, "STEPS", 1)
    random.seed(5)
    expected = random.Random(5).random()
    first, second = (classifier.classifier(datasets.load("digits", conditional=True), seed=1) for _ in range(2))
    assert random.random() == expected
    for mine, theirs in zip(first.get_weights(), second.get_weights(), strict=True):
        np.testing.assert_allclose(mine, theirs, rtol=1e-4, atol=1e-5)


def test_samples_in_batches_are_many_different_ones():
    model = make(Case("nice", EVENTS["image"]))
    drawn = densities.samples_in_batches(model, 450, None, seed=0, temperature=1.0)
    assert drawn.shape == (450, *model.event.shape)
    assert not np.array_equal(drawn[:200], drawn[200:400])


def test_histograms_of_scores_that_are_all_infinite():
    scores = np.full(10, -np.inf, np.float32)
    assert figures.histogram(scores, scores).ndim == 3


def test_pictures_leave_the_backend_of_the_user_alone():
    backend = mpl.get_backend()
    try:
        mpl.use("svg")
        importlib.reload(figures)
        figures.cloud({"samples": np.zeros((4, 2))})
        assert mpl.get_backend() == "svg"
    finally:
        mpl.use(backend)
