"""Frame path and row path give the same matrix."""

from __future__ import annotations

import math

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scorewright.core.contracts import Column, ColumnType, Contract, Use, check_row
from scorewright.core.errors import UsageError
from scorewright.core.matrix import feature_space, to_matrix
from scorewright.core.tables import check_frame

Cell = float | int | str | bool | None
Case = tuple[Contract, list[dict[str, Cell]], list[str]]

WORDS = ("a", "b", "C d", "é", "7")
DTYPES = {
    ColumnType.INTEGER: pl.Int64,
    ColumnType.NUMBER: pl.Float64,
    ColumnType.BOOLEAN: pl.Boolean,
    ColumnType.CATEGORY: pl.String,
}


def cells(kind: ColumnType) -> st.SearchStrategy[Cell]:
    some: dict[ColumnType, st.SearchStrategy[Cell]] = {
        ColumnType.INTEGER: st.integers(-(2**53), 2**53),
        ColumnType.NUMBER: st.floats(allow_nan=False, allow_infinity=False),
        ColumnType.BOOLEAN: st.booleans(),
        ColumnType.CATEGORY: st.sampled_from((*WORDS, "not listed", " a ")),
    }
    return st.none() | some[kind]


@st.composite
def cases(draw: st.DrawFn) -> Case:
    kinds = draw(st.lists(st.sampled_from(sorted(DTYPES)), min_size=1, max_size=6))
    columns = tuple(
        Column(
            f"c{i}",
            kind,
            categories=tuple(draw(st.permutations(WORDS))) if kind == "category" else (),
        )
        for i, kind in enumerate(kinds)
    )
    row = st.fixed_dictionaries({c.name: cells(c.type) for c in columns})
    rows = draw(st.lists(row, min_size=1, max_size=6))
    order = draw(st.permutations([c.name for c in columns]))
    return Contract("t", columns), rows, list(order)


def as_csv(value: Cell) -> str | None:
    if value is None:
        return None
    return str(value).lower() if isinstance(value, bool) else str(value)


@settings(max_examples=150, deadline=None)
@given(case=cases(), is_text=st.booleans())
def test_frame_path_equals_row_path(case: Case, *, is_text: bool) -> None:
    # Given random rows under a random contract, as text or typed, columns in any order
    contract, rows, order = case
    space = feature_space(contract)
    kinds = {c.name: pl.String if is_text else DTYPES[c.type] for c in contract.columns}
    frame = pl.DataFrame(
        {
            name: pl.Series(
                [as_csv(r[name]) if is_text else r[name] for r in rows], dtype=kinds[name]
            )
            for name in order
        }
    )

    # When both paths encode them
    report = check_frame(frame, contract)
    whole = to_matrix(report.frame, space)
    checks = [check_row(contract, row) for row in rows]
    single = np.array([space.row(check.values) for check in checks])

    # Then every bit agrees, and so do problems and unknown categories
    assert whole.flags.c_contiguous
    assert whole.dtype == np.float64
    np.testing.assert_array_equal(whole, single)
    assert report.is_clean
    assert not any(check.problems for check in checks)
    counted = sum(n for counts in report.unknown_categories.values() for n in counts.values())
    assert counted == sum(len(check.unknown) for check in checks)


WRONG: list[tuple[Column, Cell]] = [
    (Column("x", ColumnType.INTEGER), 1.5),
    (Column("x", ColumnType.INTEGER), 2**53 + 1),
    (Column("x", ColumnType.NUMBER), 2**53 + 1),
    (Column("x", ColumnType.NUMBER), 10**30),
    (Column("x", ColumnType.NUMBER), math.inf),
    (Column("x", ColumnType.NUMBER, minimum=0.0), -1.0),
    (Column("x", ColumnType.NUMBER, maximum=1.0), 2.0),
    (Column("x", ColumnType.NUMBER, nullable=False), None),
    (Column("x", ColumnType.NUMBER), "abc"),
    (Column("x", ColumnType.BOOLEAN), "maybe"),
    (Column("x", ColumnType.CATEGORY, categories=("a",)), "b" * 1001),
]


@pytest.mark.parametrize(("column", "value"), WRONG)
def test_both_paths_refuse_with_the_same_code(column: Column, value: Cell) -> None:
    contract = Contract("t", (column,))
    frame = pl.DataFrame({"x": pl.Series([as_csv(value)], dtype=pl.String)})

    report = check_frame(frame, contract)
    check = check_row(contract, {"x": value})

    if not isinstance(value, str) or column.type is ColumnType.CATEGORY:
        assert [p.code for p in report.errors] == [p.code for p in check.problems]
    assert len(check.problems) == 1
    assert not report.is_clean


@pytest.mark.parametrize(
    "column",
    [
        Column("note", ColumnType.TEXT),
        Column("day", ColumnType.DATE),
        Column("moment", ColumnType.DATETIME),
        Column("empty", ColumnType.CATEGORY),
    ],
)
def test_a_feature_without_numeric_form_is_refused(column: Column) -> None:
    with pytest.raises(UsageError, match=column.name) as caught:
        feature_space(Contract("t", (column,)))

    assert caught.value.code == "feature-type"


def test_a_contract_without_features_is_refused() -> None:
    only = Column("sex", ColumnType.CATEGORY, categories=("f",), use=Use.MONITORING)

    with pytest.raises(UsageError, match="no column"):
        feature_space(Contract("t", (only,)))


def test_a_frame_that_lacks_a_feature_is_refused() -> None:
    space = feature_space(Contract("t", (Column("income", ColumnType.NUMBER),)))

    with pytest.raises(UsageError, match="income") as caught:
        to_matrix(pl.DataFrame({"other": [1.0]}), space)

    assert caught.value.code == "missing-column"
