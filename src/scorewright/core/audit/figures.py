"""Figures recomputed from stored predictions, with the doubt their rounding leaves."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache

import numpy as np
import numpy.typing as npt

from scorewright.core.audit.figure_names import role_of, role_of_file
from scorewright.core.audit.predictions import Predictions
from scorewright.core.audit.weighted import WEIGHTED
from scorewright.core.errors import UsageError

__all__ = [
    "Rows",
    "alternatives",
    "known_figures",
    "logged_doubt",
    "over_folds",
    "recomputed",
    "rows_of",
    "rows_of_role",
]

Labels = npt.NDArray[np.int8]
Floats = npt.NDArray[np.float64]

#: Agreement asked for, besides what rounding explains.
_TOLERANCE = 1e-6
#: A figure with fewer decimals may just end in zeros.
_LEAST_DECIMALS = 2
_MOST_DECIMALS = 12
_TRAINING = "training"


@cache
def known_figures() -> Mapping[str, Callable[[Labels, Floats], float]]:
    """Return what computes each figure."""
    # Takes scipy along, which few audits need and which a third of a second goes into.
    from scorewright.core.statistics import (  # noqa: PLC0415
        brier,
        gini,
        ks,
        log_loss,
        pr_auc,
        roc_auc,
    )

    return {
        "roc_auc": roc_auc,
        "pr_auc": pr_auc,
        "ks": lambda y, p: ks(y, p).value,
        "gini": gini,
        "brier": brier,
        "log_loss": log_loss,
    }


_RANKING = frozenset({"roc_auc", "pr_auc", "ks", "gini"})


@dataclass(frozen=True, slots=True, eq=False)
class Rows:
    """Rows that a logged figure may be about.

    Attributes:
        role: Their role, "" for all rows together.
        y: Labels of shape (n,).
        p: Scores of shape (n,).
        unit: The grid the scores were rounded to, 0 where they were not.
        weight: Of each row, shape (n,), where the figure is that of weighted rows.
    """

    role: str
    y: Labels
    p: Floats
    unit: float
    weight: Floats | None = None


def rows_of(stored: Predictions) -> tuple[Rows, ...]:
    """Return all rows, then those of each role that is not training.

    Args:
        stored: One file; further files of the run are not looked into.
    """
    everything = _picked(stored, np.ones(stored.y.size, dtype=np.bool_), _whole_role(stored))
    if stored.role is None:
        return (everything,)
    roles = [str(role) for role in np.unique(stored.role)]
    parts = [_picked(stored, stored.role == word, role_of(word)) for word in roles]
    return (everything, *(rows for rows in parts if rows.role != _TRAINING))


def rows_of_role(stored: Predictions, role: str) -> tuple[Rows, ...]:
    """Return the rows that a figure named after a role is about, of every file that has them.

    Args:
        stored: With its further files.
        role: Key of `figure_names.ROLES`.
    """
    found = []
    for file in (stored, *stored.others):
        if file.role is not None:
            words = [str(word) for word in np.unique(file.role) if role_of(str(word)) == role]
            mask = np.isin(file.role, words)
            found += [_picked(file, mask, role)] if mask.any() else []
        elif _whole_role(file) == role:
            found.append(_picked(file, np.ones(file.y.size, dtype=np.bool_), role))
    return tuple(found)


def _whole_role(stored: Predictions) -> str:
    """Return the role of a file without a column of roles, or of one whose rows share one."""
    if stored.role is not None:
        words = {role_of(str(word)) for word in np.unique(stored.role)}
        return next(iter(words)) if len(words) == 1 else ""
    return "oof" if stored.has_folds else role_of_file(stored.path)


def _picked(stored: Predictions, mask: npt.NDArray[np.bool_], role: str) -> Rows:
    return Rows(role, stored.y[mask], stored.p[mask], stored.unit)


def alternatives(stored: Predictions, rows: Rows) -> tuple[Rows, ...]:
    """Return the same rows as a figure may have been computed on them otherwise.

    By weights that the file names; and with the scores turned round, where they are points of
    which more is better.
    """
    found = [rows]
    if not (rows.p.min() >= 0.0 and rows.p.max() <= 1.0):
        found.append(Rows(rows.role, rows.y, -rows.p, rows.unit))
    if stored.weight is not None and rows.y.size == stored.y.size:
        found += [Rows(r.role, r.y, r.p, r.unit, stored.weight) for r in tuple(found)]
    return tuple(found)


def over_folds(name: str, stored: Predictions) -> tuple[float, float] | None:
    """Return the mean of a figure over the folds, and by how much rounding may have moved it.

    Args:
        name: Key of `known_figures`.
        stored: One file.

    Returns:
        None where its rows name no folds, or a fold has no such figure.
    """
    if stored.fold is None:
        return None
    parts = []
    for k in range(int(stored.fold.max()) + 1):
        found = recomputed(name, _picked(stored, stored.fold == k, "oof"))
        if found is None:
            return None
        parts.append(found)
    return float(np.mean([v for v, _ in parts])), max(doubt for _, doubt in parts)


def recomputed(name: str, rows: Rows) -> tuple[float, float] | None:
    """Return a figure and by how much the rounding of the stored scores may have moved it.

    Args:
        name: Key of `known_figures`.
        rows: Labels and scores.

    Returns:
        None where the figure does not exist for these rows, or rounding leaves it open.
    """
    try:
        value = known_figures()[name](rows.y, rows.p)
    except UsageError:  # one class only, or scores that are no probabilities
        return None
    if rows.weight is not None:
        value = WEIGHTED[name](rows.y, rows.p, rows.weight)
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
        ends.append(known_figures()[name](rows.y, ranks))
    return max(abs(end - value) for end in ends)


def logged_doubt(value: float) -> float:
    """Return half a unit of the last decimal a figure was logged with, and a little."""
    text = np.format_float_positional(value, trim="-")
    decimals = len(text.partition(".")[2])
    if decimals >= _MOST_DECIMALS:
        return _TOLERANCE
    return 0.5 * 10.0 ** -max(decimals, _LEAST_DECIMALS) + _TOLERANCE
