"""Contracts enforced on whole tables."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from typing import Any

import polars as pl
import pytest

from scorewright.core.contracts import Column, ColumnType, Contract, UnknownPolicy, Use
from scorewright.core.tables import CellProblem, ColumnProblem, check_frame, coerce, joined


def of(*columns: Column, **roles: str) -> Contract:
    return Contract("loans", columns, **roles)  # type: ignore[arg-type]


def coerced(kind: ColumnType, series: pl.Series) -> tuple[pl.Series, list[tuple[int, str]]]:
    done = coerce(pl.DataFrame({"x": series}), of(Column("x", kind)))
    return done.frame["x"], [(p.row, p.code) for p in done.problems]


def codes(frame: pl.DataFrame, contract: Contract) -> list[tuple[str, str, str, int]]:
    return [(p.column, p.code, p.severity, p.count) for p in check_frame(frame, contract).errors]


@pytest.mark.parametrize(
    ("kind", "given", "typed", "problems"),
    [
        (
            ColumnType.INTEGER,
            ["1", " 2 ", "3.0", "1e3", "", None, "x", "1.5", "1,5", "9007199254740993", "inf"],
            [1, 2, 3, 1000, None, None, None, None, None, None, None],
            [(7, "type"), (8, "type"), (9, "type"), (11, "not-finite"), (10, "range")],
        ),
        (ColumnType.INTEGER, [1.0, float("nan"), 2.5], [1, None, None], [(3, "type")]),
        (
            ColumnType.INTEGER,
            [2**53, -(2**53), 2**53 + 1],
            [2**53, -(2**53), None],
            [(3, "range")],
        ),
        (
            ColumnType.NUMBER,
            ["1.5", "NaN", "-Infinity", "0x1A", "1_000", "9007199254740993", "1e20"],
            [1.5, None, None, None, None, None, 1e20],
            [(4, "type"), (5, "type"), (3, "not-finite"), (6, "range")],
        ),
        (ColumnType.NUMBER, [True, False], [None, None], [(1, "type"), (2, "type")]),
        (
            ColumnType.BOOLEAN,
            ["true", "No", "1", "F", "2"],
            [True, False, True, False, None],
            [(5, "type")],
        ),
        (ColumnType.BOOLEAN, [1.0, 0.0, None, 0.5], [True, False, None, None], [(4, "type")]),
        (ColumnType.CATEGORY, [1.0, 2.5, None], ["1", "2.5", None], []),
        (ColumnType.TEXT, ["a" * 1001, " "], [None, None], [(1, "too-long")]),
        (
            ColumnType.DATE,
            ["2024-02-29", "2024-02-30", "29.02.2024", "2024-02-29 00:00:00", "2024-02-29T10:00"],
            [date(2024, 2, 29), None, None, date(2024, 2, 29), None],
            [(2, "type"), (3, "type"), (5, "type")],
        ),
        (
            ColumnType.DATETIME,
            ["2024-01-05T10:00:00+02:00", "2024-01-05 10:00:00", "2024-01-05T10:00:00Z", "noon"],
            [
                datetime(2024, 1, 5, 8, tzinfo=UTC),
                datetime(2024, 1, 5, 10, tzinfo=UTC),
                datetime(2024, 1, 5, 10, tzinfo=UTC),
                None,
            ],
            [(4, "type")],
        ),
        (ColumnType.NUMBER, [[1.0], [2.0]], [None, None], [(1, "type"), (2, "type")]),
        (ColumnType.TEXT, [{"a": 1}], [None], [(1, "type")]),
    ],
)
def test_columns_become_typed_and_misfits_are_named(
    kind: ColumnType, given: list[Any], typed: list[Any], problems: list[tuple[int, str]]
) -> None:
    series, found = coerced(kind, pl.Series(given))

    assert series.to_list() == typed
    assert found == problems


def test_coerced_types_do_not_depend_on_the_input() -> None:
    contract = of(*(Column(str(kind), kind) for kind in ColumnType))
    nothing = pl.DataFrame({str(kind): pl.Series([None], dtype=pl.Null) for kind in ColumnType})

    typed = coerce(nothing, contract).frame

    assert typed.schema == {
        "integer": pl.Int64,
        "number": pl.Float64,
        "boolean": pl.Boolean,
        "category": pl.String,
        "text": pl.String,
        "date": pl.Date,
        "datetime": pl.Datetime("us", "UTC"),
    }


def test_a_misfit_is_quoted_with_its_row() -> None:
    contract = of(Column("income", ColumnType.NUMBER, minimum=0.0))

    done = coerce(pl.DataFrame({"income": ["1", "much"]}), contract)

    assert done.problems == (CellProblem(2, "income", "type", "a number of at least 0", "much"),)


def test_missing_and_unknown_columns_belong_to_the_table() -> None:
    contract = of(Column("a", ColumnType.NUMBER), Column("b", ColumnType.NUMBER))

    problems = coerce(pl.DataFrame({"a": ["1"], "c": ["1"]}), contract).problems

    assert [(p.row, p.column, p.code) for p in problems] == [
        (0, "b", "missing-column"),
        (0, "c", "unknown-column"),
    ]
    some = coerce(pl.DataFrame({"a": ["1"]}), contract, required=["a"])
    assert some.problems == ()
    assert some.frame.columns == ["a"]


def test_every_rule_is_reported_once_with_rows_and_examples() -> None:
    # Given a table that breaks each rule somewhere
    contract = of(
        Column("id", ColumnType.INTEGER, nullable=False, use=Use.MONITORING),
        Column("income", ColumnType.NUMBER, nullable=False, minimum=0.0, maximum=10.0),
        Column("home", ColumnType.CATEGORY, categories=("own", "rent")),
        Column("job", ColumnType.CATEGORY, categories=("a", "b"), unknown=UnknownPolicy.REJECT),
        Column("bad", ColumnType.INTEGER, nullable=False),
        key="id",
        target="bad",
        bad_value="1",
    )
    frame = pl.DataFrame(
        {
            "id": ["1", "2", "2", "3", "3"],
            "income": ["-1", "11", "x", "", "5"],
            "home": ["own", "tent", "tent", "cave", None],
            "job": ["a", "b", "z", "a", "b"],
            "bad": ["1", "0", "", "0", "1"],
        }
    )

    # When it is checked
    report = check_frame(frame, contract)

    # Then each problem stands there once, errors first
    assert [(p.column, p.code, p.severity, p.first_rows) for p in report.errors] == [
        ("income", "type", "error", (3,)),
        ("income", "not-nullable", "error", (4,)),
        ("income", "range", "error", (1,)),
        ("income", "range", "error", (2,)),
        ("job", "category", "error", (3,)),
        ("bad", "target-missing", "error", (3,)),
        ("id", "duplicate-key", "warning", (2, 3, 4, 5)),
        ("home", "unknown-category", "warning", (2, 3, 4)),
    ]
    assert report.errors[7] == ColumnProblem(
        "home", "unknown-category", "warning", 3, (2, 3, 4), ("tent", "cave"), "one of own, rent"
    )
    assert report.unknown_categories == {"home": {"tent": 2, "cave": 1}}
    assert report.frame["home"].to_list() == ["own", None, None, None, None]
    assert report.bad_rows == (1, 2, 3, 4)
    assert report.reasons(4) == ("income: not-nullable, expected a number between 0 and 10",)
    assert report.reasons(5) == ()
    assert not report.is_clean
    document = json.loads(json.dumps(report.to_dict(), allow_nan=False))
    assert document["rows"] == 5
    assert [e["code"] for e in document["errors"]] == [p.code for p in report.errors]


LEARNING = of(
    Column("id", ColumnType.INTEGER, use=Use.MONITORING),
    Column("x", ColumnType.NUMBER),
    Column("note", ColumnType.TEXT, use=Use.MONITORING),
    Column("bad", ColumnType.INTEGER, nullable=False),
    key="id",
    target="bad",
    bad_value="1",
)


def learning(**columns: list[str | None]) -> pl.DataFrame:
    rows: dict[str, list[str | None]] = {
        "id": ["1", "2", "3"],
        "x": ["1", "2", "3"],
        "note": ["a", "b", "c"],
        "bad": ["0", "1", "0"],
    }
    return pl.DataFrame(rows | columns, schema_overrides=dict.fromkeys(rows, pl.String))


def test_a_clean_table_is_clean() -> None:
    assert codes(learning(), LEARNING) == []


@pytest.mark.parametrize(
    ("columns", "expected"),
    [
        ({"x": [None] * 3}, [("x", "all-missing", "error", 0)]),
        ({"note": [None] * 3}, [("note", "all-missing", "warning", 0)]),
        ({"x": ["7"] * 3}, [("x", "constant", "warning", 0)]),
        ({"x": ["?"] * 3}, [("x", "type", "error", 3)]),
        ({"bad": [None] * 3}, [("bad", "target-missing", "error", 3)]),
        ({"id": ["1", "1", "2"]}, [("id", "duplicate-key", "warning", 2)]),
        (
            {"id": ["1", "1", "2"], "x": ["1"] * 2 + ["2"], "note": ["a"] * 3, "bad": ["1"] * 3},
            [("id", "duplicate-row", "error", 1), ("id", "duplicate-key", "warning", 2)],
        ),
    ],
)
def test_whole_columns_and_repeated_rows(
    columns: dict[str, list[str | None]], expected: list[tuple[str, str, str, int]]
) -> None:
    assert codes(learning(**columns), LEARNING) == expected


def test_rows_to_score_may_agree_and_be_empty() -> None:
    scoring = LEARNING.for_scoring(with_key=True)
    frame = learning(x=[None] * 3).select("id", "x")

    assert codes(frame, scoring) == []
    assert codes(frame.select("id"), scoring) == [("x", "missing-column", "error", 0)]


def test_a_repeated_row_is_the_later_one() -> None:
    frame = pl.concat([learning(), learning()[1:2]])

    report = check_frame(frame, LEARNING)

    assert [p.first_rows for p in report.errors if p.code == "duplicate-row"] == [(4,)]
    assert report.bad_rows == (4,)


def test_a_table_checked_in_parts_gives_the_report_of_the_whole() -> None:
    contract = Contract(
        table="t",
        columns=(
            Column("id", ColumnType.INTEGER, nullable=False),
            Column("age", ColumnType.INTEGER, minimum=18),
            Column("kind", ColumnType.CATEGORY, categories=("a", "b")),
        ),
        key="id",
    )
    frame = pl.DataFrame(
        {
            "id": ["1", "2", "3", "1", None, "x", "7"],
            "age": ["20", "17", "old", "30", "16", "40", ""],
            "kind": ["a", "z", "b", "y", "z", "a", "z"],
        }
    )
    whole = check_frame(frame, contract)
    for size in (1, 2, 3, 7):
        parts = [check_frame(part, contract) for part in frame.iter_slices(size)]
        found = joined(parts, [part.frame.get_column("id") for part in parts])
        assert found.bad_rows == whole.bad_rows
        for row in range(1, 8):
            assert sorted(found.reasons(row)) == sorted(whole.reasons(row))
        assert dict(found.unknown_categories) == dict(whole.unknown_categories)
        assert list(found.unknown_categories["kind"]) == ["z", "y"]
        assert sorted(found.errors, key=repr) == sorted(whole.errors, key=repr)
    assert "duplicate-key" in {problem.code for problem in whole.errors}
