"""Predictions as the file that the conventions ask for, and figures of training rows."""

from __future__ import annotations

import io

import numpy as np
import numpy.typing as npt
import polars as pl

from scorewright.core.audit import BACKFILLED, Predictions
from scorewright.core.backfill.facts import RunFacts, TrainingScores
from scorewright.core.statistics import pr_auc, roc_auc

__all__ = ["PREDICTIONS", "TRAINING_FILE", "predictions_file", "training_figures", "training_file"]

PREDICTIONS = "predictions.parquet"
#: Never looked for as predictions: nothing is chosen by scores of training rows.
TRAINING_FILE = "training_predictions.parquet"


def predictions_file(stored: Predictions) -> bytes:
    """Return predictions under the names of the conventions: row_key, y, p, and fold and role.

    Args:
        stored: As another file has them, or as they were computed.
    """
    columns: dict[str, pl.Series] = {
        "row_key": _keys(stored.keys, stored.y.size),
        "y": pl.Series(stored.y, dtype=pl.Int8),
        "p": pl.Series(stored.p, dtype=pl.Float64),
    }
    if stored.fold is not None:
        columns["fold"] = pl.Series(stored.fold, dtype=pl.Int32)
    if stored.role is not None:
        columns["role"] = pl.Series(stored.role.tolist(), dtype=pl.String)
    if stored.weight is not None:
        columns["weight"] = pl.Series(stored.weight, dtype=pl.Float64)
    if stored.is_backfilled:
        columns[BACKFILLED] = pl.Series([True] * stored.y.size, dtype=pl.Boolean)
    return _parquet(columns)


def training_file(scores: TrainingScores) -> bytes:
    """Return scores of training rows, each of which says that it is one."""
    return _parquet(
        {
            "row_key": _keys(scores.keys, scores.y.size),
            "y": pl.Series(scores.y, dtype=pl.Int8),
            "p": pl.Series(scores.p, dtype=pl.Float64),
            "role": pl.Series(["training"] * scores.y.size, dtype=pl.String),
        }
    )


def training_figures(facts: RunFacts, validated: float | None) -> dict[str, float]:
    """Return how well the model ranks its training rows, and by how much better than others.

    Args:
        facts: With `RunFacts.training`; without, there are no figures.
        validated: The run's ROC AUC on rows it had not seen, None where it is not known.
    """
    if facts.training is None:
        return {}
    y, p = facts.training.y, facts.training.p
    found = {"train_roc_auc": roc_auc(y, p), "train_pr_auc": pr_auc(y, p)}
    told = facts.record.metrics.get("train_roc_auc", found["train_roc_auc"])
    if validated is not None and np.isfinite(validated):
        found["roc_auc_gap"] = told - validated
    return {name: float(value) for name, value in found.items()}


def _keys(keys: pl.Series | None, rows: int) -> pl.Series:
    """Return what names the rows; their place where nothing does."""
    places: npt.NDArray[np.int64] = np.arange(rows, dtype=np.int64)
    return pl.Series(places) if keys is None else keys


def _parquet(columns: dict[str, pl.Series]) -> bytes:
    buffer = io.BytesIO()
    pl.DataFrame(columns).write_parquet(buffer, compression="zstd", statistics=True)
    return buffer.getvalue()
