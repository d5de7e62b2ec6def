"""Density estimation and anomaly detection with the interface of scikit-learn."""

from pathlib import Path
from typing import Any

import numpy as np
from sklearn.base import BaseEstimator, DensityMixin, OutlierMixin
from sklearn.utils import check_random_state
from sklearn.utils.validation import check_is_fitted, validate_data

from tfflows import metrics
from tfflows.columns import is_frame
from tfflows.errors import check, check_choice
from tfflows.sources.form import Form
from tfflows.sources.frame import Frame, as_frame, named
from zoo import rules, tables
from zoo.registry import ARCHITECTURES

LEAST_ROWS = 5

EXPECTED_FAILED_CHECKS = {
    "check_sample_weight_equivalence_on_dense_data": "a row of weight 2 is one row of the validation set or of a batch,"
    " and two rows of weight 1 are two; a row of weight 0 is as good as removed",
}
"""The checks of `sklearn.utils.estimator_checks` that fail, and why."""


class DensityEstimator(OutlierMixin, DensityMixin, BaseEstimator):
    """The density of the rows of a table, by a model of the zoo: a scikit-learn estimator.

        estimator = zoo.DensityEstimator("nsf").fit(X)
        estimator.score_samples(X_new)      log-likelihoods, nats per row in the units of X
        estimator.predict(X_new)            1, or -1 for rows whose log-likelihood is below `offset_`
        estimator.sample(100)               new rows: a DataFrame if X is one, with its names and types

    `X` is an array of numbers or a DataFrame, in which text and columns of two values are categories; the columns of
    an array are called x0, x1, ... Tables of pyarrow and polars become DataFrames. As everywhere in scikit-learn, rows
    that are scored have the columns of `X` in the same order. `context` conditions the density: an array or a
    DataFrame, whose columns are matched by name.

    `zoo.rules` derives the settings of model and training from the size of the table. Some of the rows form the
    validation set, which decides when training stops; the weights with the best validation score are kept. A rounded
    value, such as an integer, stands for a cell; its log-likelihood is a lower bound, computed with noise that depends
    only on the row. A category that is not in `X` has a log-likelihood of -inf.

    Args:
        model: Name of an architecture for vectors, one of `zoo.list_models()`.
        bandwidth: Width of the Gaussian kernel that smooths the density, in standard deviations of a column: a number,
            `"scott"` or `"silverman"`, as in `KernelDensity`. It is for anomalies, which a smooth density finds better;
            `score_samples` is then the log-likelihood of the smoothed data. All numbers are taken as real numbers
            without bounds, as `KernelDensity` takes them. The weights are those that score best on the validation set,
            which has no noise, so the density may be less wide than this. None for the density itself.
        contamination: Share of the training rows that `predict` flags, the least likely ones, in [0, 1).
        settings: Settings of the architecture, by name; others follow from the rules.
        train: Settings of the training, fields of `TrainSettings`, by name; others follow from the rules.
        data: Options of tables, as in `datasets.load`: `categorical`, `continuous`, `circular`, `bounds`, `scaling`,
            `missing` (`"mask"` where values are missing), `holdout` and `split_seed`; names may also be in a list.
        random_state: Seed of weights, validation set, order of the rows and noise: as everywhere in scikit-learn an
            integer, a `RandomState`, or None for another seed in each fit.
        verbose: How Keras reports the progress: 0, 1 or 2.

    Attributes:
        model_: The fitted `GenerativeModel`.
        event_: What one row is: its columns, with their kinds, supports and scales.
        config_: Settings of the model and of the training.
        offset_: Log-likelihood below which a row is flagged.
        n_iter_: Number of optimizer steps.
        n_features_in_: Number of columns.
        feature_names_in_: Names of the columns of a DataFrame.
    """

    def __init__(
        self,
        model: str = "nsf",
        *,
        bandwidth: str | float | None = None,
        contamination: float = 0.01,
        settings: dict[str, Any] | None = None,
        train: dict[str, Any] | None = None,
        data: dict[str, Any] | None = None,
        random_state: Any = None,
        verbose: int = 0,
    ):
        self.model = model
        self.bandwidth = bandwidth
        self.contamination = contamination
        self.settings = settings
        self.train = train
        self.data = data
        self.random_state = random_state
        self.verbose = verbose

    def fit(self, X: Any, y: Any = None, sample_weight: Any = None, context: Any = None) -> "DensityEstimator":
        """Fits the model to rows.

        Args:
            X: Rows, at least 5 of them.
            y: Ignored.
            sample_weight: Weight of each row, `[rows]`, 0 or more.
            context: Context of each row, `[rows]` or `[rows, size]`.

        Raises:
            InputError: A parameter or a column is wrong; it is a ValueError, as are those of scikit-learn.
        """
        check_choice("model", self.model, ARCHITECTURES)
        tables.check_contamination(self.contamination)
        X = self._checked(X, reset=True)
        weight = tables.checked_weight(sample_weight, X)
        if weight is not None:  # a row of weight 0 is as good as removed
            X, context, weight = (tables.chosen(values, weight > 0) for values in (X, context, weight))
        rows = len(X)
        check(rows >= LEAST_ROWS, f"Expected at least {LEAST_ROWS} rows whose weight is not zero.", n_samples=rows)
        seed = int(check_random_state(self.random_state).randint(2**31 - 1))
        options, train = self.data or {}, self.train or {}
        if self.bandwidth is not None:
            options = tables.as_real_numbers(X, options)
            train = {"input_noise": rules.bandwidth(self.bandwidth, rows, X.shape[1]), **train}
        data = tables.data(X, context, weight, seed, options)
        self.config_ = tables.config(self.model, data, seed, self.settings or {}, train)
        self.model_, self.n_iter_ = tables.fitted(self.config_, data, verbose=self.verbose)
        self.event_ = data.event
        self._form = Form.of(X)
        self.offset_ = metrics.lower_quantile(self.score_samples(X, context), self.contamination, weight)
        return self

    def score_samples(self, X: Any, context: Any = None) -> np.ndarray:
        """Log-likelihood of each row, float64 `[rows]` in nats, in the units of `X`."""
        check_is_fitted(self)
        examples = tables.examples(self.event_, self._checked(X, reset=False), context)
        return tables.log_likelihoods(self.model_, examples, self.config_.train["num_importance_samples"])

    def score(self, X: Any, y: Any = None, context: Any = None) -> float:
        """Mean log-likelihood of rows; `y` is ignored."""
        return float(np.mean(self.score_samples(X, context)))

    def decision_function(self, X: Any, context: Any = None) -> np.ndarray:
        """Log-likelihood of each row minus `offset_`, in nats: negative for the rows that `predict` flags."""
        scores = self.score_samples(X, context)  # minus infinity, as `offset_` may be; their difference would be NaN
        return np.subtract(scores, self.offset_, where=scores != self.offset_, out=np.zeros_like(scores))

    def predict(self, X: Any, context: Any = None) -> np.ndarray:
        """1 for an inlier and -1 for an outlier, int64 `[rows]`."""
        return np.where(self.decision_function(X, context) < 0, -1, 1)

    def fit_predict(self, X: Any, y: Any = None, sample_weight: Any = None, context: Any = None) -> np.ndarray:
        """`fit` and `predict` of the same rows."""
        return self.fit(X, sample_weight=sample_weight, context=context).predict(X, context)

    def sample(self, n_samples: int = 1, random_state: Any = None, context: Any = None) -> Any:
        """New rows, as an array or a DataFrame like the `X` of `fit`.

        Args:
            n_samples: Number of rows.
            random_state: Seed; None draws other rows in each call.
            context: Context of each row, or one for all of them.
        """
        check_is_fitted(self)
        condition = None if context is None else tables.context(self.event_, context, n_samples)
        seed = int(check_random_state(random_state).randint(2**31 - 1))
        return self._form.rows(self.model_.sample(n_samples, context=condition, seed=seed).numpy(), self.event_.columns)

    def export(self, folder: str | Path, X: Any, context: Any = None, sample_weight: Any = None) -> Path:
        """Writes a new version of the model, for `zoo.load`, `tfflows.scoring` and TF Serving; returns its folder.

        Args:
            folder: Folder of the versions, whose name is that of the model.
            X: Rows to score the model on, preferably of a test set; they are also the reference for outliers.
            context: Context of each row.
            sample_weight: Weight of each row.
        """
        check_is_fitted(self)
        examples = tables.examples(self.event_, self._checked(X, reset=False), context)
        weight = tables.checked_weight(sample_weight, X)
        return tables.exported(self.model_, self.config_, self.n_iter_, examples, weight, Path(folder))

    def _checked(self, X: Any, *, reset: bool) -> Any:
        """`X` as an array of numbers or, by name, as columns, after the checks of scikit-learn."""
        X = as_frame(X)
        has_text = is_frame(X) and "text" in Frame(named(X), name="X").kinds.values()
        array = validate_data(
            self,
            X,
            reset=reset,
            dtype=None if has_text else "numeric",
            ensure_all_finite="allow-nan" if self._takes_nan else True,
            ensure_min_samples=LEAST_ROWS if reset else 1,
        )
        if reset:
            return X if is_frame(X) else array
        names = [column.name for column in self.event_.columns]
        return X if is_frame(X) and set(names) <= set(map(str, X.columns)) else dict(zip(names, array.T, strict=True))

    @property
    def _takes_nan(self) -> bool:
        return isinstance(self.data, dict) and self.data.get("missing") == "mask"

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = self._takes_nan
        return tags
