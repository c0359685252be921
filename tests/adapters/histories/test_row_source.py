"""What every source of rows does, wherever the rows lie."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import polars as pl
import pytest
from polars.testing import assert_frame_equal
from tests.adapters.histories.conftest import KINDS, Laid, Lay

from scorewright.core.contracts import Column, ColumnType, Contract
from scorewright.core.errors import UsageError

CONTRACT = Contract(
    "loans",
    (
        Column("id", ColumnType.INTEGER),
        Column("amount", ColumnType.NUMBER),
        Column("is_open", ColumnType.BOOLEAN),
        Column("kind", ColumnType.CATEGORY, categories=("Auto", "Heim & Garten")),
        Column("day", ColumnType.DATE),
    ),
)
FRAME = pl.DataFrame(
    {
        "id": [7, 3, None, 9_007_199_254_740_992, -1],
        "amount": [1.5, None, -0.1, 1e300, 12345678.25],
        "is_open": [True, None, False, True, False],
        "kind": ["Auto", None, "Heim & Garten", 'it\'s, "so"', "ü"],
        "day": [date(2020, 2, 29), None, date(1999, 12, 31), date(2026, 1, 1), date(1970, 1, 1)],
    },
    schema={
        "id": pl.Int64,
        "amount": pl.Float64,
        "is_open": pl.Boolean,
        "kind": pl.String,
        "day": pl.Date,
    },
)

every_kind = pytest.mark.parametrize("kind", KINDS)


def read(laid: Laid, *columns: str) -> pl.DataFrame:
    return pl.concat(laid.source.batches(laid.table, CONTRACT, columns or CONTRACT.names))


@every_kind
def test_rows_come_in_order_and_typed(kind: str, lay: Lay) -> None:
    assert_frame_equal(read(lay(kind, FRAME)), FRAME, check_exact=True)


@every_kind
def test_only_wanted_columns_in_the_wanted_order(kind: str, lay: Lay) -> None:
    assert_frame_equal(read(lay(kind, FRAME), "day", "id"), FRAME.select("day", "id"))


@every_kind
def test_no_rows_give_one_empty_frame(kind: str, lay: Lay) -> None:
    laid = lay(kind, FRAME.clear())
    frames = list(laid.source.batches(laid.table, CONTRACT, ("kind", "id")))

    assert [frame.shape for frame in frames] == [(0, 2)]
    assert frames[0].schema == {"kind": pl.String, "id": pl.Int64}


@every_kind
def test_a_missing_column_is_named(kind: str, lay: Lay) -> None:
    laid = lay(kind, FRAME.rename({"amount": "AMOUNT_"}))

    with pytest.raises(UsageError) as caught:
        read(laid)
    assert caught.value.code == "data-column-missing"
    assert "'amount'" in caught.value.message
    assert "'loans'" in caught.value.message


@every_kind
def test_the_digest_is_of_the_content(kind: str, lay: Lay) -> None:
    laid = lay(kind, FRAME)
    first, again = laid.source.digest(laid.table), laid.source.digest(laid.table)
    changed = lay(kind, FRAME.with_columns(pl.col("id").fill_null(8)))

    assert first == again
    assert len(first) == 64
    assert changed.source.digest(changed.table) != first


@pytest.mark.parametrize(
    "change",
    [
        {"separator": ";"},
        {"encoding": "latin-1"},
        {"null_values": ("", "-1")},
        {"relation": "public.other"},
    ],
)
def test_the_digest_is_of_the_settings_too(lay: Lay, change: dict[str, Any]) -> None:
    laid = lay("csv", FRAME)
    assert laid.source.digest(replace(laid.table, **change)) != laid.source.digest(laid.table)


def test_the_digest_is_of_the_reader_too(lay: Lay, monkeypatch: pytest.MonkeyPatch) -> None:
    laid = lay("csv", FRAME)
    first = laid.source.digest(laid.table)
    monkeypatch.setattr("scorewright.adapters.histories.rows._READER", 99)
    assert laid.source.digest(laid.table) != first


@every_kind
def test_the_size_is_about_right(kind: str, lay: Lay) -> None:
    laid = lay(kind, pl.concat([FRAME] * 200))

    assert 10_000 < laid.source.size(laid.table) < 500_000


@pytest.mark.parametrize("kind", ["duckdb", "postgres"])
def test_the_digest_of_a_database_does_not_depend_on_the_order(kind: str, lay: Lay) -> None:
    laid = lay(kind, FRAME)
    first = laid.source.digest(laid.table)
    turned = lay(kind, FRAME.reverse())

    assert turned.source.digest(turned.table) == first
