"""Thinning keeps ends, corners and the bound."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from scorewright.core.charts import thin_curve

heights = arrays(np.float64, st.integers(3, 400), elements=st.floats(-5, 5, width=32))


@settings(max_examples=60, deadline=None)
@given(heights, st.integers(3, 40))
def test_a_subset_with_both_ends_and_at_most_the_limit(y: np.ndarray, limit: int) -> None:
    # Given any curve, when it is thinned
    x = np.arange(len(y), dtype=np.float64)
    kept = thin_curve(x, y, limit, keep=(len(y) // 2,))

    # Then sorted positions are left, with the ends and what had to stay
    assert len(kept) <= max(limit, 3)
    assert np.all(np.diff(kept) > 0)
    assert {0, len(y) // 2, len(y) - 1} <= set(kept.tolist())


@settings(max_examples=60, deadline=None)
@given(heights)
def test_without_a_tight_limit_no_shape_is_lost(y: np.ndarray) -> None:
    # Given a limit above the number of points
    x = np.arange(len(y), dtype=np.float64)
    kept = thin_curve(x, y, limit=len(y))

    # Then the polyline through the rest passes through every point that was dropped
    assert np.allclose(np.interp(x, x[kept], y[kept]), y, atol=1e-6)


def test_a_staircase_keeps_its_corners() -> None:
    # Given a staircase of 4 steps with 100 points on each tread
    x = np.repeat(np.arange(5.0), 100) + np.tile(np.linspace(0, 0.99, 100), 5)
    y = np.repeat(np.arange(5.0), 100)

    # When it is thinned far below its length, but above its corners
    kept = thin_curve(x, y, limit=20)

    # Then the corners are what is left: both ends of each tread
    corners = sorted({k * 100 for k in range(5)} | {k * 100 + 99 for k in range(5)})
    assert kept.tolist() == corners


def test_a_long_curve_is_thinned_within_half_a_pixel() -> None:
    # Given 200,000 points of a ragged curve
    rng = np.random.default_rng(3)
    x = np.linspace(0, 1, 200_000)
    y = np.sin(4 * x) + np.cumsum(rng.normal(0, 1e-5, x.size))

    # When it is thinned to 501 points
    kept = thin_curve(x, y)

    # Then on a chart 400 pixels high no point has moved by half a pixel
    assert len(kept) == 501
    assert np.abs(np.interp(x, x[kept], y[kept]) - y).max() / np.ptp(y) * 400 < 0.5


def test_few_points_stay_as_they_are() -> None:
    for n in (1, 2):
        assert thin_curve(np.zeros(n), np.zeros(n)).tolist() == list(range(n))
