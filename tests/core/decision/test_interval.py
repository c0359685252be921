"""The threshold's bootstrap against a plain one that rebuilds every curve."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest

from scorewright.core.decision import CostMatrix, bootstrap_threshold, cost_curve

Floats = npt.NDArray[np.float64]
Labels = npt.NDArray[np.int8]


def _sample(n: int, decimals: int = 3) -> tuple[Labels, Floats]:
    rng = np.random.default_rng(n)
    pd = np.round(rng.beta(1, 8, n), decimals)
    return (rng.random(n) < pd).astype(np.int8), pd


def _plain(y: Labels, pd: Floats, draws: int) -> tuple[Floats, Floats]:
    rng = np.random.default_rng(99)
    bads, goods = np.flatnonzero(y == 1), np.flatnonzero(y == 0)
    thresholds, costs = np.empty(draws), np.empty(draws)
    for i in range(draws):
        rows = np.r_[rng.choice(bads, bads.size), rng.choice(goods, goods.size)]
        best = cost_curve(y[rows], pd[rows], CostMatrix()).best()
        thresholds[i], costs[i] = best.threshold, best.cost
    return thresholds, costs


def test_agrees_with_a_bootstrap_that_sorts_every_time() -> None:
    y, pd = _sample(1_500)
    fast = bootstrap_threshold(y, pd, CostMatrix(), 3_000, np.random.default_rng(1))
    thresholds, costs = _plain(y, pd, 3_000)
    # Tolerances: a few Monte Carlo standard errors of a 2.5 % quantile from 3,000 draws.
    assert fast.cost_low == pytest.approx(float(np.quantile(costs, 0.025)), rel=0.015)
    assert fast.cost_high == pytest.approx(float(np.quantile(costs, 0.975)), rel=0.015)
    assert fast.low == pytest.approx(float(np.quantile(thresholds, 0.025)), abs=0.012)
    assert fast.high == pytest.approx(float(np.quantile(thresholds, 0.975)), abs=0.012)


def test_a_tie_of_bad_and_good_is_declined_together() -> None:
    """All scores equal: either all are declined or all approved, in every resample."""
    y, pd = np.array([1, 0, 0, 0], dtype=np.int8), np.full(4, 0.3)
    dear = bootstrap_threshold(y, pd, CostMatrix(10, 1), 50, np.random.default_rng(0))
    cheap = bootstrap_threshold(y, pd, CostMatrix(1, 10), 50, np.random.default_rng(0))
    assert (dear.low, dear.high, dear.cost_low, dear.cost_high) == (0.3, 0.3, 3.0, 3.0)
    assert 0.3 < cheap.low == cheap.high < 0.300001
    assert cheap.cost_low == cheap.cost_high == 1.0


def test_the_same_seed_gives_the_same_interval() -> None:
    y, pd = _sample(300)
    first = bootstrap_threshold(y, pd, CostMatrix(), 100, np.random.default_rng(7))
    again = bootstrap_threshold(y, pd, CostMatrix(), 100, np.random.default_rng(7))
    other = bootstrap_threshold(y, pd, CostMatrix(), 100, np.random.default_rng(8))
    assert first == again
    assert first != other
    assert first.draws == 100


def test_a_wider_level_gives_a_wider_interval() -> None:
    y, pd = _sample(300)
    narrow = bootstrap_threshold(y, pd, CostMatrix(), 500, np.random.default_rng(7), level=0.5)
    wide = bootstrap_threshold(y, pd, CostMatrix(), 500, np.random.default_rng(7), level=0.99)
    assert wide.low < narrow.low <= narrow.high < wide.high
    assert wide.cost_low < narrow.cost_low < narrow.cost_high < wide.cost_high


@pytest.mark.parametrize(("labels", "draws"), [([1, 1], 10), ([0, 0], 10), ([0, 1], 0)])
def test_nothing_to_resample_is_refused(labels: list[int], draws: int) -> None:
    with pytest.raises(ValueError, match="bads, goods"):
        bootstrap_threshold(
            np.array(labels, dtype=np.int8),
            np.array([0.1, 0.2]),
            CostMatrix(),
            draws,
            np.random.default_rng(0),
        )
