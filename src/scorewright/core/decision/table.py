"""The table of 99 thresholds that people read: 0.01 to 0.99."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from scorewright.core.decision.curve import CostCurve, Costs, Floats, Labels, cost_curve

__all__ = ["threshold_table"]

#: 0.01, 0.02 ... 0.99, each the float nearest to its decimal.
GRID: tuple[float, ...] = tuple(i / 100 for i in range(1, 100))


def threshold_table(
    y: Labels, pd: Floats, costs: Costs, grid: Sequence[float] = GRID
) -> list[dict[str, Any]]:
    """Compute confusion counts, cost and rates on a grid of thresholds.

    Args:
        y: Labels of shape (n,), 1 is bad.
        pd: PDs of shape (n,), never those of training rows.
        costs: What the two mistakes cost.
        grid: Thresholds, 0.01 to 0.99 unless given.

    Returns:
        One JSON-ready dict per threshold, in the order of the grid. "Positive" is "declined":
        ``tp`` are bads declined, ``fp`` goods declined, ``tn`` goods approved, ``fn`` bads
        approved. A rate with nobody in its denominator is 0.

    Raises:
        ValueError: Shapes differ, no rows, or a PD that is not finite.
    """
    curve = cost_curve(y, pd, costs)
    bads = int(np.count_nonzero(np.asarray(y) == 1))
    return [_row(curve, t, bads=bads, goods=len(y) - bads) for t in grid]


def _row(curve: CostCurve, threshold: float, *, bads: int, goods: int) -> dict[str, Any]:
    choice = curve.at(threshold)
    fn, fp = choice.false_negatives, choice.false_positives
    tp, tn = bads - fn, goods - fp
    precision, recall = _ratio(tp, tp + fp), _ratio(tp, bads)
    return {
        "threshold": threshold,
        "cost": choice.cost,
        "cost_per_application": choice.cost / (bads + goods),
        "tp": tp,
        "fp": fp,
        "tn": tn,
        "fn": fn,
        "precision": precision,
        "recall": recall,
        "f1_score": _ratio(2 * tp, 2 * tp + fp + fn),
        "specificity": _ratio(tn, goods),
        "accuracy": (tp + tn) / (bads + goods),
        "approval_rate": choice.approval_rate,
        "default_rate_approved": choice.default_rate_approved,
    }


def _ratio(part: int, whole: int) -> float:
    return part / whole if whole else 0.0
