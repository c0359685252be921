"""The figures a cell is judged by, the same in the list of cells and in the report."""

from __future__ import annotations

import io

import numpy as np
import polars as pl

from scorewright.core.comparison import Rows, rank_within_folds
from scorewright.flows.ports import RunIndex, RunView

__all__ = ["LEGEND", "auc_text", "cost_text", "label", "within_folds"]

PREDICTIONS = "predictions.parquet"
#: What the columns hold, for people.
LEGEND = "AUC: mean of the folds with its 95 % interval; cost: per application"


def auc_text(auc: float, low: float, high: float) -> str:
    """Return an AUC with its interval, for people."""
    return f"{auc:.3f} ({low:.3f} to {high:.3f})"


def cost_text(cost: float) -> str:
    """Return a cost per application, for people."""
    return f"{cost:.4f}"


def label(strategy: str, sampling: str, learner: str, *, is_named: bool) -> str:
    """Return what a cell combines, for people; the learner only where there are several."""
    return " · ".join((strategy, sampling, learner) if is_named else (strategy, sampling))


def within_folds(index: RunIndex, view: RunView) -> dict[str, float]:
    """Return the AUC of a cell as the report has it: rows are compared within their fold.

    Args:
        index: Reads the out-of-fold predictions of the run.
        view: The run.

    Returns:
        ``auc_within_folds`` and its interval, or nothing where the run lacks its predictions or a
        fold lacks bads or goods.
    """
    if PREDICTIONS not in index.artifacts(view.run_id):
        return {}
    frame = pl.read_parquet(io.BytesIO(index.artifact(view.run_id, PREDICTIONS)))
    y, fold = frame["y"].cast(pl.Int8).to_numpy(), frame["fold"].to_numpy()
    if any(len(np.unique(y[fold == k])) == 1 for k in np.unique(fold)):
        return {}
    score = frame["p_raw"].cast(pl.Float64).to_numpy()
    found = rank_within_folds(Rows(y, fold), score[None, :]).interval(0)
    return {
        "auc_within_folds": found.estimate,
        "auc_within_folds_low": found.low,
        "auc_within_folds_high": found.high,
    }
