"""Fold plans: stratified, grouped and out of time."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.model_selection import StratifiedKFold

from scorewright.core.errors import UsageError
from scorewright.core.validation import FoldPlan, Scheme, plan_folds

Labels = npt.NDArray[np.int8]


def _labels(n: int, share: float = 0.2, seed: int = 0) -> Labels:
    return (np.random.default_rng(seed).random(n) < share).astype(np.int8)


def _days(n: int, span: int, seed: int = 0) -> pl.Series:
    offsets = np.random.default_rng(seed).integers(0, span, n)
    return pl.Series([date(2020, 1, 1) + timedelta(days=int(d)) for d in offsets])


@settings(max_examples=25, deadline=None)
@given(st.integers(40, 300), st.integers(2, 8), st.integers(0, 5))
def test_stratified_folds_are_a_partition_with_even_bads(n: int, folds: int, seed: int) -> None:
    y = np.arange(n).astype(np.int8) % 4 == 0
    labels = y.astype(np.int8)
    plan = plan_folds(labels, scheme="auto", folds=folds, seed=seed)
    assert (plan.scheme, plan.label, plan.cut) == ("stratified", f"{folds}-fold CV", None)
    seen = []
    for number, train, valid in plan.splits():
        assert set(train) | set(valid) == set(range(n))
        assert not set(train) & set(valid)
        assert (plan.fold[valid] == number).all()
        seen += valid.tolist()
    assert sorted(seen) == list(range(n))
    bads = np.bincount(plan.fold, weights=labels)
    assert bads.max() - bads.min() <= 1


def test_auto_groups_where_an_applicant_comes_back() -> None:
    y = _labels(600)
    applicants = np.random.default_rng(1).integers(0, 200, 600)
    plan = plan_folds(y, scheme="auto", folds=5, seed=1, groups=applicants)
    assert (plan.scheme, plan.label) == ("grouped", "5-fold CV")
    for applicant in np.unique(applicants):
        assert np.unique(plan.fold[applicants == applicant]).size == 1


def test_auto_does_not_group_single_applicants() -> None:
    plan = plan_folds(_labels(100), scheme="auto", folds=5, seed=1, groups=np.arange(100))
    assert plan.scheme == "stratified"


@pytest.mark.parametrize("keys", [[None, None, None, "a"] * 50, [float("nan")] * 100 + [1.0] * 100])
def test_missing_keys_are_applicants_of_their_own(keys: list[Any]) -> None:
    """Taken as one applicant, the missing keys could not be dealt into folds."""
    plan = plan_folds(_labels(200), scheme="grouped", folds=3, seed=1, groups=keys)
    missing = pl.Series(keys).cast(pl.String).is_in(["NaN"]) | pl.Series(keys).is_null()
    assert np.unique(plan.fold[missing.to_numpy()]).size > 1
    assert np.unique(plan.fold[~missing.to_numpy()]).size == 1


def test_the_newest_months_stay_out() -> None:
    y, days = _labels(3_000), _days(3_000, 730)
    plan = plan_folds(y, scheme="auto", folds=5, seed=1, dates=days)
    assert (plan.scheme, plan.label) == ("out_of_time", "out of time")
    assert plan.cut is not None
    assert plan.cut.day == 1
    assert plan.is_oot.mean() == pytest.approx(0.2, abs=0.05)
    np.testing.assert_array_equal(plan.is_oot, (days >= plan.cut).to_numpy())
    np.testing.assert_array_equal(plan.fold == -1, plan.is_oot)
    for _, train, valid in plan.splits():
        assert not plan.is_oot[train].any()
        assert not plan.is_oot[valid].any()


def test_within_one_month_whole_days_stay_out() -> None:
    days = _days(1_000, 20)
    plan = plan_folds(_labels(1_000), scheme="out_of_time", folds=3, seed=1, dates=days)
    assert plan.cut == date(2020, 1, 17)
    assert plan.is_oot.mean() == pytest.approx(0.2, abs=0.05)


def test_out_of_time_groups_applicants_inside_development() -> None:
    applicants = np.random.default_rng(1).integers(0, 300, 900)
    plan = plan_folds(
        _labels(900), scheme="auto", folds=4, seed=1, groups=applicants, dates=_days(900, 700)
    )
    for applicant in np.unique(applicants):
        mine = plan.fold[(applicants == applicant) & ~plan.is_oot]
        assert np.unique(mine).size <= 1


def test_numpy_dates_and_datetimes_are_taken() -> None:
    days = _days(500, 400)
    y = _labels(500)
    wanted = plan_folds(y, scheme="auto", folds=3, seed=1, dates=days)
    for dates in (days.to_numpy(), days.cast(pl.Datetime), days.to_list()):
        plan = plan_folds(y, scheme="auto", folds=3, seed=1, dates=dates)
        assert plan.cut == wanted.cut
        np.testing.assert_array_equal(plan.fold, wanted.fold)


def test_the_seed_alone_decides() -> None:
    y = _labels(400)
    first, again, other = (plan_folds(y, scheme="auto", folds=5, seed=s) for s in (1, 1, 2))
    np.testing.assert_array_equal(first.fold, again.fold)
    assert (first.fold != other.fold).any()


MIXED = _labels(60)
ONE_DAY = [date(2020, 1, 1)] * 60


@pytest.mark.parametrize(
    ("y", "scheme", "extra", "code"),
    [
        (np.zeros(60, dtype=np.int8), "auto", {}, "one-class"),
        (np.ones(60, dtype=np.int8), "auto", {}, "one-class"),
        (np.array([1, 1] + [0] * 58, dtype=np.int8), "auto", {}, "too-few-bads"),
        (MIXED, "grouped", {}, "validation-scheme"),
        (MIXED, "grouped", {"groups": np.arange(60) % 2}, "too-few-bads"),
        (
            np.repeat([1, 1, 0, 0, 0, 0], 10).astype(np.int8),
            "grouped",
            {"groups": np.repeat(np.arange(6), 10)},
            "too-few-bads",
        ),
        (MIXED, "out_of_time", {}, "decision-date-missing"),
        (MIXED, "auto", {"dates": [None, *ONE_DAY[1:]]}, "decision-date-missing"),
        (MIXED, "auto", {"dates": pl.Series(ONE_DAY).to_numpy()}, "validation-scheme"),
        (MIXED, "auto", {"dates": ["soon"] * 60}, "validation-scheme"),
        (
            np.array([0, 1] * 20 + [0] * 20, dtype=np.int8),
            "auto",
            {"dates": [date(2020, 1, 1)] * 40 + [date(2021, 1, 1)] * 20},
            "one-class",
        ),
        (
            np.array([0] * 40 + [0, 1] * 10, dtype=np.int8),
            "auto",
            {"dates": [date(2020, 1, 1)] * 40 + [date(2021, 1, 1)] * 20},
            "one-class",
        ),
    ],
)
def test_what_cannot_be_validated_is_said(
    y: Labels, scheme: Scheme, extra: dict[str, Any], code: str
) -> None:
    with pytest.raises(UsageError) as caught:
        plan_folds(y, scheme=scheme, folds=5, seed=1, **extra)
    assert caught.value.code == code
    assert caught.value.remedy


def test_missing_numpy_dates_are_counted() -> None:
    dates = np.array(["2020-01-01", "NaT"] * 30, dtype="datetime64[D]")
    with pytest.raises(UsageError, match="30 rows") as caught:
        plan_folds(MIXED, scheme="auto", folds=3, seed=1, dates=dates)
    assert caught.value.code == "decision-date-missing"


def test_a_datetime_counts_as_its_day() -> None:
    dates = [datetime(2020, 1, 1 + i // 6, 12, 30) for i in range(60)]  # noqa: DTZ001 - local dates
    plan = plan_folds(MIXED, scheme="out_of_time", folds=3, seed=1, dates=dates)
    assert plan.cut == date(2020, 1, 9)
    assert plan.is_oot.sum() == 12


def test_one_repeat_is_the_plan_as_it_was() -> None:
    y = _labels(300)
    once = plan_folds(y, scheme="stratified", folds=5, seed=9)
    again = plan_folds(y, scheme="stratified", folds=5, seed=9, repeats=3)
    splitter = StratifiedKFold(5, shuffle=True, random_state=9)
    for number, (_, valid) in enumerate(splitter.split(y, y)):
        assert (once.fold[valid] == number).all()
    assert once.others == ()
    assert list(once.repeated_splits()) == []
    assert once.fold.tobytes() == again.fold.tobytes()


@pytest.mark.parametrize("kind", ["stratified", "grouped", "out_of_time"])
def test_repeats_deal_the_same_rows_differently(kind: Scheme) -> None:
    # Given applicants with several rows, and dates
    n, folds, repeats = 600, 4, 3
    y = _labels(n)
    applicants = np.random.default_rng(1).integers(0, 250, n)
    days = _days(n, 300)

    def plan(seed: int) -> FoldPlan:
        return plan_folds(
            y, scheme=kind, folds=folds, seed=seed, repeats=repeats, groups=applicants, dates=days
        )

    # When
    made, same, other = plan(5), plan(5), plan(6)
    # Then the same seed gives the same plan, another seed other folds
    assert [f.tobytes() for f in (made.fold, *made.others)] == [
        f.tobytes() for f in (same.fold, *same.others)
    ]
    assert all((a != b).any() for a, b in zip(made.others, other.others, strict=True))
    # And the repeats differ from one another
    dealt = [made.fold, *made.others]
    assert len({f.tobytes() for f in dealt}) == repeats
    # And each is a partition of the development rows that keeps applicants together
    splits = list(made.repeated_splits())
    assert [number for number, _, _ in splits] == list(range(folds, folds * repeats))
    development = set(np.flatnonzero(~made.is_oot).tolist())
    for fold, mine in zip(made.others, (splits[:folds], splits[folds:]), strict=True):
        assert {int(row) for _, _, valid in mine for row in valid} == development
        assert sum(len(valid) for _, _, valid in mine) == len(development)
        assert (fold[made.is_oot] == -1).all()
        for _, train, valid in mine:
            assert set(train.tolist()) | set(valid.tolist()) == development
            if kind != "stratified":
                assert not set(applicants[train]) & set(applicants[valid])
