"""Cells of every origin in the type of their contract, and those that are not of it."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from scorewright.adapters.histories import Rows
from scorewright.core.contracts import MAX_INTEGER, Column, ColumnType, Contract
from scorewright.core.errors import FindingsError
from scorewright.flows.ports import TableFile

WHOLE, NUMBER, TEXT = ColumnType.INTEGER, ColumnType.NUMBER, ColumnType.TEXT
FLAG, DAY, MOMENT = ColumnType.BOOLEAN, ColumnType.DATE, ColumnType.DATETIME


def read(folder: Path, series: pl.Series, kind: ColumnType, **options: Any) -> pl.Series:
    """Write a column as Parquet and read it as a type."""
    path = folder / "t.parquet"
    series.alias("c").to_frame().write_parquet(path)
    contract = Contract("t", (Column("c", kind),))
    frames = Rows(**options).batches(TableFile("t", (str(path),)), contract, ["c"])
    return pl.concat(frames).get_column("c")


@pytest.mark.parametrize(
    ("given_cells", "kind", "expected"),
    [
        (pl.Series([1.0, None, float("nan"), -3.0]), WHOLE, [1, None, None, -3]),
        (pl.Series([True, None]), FLAG, [True, None]),
        (pl.Series(["Yes", " n ", "", "TRUE"]), FLAG, [True, False, None, True]),
        (pl.Series([1, 0]), FLAG, [True, False]),
        (pl.Series([1.5, float("inf"), float("nan"), float("-inf")]), NUMBER, [1.5, *[None] * 3]),
        (pl.Series([Decimal("1.25"), None]), NUMBER, [1.25, None]),
        (pl.Series([Decimal(12), None]), WHOLE, [12, None]),
        (pl.Series(["1e3", " 2.5 ", "", "inf", "nan"]), NUMBER, [1000.0, 2.5, None, None, None]),
        (pl.Series([" 12 ", "-3", "4.0", ""]), WHOLE, [12, -3, 4, None]),
        (pl.Series(["  a b ", "", "   ", "\t"]), TEXT, ["a b", None, None, None]),
        (pl.Series([1.0, 2.5]), TEXT, ["1", "2.5"]),
        (pl.Series(["x", None], dtype=pl.Categorical), TEXT, ["x", None]),
        (pl.Series([datetime(2020, 5, 1, 13, 7, tzinfo=UTC)]), DAY, [date(2020, 5, 1)]),
        (
            pl.Series(["2020-05-01", "2020-05-02 00:00:00", " 2020-05-03", ""]),
            DAY,
            [date(2020, 5, 1), date(2020, 5, 2), date(2020, 5, 3), None],
        ),
        (
            pl.Series(["2020-05-01", "2020-05-01 10:30", "2020-05-01T10:30:00+02:00"]),
            MOMENT,
            [
                datetime(2020, 5, 1, tzinfo=UTC),
                datetime(2020, 5, 1, 10, 30, tzinfo=UTC),
                datetime(2020, 5, 1, 8, 30, tzinfo=UTC),
            ],
        ),
        (pl.Series([None, None], dtype=pl.Null), DAY, [None, None]),
        (pl.Series([None, None], dtype=pl.String), WHOLE, [None, None]),
    ],
)
def test_what_can_be_read(
    tmp_path: Path, given_cells: pl.Series, kind: ColumnType, expected: list[object]
) -> None:
    assert read(tmp_path, given_cells, kind).to_list() == expected


@pytest.mark.parametrize(
    ("given_cells", "kind", "row"),
    [
        (pl.Series([1.0, 1.5]), WHOLE, 2),
        (pl.Series([1, MAX_INTEGER + 1]), WHOLE, 2),
        (pl.Series([2**64 - 1], dtype=pl.UInt64), WHOLE, 1),
        (pl.Series(["1", "2", "x"]), WHOLE, 3),
        (pl.Series(["1.234,5"]), NUMBER, 1),
        (pl.Series([True]), NUMBER, 1),
        (pl.Series([date(2020, 1, 1)]), NUMBER, 1),
        (pl.Series([0, 2]), FLAG, 2),
        (pl.Series(["a", "b" * 1001]), TEXT, 2),
        (pl.Series([[1], None]), TEXT, 1),
        (pl.Series(["2020-01-01", "31.12.2020"]), DAY, 2),
        (pl.Series(["2020-02-30"]), DAY, 1),
        (pl.Series([20200101]), DAY, 1),
        (pl.Series(["soon"]), MOMENT, 1),
    ],
)
def test_what_cannot(tmp_path: Path, given_cells: pl.Series, kind: ColumnType, row: int) -> None:
    with pytest.raises(FindingsError) as caught:
        read(tmp_path, given_cells, kind)

    assert caught.value.code == "data-type"
    (found,) = caught.value.details["columns"]
    assert (found["column"], found["row"], found["count"]) == ("c", row, 1)
    assert found["place"] == str(tmp_path / "t.parquet")
    assert f"row {row}" in caught.value.message
    assert str(found["expected"]) in caught.value.message


def test_narrow_integers_stay_narrow(tmp_path: Path) -> None:
    assert read(tmp_path, pl.Series([1, 2], dtype=pl.Int8), WHOLE).dtype == pl.Int32
    assert read(tmp_path, pl.Series([1, 2], dtype=pl.Int32), WHOLE).dtype == pl.Int32
    assert read(tmp_path, pl.Series([1, 2], dtype=pl.UInt32), WHOLE).dtype == pl.Int64
    assert read(tmp_path, pl.Series([1.0, 2.0]), WHOLE).dtype == pl.Int64


def test_files_of_different_width_give_one_type(tmp_path: Path) -> None:
    for name, dtype in (("a", pl.Int16), ("b", pl.Int64), ("c", pl.Float64)):
        frame = pl.DataFrame({"c": pl.Series([1, 2, None], dtype=dtype)})
        frame.write_parquet(tmp_path / f"{name}.parquet")
    contract = Contract("t", (Column("c", WHOLE),))
    table = TableFile("t", (str(tmp_path / "*.parquet"),))
    frames = list(Rows().batches(table, contract, ["c"]))

    assert {frame.schema["c"] for frame in frames} == {pl.Int64()}
    assert pl.concat(frames)["c"].to_list() == [1, 2, None] * 3


def test_all_wrong_cells_are_counted_and_the_first_is_shown(tmp_path: Path) -> None:
    good = ["1"] * 9000
    pl.DataFrame({"n": good, "m": good}).write_csv(tmp_path / "a.csv")
    bad = [*good, "one", "2", "two", *good, "three"]
    pl.DataFrame({"n": bad, "m": [*good, "1", "x", "", *good, "1"]}).write_csv(tmp_path / "b.csv")
    contract = Contract("t", (Column("n", WHOLE), Column("m", NUMBER)))
    table = TableFile("t", (str(tmp_path / "*.csv"),))

    with pytest.raises(FindingsError) as caught:
        list(Rows(batch_bytes=1 << 16).batches(table, contract, ["n", "m"]))
    first, second = caught.value.details["columns"]
    assert (first["column"], first["row"], first["count"]) == ("n", 9001, 3)
    assert (second["column"], second["row"], second["count"]) == ("m", 9002, 1)
    assert first["place"] == str(tmp_path / "b.csv")
    assert "4 values are not of the type of their column, in 2 columns" in caught.value.message
    assert "'one'" in caught.value.message


@given(st.lists(st.integers(-MAX_INTEGER, MAX_INTEGER) | st.none()))
def test_whole_numbers_are_the_same_from_text_and_typed(
    tmp_path_factory: pytest.TempPathFactory, numbers: list[int | None]
) -> None:
    folder = tmp_path_factory.mktemp("t")
    typed = pl.Series(numbers, dtype=pl.Int64)

    assert read(folder, typed, WHOLE).to_list() == numbers
    assert read(folder, typed.cast(pl.String), WHOLE).to_list() == numbers
    assert read(folder, typed.cast(pl.Float64), WHOLE).to_list() == numbers
