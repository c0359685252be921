"""Digests of content, and outcomes as labels."""

from __future__ import annotations

import io
from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any

import polars as pl
import pytest

from scorewright.core.contracts import Column, ColumnType, Contract
from scorewright.core.errors import UsageError
from scorewright.core.tables import check_frame, frame_digest, infer_contract, labels

FRAME = pl.DataFrame(
    {
        "n": [1, None, 3],
        "x": [0.5, -0.0, None],
        "b": [True, None, False],
        "s": ["ab", None, "cé"],
        "d": [date(2024, 1, 5), None, date(1969, 1, 1)],
        "t": [datetime(2024, 1, 5, tzinfo=UTC), None, datetime(1969, 1, 1, tzinfo=UTC)],
    }
)


def test_the_digest_is_pinned() -> None:
    # Any change here changes the data version of every run ever logged.
    assert frame_digest(FRAME) == "02555bea3fe1a7545bedf82c5800bde8c08ae8af4445d123e3e620115dcfac5e"


def test_csv_and_parquet_of_the_same_rows_have_one_digest() -> None:
    # Given the same rows from a text file and from a Parquet file
    csv = pl.read_csv(io.BytesIO(FRAME.write_csv().encode()), infer_schema=False)
    buffer = io.BytesIO()
    FRAME.write_parquet(buffer)
    parquet = pl.read_parquet(buffer.getvalue())
    contract = infer_contract(FRAME, table="t")

    # When they are typed by one contract
    digests = {frame_digest(check_frame(frame, contract).frame) for frame in (csv, parquet)}

    # Then they are the same data
    assert digests == {frame_digest(FRAME)}


def test_chunks_and_hidden_values_do_not_count() -> None:
    chunked = pl.concat([FRAME[:1], FRAME[1:]], rechunk=False)
    nan = FRAME.with_columns(pl.Series("x", [0.5, 0.0, float("nan")]))

    assert frame_digest(chunked) == frame_digest(FRAME)
    assert frame_digest(nan) == frame_digest(FRAME)


CHANGES: list[Callable[[pl.DataFrame], pl.DataFrame]] = [
    lambda f: f.rename({"n": "m"}),
    lambda f: f.reverse(),
    lambda f: f.select(f.columns[::-1]),
    lambda f: f.with_columns(pl.col("n").cast(pl.Float64)),
    lambda f: f.with_columns(pl.col("n").fill_null(0)),
    lambda f: f.with_columns(pl.col("s").fill_null("")),
    lambda f: f.with_columns(pl.Series("s", ["a", None, "bcé"])),
    lambda f: f.with_columns(pl.col("x") + 1e-12),
    lambda f: f[:2],
]


@pytest.mark.parametrize("change", CHANGES, ids=range(len(CHANGES)))
def test_any_change_of_content_changes_the_digest(
    change: Callable[[pl.DataFrame], pl.DataFrame],
) -> None:
    assert frame_digest(change(FRAME)) != frame_digest(FRAME)


def test_an_empty_frame_has_a_digest() -> None:
    assert len(frame_digest(FRAME[:0])) == 64


def contract(bad_value: str | None, kind: ColumnType = ColumnType.CATEGORY) -> Contract:
    return Contract("t", (Column("y", kind),), target="y", bad_value=bad_value)


@pytest.mark.parametrize(
    ("cells", "bad_value", "expected"),
    [
        (["good", "bad", "good"], "bad", [0, 1, 0]),
        ([0, 1, 2], "1", [0, 1, 0]),
        ([0, 1, 1], "True", [0, 1, 1]),
        ([1.0, 0.0, 1.0], "1", [1, 0, 1]),
        ([1, 0], "1.0", [1, 0]),
        ([True, False], "yes", [1, 0]),
        ([True, False], "0", [0, 1]),
    ],
)
def test_labels_are_one_where_bad(cells: list[Any], bad_value: str, expected: list[int]) -> None:
    found = labels(pl.DataFrame({"y": cells}), contract(bad_value))

    assert found.dtype == "int8"
    assert found.tolist() == expected


@pytest.mark.parametrize(
    ("cells", "bad_value", "code", "named"),
    [
        (["a", None], "a", "target-missing", "row 2"),
        (["a", "b"], "c", "target-values", "a, b"),
        (["a", "a"], "a", "one-class", "a"),
        (["b", "b"], "a", "one-class", "b"),
        (["a", "b"], None, "target-unknown", "target column 'y'"),
        ([0, 1], "bad", "target-values", "0, 1"),
    ],
)
def test_an_outcome_that_cannot_be_learned_is_refused(
    cells: list[Any], bad_value: str | None, code: str, named: str
) -> None:
    with pytest.raises(UsageError, match=named) as caught:
        labels(pl.DataFrame({"y": cells}), contract(bad_value))

    assert caught.value.code == code


def test_a_table_without_the_target_is_refused() -> None:
    with pytest.raises(UsageError) as caught:
        labels(pl.DataFrame({"x": [1]}), contract("1"))

    assert caught.value.code == "target-unknown"
