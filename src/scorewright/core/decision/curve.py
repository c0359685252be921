"""What every threshold costs: exact, over all distinct scores, from one sort.

With ``y = 1`` bad and "decline where PD >= t", the count of false negatives at t is the number
of bads below t, and the count of false positives the number of goods at or above it. Both are
cumulative sums over the sorted scores (Elkan 2001 for the cost-sensitive decision).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from scorewright.core.decision.rules import CostMatrix

__all__ = [
    "CostCurve", "Costs", "RowCosts", "ThresholdChoice", "approved_sums", "bayes_threshold",
    "cost_curve", "costs_of",
]  # fmt: skip

Floats = npt.NDArray[np.float64]
Counts = npt.NDArray[np.int64]
Labels = npt.NDArray[np.integer[Any]]
Rows = npt.NDArray[np.integer[Any]] | npt.NDArray[np.bool_]


class Costs(Protocol):
    """What the two mistakes cost: one figure for all rows, or one per row."""

    @property
    def false_negative(self) -> float | Floats:
        """Cost of approving a bad."""

    @property
    def false_positive(self) -> float | Floats:
        """Cost of declining a good."""


@dataclass(frozen=True, slots=True, eq=False)
class RowCosts:
    """Costs of each row, arrays of shape (n,).

    ``false_positive`` may be negative: a loan that earns less than what takes its place.
    """

    false_negative: Floats
    false_positive: Floats


def costs_of(costs: Costs, rows: Rows) -> Costs:
    """Return the costs of some of the rows; what is one figure for all stays so."""
    missed, refused = costs.false_negative, costs.false_positive
    if not isinstance(missed, np.ndarray) or not isinstance(refused, np.ndarray):
        return costs
    return RowCosts(missed[rows], refused[rows])


@dataclass(frozen=True, slots=True)
class ThresholdChoice:
    """One threshold and what it brings.

    Attributes:
        threshold: Applications with PD >= threshold are declined.
        cost: Total cost in the unit of the cost matrix.
        false_negatives: Bads approved.
        false_positives: Goods declined.
        approval_rate: Share of all applications approved.
        default_rate_approved: Share of bads among the approved; 0 where nobody is approved.
    """

    threshold: float
    cost: float
    false_negatives: int
    false_positives: int
    approval_rate: float
    default_rate_approved: float


@dataclass(frozen=True, slots=True, eq=False)
class CostCurve:
    """Cost at every threshold that makes a difference. All arrays have shape (k,).

    Attributes:
        threshold: Ascending: the distinct scores, then "accept all", which is the smallest
            float above the highest score. The first one, the lowest score, declines everybody.
        cost: Total cost.
        false_negatives: Bads approved.
        false_positives: Goods declined.
        approval_rate: Share of all applications approved.
        default_rate_approved: Share of bads among the approved; 0 where nobody is approved.
    """

    threshold: Floats
    cost: Floats
    false_negatives: Counts
    false_positives: Counts
    approval_rate: Floats
    default_rate_approved: Floats

    def best(self) -> ThresholdChoice:
        """Return the cheapest threshold; of several equally cheap ones the lowest (strictest)."""
        return self._choice(int(np.argmin(self.cost)))

    def at(self, threshold: float) -> ThresholdChoice:
        """Return the figures at any threshold, not only at a score.

        Between two scores nothing changes, so the figures are those of the next score above.

        Args:
            threshold: A finite number; above the highest score everybody is approved.
        """
        index = int(np.searchsorted(self.threshold, threshold, side="left"))
        return self._choice(min(index, self.threshold.size - 1), threshold)

    def nearest_approval(self, rate: float) -> ThresholdChoice:
        """Return the threshold whose approval rate is nearest; of two as near the stricter.

        Args:
            rate: Share of all applications, in [0, 1].
        """
        distance = np.abs(self.approval_rate - rate)
        return self._choice(int(np.flatnonzero(distance <= distance.min() + 1e-12)[0]))

    def band(self, tolerance: float = 0.01) -> tuple[float, float]:
        """Return the lowest and highest threshold within ``tolerance`` of the least cost.

        The curve is ragged, so a threshold in between may cost a little more than the
        tolerance allows; the band shows how flat the optimum is, it is not a promise.

        Args:
            tolerance: Allowed excess as a share of the least cost, at least 0.
        """
        limit = float(self.cost.min()) * (1.0 + tolerance)
        near = np.flatnonzero(self.cost <= limit)
        return float(self.threshold[near[0]]), float(self.threshold[near[-1]])

    def thin(self, points: int = 501) -> CostCurve:
        """Return at most ``points`` of the thresholds, for charts.

        Half of them are evenly spaced by rank and half by value, so that neither the crowd of
        low scores nor the sparse tail is lost. Both ends and the optimum always stay.

        Args:
            points: At least 8.
        """
        size = self.threshold.size
        if size <= points:
            return self
        by_rank = np.linspace(0, size - 1, points // 2).round().astype(np.int64)
        grid = np.linspace(self.threshold[0], self.threshold[-1], points - points // 2 - 1)
        by_value = np.searchsorted(self.threshold, grid, side="left")
        keep = np.unique(np.concatenate([by_rank, by_value, [int(np.argmin(self.cost))]]))
        return CostCurve(
            threshold=self.threshold[keep],
            cost=self.cost[keep],
            false_negatives=self.false_negatives[keep],
            false_positives=self.false_positives[keep],
            approval_rate=self.approval_rate[keep],
            default_rate_approved=self.default_rate_approved[keep],
        )

    def _choice(self, index: int, threshold: float | None = None) -> ThresholdChoice:
        return ThresholdChoice(
            threshold=float(self.threshold[index]) if threshold is None else float(threshold),
            cost=float(self.cost[index]),
            false_negatives=int(self.false_negatives[index]),
            false_positives=int(self.false_positives[index]),
            approval_rate=float(self.approval_rate[index]),
            default_rate_approved=float(self.default_rate_approved[index]),
        )


def cost_curve(y: Labels, pd: Floats, costs: Costs) -> CostCurve:
    """Compute the cost at every distinct score and at "accept all".

    Args:
        y: Labels of shape (n,), 1 is bad.
        pd: PDs of shape (n,), never those of training rows.
        costs: What the two mistakes cost, for all rows or for each.

    Returns:
        A curve of k = distinct scores + 1 points.

    Raises:
        ValueError: Shapes differ, no rows, or a PD that is not finite.
    """
    y, pd = checked(y, pd)
    order, ordered, cut = _cuts(pd)
    bads_below = np.r_[0, np.cumsum(y[order] == 1, dtype=np.int64)]
    false_negatives, approved = bads_below[cut], cut
    goods = y.size - int(bads_below[-1])
    false_positives = goods - (approved - false_negatives)
    missed, refused = costs.false_negative, costs.false_positive
    if isinstance(missed, np.ndarray) or isinstance(refused, np.ndarray):
        cost = _row_costs(y, order, cut, costs)
    else:
        cost = missed * false_negatives + refused * false_positives
    return CostCurve(
        threshold=np.r_[ordered[cut[:-1]], accept_all(float(ordered[-1]))],
        cost=cost,
        false_negatives=false_negatives,
        false_positives=false_positives,
        approval_rate=approved / y.size,
        default_rate_approved=false_negatives / np.maximum(approved, 1),
    )


def _cuts(pd: Floats) -> tuple[Counts | slice, Floats, Counts]:
    """Return the order of the scores, the scores in it, and how many rows lie below each cut."""
    if bool((pd[1:] >= pd[:-1]).all()):  # nothing to sort or to copy: folds come sorted
        order: Counts | slice = slice(None)
    else:
        order = np.argsort(pd, kind="stable")
    ordered = pd[order]
    starts = np.flatnonzero(np.r_[True, ordered[1:] != ordered[:-1]])
    return order, ordered, np.r_[starts, pd.size].astype(np.int64, copy=False)


def _row_costs(y: Labels, order: Counts | slice, cut: Counts, costs: Costs) -> Floats:
    """Return the cost at each cut where every row has its own costs."""
    bad = y == 1
    missed = np.where(bad, costs.false_negative, 0.0)[order]
    refused = np.where(bad, 0.0, costs.false_positive)[order]
    below = np.r_[0.0, np.cumsum(missed)]
    above = np.r_[np.cumsum(refused[::-1])[::-1], 0.0]
    cost: Floats = (below + above)[cut]
    return cost


def approved_sums(pd: Floats, values: Floats) -> Floats:
    """Return the sum of a value over the approved, at every threshold of `cost_curve`.

    Args:
        pd: PDs of shape (n,).
        values: Shape (n,), such as the profit of each loan.

    Returns:
        Shape (k,), in the order of the curve's thresholds.
    """
    order, _, cut = _cuts(np.asarray(pd, dtype=np.float64))
    sums: Floats = np.r_[0.0, np.cumsum(np.asarray(values, dtype=np.float64)[order])][cut]
    return sums


def bayes_threshold(costs: CostMatrix) -> float:
    """Return ``C_FP / (C_FP + C_FN)``, the best threshold where PDs are true (Elkan 2001)."""
    return costs.false_positive / (costs.false_positive + costs.false_negative)


def accept_all(highest: float) -> float:
    """Return the smallest float above ``highest``: nobody's PD reaches it."""
    return float(np.nextafter(highest, np.inf))


def checked(y: Labels, pd: Floats) -> tuple[Labels, Floats]:
    """Return both as arrays of one shape (n,), n > 0, with finite PDs, or raise ValueError."""
    y, pd = np.asarray(y), np.asarray(pd, dtype=np.float64)
    if y.ndim != 1 or y.shape != pd.shape or y.size == 0:
        raise ValueError(f"labels and PDs must be of one shape (n,): {y.shape}, {pd.shape}")
    if not np.isfinite(pd).all():
        raise ValueError("a PD is not finite")
    return y, pd
