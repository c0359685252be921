"""How certain the best threshold is: a stratified bootstrap that sorts once."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from scorewright.core.decision.curve import Costs, Counts, Floats, Labels, accept_all, checked

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
    costs: Costs,
    draws: int,
    rng: np.random.Generator,
    level: float = 0.95,
) -> ThresholdInterval:
    """Bootstrap the exact optimum, with the numbers of bads and goods held fixed.

    Args:
        y: Labels of shape (n,), 1 is bad; both classes must occur.
        pd: PDs of shape (n,), never those of training rows.
        costs: What the two mistakes cost, for all rows or for each.
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
    missed, refused = costs.false_negative, costs.false_positive
    if isinstance(missed, np.ndarray) or isinstance(refused, np.ndarray):
        threshold, cost = _loan_draws(y, pd, costs, draws, rng)
    else:
        threshold, cost = _draws(_bins(y, pd), (missed, refused), draws, rng)
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


def _draws(
    bins: _Bins, costs: tuple[float, float], draws: int, rng: np.random.Generator
) -> tuple[Floats, Floats]:
    """Return the cheapest candidate and its cost in each resample, the lowest of equal ones."""
    threshold, cost = np.empty(draws), np.empty(draws)
    size, (missed, refused) = bins.candidates.size, costs
    for i in range(draws):
        bads = _resampled(bins.bad_bin, size, rng)
        goods = _resampled(bins.good_bin, size, rng)
        false_negatives = np.cumsum(bads) - bads
        false_positives = bins.good_bin.size - np.cumsum(goods)
        total = missed * false_negatives + refused * false_positives
        index = int(np.argmin(total))
        threshold[i], cost[i] = bins.candidates[index], total[index]
    return threshold, cost


def _loan_draws(
    y: Labels, pd: Floats, costs: Costs, draws: int, rng: np.random.Generator
) -> tuple[Floats, Floats]:
    """Do the same where each row has its own costs: every distinct score is a candidate."""
    order = np.argsort(pd, kind="stable")
    ordered, bad = pd[order], (y == 1)[order]
    missed = np.broadcast_to(np.asarray(costs.false_negative, dtype=np.float64), y.shape)[order]
    refused = np.broadcast_to(np.asarray(costs.false_positive, dtype=np.float64), y.shape)[order]
    starts = np.flatnonzero(np.r_[True, ordered[1:] != ordered[:-1]])
    candidates = np.r_[ordered[starts], accept_all(float(ordered[-1]))]
    # What approving a row costs more than declining it; the rest is the cost of declining all.
    step, kept = np.where(bad, missed, -refused), np.where(bad, 0.0, refused)
    bads, goods = np.flatnonzero(bad), np.flatnonzero(~bad)
    threshold, cost = np.empty(draws), np.empty(draws)
    for i in range(draws):
        rows = np.r_[
            bads[rng.integers(0, bads.size, bads.size)],
            goods[rng.integers(0, goods.size, goods.size)],
        ]
        count = np.bincount(rows, minlength=y.size)
        below = np.r_[0.0, np.cumsum(count * step)][np.r_[starts, y.size]]
        index = int(np.argmin(below))
        threshold[i], cost[i] = candidates[index], below[index] + float(count @ kept)
    return threshold, cost
