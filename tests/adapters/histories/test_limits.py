"""What a contract forbids in a history is told by every source, after all rows were seen."""

from __future__ import annotations

import polars as pl
import pytest
from tests.adapters.histories.conftest import KINDS, Lay

from scorewright.adapters.histories.limits import breaches
from scorewright.core.contracts import Column, ColumnType, Contract, UnknownPolicy
from scorewright.core.errors import FindingsError

CONTRACT = Contract(
    "loans",
    (
        Column("id", ColumnType.INTEGER, nullable=False),
        Column("amount", ColumnType.NUMBER, minimum=0, maximum=100),
        Column(
            "kind", ColumnType.CATEGORY, categories=("car", "home"), unknown=UnknownPolicy.REJECT
        ),
        Column("job", ColumnType.CATEGORY, categories=("fixed",)),
    ),
    key="id",
)
FRAME = pl.DataFrame(
    {
        "id": [1, 2, 3, 4, 5],
        "amount": [0.0, -0.5, 100.0, 101.0, None],
        "kind": ["car", "boat", None, "home", "ship"],
        "job": ["fixed", "other", None, "fixed", "fixed"],
    }
)


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind != "memory"])
def test_all_breaches_are_told_at_once(kind: str, lay: Lay) -> None:
    laid = lay(kind, FRAME)
    with pytest.raises(FindingsError) as caught:
        list(laid.source.batches(laid.table, CONTRACT, CONTRACT.names))
    error = caught.value
    assert error.code == "data-range"
    assert "Table 'loans': 2 of the values of column 'amount'" in error.message
    assert (
        "'-0.5', expected a number between 0 and 100; so do values of 'kind' (2)" in error.message
    )
    found = [(f["column"], f["count"], f["row"], f["value"]) for f in error.details["columns"]]
    assert found == [("amount", 2, 2, "-0.5"), ("kind", 2, 2, "boat")]


def test_columns_that_are_not_read_are_not_looked_at(lay: Lay) -> None:
    laid = lay("csv", FRAME)
    (frame,) = laid.source.batches(laid.table, CONTRACT, ("id", "job"))
    assert frame.height == FRAME.height


def test_wrong_types_are_told_first(lay: Lay) -> None:
    amounts = pl.Series("amount", ["-1", "x", "2", "3", None])
    laid = lay("csv", FRAME.with_columns(amounts))
    with pytest.raises(FindingsError) as caught:
        list(laid.source.batches(laid.table, CONTRACT, CONTRACT.names))
    assert caught.value.code == "data-type"


@pytest.mark.parametrize(
    ("column", "values", "wrong", "rows"),
    [
        (Column("x", ColumnType.NUMBER, nullable=False), [1.0, None, 2.0], None, [1]),
        (Column("x", ColumnType.NUMBER, nullable=False), [None, None], [True, False], [1]),
        (Column("x", ColumnType.NUMBER, nullable=False), [None, 1.0], [True, False], []),
        (Column("x", ColumnType.NUMBER, minimum=0), [None, None], None, []),
        (Column("x", ColumnType.NUMBER, minimum=0), [0.0, None, -1.0], None, [2]),
        (Column("x", ColumnType.INTEGER, maximum=3), [3, None, 4], None, [2]),
        (Column("x", ColumnType.INTEGER), [-3, None, 4], None, []),
        (Column("x", ColumnType.DATE, minimum=0), [], None, []),
    ],
)  # fmt: skip
def test_breaches(
    column: Column, values: list[float | None], wrong: list[bool] | None, rows: list[int]
) -> None:
    mask = None if wrong is None else pl.Series(wrong)
    found = [m.arg_true().to_list() for _, m in breaches(pl.Series("x", values), column, mask)]
    assert found == ([rows] if rows else [])
