"""Thresholds for rows that had no part in choosing them.

The cost of the best threshold on the rows it was chosen on is too low, and the regret of any other
threshold against it can never be negative there: an interval of it nearly always excludes 0. So
every row is decided by a threshold that was chosen on the other folds. Against the optimum of the
whole sample this regret is at most 0, so a policy that is at the optimum is never told to change.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from scorewright.core.decision.curve import (
    CostCurve,
    Costs,
    Counts,
    Floats,
    Labels,
    checked,
    cost_curve,
    costs_of,
)

__all__ = ["cross_fitted_thresholds", "policy_folds"]

FOLDS = 10


def policy_folds(y: Labels, rng: np.random.Generator, folds: int = FOLDS) -> Counts:
    """Deal rows to folds at random, bads and goods evenly.

    Args:
        y: Labels of shape (n,), 1 is bad.
        rng: Source of randomness.
        folds: At least 2.

    Returns:
        Fold numbers of shape (n,), from 0.
    """
    dealt = np.empty(len(y), dtype=np.int64)
    for member in (np.asarray(y) == 1, np.asarray(y) != 1):
        rows = rng.permutation(np.flatnonzero(member))
        dealt[rows] = np.arange(len(rows)) % folds
    return dealt


def cross_fitted_thresholds(
    y: Labels,
    pd: Floats,
    costs: Costs,
    fold: Counts,
    choose: Callable[[CostCurve], float],
) -> Floats:
    """Choose, for the rows of each fold, a threshold on all other rows.

    Args:
        y: Labels of shape (n,), 1 is bad.
        pd: PDs of shape (n,), never those of training rows.
        costs: What the two mistakes cost.
        fold: Fold of each row, shape (n,), at least two different ones.
        choose: Chooses a threshold from a curve.

    Returns:
        Thresholds of shape (n,).

    Raises:
        ValueError: As `cost_curve`.
    """
    y, pd = checked(y, pd)
    # Sorted once: each fold's curve then finds its scores in order.
    order = np.argsort(pd, kind="stable")
    y, pd, dealt, costs = y[order], pd[order], fold[order], costs_of(costs, order)
    threshold = np.empty(len(y))
    for k in np.unique(fold):
        rest = dealt != k
        chosen = choose(cost_curve(y[rest], pd[rest], costs_of(costs, rest)))
        threshold[order[~rest]] = chosen
    return threshold
