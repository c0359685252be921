"""Single cases in which ways of computing once disagreed, or easily could."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import duckdb
import polars as pl
import pytest
from tests.core.features.ground import feature
from tests.core.features.reference import agrees, reference
from tests.core.features.worlds import Row

from scorewright.core.contracts import Column, ColumnType, Contract
from scorewright.core.errors import FindingsError, UsageError
from scorewright.core.features import (
    AsOf,
    AsOfUnit,
    FeaturePlan,
    History,
    Relations,
    RowEvaluator,
    compile_plan,
    compute,
    to_sql,
)

COLUMNS = (
    Column("id", ColumnType.INTEGER),
    Column("up", ColumnType.INTEGER),
    Column("day", ColumnType.INTEGER),
    Column("n", ColumnType.INTEGER),
    Column("x", ColumnType.NUMBER),
    Column("flag", ColumnType.BOOLEAN),
    Column("kind", ColumnType.CATEGORY, categories=("a", "b")),
)
SCHEMA = {
    "id": pl.Int64, "up": pl.Int64, "day": pl.Int64, "n": pl.Int64, "x": pl.Float64,
    "flag": pl.Boolean, "kind": pl.String,
}  # fmt: skip
RELATIONS = Relations(
    Contract("applications", COLUMNS, key="id"),
    (
        History(Contract("loans", COLUMNS), "applications", "up", "id", AsOf(("day",))),
        History(Contract("months", COLUMNS), "loans", "up", "id", AsOf(("day",))),
        History(Contract("parts", COLUMNS), "months", "up", None, AsOf(("day",))),
    ),
)


def plan_of(**texts: str) -> FeaturePlan:
    return compile_plan(RELATIONS, [feature(name, text) for name, text in texts.items()])


def rows_of(*rows: Row) -> list[Row]:
    """Rows of one table, numbered, all below the first row of the one above."""
    empty = dict.fromkeys(SCHEMA)
    return [{**empty, "id": n, "up": 0, "day": -1 - n, **row} for n, row in enumerate(rows)]


def world(**tables: list[Row]) -> dict[str, list[Row]]:
    return {name: tables.get(name, rows_of()) for name in RELATIONS.names} | {
        "applications": tables.get("applications", rows_of({}))
    }


def frames_of(rows: dict[str, list[Row]], **changed: Any) -> dict[str, pl.DataFrame]:
    return {n: pl.DataFrame(r, schema={**SCHEMA, **changed}) for n, r in rows.items()}


def everywhere(plan: FeaturePlan, rows: dict[str, list[Row]]) -> dict[str, Any]:
    """The features of a single application, when all ways of computing them agree."""
    frames = frames_of(rows)
    (want,) = reference(plan, rows)
    (out,) = compute(plan, frames).to_dicts()
    below = {name: rows[name] for name in RELATIONS.names[1:]}
    alone = RowEvaluator(plan).features(rows["applications"][0], below)
    with duckdb.connect() as base:
        for name, frame in frames.items():
            base.register(name, frame)
        for name in plan.names:
            ((_, queried),) = base.execute(to_sql(plan, name)).fetchall()
            for value in (out[name], alone[name], queried):
                assert agrees(value, want[name]), (name, value, want[name])
    return {name: out[name] for name in plan.names}


def test_one_and_true_are_not_mixed_up() -> None:
    loans = rows_of({"n": 5}, {"flag": True})
    plan = plan_of(
        a="last(loans, 1) + 0",
        b="1 if last(loans, True) else 2",
        c="last(loans, fill(flag, True))",
        d="last(loans, fill(flag, 1))",
    )
    assert everywhere(plan, world(loans=loans)) == {"a": 1.0, "b": 1, "c": True, "d": 1.0}


def test_a_window_holds_no_row_after_the_decision() -> None:
    # The proof stops such rows; no window counts them either
    loans = rows_of(*({"day": day, "x": 1.0} for day in (22, 1, 0, -1, -3, -4)))
    plan = plan_of(c='count(loans, last="3 days")', s='sum(loans, x, last="1 months")')
    assert everywhere(plan, world(loans=loans)) == {"c": 3, "s": 4.0}


@pytest.mark.parametrize(("latest", "oldest"), [(0, -2), (-1, -3), (-2, -4)])
def test_a_window_of_months_holds_as_many_months_everywhere(latest: int, oldest: int) -> None:
    months = [h for h in RELATIONS.histories if h.name == "loans"]
    dated = [replace(h, as_of=AsOf(("day",), AsOfUnit.MONTHS, latest)) for h in months]
    plan = compile_plan(
        Relations(RELATIONS.entity, tuple(dated)),
        [
            feature("c", 'count(loans, last="3 months")'),
            feature("o", 'min(loans, day, last="3 months")'),
        ],
    )
    # Every month that may be known
    loans = rows_of(*({"day": -age} for age in range(-latest, 40)))
    assert everywhere(plan, world(loans=loans)) == {"c": 3, "o": oldest}


def test_infinite_and_not_a_number_are_missing() -> None:
    values = [float("inf"), float("-inf"), float("nan"), 2.0]
    loans = rows_of(*({"x": value} for value in values))
    rows = world(loans=loans, applications=rows_of({"x": float("inf")}))
    plan = plan_of(c="count(loans, x)", m="max(loans, x)", u="nunique(loans, x)", i="is_missing(x)")
    assert everywhere(plan, rows) == {"c": 1, "m": 2.0, "u": 1, "i": True}


@pytest.mark.parametrize(
    "text",
    [
        'is_missing("a" == kind)',
        'is_missing("a" != last(loans, kind))',
        "is_missing(1 < x)",
        "is_missing(2 >= mean(loans, x))",
        'is_missing(("a" if True else "b") == kind)',
    ],
)
def test_a_constant_before_a_column_without_any_value(text: str) -> None:
    plan = plan_of(a=text)
    # As a constant column, too, which is how a join makes one.
    frames = frames_of(world(applications=rows_of({}, {}, {}), loans=rows_of({"up": 7})))
    nothing = {n: pl.lit(None, dtype=SCHEMA[n]) for n in ("x", "kind")}
    frames = {name: frame.with_columns(**nothing) for name, frame in frames.items()}
    assert compute(plan, frames).get_column("a").to_list() == [True, True, True]
    assert everywhere(plan, world()) == {"a": True}


def test_aggregates_of_aggregates_three_tables_down() -> None:
    loans = rows_of({}, {}, {})
    months = rows_of({"up": 1}, {"up": 0}, {"up": 1}, {"up": 9})
    parts = rows_of({"up": 2, "n": 3}, {"up": 0, "n": 4}, {"up": 2, "n": 5}, {"up": 3, "n": 100})
    plan = plan_of(
        a="sum(loans, max(months, sum(parts, n)))",
        b="count(loans, where=count(months, where=count(parts) > 1) > 0)",
        c="sum(months, sum(parts, n))",
        d="sum(parts, n)",
    )
    rows = world(loans=loans, months=months, parts=parts)
    assert everywhere(plan, rows) == {"a": 8.0, "b": 1, "c": 12.0, "d": 12.0}


def test_more_aggregates_than_are_computed_together() -> None:
    loans = rows_of(*({"n": n} for n in range(6)))
    plan = plan_of(**{f"a{n}": f"count(loans, where=n < {n})" for n in range(40)})
    assert everywhere(plan, world(loans=loans)) == {f"a{n}": min(n, 6) for n in range(40)}


@pytest.mark.parametrize("offset", [0.0, 1e9, -1e15])
def test_far_from_zero_few_digits_are_lost(offset: float) -> None:
    loans = rows_of(*({"x": offset + n % 7, "day": -n // 2} for n in range(1, 400)))
    plan = plan_of(s="std(loans, x)", m="mean(loans, x)", t="trend(loans, x)", q="sum(loans, x)")
    found = everywhere(plan, world(loans=loans))
    assert found["s"] == pytest.approx(2.0, rel=0.01)


def test_what_never_changes_does_not_vary() -> None:
    loans = rows_of(*({"x": 0.1} for _ in range(11)))
    plan = plan_of(s="std(loans, x)", t="trend(loans, x)")
    found = everywhere(plan, world(loans=loans))
    assert found == pytest.approx({"s": 0.0, "t": 0.0}, abs=1e-15)


@pytest.mark.parametrize("dtype", [pl.Int8, pl.Int16, pl.Int32, pl.UInt8, pl.UInt64])
def test_narrow_integers_hold_wide_constants(dtype: Any) -> None:
    plan = plan_of(
        a="fill(n, 70000)", b="n if n > 200 else 3000000000", c="missing_if(n, 365243)",
        d="sum(loans, fill(n, 70000))", e="max(loans, n) - 128", f="n * n * n",
    )  # fmt: skip
    rows = world(applications=rows_of({"n": 100}), loans=rows_of({"n": 100}, {"n": None}))
    (got,) = compute(plan, frames_of(rows, n=dtype)).to_dicts()
    assert {name: got[name] for name in plan.names} == everywhere(plan, rows)
    assert compute(plan, frames_of(rows, n=dtype)).schema["a"] == pl.Int64


@pytest.mark.parametrize("dtype", [pl.Int32, pl.UInt16])
def test_keys_of_another_width_meet(dtype: Any) -> None:
    rows = world(loans=rows_of({"n": 1}, {"n": 2}), months=rows_of({"n": 4}))
    plan = plan_of(a="sum(loans, sum(months, n))", b="sum(months, n)")
    frames = frames_of(rows)
    narrow = frames["loans"].with_columns(pl.col("id", "up").cast(dtype))
    assert compute(plan, {**frames, "loans": narrow}).to_dicts() == compute(plan, frames).to_dicts()


@pytest.mark.parametrize("table", ["applications", "loans"])
@pytest.mark.parametrize("key", [0, None])
def test_keys_that_name_two_rows_are_refused(table: str, key: int | None) -> None:
    rows = world(applications=rows_of({}, {}), loans=rows_of({}, {}))
    rows[table][0]["id"] = rows[table][1]["id"] = key
    with pytest.raises(FindingsError, match=f"'id' of table '{table}' does not identify a row"):
        compute(plan_of(a="count(months)"), frames_of(rows))


def test_a_query_of_a_feature_that_is_not_there_is_refused() -> None:
    with pytest.raises(UsageError, match="no feature 'b'") as caught:
        to_sql(plan_of(a="n"), "b")
    assert caught.value.code == "feature-unknown"


def test_a_query_says_what_it_computes() -> None:
    query = to_sql(plan_of(part="mean(loans, x)", a='part / max(loans, x, last="3 days")'), "a")
    assert query.startswith('-- a = part / max(loans, x, last="3 days")\nWITH\n')
    assert "-- mean(loans, x)\n" in query
    assert "-- the rows of loans, with their application and their age at its decision" in query
    assert "months" not in query
    assert query.endswith(";\n")


def test_the_ends_of_windows() -> None:
    loans = rows_of(
        *({"day": -n} for n in [0, 1, 2, 3, 4, 30, 31, 365, 366, 730, 731]), {"day": None}
    )
    plan = plan_of(
        a='count(loans, last="3 days")',
        b='count(loans, last="1 months")',
        c='count(loans, last="12 months")',
        d='count(loans, last="1 years")',
        e='count(loans, last="2 years")',
        f="count(loans)",
    )
    found = everywhere(plan, world(loans=loans))
    assert found == {"a": 4, "b": 6, "c": 8, "d": 8, "e": 10, "f": 12}


@pytest.mark.parametrize("left", [True, False, None])
@pytest.mark.parametrize("right", [True, False, None])
def test_logic_with_missing_sides(left: bool | None, right: bool | None) -> None:
    x = None if right is None else float(right)
    plan = plan_of(both="flag and x > 0", either="flag or x > 0", no="not flag", then="flag == x")
    found = everywhere(plan, world(applications=rows_of({"flag": left, "x": x})))
    sides = {left, right}
    assert found["both"] is (False if False in sides else None if None in sides else True)
    assert found["either"] is (True if True in sides else None if None in sides else False)
    assert found["no"] is (None if left is None else not left)
    assert found["then"] is (None if None in sides else left == right)


def test_ties_in_dates_are_broken_by_the_value() -> None:
    days = [-3, -3, -9, -9, None]
    loans = rows_of(
        *(
            {"day": day, "n": n, "kind": kind}
            for day, n, kind in zip(days, [1, 2, 5, 4, 9], "abbaa", strict=True)
        )
    )
    plan = plan_of(
        a="last(loans, n)", b="first(loans, n)", c="last(loans, kind)", d="first(loans, kind)"
    )
    for rows in (loans, loans[::-1]):
        assert everywhere(plan, world(loans=rows)) == {"a": 2, "b": 5, "c": "b", "d": "b"}
