"""Figures recomputed from stored predictions, with the doubt their rounding leaves."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from scorewright.core.audit.predictions import Predictions
from scorewright.core.errors import UsageError
from scorewright.core.statistics import brier, gini, ks, log_loss, pr_auc, roc_auc

__all__ = ["FIGURES", "Rows", "logged_doubt", "recomputed", "rows_of"]

Labels = npt.NDArray[np.int8]
Floats = npt.NDArray[np.float64]

#: Agreement asked for, besides what rounding explains.
_TOLERANCE = 1e-6
#: A figure with fewer decimals may just end in zeros.
_LEAST_DECIMALS = 2
_MOST_DECIMALS = 12
_TRAINING = ("train", "training", "fit", "development_train")


def _ks(y: Labels, p: Floats) -> float:
    return ks(y, p).value


#: Logged name -> what computes it.
FIGURES: dict[str, Callable[[Labels, Floats], float]] = {
    "roc_auc": roc_auc,
    "auc": roc_auc,
    "pr_auc": pr_auc,
    "average_precision": pr_auc,
    "ks": _ks,
    "gini": gini,
    "brier": brier,
    "brier_score": brier,
    "log_loss": log_loss,
}
_RANKING = frozenset({"roc_auc", "auc", "pr_auc", "average_precision", "ks", "gini"})


@dataclass(frozen=True, slots=True, eq=False)
class Rows:
    """Rows that a logged figure may be about.

    Attributes:
        role: Their role, "" for all rows together.
        y: Labels of shape (n,).
        p: Scores of shape (n,).
        unit: The grid the scores were rounded to, 0 where they were not.
    """

    role: str
    y: Labels
    p: Floats
    unit: float


def rows_of(stored: Predictions) -> tuple[Rows, ...]:
    """Return all rows, then those of each role that is not training."""
    found = [Rows("", stored.y, stored.p, stored.unit)]
    if stored.role is not None:
        for role in np.unique(stored.role):
            if role not in _TRAINING:
                mask = stored.role == role
                found.append(Rows(str(role), stored.y[mask], stored.p[mask], stored.unit))
    return tuple(found)


def recomputed(name: str, rows: Rows) -> tuple[float, float] | None:
    """Return a figure and by how much the rounding of the stored scores may have moved it.

    Args:
        name: Key of `FIGURES`.
        rows: Labels and scores.

    Returns:
        None where the figure does not exist for these rows, or rounding leaves it open.
    """
    try:
        value = FIGURES[name](rows.y, rows.p)
    except UsageError:  # one class only, or scores that are no probabilities
        return None
    if not rows.unit:
        return value, 0.0
    if name in _RANKING:
        return value, _order_doubt(name, rows, value)
    if name == "log_loss":
        nearest = float(np.minimum(rows.p, 1.0 - rows.p).min())
        return (value, rows.unit / (nearest - rows.unit)) if nearest > rows.unit else None
    return value, 2.0 * rows.unit


def _order_doubt(name: str, rows: Rows, value: float) -> float:
    """Return by how much a figure of ranking changes where rounding has tied bads and goods.

    The true order lies between "bads above goods" and "goods above bads" within each tie, and so
    does its ROC curve at every point.
    """
    ends = []
    for last in (rows.y, -rows.y):
        ranks = np.empty(rows.p.size)
        ranks[np.lexsort((last, rows.p))] = np.arange(rows.p.size)
        ends.append(FIGURES[name](rows.y, ranks))
    return max(abs(end - value) for end in ends)


def logged_doubt(value: float) -> float:
    """Return half a unit of the last decimal a figure was logged with, and a little."""
    text = np.format_float_positional(value, trim="-")
    decimals = len(text.partition(".")[2])
    if decimals >= _MOST_DECIMALS:
        return _TOLERANCE
    return 0.5 * 10.0 ** -max(decimals, _LEAST_DECIMALS) + _TOLERANCE
