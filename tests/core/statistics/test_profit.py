"""Profit and loan-by-loan costs against empulse and against their definitions."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scorewright.core.decision import CostMatrix
from scorewright.core.errors import UsageError
from scorewright.core.statistics import (
    LoanCosts,
    decision_cost,
    emp_credit_scoring,
    loan_costs,
    losses,
    roc_curve_points,
    savings,
)

Floats = npt.NDArray[np.float64]
Labels = npt.NDArray[np.int8]


def sample(seed: int, rows: int = 800, decimals: int = 4) -> tuple[Labels, Floats]:
    rng = np.random.default_rng(seed)
    pd: Floats = np.clip(np.round(rng.beta(1.5, 6.0, rows), decimals), 0.01, 0.99)
    y = (rng.random(rows) < pd).astype(np.int8)
    y[:2] = [0, 1]
    return y, pd


def emp_by_integration(y: Labels, p: Floats, p0: float, p1: float, roi: float) -> float:
    """Take the best threshold at each of many loss fractions, and the mean of that."""
    good, bad, _ = roc_curve_points(y, p)
    pi1 = float(y.mean())
    grid = (np.arange(20_000) + 0.5) / 20_000
    profit = np.outer(grid, pi1 * bad) - roi * (1 - pi1) * good
    certain = float((pi1 * bad - roi * (1 - pi1) * good).max())
    return (1 - p0 - p1) * float(profit.max(axis=1).mean()) + p1 * certain


@pytest.mark.parametrize(("seed", "rows", "decimals"), [(1, 800, 4), (2, 300, 1), (3, 25, 2)])
@pytest.mark.parametrize("chances", [(0.55, 0.10, 0.2644), (0.2, 0.3, 0.05), (0.0, 0.0, 0.9)])
def test_emp_against_empulse_and_integration(
    seed: int, rows: int, decimals: int, chances: tuple[float, float, float]
) -> None:
    from empulse.metrics import empcs_score

    y, p = sample(seed, rows, decimals)
    p0, p1, roi = chances

    ours = emp_credit_scoring(y, p, p0, p1, roi)

    theirs = empcs_score(y, p, success_rate=p0, default_rate=p1, roi=roi)
    assert ours.value == pytest.approx(theirs, abs=1e-9)
    assert ours.value == pytest.approx(emp_by_integration(y, p, p0, p1, roi), abs=1e-6)
    assert 0.0 <= ours.fraction <= 1.0


def test_emp_of_a_perfect_and_of_a_useless_score() -> None:
    y = np.repeat([0, 1], [80, 20])

    perfect = emp_credit_scoring(y, y.astype(float))
    useless = emp_credit_scoring(y, np.full(100, 0.5))

    # A perfect score declines all bads at any loss: mean loss fraction times the bad share.
    assert perfect.value == pytest.approx((0.35 * 0.5 + 0.10) * 0.2)
    assert perfect.fraction == pytest.approx(0.45 * 0.2)
    # With 20 % bads even a whole loss (0.2) earns less than the goods (0.8 x 0.2644).
    assert useless.value == 0.0
    assert useless.fraction == 0.0


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10_000), st.integers(4, 60))
def test_emp_properties(seed: int, rows: int) -> None:
    y, p = sample(seed, rows, 1)
    emp = emp_credit_scoring(y, p)

    assert emp.value >= 0.0
    assert emp_credit_scoring(y, np.exp(p)).value == pytest.approx(emp.value, abs=1e-12)
    assert emp.value <= emp_credit_scoring(y, y.astype(float)).value + 1e-12


def test_loan_costs_by_hand() -> None:
    costs = loan_costs([1000.0, 3000.0], [100.0, 500.0], lgd=0.75, base_rate=0.2)

    # Mean profit 300, mean exposure 2000: -300 x 0.8 + 2000 x 0.75 x 0.2 = 60.
    np.testing.assert_allclose(costs.false_negative, [750.0, 2250.0])
    np.testing.assert_allclose(costs.false_positive, [160.0, 560.0])
    np.testing.assert_allclose(costs.thresholds, [160 / 910, 560 / 2810])


@settings(max_examples=50, deadline=None)
@given(st.floats(0, 1e5), st.floats(-1e4, 1e4), st.floats(0, 1))
def test_a_loans_threshold_is_where_its_expected_costs_cross(
    missed: float, refused_good: float, pd: float
) -> None:
    costs = LoanCosts(np.array([missed]), np.array([refused_good]))
    threshold = float(costs.thresholds[0])
    approving, declining = pd * missed, (1 - pd) * refused_good

    assert 0.0 <= threshold <= 1.0
    # Rounding may decide a tie either way.
    if pd >= threshold:
        assert declining <= approving + 1e-9 * (abs(approving) + abs(declining) + 1e-300)
    else:
        assert approving <= declining + 1e-9 * (abs(approving) + abs(declining))


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_savings_against_empulse(seed: int) -> None:
    from empulse.metrics import savings_score

    y, p = sample(seed)
    rng = np.random.default_rng(seed)
    costs = loan_costs(
        rng.uniform(500, 9000, len(y)), rng.uniform(400, 900, len(y)), lgd=0.6, base_rate=0.3
    )
    declined = p >= costs.thresholds

    ours = savings(y, declined, costs)

    theirs = savings_score(
        y,
        declined.astype(float),
        fp_cost=costs.false_positive,
        fn_cost=costs.false_negative,
    )
    assert ours == pytest.approx(theirs, rel=1e-12)


def test_decision_costs_of_one_matrix() -> None:
    y = np.array([1, 1, 0, 0, 0])
    declined = np.array([True, False, True, False, False])
    matrix = CostMatrix(10.0, 1.0)

    np.testing.assert_allclose(losses(y, declined, matrix), [0, 10, 1, 0, 0])
    assert decision_cost(y, declined, matrix) == 11.0
    # Declining all costs 3, approving all 20.
    assert savings(y, declined, matrix) == pytest.approx(1 - 11 / 3)
    assert savings(y, y, matrix) == 1.0


def test_profit_refuses_what_makes_no_sense() -> None:
    matrix = CostMatrix(10.0, 1.0)
    short = LoanCosts(np.ones(3), np.ones(3))
    wrong: list[Any] = [
        lambda: emp_credit_scoring([0, 1], [0.1, 0.2], 0.6, 0.5),
        lambda: emp_credit_scoring([0, 1], [0.1, 0.2], roi=-0.1),
        lambda: loan_costs([1.0], [1.0, 2.0], lgd=0.5, base_rate=0.1),
        lambda: loan_costs([-1.0], [1.0], lgd=0.5, base_rate=0.1),
        lambda: loan_costs([1.0], [1.0], lgd=1.5, base_rate=0.1),
        lambda: loan_costs([], [], lgd=0.5, base_rate=0.1),
        lambda: losses([0, 1], [0, 1], short),
        lambda: losses([0, 1], [0.0, 0.5], matrix),
        lambda: savings([0, 0], [0, 1], matrix),
    ]
    for call in wrong:
        with pytest.raises(UsageError) as caught:
            call()
        assert caught.value.code == "statistics-input"
    with pytest.raises(UsageError) as caught:
        emp_credit_scoring([1, 1], [0.1, 0.2])
    assert caught.value.code == "one-class"
