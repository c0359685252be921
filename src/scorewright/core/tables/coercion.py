"""A frame to the types of its contract, with every cell that does not fit."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

import polars as pl

from scorewright.core.contracts import Column, Contract, expectation
from scorewright.core.tables.failures import CellProblem, Failure, cells
from scorewright.core.tables.parsing import parse

__all__ = ["Coerced", "coerce"]


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
    for column in contract.columns:
        if column.name in frame.columns:
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


def _column(source: pl.Series, column: Column) -> tuple[pl.Series, list[Failure]]:
    parsed = parse(source, column.type)
    failures = [
        Failure.where(column.name, (code, expectation(column)), wrong, source)
        for code, wrong in parsed.wrong.items()
        if wrong.any()
    ]
    return parsed.values.alias(column.name), failures
