"""A frame to the types of its contract, with every cell that does not fit."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

import polars as pl

from scorewright.core.contracts import (
    MAX_INTEGER,
    MAX_TEXT,
    Column,
    ColumnType,
    Contract,
    expectation,
)
from scorewright.core.tables.failures import CellProblem, Failure, cells
from scorewright.core.tables.parsing import parse

__all__ = ["Coerced", "coerce"]

_NUMBERS = (ColumnType.INTEGER, ColumnType.NUMBER)
_TEXTS = (ColumnType.CATEGORY, ColumnType.TEXT)


@dataclass(frozen=True, slots=True, eq=False)
class Coerced:
    """A frame in the types of its contract.

    Attributes:
        frame: The contract's columns in its order; a cell that did not fit is null.
        failures: What did not fit, by column and code.
    """

    frame: pl.DataFrame
    failures: tuple[Failure, ...]

    @property
    def problems(self) -> tuple[CellProblem, ...]:
        """Every cell that did not fit; problems of the table itself have row 0."""
        return tuple(problem for failure in self.failures for problem in cells(failure))


def coerce(
    frame: pl.DataFrame, contract: Contract, *, required: Collection[str] | None = None
) -> Coerced:
    """Give every column the type of its contract.

    Args:
        frame: Columns as text (CSV) or typed (Parquet), in any order.
        contract: The contract.
        required: Columns whose absence is a problem; by default all of the contract.

    Returns:
        INTEGER as Int64, NUMBER as Float64, BOOLEAN as Boolean, CATEGORY and TEXT as String,
        DATE as Date, DATETIME as Datetime (microseconds, UTC). NaN and empty text are null.
        Codes: ``missing-column``, ``unknown-column`` (row 0), ``type``, ``not-finite``,
        ``range`` (a whole number beyond 2**53), ``too-long``.
    """
    wanted = set(contract.names if required is None else required)
    failures: list[Failure] = []
    typed: list[pl.Series] = []
    together = (*_plain_numbers(frame, contract), *_plain_texts(frame, contract))
    plain = {series.name: series for series in together}
    given = set(frame.columns)
    for column in contract.columns:
        if column.name in plain:
            typed.append(plain[column.name])
        elif column.name in given:
            series, found = _column(frame.get_column(column.name), column)
            typed.append(series)
            failures.extend(found)
        elif column.name in wanted:
            failures.append(Failure.of_table(column.name, "missing-column", expectation(column)))
    failures.extend(
        Failure.of_table(name, "unknown-column", "only the columns of the contract")
        for name in frame.columns
        if contract.column(name) is None
    )
    return Coerced(pl.DataFrame(typed), tuple(failures))


def _plain_numbers(frame: pl.DataFrame, contract: Contract) -> pl.DataFrame:
    """Return the columns that hold numbers and nothing odd, in the types of the contract.

    They are looked at together, which takes a tenth of the time of one after the other; what
    is odd in the others is found by `parse`.
    """
    schema = frame.schema
    kinds = {
        column.name: column.type
        for column in contract.columns
        if column.type in _NUMBERS and _is_number(schema.get(column.name))
    }
    if not kinds:
        return pl.DataFrame()
    numbers = frame.select(pl.col(list(kinds)).cast(pl.Float64))
    (with_nan,) = numbers.select(pl.all().is_nan().any()).rows(named=True)
    numbers = numbers.with_columns(pl.col([n for n, has in with_nan.items() if has]).fill_nan(None))
    plain = _columns_without(numbers, pl.all().abs().max() >= MAX_INTEGER)
    whole = plain.select(name for name in plain.columns if kinds[name] is ColumnType.INTEGER)
    whole = _columns_without(whole, (pl.all() != pl.all().round()).any())
    numbers = plain.select(name for name in plain.columns if kinds[name] is ColumnType.NUMBER)
    return pl.DataFrame([*numbers, *whole.cast(pl.Int64)])


def _columns_without(frame: pl.DataFrame, odd: pl.Expr) -> pl.DataFrame:
    """Return the columns that are not odd."""
    if not frame.width:
        return frame
    (found,) = frame.select(odd).rows(named=True)
    return frame.select(name for name, is_odd in found.items() if not is_odd)


def _plain_texts(frame: pl.DataFrame, contract: Contract) -> pl.DataFrame:
    """Return the columns of texts that are as they should be, also looked at together."""
    schema = frame.schema
    texts = frame.select(
        column.name
        for column in contract.columns
        if column.type in _TEXTS and schema.get(column.name) == pl.String
    )
    cells, bytes_ = pl.all(), pl.all().str.len_bytes()
    is_untidy = (cells != cells.str.strip_chars()).any()
    # A text of so few bytes has no more characters.
    return _columns_without(texts, is_untidy | (bytes_.min() == 0) | (bytes_.max() > MAX_TEXT))


def _is_number(dtype: pl.DataType | None) -> bool:
    return dtype is not None and (dtype.is_float() or dtype.is_integer())


def _column(source: pl.Series, column: Column) -> tuple[pl.Series, list[Failure]]:
    parsed = parse(source, column.type)
    failures = [
        Failure.where(column.name, (code, expectation(column)), wrong, source)
        for code, wrong in parsed.wrong.items()
        if wrong.any()
    ]
    return parsed.values.alias(column.name), failures
