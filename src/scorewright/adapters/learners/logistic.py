"""Logistic regression on sensible encodings, kept as JSON.

Numbers are held inside their 1st and 99th percentile, missing ones replaced by the median with
an indicator beside them, then standardised. Categories become one column per level that holds
at least one row in a hundred; the others and unlisted values share one column, missing has its
own. All of it is learned on the rows the learner is given, so inside the fold.
"""

from __future__ import annotations

import json
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from scorewright.adapters.learners.catalogue import refuse_unknown
from scorewright.core.digests import canonical_json
from scorewright.core.errors import IntegrityError, UsageError
from scorewright.core.matrix import FeatureSpace
from scorewright.flows.ports import FitTask

__all__ = ["LEARNER", "Logistic", "LogisticModel"]

Floats = npt.NDArray[np.float64]

FILE = "logistic.json"
RARE_SHARE = 0.01

DEFAULTS: dict[str, Any] = {"C": 1.0, "max_iter": 2000, "tol": 1e-6, "class_weight": None}


@dataclass(frozen=True, slots=True)
class NumberEncoding:
    """How a number becomes two columns: the standardised value and "was missing"."""

    low: float
    high: float
    median: float
    mean: float
    scale: float

    def columns(self, x: Floats) -> Floats:
        """Return shape (n, 2)."""
        missing = np.isnan(x)
        filled = np.clip(np.where(missing, self.median, x), self.low, self.high)
        return np.column_stack([(filled - self.mean) / self.scale, missing.astype(np.float64)])


@dataclass(frozen=True, slots=True)
class LevelEncoding:
    """How a category becomes columns: one per kept code, one for others, one for missing."""

    codes: tuple[int, ...]

    def columns(self, x: Floats) -> Floats:
        """Return shape (n, len(codes) + 2)."""
        missing = np.isnan(x)
        kept = [(x == code) for code in self.codes]
        other = ~missing & ~np.logical_or.reduce([*kept, np.zeros(len(x), dtype=bool)])
        return np.column_stack([*kept, other, missing]).astype(np.float64)


Encoding = NumberEncoding | LevelEncoding


@dataclass(frozen=True, slots=True, eq=False)
class Line:
    """The regression on the encoded columns.

    Attributes:
        coefficients: Shape (q,).
        intercept: Added to them.
        means: Of the encoded columns over the rows it was fitted on, shape (q,); None for models
            written before they were kept.
    """

    coefficients: Floats
    intercept: float
    means: Floats | None = None


class LogisticModel:
    """Encodings and coefficients."""

    def __init__(
        self,
        encodings: Sequence[Encoding],
        line: Line,
        space: FeatureSpace,
    ) -> None:
        self._encodings = tuple(encodings)
        self._line = line
        self._coefficients = line.coefficients
        self._intercept = line.intercept
        self._space = space

    def predict(self, x: Floats) -> Floats:
        """Return raw scores of shape (n,)."""
        # One fixed order of additions: a row's score does not depend on the rows beside it,
        # which a matrix product does not promise.
        z = np.full(len(x), self._intercept)
        position = 0
        for i, encoding in enumerate(self._encodings):
            columns = encoding.columns(x[:, i])
            for j in range(columns.shape[1]):
                z += columns[:, j] * self._coefficients[position]
                position += 1
        out: Floats = 1.0 / (1.0 + np.exp(-np.clip(z, -30.0, 30.0)))
        return out

    def contributions(self, x: Floats) -> Floats:
        """Return what each column adds to the log-odds, shape (n, p + 1); the last is the base.

        A column adds its coefficients times its encoded columns' distance from their means over
        the training rows; from 0, which is the mean of a number, where the means were not kept.
        """
        means = self._line.means
        mean = np.zeros(len(self._coefficients)) if means is None else means
        out = np.zeros((len(x), len(self._encodings) + 1))
        out[:, -1] = self._intercept + float(mean @ self._coefficients)
        position = 0
        for i, encoding in enumerate(self._encodings):
            columns = encoding.columns(x[:, i])
            for j in range(columns.shape[1]):
                out[:, i] += (columns[:, j] - mean[position]) * self._coefficients[position]
                position += 1
        return out

    def files(self) -> Mapping[str, bytes]:
        """Return encodings and coefficients as JSON."""
        document = {
            "schema_version": 1,
            "encodings": [asdict(e) for e in self._encodings],
            "coefficients": [float(c) for c in self._coefficients],
            "intercept": self._intercept,
        }
        if self._line.means is not None:
            document["means"] = [float(m) for m in self._line.means]
        return {FILE: canonical_json(document)}

    def importance(self) -> Mapping[str, float]:
        """Return the sum of absolute coefficients of each feature's columns."""
        widths = [len(e.codes) + 2 if isinstance(e, LevelEncoding) else 2 for e in self._encodings]
        parts = np.split(np.abs(self._coefficients), np.cumsum(widths)[:-1])
        return {n: float(p.sum()) for n, p in zip(self._space.names, parts, strict=True)}

    def loss_history(self) -> Sequence[float]:
        """Return nothing: the solver does not tell."""
        return ()


class Logistic:
    """The logistic learner, fitted by scikit-learn's lbfgs solver."""

    name = "logistic"
    model_type = "logistic"
    supports_monotone = False

    def parameters(self, overrides: Mapping[str, Any], seed: int) -> dict[str, Any]:
        """Return complete parameters under scikit-learn's names.

        Raises:
            UsageError: ``learner-params``.
        """
        refuse_unknown(self.name, set(overrides), set(DEFAULTS) | {"random_state"})
        params = {**DEFAULTS, "random_state": seed, **overrides}
        if params["class_weight"] not in (None, "balanced"):
            raise UsageError(
                f"class_weight cannot be {params['class_weight']!r} for the learner 'logistic'.",
                remedy='Use "balanced" or leave it out.',
                code="learner-params",
            )
        return params

    def weight_ratio(self, params: Mapping[str, Any], y: npt.NDArray[np.int8]) -> float:
        """Return omega = weight of a bad / weight of a good."""
        if params.get("class_weight") == "balanced":
            return float(np.sum(y == 0) / np.sum(y == 1))
        return 1.0

    def fit(self, task: FitTask) -> LogisticModel:
        """Fit encodings and coefficients on the task's rows.

        Weights bend the coefficients, not the encodings: where a number's middle and ends lie
        has nothing to do with how much a row counts.

        Raises:
            UsageError: ``learner-params`` where scikit-learn refuses or does not converge.
        """
        # Serving imports this module and never fits: it starts without scikit-learn.
        from sklearn.exceptions import ConvergenceWarning  # noqa: PLC0415
        from sklearn.linear_model import LogisticRegression  # noqa: PLC0415

        encodings = [_encoding(task, i) for i in range(len(task.space.features))]
        design = np.hstack([e.columns(task.x[:, i]) for i, e in enumerate(encodings)])
        model = LogisticRegression(**{**task.params, "class_weight": None})
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("error", ConvergenceWarning)
                model.fit(design, task.y, sample_weight=_weights(task))
        except (ValueError, ConvergenceWarning) as error:
            raise UsageError(
                f"The logistic regression could not be fitted: {str(error).splitlines()[0]}",
                remedy="Raise max_iter or lower C in [learner.params].",
                code="learner-params",
            ) from error
        line = Line(
            coefficients=np.asarray(model.coef_[0], dtype=np.float64),
            intercept=float(model.intercept_[0]),
            means=np.average(design, axis=0, weights=_weights(task)),
        )
        return LogisticModel(encodings, line, task.space)

    def load(self, files: Mapping[str, bytes], space: FeatureSpace) -> LogisticModel:
        """Read the JSON back.

        Raises:
            IntegrityError: ``bundle-model``.
        """
        try:
            document = json.loads(files[FILE])
            encodings: list[Encoding] = [
                LevelEncoding(tuple(e["codes"])) if "codes" in e else NumberEncoding(**e)
                for e in document["encodings"]
            ]
            coefficients = np.asarray(document["coefficients"], dtype=np.float64)
            means = document.get("means")
            line = Line(
                coefficients=coefficients,
                intercept=float(document["intercept"]),
                means=None if means is None else np.asarray(means, dtype=np.float64),
            )
        except (KeyError, ValueError, TypeError) as error:
            raise _damaged(str(error)) from error
        if len(encodings) != len(space.features):
            raise _damaged("its encodings do not fit the feature space")
        if line.means is not None and line.means.shape != line.coefficients.shape:
            raise _damaged("its means do not fit its coefficients")
        return LogisticModel(encodings, line, space)


def _weights(task: FitTask) -> Floats | None:
    """Return the weight of each row; balanced classes weigh what all rows together did.

    scikit-learn's own ``balanced`` would take the rows' weights into the classes' and undo them.
    """
    if task.params["class_weight"] is None:
        return task.weight
    share = np.where(task.y == 1, np.mean(task.y == 1), np.mean(task.y == 0))
    own: Floats = 0.5 / share
    return own if task.weight is None else own * task.weight


def _damaged(what: str) -> IntegrityError:
    return IntegrityError(
        f"The logistic model cannot be read: {what}.",
        remedy="Get the bundle again from where it was made, or train again.",
        code="bundle-model",
    )


def _encoding(task: FitTask, index: int) -> Encoding:
    """Learn how one feature becomes columns."""
    x = task.x[:, index]
    present = x[~np.isnan(x)]
    if task.space.features[index].is_categorical:
        codes, counts = np.unique(present, return_counts=True)
        return LevelEncoding(tuple(int(c) for c in codes[counts >= RARE_SHARE * len(x)]))
    if len(present) == 0:
        return NumberEncoding(0.0, 0.0, 0.0, 0.0, 1.0)
    low, median, high = (float(v) for v in np.quantile(present, [0.01, 0.5, 0.99]))
    held = np.clip(np.where(np.isnan(x), median, x), low, high)
    scale = float(held.std())
    return NumberEncoding(low, high, median, float(held.mean()), scale if scale > 0 else 1.0)


LEARNER = Logistic()
