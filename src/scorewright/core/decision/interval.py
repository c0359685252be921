"""How certain the best threshold is: a stratified bootstrap that sorts once."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from scorewright.core.decision.curve import Counts, Floats, Labels, accept_all, checked
from scorewright.core.decision.policy import CostMatrix

__all__ = ["ThresholdInterval", "bootstrap_threshold"]


@dataclass(frozen=True, slots=True)
class ThresholdInterval:
    """Percentile interval of the best threshold and of its cost.

    Attributes:
        low, high: Bounds of the best threshold.
        cost_low, cost_high: Bounds of the least cost.
        draws: Number of bootstrap draws behind them.
    """

    low: float
    high: float
    cost_low: float
    cost_high: float
    draws: int


@dataclass(frozen=True, slots=True)
class _Bins:
    """Rows reduced to what the optimum depends on.

    Passing a score that only goods hold always lowers the cost, so the optimum is a score held
    by a bad, or "accept all". Only these are candidates; goods are binned between them.
    """

    candidates: Floats  # (k + 1,), ascending; the last is "accept all"
    bad_bin: Counts  # (n1,), position of each bad's score among the candidates
    good_bin: Counts  # (n0,), first candidate above each good's score


def bootstrap_threshold(
    y: Labels,
    pd: Floats,
    costs: CostMatrix,
    draws: int,
    rng: np.random.Generator,
    level: float = 0.95,
) -> ThresholdInterval:
    """Bootstrap the exact optimum, with the numbers of bads and goods held fixed.

    Args:
        y: Labels of shape (n,), 1 is bad; both classes must occur.
        pd: PDs of shape (n,), never those of training rows.
        costs: What the two mistakes cost.
        draws: Number of resamples, at least 1; 1,000 or more for a report.
        rng: Source of randomness; the same state gives the same interval.
        level: Coverage of the percentile interval, between 0 and 1.

    Returns:
        Interval of threshold and cost.

    Raises:
        ValueError: Shapes differ, a PD is not finite, one class only, or no draws.
    """
    y, pd = checked(y, pd)
    bads = int(np.count_nonzero(y == 1))
    if bads in {0, y.size} or draws < 1:
        raise ValueError("the bootstrap needs bads, goods and at least one draw")
    bins = _bins(y, pd)
    threshold, cost = np.empty(draws), np.empty(draws)
    for i in range(draws):
        index, cost[i] = _optimum(bins, costs, rng)
        threshold[i] = bins.candidates[index]
    tails = [(1.0 - level) / 2.0, (1.0 + level) / 2.0]
    low, high = np.quantile(threshold, tails)
    cost_low, cost_high = np.quantile(cost, tails)
    return ThresholdInterval(float(low), float(high), float(cost_low), float(cost_high), draws)


def _bins(y: Labels, pd: Floats) -> _Bins:
    scores, bad_bin = np.unique(pd[y == 1], return_inverse=True)
    # A good is approved from the first candidate above its score on: a tie is still declined.
    good_bin = np.searchsorted(scores, pd[y != 1], side="right")
    return _Bins(np.r_[scores, accept_all(float(pd.max()))], bad_bin, good_bin)


def _resampled(rows: Counts, size: int, rng: np.random.Generator) -> Counts:
    """Draw as many rows as there are, with replacement, and count them per candidate."""
    chosen = rng.integers(0, rows.size, rows.size)
    return np.bincount(rows[chosen], minlength=size)


def _optimum(bins: _Bins, costs: CostMatrix, rng: np.random.Generator) -> tuple[int, float]:
    """Return position and cost of one resample's cheapest candidate, the lowest of equal ones."""
    size = bins.candidates.size
    bads = _resampled(bins.bad_bin, size, rng)
    goods = _resampled(bins.good_bin, size, rng)
    false_negatives = np.cumsum(bads) - bads
    false_positives = bins.good_bin.size - np.cumsum(goods)
    cost = costs.false_negative * false_negatives + costs.false_positive * false_positives
    index = int(np.argmin(cost))
    return index, float(cost[index])
