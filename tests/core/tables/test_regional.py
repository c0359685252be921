"""Decimal commas and dates outside ISO are read per column, or not at all."""

from __future__ import annotations

from datetime import date

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scorewright.core.contracts import Column, ColumnType, Contract, Use
from scorewright.core.tables import check_frame, coerce, infer_contract, withheld_because

N = 60


def inferred(name: str, cells: list[str]) -> Column:
    column = infer_contract(pl.DataFrame({name: cells}), table="t").column(name)
    assert column is not None
    return column


def read(kind: ColumnType, cells: list[str]) -> tuple[list[object], int]:
    done = coerce(pl.DataFrame({"x": cells}), Contract("t", (Column("x", kind),)))
    return done.frame["x"].to_list(), len(done.problems)


@pytest.mark.parametrize(
    ("cells", "values", "problems"),
    [
        (["12345,67", "-1,5", "7"], [12345.67, -1.5, 7.0], 0),
        (["1,234", "0,5"], [1.234, 0.5], 0),
        (["0,125", "0,250"], [0.125, 0.25], 0),
        (["1,234", "999,999", "5"], [None, None, 5.0], 2),
        (["1,5", "2.5"], [None, 2.5], 1),
        (["1,5", "1.234,5"], [1.5, None], 1),
        (["1,234,567"], [None], 1),
        (["1,5", "much"], [1.5, None], 1),
        (["1,234"] * 40 + ["1,23"], [None] * 41, 41),
    ],
)
def test_decimal_commas_are_read_where_they_leave_no_doubt(
    cells: list[str], values: list[object], problems: int
) -> None:
    assert read(ColumnType.NUMBER, cells) == (values, problems)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.decimals(-(10**9), 10**9, places=2), min_size=1))
def test_commas_and_points_mean_the_same(numbers: list[object]) -> None:
    points = [str(number) for number in numbers]
    commas = [text.replace(".", ",") for text in points]

    assert read(ColumnType.NUMBER, commas) == read(ColumnType.NUMBER, points)
    assert inferred("x", commas).type is inferred("x", points).type


def test_an_inferred_comma_column_is_a_number_with_its_bound_and_holds() -> None:
    frame = pl.DataFrame(
        {"income": [f"{i},{i % 90 + 10}" for i in range(100)], "y": ["0", "1"] * 50}
    )
    contract = infer_contract(frame, table="t", target="y", bad_value="1")

    assert contract.column("income") == Column(
        "income", ColumnType.NUMBER, nullable=False, minimum=0.0
    )
    assert check_frame(frame, contract).errors == ()


@pytest.mark.parametrize("cell", ["{},234", "{}.234,56", "1,234,{}"])
def test_commas_in_doubt_are_warned_of(cell: str) -> None:
    frame = pl.DataFrame({"x": [cell.format(100 + i % 7) for i in range(N)], "y": ["0", "1"] * 30})
    contract = infer_contract(frame, table="t", target="y", bad_value="1")

    column = contract.column("x")
    assert column is not None
    assert column.type is ColumnType.CATEGORY
    found = [(p.column, p.code, p.severity) for p in check_frame(frame, contract).errors]
    assert found == [("x", "decimal-comma", "warning")]


@pytest.mark.parametrize(
    ("cells", "values"),
    [
        (["31.12.2024", "1.2.2024"], [date(2024, 12, 31), date(2024, 2, 1)]),
        (["31/12/2024", "01/02/2024"], [date(2024, 12, 31), date(2024, 2, 1)]),
        (["12/31/2024", "01/02/2024"], [date(2024, 12, 31), date(2024, 1, 2)]),
    ],
)
def test_clear_dates_are_dates(cells: list[str], values: list[object]) -> None:
    assert inferred("x", cells).type is ColumnType.DATE
    assert read(ColumnType.DATE, cells) == (values, 0)


@pytest.mark.parametrize(
    "cells", [["01/02/2020", "03/04/2020"], ["31/12/2020", "12/31/2020"], ["32.01.2020"]]
)
def test_dates_in_doubt_are_text_for_monitoring(cells: list[str]) -> None:
    column = inferred("opened", cells * 30)

    assert (column.type, column.use) == (ColumnType.TEXT, Use.MONITORING)
    assert read(ColumnType.DATE, cells) == ([None] * len(cells), len(cells))


@pytest.mark.parametrize(
    ("name", "cells", "use"),
    [
        ("issue_ym", ["202001", "202112"], Use.MONITORING),
        ("month", ["190001", "210012"], Use.MONITORING),
        ("month", ["202001", "202113"], Use.MODEL),
        ("month", ["1", "12"], Use.MODEL),
        ("income", ["202001", "202112"], Use.MODEL),
    ],
)
def test_months_are_for_monitoring(name: str, cells: list[str], use: Use) -> None:
    assert inferred(name, cells * 30).use is use


def test_every_withheld_column_has_a_reason() -> None:
    frame = pl.DataFrame(
        {
            "sex": ["f", "m"] * 30,
            "uuid": [f"u{i}" for i in range(N)],
            "rownum": [str(i) for i in range(N)],
            "opened": ["01/02/2020", "02/02/2020"] * 30,
            "month": ["202001", "202002"] * 30,
            "closed": ["2020-01-01"] * N,
            "note": [f"said {i}" for i in range(N)],
            "nothing": [None] * N,
            "income": ["1", "2"] * 30,
        }
    )

    assert withheld_because(frame, infer_contract(frame, table="t")) == {
        "sex": "personal",
        "uuid": "identifier",
        "rownum": "identifier",
        "opened": "date",
        "month": "date",
        "closed": "date",
        "note": "free text",
        "nothing": "empty",
    }


def test_an_outcome_of_several_values_is_warned_of() -> None:
    frame = pl.DataFrame({"x": ["1", "2", "3"], "status": ["Current", "Default", "Late"]})
    contract = infer_contract(frame, table="t", target="status", bad_value="Default")

    problems = check_frame(frame, contract).errors

    assert [(p.column, p.code, p.severity) for p in problems] == [
        ("status", "target-several-values", "warning")
    ]
    assert "counted as good are Current, Late" in problems[0].expected
    two = frame.head(2)
    assert check_frame(two, contract).errors == ()
