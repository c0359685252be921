"""Figures that stored predictions give, under the names of the conventions."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from scorewright.core.backfill.rows import ValidatedRows
from scorewright.core.decision import CostMatrix, cost_curve
from scorewright.core.errors import UsageError
from scorewright.core.evaluation import (
    fold_figures,
    summarise_folds,
    threshold_figures,
    validation_figures,
)
from scorewright.core.statistics import gini, ks, pr_auc, roc_auc

__all__ = ["Choice", "Figures", "choice_of", "compute"]

_Labels = npt.NDArray[np.int8]
_Floats = npt.NDArray[np.float64]

#: Figures that any scores have, probabilities or not.
_RANKING: Mapping[str, Callable[[_Labels, _Floats], float]] = {
    "roc_auc": roc_auc,
    "pr_auc": pr_auc,
    "ks": lambda y, p: ks(y, p).value,
    "gini": gini,
}


@dataclass(frozen=True, slots=True)
class Choice:
    """The threshold that figures are computed at.

    Attributes:
        threshold: Applications with a score at or above are declined.
        costs: What the two mistakes cost.
        are_costs_given: Whether the run names them; else they are those of the conventions.
        optimum: The cheapest threshold on these rows.
        cost, least_cost: At the threshold and at the optimum.
    """

    threshold: float
    costs: CostMatrix
    are_costs_given: bool
    optimum: float
    cost: float
    least_cost: float


@dataclass(frozen=True, slots=True)
class Figures:
    """What was computed.

    Attributes:
        metrics: Value by name.
        histories: One value per fold, by name.
        choice: The threshold, None where scores are no probabilities.
        gaps: What could not be computed, and why.
    """

    metrics: Mapping[str, float]
    histories: Mapping[str, tuple[float, ...]]
    choice: Choice | None
    gaps: tuple[str, ...] = ()


def choice_of(
    rows: ValidatedRows, costs: tuple[CostMatrix, bool], logged: float | None
) -> Choice | None:
    """Take the threshold a run has chosen; else the cheapest one, as a training does.

    Args:
        rows: Validated rows.
        costs: They, and whether the run names both of them.
        logged: The run's own threshold.

    Returns:
        None where the scores are no probabilities.
    """
    if not rows.are_probabilities:
        return None
    known, are_given = costs
    curve = cost_curve(rows.y, rows.p, known)
    best = curve.best()
    threshold = best.threshold if logged is None else logged
    return Choice(
        threshold=threshold,
        costs=known,
        are_costs_given=are_given,
        optimum=best.threshold,
        cost=curve.at(threshold).cost,
        least_cost=best.cost,
    )


def compute(rows: ValidatedRows, choice: Choice | None, wanted: Collection[str]) -> Figures:
    """Compute figures.

    Args:
        rows: Validated rows.
        choice: From `choice_of`.
        wanted: Names; the costlier statistics are computed only where one of them is wanted.
    """
    gaps: list[str] = []
    if choice is None:
        metrics = {name: figure(rows.y, rows.p) for name, figure in _RANKING.items()}
        gaps.append("scores outside 0 to 1 have no calibration and no threshold")
        return Figures(_finite(metrics), {}, None, tuple(gaps))
    metrics = fold_figures(rows.y, rows.p)
    metrics |= threshold_figures(rows.y, rows.p, choice.threshold, choice.costs)
    summary, histories = _over_folds(rows, gaps)
    metrics |= summary
    if not set(wanted) <= metrics.keys():
        metrics |= _further(rows, gaps)
    return Figures(_finite(metrics), histories, choice, tuple(gaps))


def _over_folds(
    rows: ValidatedRows, gaps: list[str]
) -> tuple[dict[str, float], dict[str, tuple[float, ...]]]:
    if rows.fold is None:
        return {}, {}
    masks = [rows.fold == k for k in range(int(rows.fold.max()) + 1)]
    try:
        folds = [fold_figures(rows.y[mask], rows.p[mask]) for mask in masks]
    except UsageError:
        gaps.append("a fold has one outcome only: there are no figures per fold")
        return {}, {}
    # There are no scores of training rows; what stands for them is dropped again.
    metrics, histories = summarise_folds(folds, folds)
    kept = {name: metrics[name] for name in metrics if name.startswith(("mean_", "std_"))}
    own = {name: values for name, values in histories.items() if name.startswith("fold_")}
    return kept, {name: tuple(values) for name, values in own.items()}


def _further(rows: ValidatedRows, gaps: list[str]) -> dict[str, float]:
    """Return figures that need more than a few rows."""
    try:
        return validation_figures(rows.y, rows.p)
    except UsageError as error:
        gaps.append(f"statistics of calibration cannot be computed: {error.message}")
        return {}


def _finite(metrics: Mapping[str, float]) -> dict[str, float]:
    return {name: float(value) for name, value in metrics.items() if np.isfinite(value)}
