"""Stored predictions as evidence: labels and scores, whatever their columns are called."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

__all__ = ["BACKFILLED", "KEYS", "LABELS", "SCORES", "Predictions", "predictions_of"]

#: Names of the column of outcomes, in order of trust, lower case.
LABELS = (
    "y", "y_true", "ytrue", "target", "label", "labels", "actual", "y_actual", "true", "truth",
    "ground_truth", "y_test", "y_val", "y_valid", "observed", "outcome", "default", "is_default",
    "default_flag", "bad", "is_bad", "bad_flag", "class",
)  # fmt: skip
#: Names of the column of probabilities.
SCORES = (
    "p", "pd", "p_default", "p_bad", "prob_default", "prob_bad", "proba_1", "prob_1", "p_1", "p1",
    "probability_1", "class_1", "y_prob", "y_proba", "y_pred_proba", "proba", "probability", "prob",
    "oof", "oof_pred", "y_score", "score", "prediction_proba", "predicted_proba", "y_pred",
    "prediction", "predictions", "pred", "pred_proba", "pred_prob", "y_pred_prob", "y_hat",
    "yhat", "predicted_probability", "preds", "1",
)  # fmt: skip
_ROLES = ("role", "data_role", "split", "set", "subset", "sample", "partition")
_WEIGHTS = ("weight", "weights", "sample_weight", "w")
#: Names of the column that names the rows, lower case.
KEYS = ("row_key", "key", "id", "row_id", "sk_id_curr", "application_id", "loan_id",
         "customer_id", "client_id", "index", "row")  # fmt: skip
#: Column of predictions that a backfill has made of a model.
BACKFILLED = "backfilled"
_FOLDS = ("fold", "cv_fold", "fold_id")
#: More of them are no folds.
_MOST_FOLDS = 100


@dataclass(frozen=True, slots=True, eq=False)
class Predictions:
    """What a run stored of its predictions.

    Attributes:
        path: Of the file, relative to the run's artifacts.
        y: Labels of shape (n,), 1 is bad.
        p: Scores of shape (n,), finite.
        role: Role of each row, shape (n,), lower case; None where the file names none.
        has_folds: Whether the rows name the fold that held them out.
        unit: Distance of the grid the scores were rounded to; 0 where they were not.
        analysis: The run's ``threshold_analysis.json``, empty without one.
        fold: Which fold held each row out, shape (n,), counted from 0 in the order of the folds;
            None where the rows do not say, or name fewer than two.
        weight: Of each row, shape (n,), positive; None where all weigh the same.
        keys: What names each row, shape (n,); None where the file has no such column.
        others: Further files of predictions of the same run.
        is_backfilled: Whether a backfill has made them of the run's model, on data of its
            choice: figures that the run logged before are not about these rows.
    """

    path: str
    y: npt.NDArray[np.int8]
    p: npt.NDArray[np.float64]
    role: npt.NDArray[np.str_] | None = None
    has_folds: bool = False
    unit: float = 0.0
    analysis: Mapping[str, Any] = field(default_factory=dict)
    fold: npt.NDArray[np.int64] | None = None
    weight: npt.NDArray[np.float64] | None = None
    keys: pl.Series | None = None
    others: tuple[Predictions, ...] = ()
    is_backfilled: bool = False


def predictions_of(
    path: str, frame: pl.DataFrame, analysis: Mapping[str, Any] | None = None
) -> Predictions | None:
    """Find labels and scores in a table.

    Args:
        path: Of the file, relative to the run's artifacts.
        frame: Shape (n, k).
        analysis: The run's ``threshold_analysis.json``.

    Returns:
        None where there are no labels 0 and 1, or no scores other than decisions.
    """
    names = {name.lower(): name for name in frame.columns}
    label = next((names[n] for n in LABELS if n in names), None)
    scores = [names[n] for n in SCORES if n in names and names[n] != label]
    y = None if label is None else _numbers(frame[label])
    if y is None or not y.size or not np.isin(y, (0.0, 1.0)).all():
        return None
    for name in scores:
        p = _numbers(frame[name])
        # Two values are decisions, not scores.
        if p is None or np.isin(p, (0.0, 1.0)).all():
            continue
        role, fold, weight, key = (
            next((names[n] for n in wanted if n in names), None)
            for wanted in (_ROLES, _FOLDS, _WEIGHTS, KEYS)
        )
        return Predictions(
            path=path,
            y=y.astype(np.int8),
            p=p,
            role=None if role is None else _texts(frame[role]),
            has_folds=fold is not None,
            unit=_unit(p, frame[name].dtype),
            analysis=dict(analysis or {}),
            fold=None if fold is None else _places(frame[fold]),
            weight=None if weight is None else _weights(frame[weight]),
            keys=None if key is None else frame[key],
            is_backfilled=BACKFILLED in frame.columns,
        )
    return None


def _numbers(column: pl.Series) -> npt.NDArray[np.float64] | None:
    """Return finite numbers, None where there are others or none."""
    if column.dtype != pl.Boolean and not column.dtype.is_numeric():
        return None
    values = column.cast(pl.Float64).to_numpy()
    return values if column.null_count() == 0 and bool(np.isfinite(values).all()) else None


def _weights(column: pl.Series) -> npt.NDArray[np.float64] | None:
    values = _numbers(column)
    if values is None or values.min() <= 0.0 or values.min() == values.max():
        return None
    return values


def _texts(column: pl.Series) -> npt.NDArray[np.str_]:
    lower = column.cast(pl.String, strict=False).fill_null("").str.to_lowercase()
    return np.asarray(lower.to_list(), dtype=np.str_)


def _places(column: pl.Series) -> npt.NDArray[np.int64] | None:
    """Return the place of each row's fold among the folds; a real number names no fold."""
    if column.null_count() or column.dtype.is_float():
        return None
    places = column.rank("dense").cast(pl.Int64).to_numpy() - 1
    return places if 1 <= int(places.max()) < _MOST_FOLDS else None


def _unit(p: npt.NDArray[np.float64], dtype: pl.DataType) -> float:
    """Return the grid of the scores: figures made before the rounding differ a little."""
    for digits in range(1, 8):
        if np.allclose(p, np.round(p, digits), rtol=0.0, atol=1e-9):
            return 10.0**-digits
    return float(np.finfo(np.float32).eps) if dtype == pl.Float32 else 0.0
