"""Planted leaks are found, honest columns are left alone."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING

import numpy as np
import polars as pl
import pytest

from scorewright.core.findings import Finding
from scorewright.core.leakage import LeakageLimits, screen

if TYPE_CHECKING:
    from tests.core.leakage.conftest import Table


def _codes(findings: list[Finding]) -> list[tuple[str, str]]:
    return [(f.code, f.subject) for f in findings]


def test_clean_data_raises_no_finding(clean: Table) -> None:
    assert clean.screened() == []


def test_an_amount_paid_after_default_is_found(clean: Table) -> None:
    rng = np.random.default_rng(1)
    paid = np.where(clean.y == 1, rng.exponential(500, clean.y.size), 0.0)
    (finding,) = clean.planted(amount_sold=pl.Series(paid)).screened()
    assert (finding.code, finding.severity, finding.subject) == (
        "LEAK-001", "error", "amount_sold",
    )  # fmt: skip
    assert finding.evidence["auc"] > 0.99
    assert 'scorewright data accept LEAK-001 amount_sold --reason "..."' in finding.remedy
    assert 'use = "prohibited"' in finding.remedy


def test_a_column_filled_in_only_after_default_is_found(clean: Table) -> None:
    """Its values say nothing; that there is one says it all."""
    rng = np.random.default_rng(1)
    values = pl.Series(rng.random(clean.y.size)).set(pl.Series(clean.y == 0), None)
    (finding,) = clean.planted(agency_fee=values).screened()
    assert (finding.code, finding.subject) == ("LEAK-001", "agency_fee")


def test_a_date_filled_in_only_after_default_is_found(clean: Table) -> None:
    closed = pl.Series([date(2020, 1, 1) if bad else None for bad in clean.y], dtype=pl.Date)
    (finding,) = clean.planted(closed=closed).screened()
    assert (finding.code, finding.subject) == ("LEAK-001", "closed")


def test_a_protective_column_is_found_as_well(clean: Table) -> None:
    """An AUC near 0 knows as much as one near 1."""
    paid = pl.Series(np.where(clean.y == 0, 100.0, 1.0))
    assert _codes(clean.planted(total=paid).screened()) == [("LEAK-001", "total")]


def test_a_target_encoding_made_with_the_target_is_found(clean: Table) -> None:
    """Bad rates of pairs of rows, computed with the row's own outcome among them."""
    pairs = np.arange(clean.y.size) // 2
    rate = np.bincount(pairs, weights=clean.y)[pairs] / 2
    (finding,) = clean.planted(encoded=pl.Series(rate)).screened(LeakageLimits(0.9, 0.5))
    assert finding.subject == "encoded"
    assert finding.code in {"LEAK-001", "LEAK-002"}


def test_a_flag_set_at_default_is_found(clean: Table) -> None:
    flag = pl.Series((clean.y == 1) ^ (np.arange(clean.y.size) % 10 == 0))
    (finding,) = clean.planted(flag=flag).screened()
    assert (finding.code, finding.subject) == ("LEAK-002", "flag")
    assert finding.evidence["information_value"] > 0.5


def test_a_strong_column_has_one_finding_not_two(clean: Table) -> None:
    leak = pl.Series(clean.y.astype(float))
    assert _codes(clean.planted(leak=leak).screened()) == [("LEAK-001", "leak")]


def test_ten_thousand_categories_are_not_informative(clean: Table) -> None:
    rng = np.random.default_rng(2)
    n = clean.y.size
    codes = pl.Series([f"p{code}" for code in rng.integers(0, 10_000, n)])
    singles = pl.Series([f"u{i}" for i in rng.permutation(n)])
    assert clean.planted(postcode=codes, remark=singles).screened() == []


def test_a_category_that_knows_the_outcome_is_found(clean: Table) -> None:
    status = pl.Series(np.where(clean.y == 1, "closed", "paid"))
    assert _codes(clean.planted(status=status).screened()) == [("LEAK-001", "status")]


@pytest.mark.parametrize("value", [None, 1.0])
def test_empty_and_constant_columns_are_taken(clean: Table, value: float | None) -> None:
    column = pl.Series([value] * clean.y.size, dtype=pl.Float64)
    assert clean.planted(odd=column, text=column.cast(pl.String)).screened() == []


@pytest.mark.parametrize("name", ["Recoveries", "avg_DAYS_LATE", "last_pymnt_amnt", "ChgOffPrinGr"])
def test_a_name_from_after_the_outcome_is_found(clean: Table, name: str) -> None:
    noise = pl.Series(np.random.default_rng(3).random(clean.y.size))
    planted = clean.planted(**{name: noise})
    (finding,) = planted.screened()
    assert (finding.code, finding.severity, finding.subject) == ("LEAK-003", "error", name)
    assert planted.screened(hidden=[name]) == []


def test_a_strange_name_is_quoted_in_the_command(clean: Table) -> None:
    leak = pl.Series(clean.y.astype(float))
    (finding,) = clean.planted(**{"paid back; rm": leak}).screened()
    assert "data accept LEAK-001 'paid back; rm' --reason" in finding.remedy


def test_prohibited_columns_and_the_key_are_not_judged(clean: Table) -> None:
    leak = pl.Series(clean.y.astype(float))
    key = pl.Series(np.argsort(np.argsort(-clean.y, kind="stable")))
    planted = clean.planted(leak=leak, id=key)
    assert planted.screened(key="id", hidden=["leak"]) == []


def test_applicants_in_several_folds_are_found(clean: Table) -> None:
    applicant = pl.Series([f"a{i // 2}" for i in range(clean.y.size)])
    (finding,) = clean.planted(applicant=applicant).screened(key="applicant")
    assert (finding.code, finding.severity, finding.subject) == ("LEAK-004", "error", "applicant")
    pairs = clean.fold.reshape(-1, 2)
    assert finding.evidence["applicants"] == int((pairs[:, 0] != pairs[:, 1]).sum())
    assert "grouped" in finding.remedy


def test_applicants_kept_in_one_fold_are_fine(clean: Table) -> None:
    applicant = pl.Series([f"a{i // 2}" for i in range(clean.y.size)])
    fold = np.repeat(clean.fold[::2], 2)
    frame = clean.frame.with_columns(applicant=applicant)
    contract = clean.planted(applicant=applicant).contract(key="applicant")
    assert screen(frame, contract, clean.y, fold, LeakageLimits()) == []


def test_returning_applicants_out_of_time_are_a_warning(clean: Table) -> None:
    applicant = pl.Series([f"a{i // 2}" for i in range(clean.y.size)])
    fold = np.where(np.arange(clean.y.size) % 2 == 0, np.repeat(clean.fold[::2], 2), -1)
    planted = clean.planted(applicant=applicant)
    contract = planted.contract(key="applicant")
    (finding,) = screen(planted.frame, contract, clean.y, fold, LeakageLimits())
    assert (finding.code, finding.severity) == ("LEAK-004", "warning")
    assert finding.evidence["applicants"] == clean.y.size // 2


def test_identical_rows_across_folds_are_counted(clean: Table) -> None:
    """Ten rows entered twice, in another fold; in three the outcome differs."""
    twins = clean.frame.head(10)
    y = np.r_[clean.y, clean.y[:7], 1 - clean.y[7:10]].astype(np.int8)
    fold = np.r_[clean.fold, (clean.fold[:10] + 1) % 5]
    frame = pl.concat([clean.frame, twins])
    (finding,) = screen(frame, clean.contract(), y, fold, LeakageLimits())
    assert (finding.code, finding.severity) == ("LEAK-006", "warning")
    assert finding.evidence["rows"] == 20
    assert finding.evidence["sets"] == 10
    assert finding.evidence["sets_with_one_outcome"] == 7
    assert finding.evidence["share"] == pytest.approx(20 / 4_010, abs=1e-6)


def test_identical_rows_in_one_fold_are_fine(clean: Table) -> None:
    frame = pl.concat([clean.frame, clean.frame.head(10)])
    y, fold = np.r_[clean.y, clean.y[:10]], np.r_[clean.fold, clean.fold[:10]]
    assert screen(frame, clean.contract(), y, fold, LeakageLimits()) == []


def test_a_date_after_the_decision_is_found(clean: Table) -> None:
    n = clean.y.size
    decided = pl.Series([date(2020, 1, 1) + timedelta(days=i % 365) for i in range(n)])
    opened = decided.dt.offset_by("-30d")
    seen = opened.clone().scatter([5, 17], [date(2022, 1, 1), date(2023, 1, 1)])
    assert clean.planted(decided=decided, opened=opened).screened(as_of="decided") == []
    (finding,) = clean.planted(decided=decided, last_seen=seen).screened(as_of="decided")
    assert (finding.code, finding.severity, finding.subject) == ("LEAK-007", "error", "last_seen")
    assert finding.evidence["rows"] == 2
    assert finding.evidence["example_rows"] == [5, 17]


@pytest.mark.parametrize("as_text", [False, True])
def test_a_key_used_as_a_feature_in_a_sorted_file_is_a_warning(clean: Table, as_text: bool) -> None:
    rng = np.random.default_rng(4)
    order = np.argsort(np.argsort(clean.y + rng.normal(0, 1.5, clean.y.size)))
    values = pl.Series(order + 10_000)
    planted = clean.planted(ID=values.cast(pl.String) if as_text else values)
    (finding,) = planted.screened()
    assert (finding.code, finding.severity, finding.subject) == ("LEAK-009", "warning", "ID")
    assert 0.6 < finding.evidence["auc"] < 0.8


def test_lengths_must_agree(clean: Table) -> None:
    with pytest.raises(ValueError, match="differ"):
        screen(clean.frame, clean.contract(), clean.y[:-1], clean.fold, LeakageLimits())
