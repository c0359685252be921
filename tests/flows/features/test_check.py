"""The check of dates, keys and links, table by table."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from datetime import date

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.fakes.features import Heard, MemoryBuilds, declare, frames
from tests.fakes.histories import MemoryRows
from tests.fakes.machine import CountingClock

from scorewright.core.contracts import Contract
from scorewright.core.features import prove_as_of, with_entity
from scorewright.core.project import FeatureSettings
from scorewright.flows.events import StageDone, StepDone, ignore
from scorewright.flows.features.build import BuildTools, build_features
from scorewright.flows.features.check import CheckTools, FeaturesCheck, TableCheck, check_features
from scorewright.flows.features.ports import Engine
from scorewright.flows.features.tables import load_tables
from scorewright.flows.ports import TableFile

Frames = dict[str, pl.DataFrame]


def check(rows: Frames, name: str = "more", batch: int = 1000) -> FeaturesCheck:
    tools = CheckTools(MemoryRows(rows, batch), MemoryBuilds(), ignore)
    return check_features(declare(name), tools)


def table(result: FeaturesCheck, name: str) -> TableCheck:
    return next(t for t in result.tables if t.table == name)


def no_engine() -> Engine:
    raise AssertionError("these rows fit in memory")


def test_clean_tables_have_no_findings() -> None:
    heard = Heard()
    result = check_features(declare(), CheckTools(MemoryRows(frames()), MemoryBuilds(), heard))
    assert result.is_clean
    assert result.findings == ()
    assert [t.table for t in result.tables] == ["loans", "bureau", "months"]
    proof = table(result, "bureau").proof
    assert proof is not None
    # Four rows in the file, one of an application that is not among ours
    assert (table(result, "bureau").rows, proof.rows) == (4, 3)
    assert isinstance(heard.events[-1], StageDone)
    assert "not built yet" in heard.text


def test_only_keys_links_and_dates_are_read() -> None:
    asked: dict[str, tuple[str, ...]] = {}

    class Listening(MemoryRows):
        def batches(
            self, table: TableFile, contract: Contract, columns: Sequence[str]
        ) -> Iterator[pl.DataFrame]:
            asked[table.name] = tuple(columns)
            return super().batches(table, contract, columns)

    check_features(declare(), CheckTools(Listening(frames()), MemoryBuilds(), ignore))
    assert asked == {
        "loans": ("loan_id", "decided"),
        "bureau": ("loan_id", "opened", "bureau_id"),
        "months": ("bureau_id", "month"),
    }


def test_a_row_from_the_future_is_told_with_key_and_dates() -> None:
    # Given a loan that was opened on the day of the decision of application 2
    rows = frames()
    rows["bureau"] = rows["bureau"].with_columns(
        opened=pl.when(pl.col("bureau_id") == 12).then(pl.lit(date(2024, 6, 1))).otherwise("opened")
    )
    # When
    result = check(rows)
    # Then
    assert not result.is_clean
    (finding,) = result.findings
    assert (finding.code, finding.severity, finding.subject) == ("FEAT-001", "error", "bureau")
    assert "1 of 3 rows" in finding.message
    assert "application 2, opened = 2024-06-01, decision 2024-06-01" in finding.message
    assert finding.evidence["offenders"][0]["key"] == "2"


def test_future_rows_deep_below_are_told_under_the_application() -> None:
    rows = frames()
    rows["months"] = rows["months"].with_columns(month=pl.Series([-2, 0, -1, -3]))
    (finding,) = check(rows).findings
    assert (finding.code, finding.subject) == ("FEAT-001", "months")
    assert "application 1, month = 0, decision 0" in finding.message


def test_future_rows_of_strangers_are_nobodys_business() -> None:
    # Bureau row 13 lies in 2030, of application 99 which is not among ours
    assert check(frames()).findings == ()


def test_a_row_without_a_date_is_told() -> None:
    rows = frames()
    rows["months"] = rows["months"].with_columns(month=pl.Series([-2, None, -1, -3]))
    (finding,) = check(rows).findings
    assert (finding.code, finding.severity) == ("FEAT-002", "error")
    assert "application 1, month is missing" in finding.message


@pytest.mark.parametrize(
    ("name", "ids", "example"),
    [("loans", [1, 1, 3], "1"), ("bureau", [10, 10, 12, 13], "10")],
)
def test_a_repeated_key_is_told(name: str, ids: list[int], example: str) -> None:
    rows = frames()
    key = {"loans": "loan_id", "bureau": "bureau_id"}[name]
    rows[name] = rows[name].with_columns(pl.Series(key, ids))
    found = [f for f in check(rows).findings if f.code == "FEAT-003"]
    assert [(f.severity, f.subject) for f in found] == [("error", name)]
    assert found[0].evidence == {"key": key, "values": 1, "examples": [example]}


def test_a_missing_key_is_told() -> None:
    rows = frames()
    rows["bureau"] = rows["bureau"].with_columns(bureau_id=pl.Series([10, None, 12, 13]))
    assert "FEAT-003" in [f.code for f in check(rows).findings]


def test_a_key_nothing_hangs_on_may_repeat() -> None:
    rows = {**frames(), "bureau": pl.concat([frames()["bureau"], frames()["bureau"]])}
    declared = declare("plain")
    plan = declared.plan.restricted(("loans_count",))
    only_counts = type(declared)(declared.library, plan, declared.sources)
    tools = CheckTools(MemoryRows(rows), MemoryBuilds(), ignore)
    assert check_features(only_counts, tools).findings == ()


def test_orphans_warn_and_do_not_stop() -> None:
    rows = frames()
    rows["months"] = rows["months"].with_columns(bureau_id=pl.Series([10, 777, 11, None]))
    result = check(rows)
    assert result.is_clean
    (finding,) = result.findings
    assert (finding.code, finding.severity, finding.subject) == ("FEAT-004", "warning", "months")
    assert table(result, "months").orphans == 2


def test_a_table_without_dates_warns() -> None:
    result = check(frames(), "other")
    assert result.is_clean
    (finding,) = result.findings
    assert (finding.code, finding.subject) == ("FEAT-005", "notes")


def test_progress_counts_the_rows_of_each_table() -> None:
    heard = Heard()
    check_features(declare(), CheckTools(MemoryRows(frames(), 3), MemoryBuilds(), heard))
    steps = [(e.done, e.detail) for e in heard.events if isinstance(e, StepDone)]
    assert steps == [
        (1, "bureau, 3 rows"),
        (1, "bureau, 4 rows"),
        (2, "months, 3 rows"),
        (2, "months, 4 rows"),
    ]


@pytest.mark.parametrize("emptied", [("bureau",), ("months",), ("bureau", "months"), ("loans",)])
def test_empty_tables_prove_nothing_wrong(emptied: tuple[str, ...]) -> None:
    rows = frames()
    for name in emptied:
        rows[name] = rows[name].head(0)
    result = check(rows)
    assert result.is_clean
    assert [f.code for f in result.findings] == (["FEAT-004"] if emptied == ("bureau",) else [])


def test_a_build_tells_features_that_say_nothing() -> None:
    # Given rows in which nobody has an amount, and everybody one loan
    rows = frames()
    rows["bureau"] = pl.DataFrame(
        {
            "loan_id": [1, 2, 3],
            "bureau_id": [10, 11, 12],
            "opened": [date(2020, 1, 1)] * 3,
            "amount": pl.Series([None, None, None], dtype=pl.Float64),
            "kind": ["car", "card", "car"],
        }
    )
    declared, builds, source = declare("plain"), MemoryBuilds(), MemoryRows(rows)
    tools = BuildTools(source, builds, no_engine, CountingClock(), ignore)
    built = build_features(declared, FeatureSettings(), tools)
    # When
    result = check_features(declared, CheckTools(source, builds, ignore))
    # Then
    assert result.build == built.build.digest
    told = {(f.code, f.subject) for f in result.findings}
    assert told == {("FEAT-006", "amount_sum"), ("FEAT-007", "loans_count")}
    assert result.is_clean


def test_the_document_is_json_and_errors_come_first() -> None:
    rows = frames()
    rows["months"] = rows["months"].with_columns(
        bureau_id=pl.Series([10, 777, 11, 12]), month=pl.Series([-2, -1, 5, -3])
    )
    result = check(rows)
    document = json.loads(json.dumps(result.to_dict(), default=str))
    assert document["is_clean"] is False
    assert [f["code"] for f in document["findings"]] == ["FEAT-001", "FEAT-004"]
    assert [row[0] for row in result.table_rows()] == ["loans", "bureau", "months"]
    assert len(result.finding_rows()) == 2


day = st.dates(date(2024, 5, 28), date(2024, 6, 4))


@settings(max_examples=40, deadline=None)
@given(
    bureau=st.lists(st.tuples(st.integers(1, 5), st.none() | day), max_size=12),
    months=st.lists(st.tuples(st.integers(0, 14), st.none() | st.integers(-3, 2)), max_size=12),
    batch=st.integers(1, 5),
)
def test_reading_in_batches_proves_what_reading_at_once_proves(
    bureau: list[tuple[int, date | None]], months: list[tuple[int, int | None]], batch: int
) -> None:
    rows = {
        **frames(),
        "bureau": pl.DataFrame(
            [(loan, 10 + i, opened, 1.0, "car") for i, (loan, opened) in enumerate(bureau)],
            schema=frames()["bureau"].schema,
            orient="row",
        ),
        "months": pl.DataFrame(
            [(number, month, 0) for number, month in months],
            schema=frames()["months"].schema,
            orient="row",
        ),
    }
    result, declared = check(rows, batch=batch), declare()
    files = {name: source.file for name, source in declared.sources.items()}
    whole = load_tables(declared.plan, files, MemoryRows(rows))
    ready = {"loans": whole["loans"], **with_entity(declared.plan, whole)}
    for proof in prove_as_of(declared.plan, ready):
        found = table(result, proof.table).proof
        assert found is not None
        counts = (proof.rows, proof.future, proof.undated)
        assert (found.rows, found.future, found.undated) == counts
