"""Density of the rows of a table, whose columns are real, bounded, rounded, categorical or circular."""

import math
from collections.abc import Callable
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from tfflows import noise
from tfflows.costs import Cost
from tfflows.errors import check
from tfflows.events import Event
from tfflows.layers.base import build
from tfflows.models.base import GenerativeModel
from tfflows.models.heads import HEADS, features
from tfflows.models.objective import importance_weighted
from tfflows.models.real_columns import RealColumns

EDGE = 1e-7  # latents of categories and angles are in [EDGE, 1 - EDGE], whose quantiles are finite


class Tabular(GenerativeModel):
    """The density of a row: of its categories and angles one after another, then of its real entries given these.

        log p(x) = sum_i log p(c_i | c_1..c_{i-1}) + log p(r | c_1..c_k)

    Each `c_i` has a softmax or a circular spline, and `r`, mapped to the real line and standardized, has the density of
    a flow or of any other model of vectors. Everything is conditioned on label and context, too.

    The values of a rounded column get uniform noise that fills their cells: the log-likelihood is then a lower bound on
    the mean density in the cell, which for integers is the probability. Missing values are replaced by noise `m` from a
    standard normal distribution, whose density is divided out: `log p(seen) >= E[log p(seen, m) - log q(m)]`. The
    networks know which values are missing. All other densities are exact.

    A sample has no missing values. Its temperature scales the latents of the real entries.

    Args:
        event: A row of a table.
        flow: Model of the real entries, for the events that `real_event(event)` returns.
        width: Number of units of the hidden layers of the networks for categories and angles.

    Raises:
        InputError: `flow` models other events.
    """

    def __init__(self, event: Event, flow: GenerativeModel, *, width: int = 64, **kwargs: Any):
        super().__init__(event, **{"dtype": keras.config.floatx(), "name": flow.name, **kwargs})
        wanted = real_event(event)
        check(flow.event == wanted, f"Expected `flow` to model {wanted}.", event=flow.event)
        self.flow = flow
        self.heads = [HEADS[column.kind](column, width=width) for column in event.columns if column.kind != "real"]
        kinds = [column.kind for column in event.columns]
        self._real = [place for place, kind in enumerate(kinds) if kind == "real"]
        self._other = [place for place, kind in enumerate(kinds) if kind != "real"]
        self._order = np.argsort([*self._other, *self._real])
        self._reals = RealColumns([event.columns[place] for place in self._real], self.compute_dtype)
        self._build_heads()
        self.built = True

    def _build_heads(self):
        size = condition_size(self.event)
        for head in self.heads:
            build(head, (None, max(size, 1)))
            size += head.column.features

    @property
    def latent_shape(self):
        return (len(self.heads) + self.flow.latent_shape[0],)

    @property
    def sample_cost(self) -> Cost:
        """The cost of a sample."""
        return self.flow.sample_cost

    @property
    def log_prob_cost(self) -> Cost:
        """The cost of a log-likelihood."""
        return self.flow.log_prob_cost

    def condition(self, label=None, context=None):
        parts = [] if context is None else tf.unstack(context, axis=-1)
        pairs = zip(self.event.context_columns, parts, strict=True)
        inputs = [features(column, part, self.compute_dtype) for column, part in pairs]
        inputs += [] if label is None else [tf.one_hot(label, self.event.classes, dtype=self.compute_dtype)]
        return tf.concat(inputs, axis=-1) if inputs else None

    def log_prob_fn(self, x, condition, seed, num_importance_samples=1, *, training=False):
        if num_importance_samples == 1 or not self.event.has_noise:
            return self._bound(x, condition, seed, num_importance_samples, training=training)
        return importance_weighted(
            lambda seed: self._bound(x, condition, seed), seed, num_importance_samples, tf.as_dtype(self.compute_dtype)
        )

    def _bound(self, x, condition, seed, num_importance_samples=1, *, training=False):
        log_prob, known = self._of_heads(x, condition)
        seeds = noise.row_seeds(x, seed) if self.event.has_noise else None
        z, log_det, missing, inside = self._reals.standardized(self._real_part(x), seeds)
        known = joined(known, missing)
        nats = self.flow.log_prob_fn(z, known, seed, num_importance_samples, training=training)
        total = log_prob + nats + tf.cast(log_det, nats.dtype)
        return tf.where(inside, total, -tf.ones_like(total) * math.inf)

    def _of_heads(self, x, condition):
        """Log-probabilities of categories and angles, and what the flow is conditioned on."""
        log_prob, known = tf.zeros(tf.shape(x)[:1], self.compute_dtype), condition
        for head, place in zip(self.heads, self._other, strict=True):
            log_prob += head.log_prob(x[:, place], self._given(known, x))
            known = joined(known, head.features(x[:, place]))
        return log_prob, known

    def _given(self, known, rows):
        """The input of a head: zeros where nothing is known yet."""
        return tf.zeros([tf.shape(rows)[0], 1], self.compute_dtype) if known is None else known

    def _real_part(self, x):
        return tf.gather(x, self._real, axis=1)

    # The other directions.

    def sample_fn(self, seeds, temperature, condition):
        def uniform(place):
            return noise.uniform(noise.fold_in(seeds, noise.HEADS + place), (), tf.as_dtype(self.compute_dtype))

        return self._rows(uniform, lambda known: self.flow.sample_fn(seeds, temperature, known), seeds, condition)

    def decode_fn(self, z, condition):
        def uniform(place):
            return 0.5 * tf.math.erfc(-math.sqrt(0.5) * z[:, place])

        return self._rows(uniform, lambda known: self.flow.decode_fn(z[:, len(self.heads) :], known), z, condition)

    def _rows(self, latent: Callable, real: Callable, rows: tf.Tensor, known: tf.Tensor | None) -> tf.Tensor:
        """Rows in raw units from the latent of each head, and a function that draws or decodes the real entries."""
        values = []
        for place, head in enumerate(self.heads):
            values.append(head.decode(latent(place), self._given(known, rows)))
            known = joined(known, head.features(values[-1]))
        known = joined(known, self._reals.none_missing(tf.shape(rows)[0]))
        x = tf.concat([*(value[:, None] for value in values), self._reals.raw(real(known))], axis=-1)
        return tf.gather(x, self._order, axis=1)

    def encode_fn(self, x, condition, seed=None):
        seeds, known, latents = None if seed is None else noise.row_seeds(x, seed), condition, []
        for number, (head, place) in enumerate(zip(self.heads, self._other, strict=True)):
            where = tf.fill(tf.shape(x)[:1], tf.constant(0.5, self.compute_dtype))
            if seeds is not None:
                where = noise.uniform(noise.fold_in(seeds, noise.HEADS + number), (), where.dtype)
            u = head.encode(x[:, place], self._given(known, x), where)
            latents.append(tf.math.ndtri(tf.clip_by_value(u, EDGE, 1 - EDGE))[:, None])
            known = joined(known, head.features(x[:, place]))
        z, _, missing, _ = self._reals.standardized(self._real_part(x), seeds)
        return tf.concat([*latents, self.flow.encode_fn(z, joined(known, missing))], axis=-1)

    # Weights and statistics that are computed from data.

    def initialize(self, x, label=None, context=None, *, seed=0):
        x, condition = self.checked(x, label, context)
        self.flow.initialize(**self._of_flow(x, condition, noise.seed_pair(seed)), seed=seed)

    def adapt(self, batches):
        if not self.uses_statistics:
            return
        seed = noise.seed_pair(0)
        self.flow.adapt(batches.map(lambda batch: self._of_flow(batch["x"], self.condition_of(batch), seed)))

    def _of_flow(self, x, condition, seed):
        """A batch of the flow's events."""
        z, _, missing, _ = self._reals.standardized(self._real_part(x), noise.row_seeds(x, seed))
        known = joined(self._of_heads(x, condition)[1], missing)
        return {"x": z} if known is None else {"x": z, "context": known}

    @property
    def uses_statistics(self):
        return self.flow.uses_statistics

    @property
    def initialized(self):
        return self.flow.initialized


def condition_size(event: Event) -> int:
    """Number of features of the label and of the context of a row."""
    return event.classes + sum(column.features for column in event.context_columns)


def real_event(event: Event) -> Event:
    """The events of the flow in a `Tabular` model: the real entries of a row, given everything else.

    Raises:
        InputError: No column is real.
    """
    real = [column for column in event.columns if column.kind == "real"]
    others = [column.features for column in event.columns if column.kind != "real"]
    check(len(real) > 0, "Expected at least one column of real numbers.", columns=[c.name for c in event.columns])
    missing = sum(column.missing for column in real)
    return Event((len(real),), context=condition_size(event) + sum(others) + missing)


def joined(known: tf.Tensor | None, more: tf.Tensor | None) -> tf.Tensor | None:
    """Two groups of features, each of which may be None, side by side."""
    parts = [part for part in (known, more) if part is not None]
    return tf.concat(parts, axis=-1) if parts else None
