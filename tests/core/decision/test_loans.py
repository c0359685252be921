"""Costs of each loan, and thresholds chosen on other rows, against brute force."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scorewright.core.decision import (
    CostMatrix,
    RowCosts,
    bootstrap_threshold,
    cost_curve,
    costs_of,
    cross_fitted_thresholds,
    policy_folds,
)

Floats = npt.NDArray[np.float64]
Labels = npt.NDArray[np.int8]

rows = st.lists(
    st.tuples(
        st.integers(0, 1),
        st.sampled_from([0.01, 0.07, 0.2, 0.5, 0.99]),
        st.floats(0, 1_000),
        st.floats(-50, 100),
    ),
    min_size=1,
    max_size=40,
)


@settings(max_examples=80, deadline=None)
@given(rows)
def test_weighted_curve_equals_brute_force(sample: list[tuple[int, float, float, float]]) -> None:
    y, pd, missed, refused = (np.array(column) for column in zip(*sample, strict=True))
    y = y.astype(np.int8)
    curve = cost_curve(y, pd, RowCosts(missed, refused))
    expected = [
        float(missed[(y == 1) & (pd < t)].sum() + refused[(y == 0) & (pd >= t)].sum())
        for t in curve.threshold
    ]
    np.testing.assert_allclose(curve.cost, expected, atol=1e-6)
    assert curve.best().cost == pytest.approx(min(expected), abs=1e-6)


def _made(n: int, seed: int = 2) -> tuple[Labels, Floats]:
    rng = np.random.default_rng(seed)
    pd = np.round(rng.beta(1.2, 8, n), 3)
    return (rng.random(n) < pd).astype(np.int8), pd


def test_equal_costs_of_all_loans_are_those_of_the_matrix() -> None:
    y, pd = _made(3_000)
    same = RowCosts(np.full(3_000, 10.0), np.full(3_000, 1.0))
    one, other = cost_curve(y, pd, CostMatrix()), cost_curve(y, pd, same)
    np.testing.assert_allclose(one.cost, other.cost)
    assert one.best().threshold == other.best().threshold
    a = bootstrap_threshold(y, pd, CostMatrix(), 800, np.random.default_rng(3))
    b = bootstrap_threshold(y, pd, same, 800, np.random.default_rng(4))
    assert a.low == pytest.approx(b.low, abs=0.01)
    assert a.high == pytest.approx(b.high, abs=0.01)
    assert a.cost_low == pytest.approx(b.cost_low, rel=0.02)
    assert a.cost_high == pytest.approx(b.cost_high, rel=0.02)


def test_some_rows_keep_their_own_costs() -> None:
    whole = RowCosts(np.arange(5.0), np.arange(5.0) * 2)
    part = costs_of(whole, np.array([True, False, True, False, True]))
    np.testing.assert_array_equal(np.asarray(part.false_negative), [0.0, 2.0, 4.0])
    np.testing.assert_array_equal(np.asarray(part.false_positive), [0.0, 4.0, 8.0])
    assert costs_of(CostMatrix(), np.array([0])) == CostMatrix()


def test_folds_are_even_in_bads_and_the_same_for_the_same_seed() -> None:
    y, _ = _made(1_000)
    fold = policy_folds(y, np.random.default_rng(5))
    bads = [int(y[fold == k].sum()) for k in range(10)]
    assert max(bads) - min(bads) <= 1
    np.testing.assert_array_equal(fold, policy_folds(y, np.random.default_rng(5)))


def test_each_row_is_decided_by_the_optimum_of_the_other_folds() -> None:
    y, pd = _made(600)
    fold = policy_folds(y, np.random.default_rng(6), 4)
    found = cross_fitted_thresholds(y, pd, CostMatrix(), fold, lambda c: c.best().threshold)
    for k in range(4):
        rest = fold != k
        expected = cost_curve(y[rest], pd[rest], CostMatrix()).best().threshold
        assert set(found[~rest].tolist()) == {expected}


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10_000))
def test_against_the_whole_samples_optimum_thresholds_of_other_rows_never_win(seed: int) -> None:
    """So a policy at the optimum has a regret of at most 0, whatever the sample."""
    y, pd = _made(200, seed)
    best = cost_curve(y, pd, CostMatrix()).best()
    fold = policy_folds(y, np.random.default_rng(seed))
    other = cross_fitted_thresholds(y, pd, CostMatrix(), fold, lambda c: c.best().threshold)
    declined = pd >= other
    cost = 10 * int((y[~declined] == 1).sum()) + int((y[declined] == 0).sum())
    assert cost >= best.cost
