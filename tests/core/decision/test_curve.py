"""The cost curve against brute force and against golden vectors."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import confusion_matrix

from scorewright.core.decision import (
    CostMatrix,
    bayes_threshold,
    bootstrap_threshold,
    cost_curve,
    threshold_table,
)

GOLDEN = Path(__file__).resolve().parents[3] / "../shared/data/golden"

Floats = npt.NDArray[np.float64]
Labels = npt.NDArray[np.int8]

samples = st.lists(
    st.tuples(st.integers(0, 1), st.sampled_from([0.0, 0.01, 0.07, 0.5, 0.71, 0.99, 1.0])),
    min_size=1,
    max_size=40,
)
costs = st.builds(
    CostMatrix, st.floats(0.1, 100, allow_nan=False), st.floats(0.1, 100, allow_nan=False)
)


def _arrays(rows: list[tuple[int, float]]) -> tuple[Labels, Floats]:
    y, pd = zip(*rows, strict=True)
    return np.array(y, dtype=np.int8), np.array(pd)


@settings(max_examples=60, deadline=None)
@given(samples, costs)
def test_every_point_equals_a_count_by_hand(
    rows: list[tuple[int, float]], matrix: CostMatrix
) -> None:
    y, pd = _arrays(rows)
    curve = cost_curve(y, pd, matrix)
    assert (np.diff(curve.threshold) > 0).all()
    assert curve.threshold.size == np.unique(pd).size + 1
    for i, t in enumerate(curve.threshold):
        declined = pd >= t
        fn, fp = int(((y == 1) & ~declined).sum()), int(((y == 0) & declined).sum())
        assert (curve.false_negatives[i], curve.false_positives[i]) == (fn, fp)
        assert curve.cost[i] == pytest.approx(
            matrix.false_negative * fn + matrix.false_positive * fp
        )
        assert curve.approval_rate[i] == pytest.approx((~declined).mean())
        expected = y[~declined].mean() if (~declined).any() else 0.0
        assert curve.default_rate_approved[i] == pytest.approx(expected)


@settings(max_examples=60, deadline=None)
@given(samples, costs, st.floats(-0.5, 1.5))
def test_no_threshold_is_cheaper_than_the_best(
    rows: list[tuple[int, float]], matrix: CostMatrix, anywhere: float
) -> None:
    y, pd = _arrays(rows)
    curve = cost_curve(y, pd, matrix)
    best = curve.best()
    assert best.cost <= curve.at(anywhere).cost
    assert curve.at(anywhere).false_negatives == int(((y == 1) & (pd < anywhere)).sum())
    assert curve.at(best.threshold) == best


def test_equally_cheap_thresholds_give_the_lowest() -> None:
    y, pd = np.array([1, 0], dtype=np.int8), np.array([0.2, 0.4])
    curve = cost_curve(y, pd, CostMatrix(1.0, 1.0))
    np.testing.assert_array_equal(curve.cost, [1.0, 2.0, 1.0])
    assert curve.best().threshold == 0.2


def test_accept_all_lies_just_above_the_highest_score() -> None:
    y, pd = np.array([1, 0, 0], dtype=np.int8), np.array([0.1, 0.5, 1.0])
    curve = cost_curve(y, pd, CostMatrix(1.0, 10.0))
    best = curve.best()
    assert best.threshold > 1.0
    assert best.approval_rate == 1.0
    assert not (pd >= best.threshold).any()


def test_the_band_holds_the_optimum_and_nothing_too_dear_at_its_ends() -> None:
    rng = np.random.default_rng(3)
    pd = rng.random(2_000)
    y = (rng.random(2_000) < pd).astype(np.int8)
    curve = cost_curve(y, pd, CostMatrix())
    low, high = curve.band(0.05)
    assert low <= curve.best().threshold <= high
    limit = curve.best().cost * 1.05
    assert curve.at(low).cost <= limit
    assert curve.at(high).cost <= limit
    assert (curve.cost[curve.threshold > high] > limit).all()
    assert (curve.cost[curve.threshold < low] > limit).all()


def test_thinning_keeps_ends_and_optimum() -> None:
    rng = np.random.default_rng(4)
    pd = rng.beta(1, 12, 5_000)
    y = (rng.random(5_000) < pd).astype(np.int8)
    curve = cost_curve(y, pd, CostMatrix())
    thin = curve.thin(101)
    assert thin.threshold.size <= 101
    assert thin.threshold[0] == curve.threshold[0]
    assert thin.threshold[-1] == curve.threshold[-1]
    assert thin.best() == curve.best()
    assert curve.thin(10_000) is curve


@pytest.mark.parametrize(
    ("y", "pd"),
    [([], []), ([0, 1], [0.1]), ([0, 1], [0.1, float("nan")]), ([0, 1], [0.1, float("inf")])],
)
def test_impossible_input_is_refused(y: list[int], pd: list[float]) -> None:
    with pytest.raises(ValueError, match=r"shape|finite"):
        cost_curve(np.array(y, dtype=np.int8), np.array(pd, dtype=np.float64), CostMatrix())


def test_bayes_threshold_of_ten_to_one() -> None:
    assert bayes_threshold(CostMatrix(10.0, 1.0)) == pytest.approx(1 / 11)


def test_bayes_threshold_is_near_the_optimum_of_true_probabilities() -> None:
    rng = np.random.default_rng(5)
    pd = rng.beta(1, 5, 200_000)
    y = (rng.random(pd.size) < pd).astype(np.int8)
    curve = cost_curve(y, pd, CostMatrix())
    low, high = curve.band(0.005)
    assert low < bayes_threshold(CostMatrix()) < high


def test_the_table_agrees_with_scikit_learn() -> None:
    rng = np.random.default_rng(6)
    pd = np.round(rng.beta(1, 3, 500), 2)
    y = (rng.random(500) < pd).astype(np.int8)
    table = threshold_table(y, pd, CostMatrix())
    assert [row["threshold"] for row in table] == [i / 100 for i in range(1, 100)]
    for row in table:
        tn, fp, fn, tp = confusion_matrix(y, pd >= row["threshold"], labels=[0, 1]).ravel()
        assert (row["tn"], row["fp"], row["fn"], row["tp"]) == (tn, fp, fn, tp)
        assert row["cost"] == 10 * fn + fp
        assert row["recall"] == pytest.approx(tp / (tp + fn))
        assert row["precision"] == pytest.approx(tp / (tp + fp) if tp + fp else 0.0)
        assert row["approval_rate"] == pytest.approx((tn + fn) / 500)
    json.dumps(table, allow_nan=False)


@pytest.fixture(scope="module")
def golden() -> tuple[Labels, Floats, dict[str, Any]]:
    if not GOLDEN.exists():
        pytest.skip(f"the golden vectors are not beside the repository: {GOLDEN}")
    table = np.genfromtxt(GOLDEN / "taiwan_oof_5000.csv", delimiter=",", names=True)
    expected = json.loads((GOLDEN / "expected.json").read_text(encoding="utf-8"))
    return table["y"].astype(np.int8), table["p_lgb"], expected


def test_golden_costs(golden: tuple[Labels, Floats, dict[str, Any]]) -> None:
    y, pd, expected = golden
    wanted = expected["cost10_1"]
    table = threshold_table(y, pd, CostMatrix())
    best = min(table, key=lambda row: float(row["cost"]))
    assert (best["threshold"], best["cost"]) == (wanted["argmin_threshold"], wanted["min_cost"])
    curve = cost_curve(y, pd, CostMatrix())
    assert curve.best().cost <= wanted["min_cost"]
    assert curve.at(0.09).cost == wanted["cost_at_0.09"]
    assert curve.at(0.5).cost == wanted["cost_at_0.5"]
    assert curve.cost[0] == wanted["always_reject"]
    assert curve.cost[-1] == wanted["always_accept"]


def test_golden_bootstrap(golden: tuple[Labels, Floats, dict[str, Any]]) -> None:
    """The reference interval was made on a 0.01 grid, hence the tolerance of one step."""
    y, pd, expected = golden
    wanted = expected["threshold_bootstrap_1000(seed42)"]
    interval = bootstrap_threshold(y, pd, CostMatrix(), 1_000, np.random.default_rng(42))
    assert interval.low == pytest.approx(wanted["p2.5"], abs=0.015)
    assert interval.high == pytest.approx(wanted["p97.5"], abs=0.015)
    # The exact optimum is never dearer than the grid's.
    assert interval.cost_low == pytest.approx(wanted["cost_p2.5"], rel=0.03)
    assert interval.cost_low < wanted["cost_p2.5"]
    assert interval.cost_high == pytest.approx(wanted["cost_p97.5"], rel=0.03)
