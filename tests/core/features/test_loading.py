"""Rows below rows below rows, and rows that hang on nothing, one applicant at a time."""

from __future__ import annotations

import subprocess
import sys
from datetime import date, datetime

import polars as pl
import pytest

from scorewright.core.contracts import Column, ColumnType, Contract
from scorewright.core.features import (
    Feature,
    History,
    Relations,
    RowEvaluator,
    compile_plan,
    compute,
    parse,
)
from scorewright.core.features.loading import days_since_1970
from scorewright.core.tables import coerce

INTEGER, NUMBER = ColumnType.INTEGER, ColumnType.NUMBER


def _history(name: str, parent: str, *, key: str | None) -> History:
    columns = [Column("up", INTEGER), Column("v", NUMBER)]
    columns += [Column(key, INTEGER)] if key else []
    return History(Contract(name, tuple(columns)), parent, "up", key)


PLAN = compile_plan(
    Relations(
        Contract("a", (Column("id", INTEGER), Column("w", NUMBER)), key="id"),
        (
            _history("b", "a", key="b_id"),
            _history("c", "b", key="c_id"),
            _history("d", "c", key=None),
        ),
    ),
    [
        Feature("three", parse("max(b, mean(c, sum(d, v)))")),
        Feature("filtered", parse("sum(b, count(c, where=count(d) > 0), where=v > 0)")),
        Feature("deep", parse("count(d)")),
        Feature("two", parse("std(c, min(d, v))")),
    ],
)
ROWS: dict[str, list[tuple[float | None, ...]]] = {
    "b": [(1, 1.0, 10), (1, -1.0, 11), (1, 2.0, 12), (1, 0.5, 13)],
    "c": [(12, 1.0, 20), (10, 1.0, 21), (10, 2.0, 22), (11, 3.0, 23), (99, 9.0, 24), (None, 1, 25)],
    "d": [(22, 5.0), (20, 1.5), (21, 4.0), (21, None), (24, 8.0), (22, 2.5), (None, 7.0)],
}


def test_groups_of_groups_agree_with_whole_tables() -> None:
    # Given three levels, with rows of nobody on each
    names = {"b": ("up", "v", "b_id"), "c": ("up", "v", "c_id"), "d": ("up", "v")}
    rows = {t: [dict(zip(names[t], r, strict=True)) for r in found] for t, found in ROWS.items()}
    frames = {t: pl.DataFrame(found, infer_schema_length=None) for t, found in rows.items()}
    frames = {t: f.with_columns(pl.col("v").cast(pl.Float64)) for t, f in frames.items()}
    frames["a"] = pl.DataFrame({"id": [1], "w": [None]}, schema_overrides={"w": pl.Float64})
    # When they are computed together and for one applicant
    expected = compute(PLAN, frames).row(0, named=True)
    found = RowEvaluator(PLAN).features({"id": 1}, rows)
    # Then it is the same, worked out by hand: 10 -> (7.5 + 4) / 2, 12 -> 1.5
    assert found == {name: expected[name] for name in PLAN.names}
    assert (found["three"], found["filtered"], found["deep"]) == (5.75, 3.0, 5)


@pytest.mark.parametrize(
    ("moment", "day"),
    [
        ("2024-05-10", "2024-05-10"),
        ("2024-05-10T23:30:00", "2024-05-10"),
        ("2024-05-10T23:30:00Z", "2024-05-10"),
        ("2024-05-10T23:30:00-05:00", "2024-05-11"),
        ("2024-05-11T01:30:00+02:00", "2024-05-10"),
        ("2024-05-10T02:00:00+02:00", "2024-05-10"),
        ("1969-12-31T23:59:59.999999-00:01", "1970-01-01"),
        ("2024-03-01T00:30:00.5+05:30", "2024-02-29"),
    ],
)
def test_a_moment_counts_by_its_day_in_utc(moment: str, day: str) -> None:
    epoch = date(1970, 1, 1)
    want = (date.fromisoformat(day) - epoch).days
    assert days_since_1970(moment) == want
    assert days_since_1970(datetime.fromisoformat(moment)) == want
    read = coerce(
        pl.DataFrame({"at": [moment]}), Contract("t", (Column("at", ColumnType.DATETIME),))
    )
    assert read.frame["at"].cast(pl.Date).to_list() == [date.fromisoformat(day)]


def test_days_beyond_the_calendar_are_still_counted() -> None:
    first = days_since_1970("0001-01-01T00:00:00")
    assert days_since_1970("0001-01-01T00:00:00+14:00") == (first or 0) - 1


def test_one_applicant_needs_no_polars() -> None:
    code = (
        "import sys; from scorewright.core.features import RowEvaluator, RequestContract, parse;"
        " from scorewright.core.scoring import Scorer; from scorewright.core.bundles import Bundle;"
        " print('polars' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True, text=True)
    assert done.stdout.strip() == "False"
