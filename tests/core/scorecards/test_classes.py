"""Fine classes, cuts and pooling."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from scorewright.core.scorecards import Counts, weights_of_evidence
from scorewright.core.scorecards.classes import FINE, cut_between, of_category, of_number
from scorewright.core.scorecards.pooling import Limits, pool_small, pool_violators

finite = st.floats(-1e12, 1e12)


@pytest.mark.parametrize(
    ("low", "high", "cut"),
    [
        (24.0, 25.0, 25.0),
        (0.0, 1.0, 1.0),
        (-1.0, 0.0, 0.0),
        (0.4371, 0.4389, 0.438),
        (1.0, 1.5, 1.2),
    ],
)
def test_cuts_have_few_digits(low: float, high: float, cut: float) -> None:
    assert cut_between(low, high) == cut


@given(finite, finite)
def test_a_cut_lies_above_the_lower_value_and_not_above_the_higher(a: float, b: float) -> None:
    low, high = min(a, b), max(a, b)
    if low < high:
        assert low < cut_between(low, high) <= high


@pytest.mark.parametrize(("low", "high"), [(-1.7e308, 1.7e308), (1e308, np.inf), (5e-324, 1e-323)])
def test_a_cut_between_extreme_values(low: float, high: float) -> None:
    assert low < cut_between(low, high) <= high


def test_few_values_have_a_class_each_and_many_share() -> None:
    rng = np.random.default_rng(3)
    y = (rng.random(5000) < 0.3).astype(np.int8)
    few = of_number(rng.integers(0, 7, 5000).astype(float), y, np.ones(5000))
    assert few.low.tolist() == few.high.tolist() == [0.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0]
    many = of_number(rng.normal(size=5000), y, np.full(5000, 2.0))
    assert many.size == FINE
    assert np.all(many.high[:-1] < many.low[1:])
    assert many.counts.rows.sum() == 5000
    assert many.counts.bads.sum() == 2.0 * y.sum()
    assert many.counts.n_bads.sum() == y.sum()


def test_rare_codes_share_a_class_and_classes_ascend_in_bad_rate() -> None:
    x = np.repeat([3.0, 0.0, 7.0, 9.0], [400, 300, 2, 3])
    y = np.zeros(705, dtype=np.int8)
    y[:200] = 1  # half of code 3
    y[400:410] = 1
    classes = of_category(x, y, np.ones(705), fewest=20.0)
    assert classes.codes == ((0,), (7, 9), (3,))
    assert classes.counts.rows.tolist() == [300.0, 5.0, 400.0]


cells = st.lists(st.tuples(st.integers(0, 30), st.integers(1, 60)), min_size=1, max_size=15)


def _counts(cells: list[tuple[int, int]]) -> Counts:
    bads = np.array([float(min(b, n)) for b, n in cells])
    rows = np.array([float(n) for _, n in cells])
    return Counts(rows, bads, bads, rows - bads)


@given(cells, st.sampled_from([1, -1]), st.floats(0.0, 20.0, allow_subnormal=False))
def test_pooling_keeps_the_sign_and_the_rows(
    cells: list[tuple[int, int]], sign: int, smoothing: float
) -> None:
    counts = _counts(cells)
    if counts.bads.sum() == 0.0 or counts.goods.sum() == 0.0:
        return
    zero = np.zeros(1)
    missing = Counts(zero, zero, zero, zero)
    starts = pool_violators(counts, missing, np.arange(len(cells)), sign, smoothing)
    bins = counts.merged(starts)
    assert bins.rows.sum() == counts.rows.sum()
    woe = weights_of_evidence(bins.bads, bins.goods, smoothing)
    assert np.all(sign * np.diff(woe) < 0.0)


@given(cells, st.integers(1, 40), st.integers(1, 5))
def test_small_bins_are_merged(cells: list[tuple[int, int]], fewest: int, least: int) -> None:
    counts = _counts(cells)
    limits = Limits(bads=least, goods=least)
    bins = counts.merged(pool_small(counts, np.arange(len(cells)), float(fewest), limits))
    assert bins.rows.sum() == counts.rows.sum()
    if len(bins.rows) > 1:
        assert bins.rows.min() >= fewest
        assert bins.n_bads.min() >= least
        assert (bins.rows - bins.n_bads).min() >= least
