"""Weights of evidence and scaling, against other computations of the same."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from scorewright.core.scorecards import (
    NATURAL,
    Scaling,
    chance_information,
    information,
    weights_of_evidence,
)
from scorewright.core.statistics import information_value

counts = st.lists(
    st.tuples(st.integers(0, 400), st.integers(0, 400)), min_size=1, max_size=12
).filter(lambda c: sum(b for b, _ in c) > 0 and sum(g for _, g in c) > 0)


def test_a_hand_made_table() -> None:
    # Siddiqi's form: ln(share of goods / share of bads).
    bads, goods = np.array([30.0, 10.0]), np.array([60.0, 100.0])
    woe = weights_of_evidence(bads, goods)
    assert woe.tolist() == pytest.approx([math.log(0.375 / 0.75), math.log(0.625 / 0.25)])
    parts = information(bads, goods, woe)
    assert parts.tolist() == pytest.approx(
        [(0.375 - 0.75) * math.log(0.5), (0.625 - 0.25) * math.log(2.5)]
    )


def test_the_information_value_is_that_of_the_statistics_room() -> None:
    rng = np.random.default_rng(1)
    codes = rng.integers(0, 6, 4000)
    y = (rng.random(4000) < 0.1 + 0.05 * codes).astype(np.int8)
    # The statistic adds half a case to each cell; given those cells, both are one formula.
    bads = np.bincount(codes, weights=y).astype(np.float64) + 0.5
    goods = np.bincount(codes, weights=1 - y).astype(np.float64) + 0.5
    ours = information(bads, goods, weights_of_evidence(bads, goods)).sum()
    ours -= chance_information(6, int(y.sum()), int((y == 0).sum()))
    assert ours == pytest.approx(information_value(y, codes), abs=1e-12)


@given(counts, st.floats(0.0, 50.0))
def test_evidence_is_finite_and_information_is_never_negative(
    cells: list[tuple[int, int]], smoothing: float
) -> None:
    bads = np.array([float(b) for b, _ in cells])
    goods = np.array([float(g) for _, g in cells])
    woe = weights_of_evidence(bads, goods, smoothing)
    assert np.isfinite(woe).all()
    assert np.all(information(bads, goods, woe) >= -1e-12)


@given(counts, st.floats(0.1, 50.0))
def test_an_empty_bin_is_average_and_classes_may_be_reweighted(
    cells: list[tuple[int, int]], smoothing: float
) -> None:
    bads = np.array([float(b) for b, _ in cells] + [0.0])
    goods = np.array([float(g) for _, g in cells] + [0.0])
    assert weights_of_evidence(bads, goods, smoothing)[-1] == pytest.approx(0.0, abs=1e-12)
    plain = weights_of_evidence(bads, goods)
    np.testing.assert_allclose(weights_of_evidence(bads * 7.0, goods), plain, atol=1e-12)


@given(
    st.floats(1.0, 100.0),
    st.floats(0.5, 200.0),
    st.floats(-500.0, 1000.0),
    st.floats(-8.0, 8.0),
)
def test_pdo_points_double_the_odds(
    pdo: float, odds: float, points: float, log_odds: float
) -> None:
    scaling = Scaling(pdo, odds, points)
    pd = np.array([1.0 / (1.0 + odds), 1.0 / (1.0 + np.exp(log_odds))])
    score = scaling.score(pd)
    assert score[0] == pytest.approx(points, abs=1e-6)
    np.testing.assert_allclose(scaling.pd(score), pd, rtol=1e-9)
    more = scaling.pd(score + pdo)
    np.testing.assert_allclose((1.0 - more) / more, 2.0 * (1.0 - pd) / pd, rtol=1e-6)


def test_natural_points_are_log_odds_of_being_good() -> None:
    assert NATURAL.factor == 1.0
    assert NATURAL.offset == 0.0
    assert NATURAL.pd(np.array([math.log(4.0)]))[0] == pytest.approx(0.2)
    held = NATURAL.pd(np.array([-1e9, 1e9]))
    assert 0.0 < held[1] < held[0] < 1.0
