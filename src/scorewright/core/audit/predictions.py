"""Stored predictions as evidence: labels and scores, whatever their columns are called."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

__all__ = ["LABELS", "SCORES", "Predictions", "predictions_of"]

#: Names of the column of outcomes, in order of trust, lower case.
LABELS = ("y", "y_true", "target", "label", "actual", "true", "truth", "outcome", "default")
#: Names of the column of probabilities.
SCORES = (
    "p", "pd", "y_prob", "y_proba", "y_pred_proba", "proba", "probability", "prob", "oof",
    "oof_pred", "y_score", "score", "prediction_proba", "predicted_proba", "y_pred",
    "prediction", "pred",
)  # fmt: skip
_ROLES = ("role", "data_role", "split", "set", "subset", "sample", "partition")
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
    """

    path: str
    y: npt.NDArray[np.int8]
    p: npt.NDArray[np.float64]
    role: npt.NDArray[np.str_] | None = None
    has_folds: bool = False
    unit: float = 0.0
    analysis: Mapping[str, Any] = field(default_factory=dict)
    fold: npt.NDArray[np.int64] | None = None


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
        role = next((names[n] for n in _ROLES if n in names), None)
        fold = next((names[n] for n in _FOLDS if n in names), None)
        return Predictions(
            path=path,
            y=y.astype(np.int8),
            p=p,
            role=None if role is None else _texts(frame[role]),
            has_folds=fold is not None,
            unit=_unit(p, frame[name].dtype),
            analysis=dict(analysis or {}),
            fold=None if fold is None else _places(frame[fold]),
        )
    return None


def _numbers(column: pl.Series) -> npt.NDArray[np.float64] | None:
    """Return finite numbers, None where there are others or none."""
    if column.dtype != pl.Boolean and not column.dtype.is_numeric():
        return None
    values = column.cast(pl.Float64).to_numpy()
    return values if column.null_count() == 0 and bool(np.isfinite(values).all()) else None


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
