"""The hidden pixels of images, drawn given the known ones."""

from typing import Any

import tensorflow as tf
import tensorflow_probability as tfp

from tfflows import noise, values
from tfflows.errors import check
from tfflows.generate.inpainting import Problem
from tfflows.models import GenerativeModel


def posterior_draws(
    model: GenerativeModel,
    x: Any,
    keep: Any,
    label: Any = None,
    context: Any = None,
    *,
    draws: int = 4,
    burn_in: int = 500,
    seed: Any = 0,
) -> tf.Tensor:
    """Draws the hidden pixels given the known ones, by the Metropolis-adjusted Langevin algorithm (MALA).

    The chains move in the logits of the pixels, from uniform noise. They converge to the posterior only in the limit of
    many steps; chains of many pixels mix slowly and stay near one mode. All images of a call share a seed, so the draws
    of an image also depend on its row and on the number of rows.

    Args:
        model: A flow of images.
        x: Images.
        keep: Which pixels are known, bool `[*event]`.
        label: As in `log_prob`.
        context: As in `log_prob`.
        draws: Number of draws, `burn_in` steps apart.
        burn_in: Number of steps before the first draw, in which the size of the steps adapts.
        seed: Seed of the start and of the steps; None draws a new one.

    Returns:
        Images `[draws, rows, *event]`.

    Raises:
        InputError: As in `inpaint`, or `keep` has a mask for each image.

    Source: Roberts and Tweedie, "Exponential convergence of Langevin distributions and their discrete approximations"
    (Bernoulli 1996), section 1.4.1: MALA, as HMC of one step in TFP.
    """
    problem = Problem.of(model, x, keep, label, context)
    shape = tuple(problem.keep.shape)
    check(shape == model.event.shape, f"Expected one mask `keep` for all images, {model.event.shape}.", shape=shape)
    seed = noise.given_or_new(seed)
    draws, burn_in = values.check_count("draws", draws, least=1), values.check_count("burn_in", burn_in, least=1)
    to_pixels = tfp.bijectors.Sigmoid(tf.cast(0.0, problem.dtype), tf.cast(problem.high, problem.dtype))

    def log_density(logits):
        log_det = to_pixels.forward_log_det_jacobian(logits, event_ndims=1)
        return problem.log_density(problem.filled(to_pixels.forward(logits))) + log_det

    start = to_pixels.inverse(problem.inside(problem.hidden(problem.started(seed))))
    kernel = tfp.mcmc.SimpleStepSizeAdaptation(
        tfp.mcmc.HamiltonianMonteCarlo(log_density, step_size=0.1 * tf.ones_like(start[:, :1]), num_leapfrog_steps=1),
        num_adaptation_steps=int(0.8 * burn_in),
        target_accept_prob=0.574,
    )

    @tf.function
    def run(start, seed):
        settings = {"num_burnin_steps": burn_in, "num_steps_between_results": burn_in - 1, "trace_fn": None}
        return tfp.mcmc.sample_chain(draws, start, kernel=kernel, seed=seed, **settings)

    logits = run(start, seed)
    return tf.stack([problem.images(problem.filled(to_pixels.forward(one))) for one in tf.unstack(logits)])
