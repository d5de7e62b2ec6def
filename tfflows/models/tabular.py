"""Density of the rows of a table, whose columns are real, bounded, rounded, categorical or circular."""

import functools
import math
from collections.abc import Callable
from typing import Any

import tensorflow as tf

from tfflows import noise
from tfflows.costs import Cost
from tfflows.errors import check
from tfflows.events import Event
from tfflows.layers.base import build
from tfflows.models.base import GenerativeModel
from tfflows.models.heads import features
from tfflows.models.joint import JointHeads
from tfflows.models.known import condition_size, joined, real_event
from tfflows.models.latent import LatentVariableModel
from tfflows.models.objective import check_importance_samples, importance_weighted
from tfflows.models.real_columns import RealColumns

ROWS = 1024  # of noise, from which data-dependent weights are set


class Tabular(GenerativeModel):
    """The density of a row: of its categories and angles one after another, then of its real entries given these.

        log p(x) = sum_i log p(c_i | c_1..c_{i-1}) + log p(r | c_1..c_k)

    Each `c_i` has a softmax or a circular spline, and `r`, mapped to the real line and standardized, has the density of
    a flow or of any other model of vectors. Everything is conditioned on label and context, too.

    The values of a rounded column get uniform noise that fills their cells: the log-likelihood is then a lower bound on
    the mean density in the cell, which for integers is the probability. Missing values are replaced by noise `m` from a
    standard normal distribution, whose density is divided out: `log p(seen) >= E[log p(seen, m) - log q(m)]`. The
    networks know which values are missing. A value at the atom of its column has a probability of its own, given by one
    more network, in place of a density, and noise stands for it in `r` in the same way. All other densities are exact.

    A sample has no missing values. Its temperature scales the latents of the real entries.

    Args:
        event: A row of a table.
        flow: Model of the real entries, for the events that `real_event(event)` returns.
        width: Number of units of the hidden layers of the networks for categories and angles.

    Raises:
        InputError: `flow` models other events.
    """

    # Standard deviation of the noise that training adds to the standardized real entries, to smooth the density.
    input_noise = 0.0

    def __init__(self, event: Event, flow: GenerativeModel, *, width: int = 64, **kwargs: Any):
        super().__init__(event, **{"name": flow.name, **kwargs})
        wanted = real_event(event)
        check(flow.event == wanted, f"Expected `flow` to model {wanted}.", event=flow.event)
        self.flow = flow
        if isinstance(flow, LatentVariableModel):
            flow.trained_model = lambda: self
        self._real = [place for place, column in enumerate(event.columns) if column.kind == "real"]
        self._reals = RealColumns([event.columns[place] for place in self._real], self.compute_dtype)
        known = condition_size(event) + len(self._reals.missing)
        self.joint = JointHeads(event.columns, width=width, context_size=known)
        build(self.joint, None)
        self.built = True

    @property
    def is_bound(self):
        return super().is_bound or self.flow.is_bound

    @property
    def estimates(self):
        return self.flow.estimates

    @property
    def takes_importance_samples(self):
        return not self.estimates and (self.event.has_noise or self.flow.takes_importance_samples)

    @property
    def latent_shape(self):
        return (len(self.joint.heads) + self.flow.latent_shape[0],)

    @property
    def sample_cost(self) -> Cost:
        """The cost of a sample."""
        return self.flow.sample_cost

    @property
    def log_prob_cost(self) -> Cost:
        """The cost of a log-likelihood."""
        return self.flow.log_prob_cost

    @property
    def layer_metrics(self):
        return self.flow.layer_metrics

    def condition(self, label=None, context=None):
        parts = [] if context is None else tf.unstack(context, axis=-1)
        pairs = zip(self.event.context_columns, parts, strict=True)
        inputs = [features(column, part, self.compute_dtype) for column, part in pairs]
        inputs += [] if label is None else [tf.one_hot(label, self.event.classes, dtype=self.compute_dtype)]
        return tf.concat(inputs, axis=-1) if inputs else None

    def log_prob_fn(self, x, condition, seed, num_importance_samples=1, *, training=False):
        check_importance_samples(self, num_importance_samples)
        if num_importance_samples == 1 or not self.event.has_noise:
            mode = {"num_importance_samples": num_importance_samples, "training": training}
            density = functools.partial(self.flow.log_prob_fn, **mode)
            return self._given(x, condition, seed, density, training=training)
        dtype = tf.as_dtype(self.compute_dtype)
        log_weight = functools.partial(self.log_weight_fn, x, condition)
        return importance_weighted(log_weight, seed, num_importance_samples, dtype)

    def log_weight_fn(self, x, condition, seed):
        return self._given(x, condition, seed, self.flow.log_weight_fn)

    def _given(self, x, condition, seed, density, *, training=False):
        """The log-likelihood of rows whose real entries have `density(z, condition of the flow, seed)`."""
        of_heads, of_flow = self._conditions(x, condition)
        seeds = noise.row_seeds(x, seed) if self.event.has_noise or training else None
        z, log_det, inside = self._reals.standardized(self._real_part(x), seeds)
        if training and self.input_noise:
            z += self.input_noise * noise.normal(noise.fold_in(seeds, noise.SMOOTHING), tuple(z.shape[1:]), z.dtype)
        nats = density(z, of_flow, seed)
        total = self.joint.log_prob(x, of_heads) + nats + tf.cast(log_det, nats.dtype)
        return tf.where(inside, total, -tf.ones_like(total) * math.inf)

    def _conditions(self, x, condition):
        """Conditions of the heads, which say what is missing, and of the flow, which have the heads' columns, too."""
        of_heads = joined(condition, self._reals.is_missing(self._real_part(x)))
        return of_heads, joined(of_heads, self.joint.features(x))

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

        return self._rows(
            uniform, lambda known: self.flow.decode_fn(z[:, len(self.joint.heads) :], known), z, condition
        )

    def _rows(self, uniform: Callable, real: Callable, rows: tf.Tensor, condition: tf.Tensor | None) -> tf.Tensor:
        """Rows in raw units from the latents of the heads, and a function that draws or decodes the real entries."""
        count = tf.shape(rows)[0]
        of_heads = joined(condition, self._reals.none_missing(count))
        values, found = self.joint.decode(uniform, count, of_heads)
        drawn = self._reals.raw(real(joined(of_heads, found)))
        columns = dict(zip(self._real, tf.unstack(drawn, axis=1), strict=True))
        for place, value in values.items():  # NaN where a real value is not at the atom
            columns[place] = tf.where(tf.math.is_nan(value), columns.get(place, value), value)
        return tf.stack([columns[place] for place in sorted(columns)], axis=1)

    def encode_fn(self, x, condition, seed=None):
        seeds = None if seed is None else noise.row_seeds(x, seed)
        of_heads, of_flow = self._conditions(x, condition)
        z, _, _ = self._reals.standardized(self._real_part(x), seeds)
        return tf.concat([*self.joint.encode(x, of_heads, seeds), self.flow.encode_fn(z, of_flow, seed)], axis=-1)

    # Weights and statistics that are computed from data.

    def initialize(self, x, label=None, context=None, *, seed=0):
        # The columns are standardized already, by the whole training set. A batch may lack the rare values of a column,
        # which would then be at an enormous distance; so the flow starts from standard normal noise.
        x, condition = self.checked(x, label, context)
        places = tf.range(max(ROWS, len(x))) % len(x)
        batch = self._of_flow(tf.gather(x, places), *([] if condition is None else [tf.gather(condition, places)]))
        seeds = noise.split(noise.seed_pair(seed), len(places))
        self.flow.initialize(**{**batch, "x": noise.normal(seeds, self.flow.event.shape, batch["x"].dtype)}, seed=seed)

    def adapt(self, batches):
        if not self.uses_statistics:
            return
        self.flow.adapt(batches.map(lambda batch: self._of_flow(batch["x"], self.condition_of(batch))))

    def _of_flow(self, x, condition=None):
        """A batch of the flow's events."""
        seeds = noise.row_seeds(x, noise.seed_pair(0))
        z, _, _ = self._reals.standardized(self._real_part(x), seeds)
        _, of_flow = self._conditions(x, condition)
        return {"x": z} if of_flow is None else {"x": z, "context": of_flow}

    @property
    def uses_statistics(self):
        return self.flow.uses_statistics

    @property
    def weights_are_set(self):
        return self.flow.weights_are_set
