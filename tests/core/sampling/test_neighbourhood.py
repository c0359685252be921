"""Coordinates in which a distance does not depend on units, and has no gaps."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from scorewright.core.errors import UsageError
from scorewright.core.sampling import coordinates, odds_ratio, split_classes, whole_columns

NAN = float("nan")


@given(scale=st.floats(1e-3, 1e6), shift=st.floats(-1e3, 1e3))
def test_units_do_not_matter(scale: float, shift: float) -> None:
    x = np.array([[1.0, NAN], [2.0, 5.0], [4.0, 7.0], [9.0, 6.0]])
    rows, flags = np.arange(4), np.array([False, False])
    np.testing.assert_allclose(
        coordinates(x * scale + shift, rows, rows, flags),
        coordinates(x, rows, rows, flags),
        atol=1e-4,
    )


def test_a_missing_number_stands_at_the_median_of_the_training_rows() -> None:
    x = np.array([[NAN], [1.0], [2.0], [9.0], [1000.0]])
    found = coordinates(x, np.arange(4), np.array([0, 2]), np.array([False]))
    assert found[0, 0] == found[1, 0]


def test_two_levels_are_as_far_apart_as_one_standard_deviation() -> None:
    x = np.array([[0.0, 1.0], [1.0, 1.0], [NAN, 1.0]])
    points = coordinates(x, np.arange(3), np.arange(3), np.array([True, False]))
    for i, j in ((0, 1), (0, 2), (1, 2)):
        assert np.linalg.norm(points[i] - points[j]) == pytest.approx(1.0)


def test_columns_that_say_nothing_leave_one_point() -> None:
    x = np.array([[NAN, 3.0], [NAN, 3.0]])
    rows = np.arange(2)
    points = coordinates(x, rows, rows, np.array([False, False]))
    np.testing.assert_array_equal(points, np.zeros((2, 1)))


def test_whole_columns_are_told_by_the_training_rows_alone() -> None:
    x = np.array([[1.0, 0.5, NAN], [2.0, 1.0, NAN], [0.5, 1.0, NAN]])
    np.testing.assert_array_equal(whole_columns(x, np.array([0, 1])), [True, False, True])


def test_classes_of_the_smaller_and_the_larger() -> None:
    y = np.array([1, 0, 1, 1, 0], dtype=np.int8)
    classes = split_classes(y, np.array([0, 1, 2, 3]), "smote")
    assert (classes.label, classes.bads, classes.goods) == (0, 3, 1)
    assert classes.omega(3, 3) == pytest.approx(1 / 3)
    assert split_classes(y, np.array([0, 1]), "smote").label == 1


def test_the_odds_ratio_is_one_over_the_share_of_goods_kept() -> None:
    assert odds_ratio((100, 400), (100, 100)) == pytest.approx(1 / 0.25)


@pytest.mark.parametrize(("rows", "least"), [([1, 4], 1), ([0, 1, 4], 2), ([], 1)])
def test_too_few_rows_are_refused_with_the_numbers(rows: list[int], least: int) -> None:
    y = np.array([1, 0, 1, 1, 0], dtype=np.int8)
    with pytest.raises(UsageError) as caught:
        split_classes(y, np.array(rows, dtype=np.int64), "smote", least)
    assert caught.value.code == "sampling-impossible"
    assert f"{min(len(rows), int((y[rows] == 1).sum()) if rows else 0)} bads" in str(caught.value)
