"""Out-of-distribution detection with a model of images.

A high likelihood does not mean that an event is like the training data: a flow that was trained on images of clothes
gives digits, which are smoother and darker, a higher likelihood than clothes, although it never samples a digit
(Nalisnick et al., "Do Deep Generative Models Know What They Don't Know?", 1810.09136). The other scores use more than
the likelihood.
"""

import functools
import io
from collections.abc import Sequence
from typing import Any

import numpy as np
from PIL import Image
from scipy.special import logsumexp
from scipy.stats import gaussian_kde

from tfflows import figures
from tfflows.errors import check, check_choice
from tfflows.events import Event
from tfflows.generate.densities import in_batches, log_likelihoods
from tfflows.models import GenerativeModel

BLOCK = 2000  # values whose density is estimated at a time

METHODS = ("likelihood", "typicality", "density_of_states", "input_complexity", "likelihood_ratio")


class Detector:
    """Out-of-distribution scores from a model and some events of its training set; higher means less typical.

        likelihood          -log p(x)
        typicality          |log p(x) - mean(log p(training set))|
        density_of_states   -sum_j log q_j(T_j(x)),  where q_j is a kernel density estimate of the statistic T_j on the
                            training set: log p(x), |z|^2 / 2, and their sum, which for a normal base is the
                            log-determinant up to a constant
        input_complexity    -log2 p(x) - (bits of x as PNG)
        likelihood_ratio    log p_background(x) - log p(x)

    Args:
        model: A model without a condition.
        reference: Events of its training set, `[rows, *event]`; some thousands are enough.
        background: Model of the same events, of `train.py --set=data.mutation=0.2`, for `likelihood_ratio`.
        seed: Seed of the dequantization noise.

    Raises:
        InputError: The model is conditional, or `background` models other events.

    Source: typicality, Nalisnick et al. (1906.02994), section 3, with one event; density of states, Morningstar et al.
    (2006.09273), with kernel density estimates; input complexity, Serra et al. (1909.11480), equation 2; likelihood
    ratios, Ren et al. (1906.02845), section 3.
    Differs from the papers: the statistics of the density of states are those that every model with a latent has.
    """

    def __init__(
        self, model: GenerativeModel, reference: Any, *, background: GenerativeModel | None = None, seed: int = 0
    ):
        for one in (model, background):
            if one is not None:
                check(one.event.condition_size == 0, "Expected a model without a condition.", model=one.name)
        same = background is None or background.event == model.event
        check(same, "Expected `background` to model the same events.", event=background and background.event.to_dict())
        self.model, self.background, self.seed = model, background, seed
        self._reference, self._reference_log_prob = reference, self._log_prob(reference)

    @property
    def methods(self) -> tuple[str, ...]:
        """The scores that this model and this background have."""
        event = self.model.event
        needs = {"input_complexity": figures.image_shape(event) and event.discrete, "likelihood_ratio": self.background}
        return tuple(name for name in METHODS if needs.get(name, True))

    def __call__(self, x: Any, methods: Sequence[str] | None = None) -> dict[str, np.ndarray]:
        """The scores of events `[rows, *event]`, float64 `[rows]`, by method.

        Raises:
            InputError: There is no such method, or the model or the background that it needs is missing.
        """
        methods = self.methods if methods is None else methods
        for name in methods:
            check_choice("method", name, self.methods)
        log_prob = self._log_prob(x)
        scores = {
            "likelihood": lambda: -log_prob,
            "typicality": lambda: np.abs(log_prob - np.mean(self._reference_log_prob)),
            "density_of_states": lambda: -sum(map(_log_density, self._kernels, self._statistics(x, log_prob))),
            "input_complexity": lambda: -log_prob / np.log(2) - png_bits(x, self.model.event),
            "likelihood_ratio": lambda: log_likelihoods(self.background, {"x": x}, seed=self.seed) - log_prob,
        }
        return {name: scores[name]() for name in methods}

    def _log_prob(self, x: Any) -> np.ndarray:
        return log_likelihoods(self.model, {"x": x}, seed=self.seed)

    @functools.cached_property
    def _kernels(self) -> list[gaussian_kde]:
        """The density of each statistic on the reference; other scores than that of the density of states need none."""
        return [gaussian_kde(values) for values in self._statistics(self._reference, self._reference_log_prob)]

    def _statistics(self, x: Any, log_prob: np.ndarray) -> np.ndarray:
        """`log p(x)`, `|z|^2 / 2` and their sum, float64 `[3, rows]`."""
        z = in_batches(self.model.encode, {"x": x}).reshape(len(log_prob), -1)
        energy = 0.5 * np.sum(z**2, axis=1)
        return np.stack([log_prob, energy, log_prob + energy])


def _log_density(kernel: gaussian_kde, values: np.ndarray) -> np.ndarray:
    """The log-density of a kernel density estimate, which far away is that of its nearest kernel, and -inf at -inf."""
    if len(values) > BLOCK:  # each takes memory for all kernels
        blocks = np.split(values, range(BLOCK, len(values), BLOCK))
        return np.concatenate([_log_density(kernel, block) for block in blocks])
    scale = float(np.sqrt(kernel.covariance[0, 0]))
    distance = np.abs(values[:, None] - kernel.dataset[0][None]) / scale
    exponents = -0.5 * distance**2
    return logsumexp(exponents, axis=1) - np.log(scale * np.sqrt(2 * np.pi) * exponents.shape[1])


def png_bits(x: Any, event: Event) -> np.ndarray:
    """The lengths of images as PNG files, in bits, float64 `[rows]`."""
    height, width, channels = figures.image_shape(event)
    images = np.asarray(x, np.uint8).reshape(-1, height, width, channels)
    return np.array([_png_bits(image[..., 0] if channels == 1 else image) for image in images], np.float64)


def _png_bits(image: np.ndarray) -> int:
    file = io.BytesIO()
    Image.fromarray(image).save(file, format="png", optimize=True)
    return 8 * file.tell()
