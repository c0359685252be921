"""Group differences against scipy, statsmodels and a published table."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from statsmodels.stats.proportion import proportions_ztest

from scorewright.core.errors import UsageError
from scorewright.core.statistics import (
    AIR,
    adverse_impact_ratio,
    standardised_mean_difference,
)


def measured(k1: int, n1: int, k0: int, n0: int) -> AIR:
    """The ratio for ``k`` approved of ``n``, protected then control."""
    approved = np.repeat([1, 0, 1, 0], [k1, n1 - k1, k0, n0 - k0])
    return adverse_impact_ratio(approved, np.repeat([1, 0], [n1, n0]))


@settings(max_examples=60, deadline=None)
@given(st.integers(1, 40), st.integers(1, 40), st.data())
def test_both_tests_against_scipy_and_statsmodels(n1: int, n0: int, data: st.DataObject) -> None:
    k1, k0 = data.draw(st.integers(0, n1)), data.draw(st.integers(0, n0))

    air = measured(k1, n1, k0, n0)

    exact = stats.fisher_exact([[k1, n1 - k1], [k0, n0 - k0]]).pvalue
    assert air.p_value == pytest.approx(exact, rel=1e-8)
    if 0 < k1 + k0 < n1 + n0:
        z, p_value = proportions_ztest([k1, k0], [n1, n0])
        assert air.z == pytest.approx(z, abs=1e-9)
        assert air.z_p_value == pytest.approx(p_value, abs=1e-9)


def test_large_groups_keep_their_precision() -> None:
    air = measured(60_100, 100_000, 180_900, 300_000)

    exact = stats.fisher_exact([[60_100, 39_900], [180_900, 119_100]]).pvalue
    assert air.p_value == pytest.approx(exact, rel=1e-5)


def test_boston_mortgages() -> None:
    # Approval rates of the Boston HMDA study: 0.7168 against 0.9074.
    air = measured(243, 339, 1852, 2041)

    assert air.protected_rate == pytest.approx(0.7168, abs=5e-5)
    assert air.control_rate == pytest.approx(0.9074, abs=5e-5)
    assert air.ratio == pytest.approx(0.790, abs=5e-4)
    assert (air.protected_rows, air.control_rows) == (339, 2041)
    assert air.is_adverse()


def test_a_low_ratio_of_few_rows_is_not_called_adverse() -> None:
    few = measured(3, 6, 5, 6)

    assert few.ratio == pytest.approx(0.6)
    assert not few.is_adverse()
    assert not measured(900, 1000, 950, 1000).is_adverse()


def test_ratio_where_nobody_is_approved() -> None:
    assert measured(0, 5, 0, 5).ratio == 1.0
    assert measured(0, 5, 0, 5).p_value == 1.0
    assert measured(2, 5, 0, 5).ratio == float("inf")
    assert measured(0, 5, 3, 5).ratio == 0.0


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10_000), st.floats(0.1, 10.0), st.floats(-5.0, 5.0))
def test_mean_difference_ignores_the_scale(seed: int, scale: float, shift: float) -> None:
    rng = np.random.default_rng(seed)
    scores, member = rng.normal(size=60), np.repeat([1, 0], [20, 40])
    smd = standardised_mean_difference(scores, member)

    assert standardised_mean_difference(shift + scale * scores, member) == pytest.approx(smd)
    assert standardised_mean_difference(scores, 1 - member) == pytest.approx(-smd)


def test_mean_difference_by_hand() -> None:
    # Means 3 and 1; standard deviation of 2, 4, 1, 1 is the root of 2.
    value = standardised_mean_difference([2, 4, 1, 1], [1, 1, 0, 0])

    assert value == pytest.approx(2 / 2**0.5)
    assert standardised_mean_difference([0.1] * 4, [1, 1, 0, 0]) == 0.0


@pytest.mark.parametrize(
    ("values", "protected"),
    [([1, 0], [1, 1]), ([1, 0], [0, 0]), ([], []), ([1, 0], [1, 0, 1]), ([1, 0], [1, 2])],
)
def test_groups_that_make_no_sense_are_refused(values: list[int], protected: list[int]) -> None:
    for measure in (adverse_impact_ratio, standardised_mean_difference):
        with pytest.raises(UsageError) as caught:
            measure(values, protected)
        assert caught.value.code == "statistics-input"
