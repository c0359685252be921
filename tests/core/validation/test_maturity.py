"""Label maturity: a loan counts when its whole window was seen, good and bad alike."""

from __future__ import annotations

import calendar
from datetime import date, datetime, timedelta

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scorewright.core.errors import UsageError
from scorewright.core.validation import label_maturity


def _plus(day: date, months: int) -> date:
    """Add calendar months without the library under test."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    last = calendar.monthrange(year, month + 1)[1]
    return date(year, month + 1, min(day.day, last))


def test_the_day_the_window_closes_counts_and_the_next_does_not() -> None:
    dates = pl.Series([date(2024, 6, 29), date(2024, 6, 30), date(2024, 7, 1)])
    found = label_maturity(dates, 12, date(2025, 6, 30))
    assert found.is_mature.tolist() == [True, True, False]
    assert (found.young, found.first_young, found.later) == (1, date(2024, 7, 1), 0)


def test_a_day_the_later_month_lacks_becomes_its_last() -> None:
    dates = pl.Series([date(2023, 8, 29), date(2023, 8, 30), date(2023, 8, 31), date(2023, 9, 1)])
    assert label_maturity(dates, 6, date(2024, 2, 29)).is_mature.tolist() == [True] * 3 + [False]
    in_common_year = pl.Series([date(2022, 8, 28), date(2022, 8, 31), date(2022, 9, 1)])
    found = label_maturity(in_common_year, 6, date(2023, 2, 28))
    assert found.is_mature.tolist() == [True, True, False]


def test_the_newest_decision_is_the_day_of_reading_unless_told() -> None:
    dates = pl.Series([date(2024, 1, 31), date(2024, 2, 1), date(2024, 4, 30)])
    found = label_maturity(dates, 3)
    assert found.as_of == date(2024, 4, 30)
    assert found.is_mature.tolist() == [True, False, False]


def test_decisions_after_the_day_of_reading_are_left_out_and_counted() -> None:
    dates = pl.Series([date(2023, 1, 1), date(2024, 6, 1), date(2025, 3, 1)])
    found = label_maturity(dates, 6, date(2024, 12, 31))
    assert found.is_mature.tolist() == [True, True, False]
    assert found.later == 1
    assert "1 of 3 rows, decided from 2025-03-01 on" in found.sentence()
    assert "1 of them decided after that day" in found.sentence()


def test_datetimes_count_as_their_days() -> None:
    dates = pl.Series([datetime(2024, 1, 1, 23, 59), datetime(2024, 1, 2, 0, 1)])  # noqa: DTZ001
    assert label_maturity(dates, 1, date(2024, 2, 1)).is_mature.tolist() == [True, False]


def test_all_old_enough_is_said_too() -> None:
    found = label_maturity(pl.Series([date(2020, 1, 1)] * 3), 12, date(2024, 1, 1))
    assert (found.young, found.first_young) == (0, None)
    assert "all 3 rows are old enough" in found.sentence()


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.integers(0, 1_500), min_size=1, max_size=40),
    st.integers(1, 36),
    st.integers(0, 2_000),
)
def test_the_rule_is_that_of_the_calendar(offsets: list[int], months: int, read: int) -> None:
    start = date(2019, 11, 17)
    dates = [start + timedelta(days=offset) for offset in offsets]
    as_of = start + timedelta(days=read)
    expected = [_plus(day, months) <= as_of for day in dates]
    if not any(expected):
        with pytest.raises(UsageError) as caught:
            label_maturity(pl.Series(dates), months, as_of)
        assert caught.value.code == "labels-immature"
        return
    found = label_maturity(pl.Series(dates), months, as_of)
    assert found.is_mature.tolist() == expected
    young = [day for day, ripe in zip(dates, expected, strict=True) if not ripe]
    assert found.first_young == min(young, default=None)
    # Age alone decides: no row that counts is younger than one that does not.
    old = [day for day, ripe in zip(dates, expected, strict=True) if ripe]
    assert not young or max(old) < min(young)


def test_an_early_bad_enters_no_sooner_than_goods_of_its_age() -> None:
    """Bads are known from month 1 on; without the rule the newest months look far worse."""
    rng = np.random.default_rng(3)
    n, read = 20_000, date(2024, 12, 31)
    age = rng.integers(0, 24, n)
    bad, known_at = rng.random(n) < 0.1, rng.integers(1, 13, n)
    dates = pl.Series([_plus(date(2024, 12, 28), -int(a)) for a in age])
    counted = (bad & (known_at <= age)) | (~bad & (age >= 12))
    found = label_maturity(dates, 12, read)
    assert bad[counted].mean() > 0.12
    assert bad[found.is_mature].mean() == pytest.approx(0.1, abs=0.01)


@pytest.mark.parametrize(
    ("dates", "code", "words"),
    [
        (None, "decision-date-missing", "younger than 6 months"),
        ([date(2024, 1, 1), None], "decision-date-missing", "1 row has none"),
        (["2024-01-01"], "validation-scheme", "not dates"),
        ([date(2024, 1, 1), date(2024, 6, 1)], "labels-immature", "2024-01-01"),
        ([], "labels-immature", "there is none"),
    ],
)
def test_what_cannot_be_judged_is_refused(dates: list[object], code: str, words: str) -> None:
    kind = pl.Date if dates == [] else None
    column = None if dates is None else pl.Series(dates, dtype=kind)
    with pytest.raises(UsageError, match=words) as caught:
        label_maturity(column, 6)
    assert caught.value.code == code
    assert caught.value.remedy
