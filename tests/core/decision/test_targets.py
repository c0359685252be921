"""Targets, guardrails and the strategy curve, against counts by hand."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from scorewright.core.decision import (
    Aim,
    CostMatrix,
    Guardrails,
    Method,
    Rule,
    approved_sums,
    cost_curve,
    referral,
    strategy_curve,
    with_band,
)
from scorewright.core.errors import UsageError

Floats = npt.NDArray[np.float64]
Labels = npt.NDArray[np.int8]
COSTS = CostMatrix(10.0, 1.0)

samples = st.lists(
    st.tuples(st.integers(0, 1), st.sampled_from([0.0, 0.02, 0.1, 0.3, 0.5, 0.9])),
    min_size=2,
    max_size=40,
)


def _arrays(rows: list[tuple[int, float]]) -> tuple[Labels, Floats]:
    y, pd = zip(*rows, strict=True)
    return np.array(y, dtype=np.int8), np.array(pd)


def _made(n: int = 4_000) -> tuple[Labels, Floats]:
    rng = np.random.default_rng(1)
    pd = rng.beta(1.2, 8, n)
    return (rng.random(n) < pd).astype(np.int8), pd


@settings(max_examples=80, deadline=None)
@given(samples, st.floats(0, 1), st.floats(0, 1), st.none() | st.floats(0.01, 0.99))
def test_guarded_choice_is_the_cheapest_of_all_that_keep_the_guardrails(
    rows: list[tuple[int, float]], one: float, other: float, worst: float | None
) -> None:
    y, pd = _arrays(rows)
    rails = Guardrails(min(one, other), max(one, other), worst, ("limits",))
    aim = Aim("exact_minimum_cost", 1 / 11, None, rails)
    curve = cost_curve(y, pd, COSTS)
    allowed = []
    for t in curve.threshold:
        approved = pd < t
        bad = float(y[approved].mean()) if approved.any() else 0.0
        if rails.lowest - 1e-9 <= approved.mean() <= rails.highest + 1e-9 and (
            worst is None or bad <= worst + 1e-9
        ):
            cost = 10 * int((y[approved] == 1).sum()) + int((y[~approved] == 0).sum())
            allowed.append((cost, float(t)))
    if allowed:
        assert (aim.choose(curve).cost, aim.choose(curve).threshold) == min(allowed)
        assert aim.nearest(curve) == aim.choose(curve)
    else:
        with pytest.raises(UsageError, match="nearest") as caught:
            aim.choose(curve)
        assert caught.value.code == "policy-infeasible"
        told = caught.value.details["nearest"]
        assert told["threshold"] == aim.nearest(curve).threshold


@pytest.mark.parametrize(
    ("method", "target", "approved"),
    [("reject_rate", 0.15, 0.85), ("approval_rate", 0.6, 0.6)],
)
def test_rates_are_reached_as_nearly_as_scores_allow(
    method: Method, target: float, approved: float
) -> None:
    y, pd = _made()
    choice = Aim(method, 1 / 11, target).choose(cost_curve(y, pd, COSTS))
    assert choice.approval_rate == pytest.approx(approved, abs=1 / len(y))
    assert float((pd < choice.threshold).mean()) == choice.approval_rate


def test_the_largest_approval_that_keeps_the_bad_rate_is_taken() -> None:
    y, pd = _made()
    curve = cost_curve(y, pd, COSTS)
    choice = Aim("max_bad_rate", 1 / 11, 0.08).choose(curve)
    assert choice.default_rate_approved <= 0.08
    looser = curve.default_rate_approved[curve.approval_rate > choice.approval_rate]
    assert (looser > 0.08).all()


def test_a_bad_rate_nobody_reaches_is_refused_with_the_nearest() -> None:
    y, pd = np.ones(10, dtype=np.int8), np.linspace(0.1, 0.9, 10)
    y[5:] = 0
    with pytest.raises(UsageError, match=r"nearest.*approves") as caught:
        Aim("max_bad_rate", 0.1, 0.2).choose(cost_curve(y, pd, COSTS))
    assert caught.value.code == "policy-infeasible"
    assert caught.value.details["nearest"]["approval_rate"] > 0.0


def test_a_target_outside_the_guardrails_is_refused() -> None:
    y, pd = _made()
    rails = Guardrails(0.5, 0.7, None, ("an approval rate from 50 % to 70 %",))
    with pytest.raises(UsageError, match=r"reject_rate = 0.15 and an approval rate") as caught:
        Aim("reject_rate", 0.1, 0.15, rails).choose(cost_curve(y, pd, COSTS))
    assert caught.value.code == "policy-infeasible"
    assert 0.5 <= caught.value.details["nearest"]["approval_rate"] <= 0.7


def test_bayes_keeps_its_own_threshold_between_scores() -> None:
    y, pd = _made()
    assert Aim("bayes", 1 / 11).choose(cost_curve(y, pd, COSTS)).threshold == 1 / 11


def test_a_missing_target_is_refused() -> None:
    y, pd = _made(100)
    with pytest.raises(UsageError) as caught:
        Aim("reject_rate", 0.1).choose(cost_curve(y, pd, COSTS))
    assert caught.value.code == "policy-target"


@settings(max_examples=60, deadline=None)
@given(samples)
def test_sums_over_the_approved_equal_sums_by_hand(rows: list[tuple[int, float]]) -> None:
    y, pd = _arrays(rows)
    values = np.arange(len(y), dtype=np.float64) - 3.0
    curve = cost_curve(y, pd, COSTS)
    expected = [values[pd < t].sum() for t in curve.threshold]
    np.testing.assert_allclose(approved_sums(pd, values), expected)


def test_strategies_rise_in_approval_and_end_with_everybody() -> None:
    y, pd = _made()
    curve = cost_curve(y, pd, COSTS)
    points = strategy_curve(curve, approved_sums(pd, np.where(y == 1, -10.0, 1.0)))
    rates = [p.approval_rate for p in points]
    assert rates == sorted(rates)
    assert len(points) == 20
    assert points[-1].bad_rate == pytest.approx(float(y.mean()))
    for p in points:
        approved = pd < p.threshold
        assert p.profit == pytest.approx(float(np.where(y == 1, -10.0, 1.0)[approved].sum()))
        assert p.approval_rate == pytest.approx(float(approved.mean()))


@settings(max_examples=60, deadline=None)
@given(samples, st.floats(0, 0.4), st.floats(0, 0.4))
def test_a_band_splits_everybody_in_three(
    rows: list[tuple[int, float]], below: float, above: float
) -> None:
    y, pd = _arrays(rows)
    rule = with_band(0.3, below, above)
    assert rule.refer_from is not None
    assert rule.refer_to is not None
    assert 0.0 <= rule.refer_from <= 0.3 <= rule.refer_to <= 1.0
    found = referral(y, pd, rule)
    decided = [rule.decide(float(p)) for p in pd]
    assert found.referred == pytest.approx(decided.count("refer") / len(y))
    assert found.approved + found.referred + found.declined == pytest.approx(1.0)
    assume("refer" in decided)
    inside = y[np.array([d == "refer" for d in decided])]
    assert found.bad_rate_referred == pytest.approx(float(inside.mean()))


def test_without_a_band_nobody_is_referred() -> None:
    y, pd = _made(200)
    assert referral(y, pd, Rule(0.1)).referred == 0.0
