"""Applications in memory take the place of their table; a date is assumed only where it counts."""

from __future__ import annotations

from datetime import date

import polars as pl
import pytest
from tests.fakes.features import CONTRACTS, declare, frames, library
from tests.fakes.histories import MemoryRows

from scorewright.core.contracts import Contract
from scorewright.core.errors import UsageError
from scorewright.core.features import Feature, FeatureLibrary, FeaturePlan, FeatureSet, parse
from scorewright.core.tables import check_frame, frame_digest
from scorewright.flows.ports import TableFile
from scorewright.flows.score_late import find_late, late_failures, with_repeated
from scorewright.flows.score_rows import KeptRows, dated, histories_of

TODAY = date(2026, 11, 21)
DATED = declare("plain").plan
LOANS, NOTES = TableFile("loans", ()), TableFile("notes", ())


def undated() -> FeaturePlan:
    """A plan that compares no dates, though its applications have one."""
    counted = FeatureSet("counted", (Feature("n", parse("count(notes) / income")),))
    return declare("counted", FeatureLibrary(library().links, (counted,))).plan


def test_kept_rows_stand_in_for_the_applications_alone() -> None:
    rows = MemoryRows(frames())
    kept = KeptRows("loans", frames()["loans"].head(2), rows)
    columns = ("income", "loan_id")
    read = pl.concat(kept.batches(LOANS, CONTRACTS["loans"], columns))
    assert read.equals(frames()["loans"].head(2).select(columns))
    assert rows.reads == []
    assert kept.digest(LOANS) == frame_digest(kept.frame) != rows.digest(LOANS)
    assert kept.size(LOANS) < rows.size(LOANS)
    assert pl.concat(kept.batches(NOTES, CONTRACTS["notes"], ("length",))).height == 2
    assert kept.digest(NOTES) == rows.digest(NOTES)
    assert kept.size(NOTES) == rows.size(NOTES)


def test_no_kept_rows_are_one_empty_frame() -> None:
    kept = KeptRows("loans", frames()["loans"].clear(), MemoryRows(frames()))
    (frame,) = kept.batches(LOANS, CONTRACTS["loans"], ("loan_id",))
    assert frame.shape == (0, 1)


def test_today_is_the_decision_where_one_is_needed_and_none_is_there() -> None:
    bare = frames()["loans"].drop("decided")
    given, assumed = dated(bare, DATED, TODAY)
    assert assumed == TODAY
    assert given["decided"].to_list() == [TODAY] * 3
    assert dated(frames()["loans"], DATED, TODAY)[1] is None
    assert dated(bare, DATED, None)[1] is None
    assert dated(bare, None, TODAY)[1] is None


def test_a_plan_that_compares_no_dates_asks_for_none() -> None:
    bare = frames()["loans"].drop("decided")
    given, assumed = dated(bare, undated(), TODAY)
    assert assumed is None
    assert given.equals(bare)
    assert "decided" not in undated().columns_of("loans")
    files = {"notes": NOTES}
    assert find_late(undated(), bare, files, MemoryRows(frames())) == ()


def test_late_rows_are_found_through_their_parents() -> None:
    changed = frames()
    # Month 0 of a loan of applicant 2, and rows of a loan that is nobody's
    changed["months"] = pl.DataFrame(
        {"bureau_id": [12, 13, 10], "month": [0, 5, -1], "late": [0, 0, 0]}
    )
    files = {name: TableFile(name, ()) for name in DATED.tables}
    found = find_late(DATED, changed["loans"], files, MemoryRows(changed, batch=1))
    failures = late_failures(changed["loans"]["loan_id"], found)
    assert [(f.column, f.code, f.rows.tolist()) for f in failures] == [
        ("months.month", "future-row", [1])
    ]


def test_repeated_and_missing_keys_are_errors() -> None:
    contract = Contract("loans", (CONTRACTS["notes"].columns[0],), key="loan_id")
    keys = ["7", "8", "7", None, "x", "x"]
    report = with_repeated(check_frame(pl.DataFrame({"loan_id": keys}), contract), "loan_id")
    assert report.bad_rows == (1, 3, 4, 5, 6)
    assert [report.reasons(row)[0].split(",")[0] for row in (1, 4, 5)] == [
        "loan_id: duplicate-key",
        "loan_id: duplicate-key",
        "loan_id: type",
    ]
    assert len(report.reasons(5)) == 1


def test_clean_keys_change_nothing() -> None:
    contract = Contract("loans", (CONTRACTS["notes"].columns[0],), key="loan_id")
    report = check_frame(pl.DataFrame({"loan_id": [1, 2]}), contract)
    assert with_repeated(report, "loan_id") is report


def test_a_bundle_with_features_and_no_tables_is_refused() -> None:
    with pytest.raises(UsageError) as caught:
        histories_of(DATED, None)
    assert caught.value.code == "features-relations"
