"""Which cells break which rule: row numbers and values, kept as columns."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import polars as pl

from scorewright.core.findings import Severity

__all__ = ["CellProblem", "ColumnProblem", "Failure", "cells", "summarise", "unlisted"]

_FIRST_ROWS = 5
_EXAMPLES = 3
_EXAMPLE_LENGTH = 60


@dataclass(frozen=True, slots=True)
class CellProblem:
    """One cell that breaks the contract.

    Attributes:
        row: Data row, counted from 1; 0 where the problem is the table's.
        column: Column name.
        code: What is wrong, such as ``type``.
        expected: What the contract asks for, in words.
        value: The cell as text; empty where there is none.
    """

    row: int
    column: str
    code: str
    expected: str
    value: str


@dataclass(frozen=True, slots=True)
class ColumnProblem:
    """All cells of one column that break one rule.

    Attributes:
        column: Column name.
        code: What is wrong, such as ``type``.
        severity: ``error`` or ``warning``.
        count: Number of cells; 0 where the problem is the whole column's.
        first_rows: The first rows concerned, counted from 1.
        examples: Up to three different values, shortened.
        expected: What the contract asks for, in words.
    """

    column: str
    code: str
    severity: Severity
    count: int
    first_rows: tuple[int, ...]
    examples: tuple[str, ...]
    expected: str


@dataclass(frozen=True, slots=True, eq=False)
class Failure:
    """The cells of one column that break one rule.

    Attributes:
        column: Column name.
        code: What is wrong.
        expected: What the contract asks for, in words.
        rows: Positions of the rows, counted from 0; empty for a problem of the table.
        values: The cells as text, one per row.
        severity: ``error`` or ``warning``.
    """

    column: str
    code: str
    expected: str
    rows: npt.NDArray[np.int64]
    values: pl.Series
    severity: Severity = "error"

    @classmethod
    def of_table(
        cls, column: str, code: str, expected: str, severity: Severity = "error"
    ) -> Failure:
        """Make a failure that concerns a column as a whole."""
        return cls(
            column, code, expected, np.empty(0, np.int64), pl.Series(dtype=pl.String), severity
        )

    @classmethod
    def where(
        cls, column: str, rule: tuple[str, str], wrong: pl.Series, cells: pl.Series
    ) -> Failure:
        """Make a failure of the cells where ``wrong`` is true.

        Args:
            column: Column name.
            rule: Code and expectation.
            wrong: Boolean mask.
            cells: The column the values are quoted from.
        """
        rows = wrong.fill_null(value=False).arg_true().cast(pl.Int64)
        values = as_text(cells.gather(rows))
        return cls(column, rule[0], rule[1], rows.to_numpy(), values)


def as_text(series: pl.Series) -> pl.Series:
    """Show cells as text, whatever their type; missing cells become empty."""
    if series.dtype.is_nested() or series.dtype in (pl.Binary, pl.Object):
        return pl.Series(["(not shown)"] * len(series), dtype=pl.String)
    return series.cast(pl.String, strict=False).fill_null("")


def cells(failure: Failure) -> Iterator[CellProblem]:
    """Spell a failure out, one problem per cell."""
    if len(failure.rows) == 0:
        yield CellProblem(0, failure.column, failure.code, failure.expected, "")
    for row, value in zip(failure.rows.tolist(), failure.values, strict=True):
        yield CellProblem(row + 1, failure.column, failure.code, failure.expected, value)


def summarise(failure: Failure) -> ColumnProblem:
    """Sum a failure up for people: a count, the first rows, a few examples."""
    examples = failure.values.head(1000).unique(maintain_order=True).head(_EXAMPLES)
    return ColumnProblem(
        column=failure.column,
        code=failure.code,
        severity=failure.severity,
        count=len(failure.rows),
        first_rows=tuple(int(row) + 1 for row in failure.rows[:_FIRST_ROWS]),
        examples=tuple(str(text)[:_EXAMPLE_LENGTH] for text in examples if text),
        expected=failure.expected,
    )


def unlisted(failures: Iterable[Failure]) -> dict[str, dict[str, int]]:
    """Count the values of the ``category`` failures: column -> value -> rows, most first."""
    return {f.column: _counts(f.values) for f in failures if f.code == "category"}


def _counts(values: pl.Series) -> dict[str, int]:
    counted = values.alias("value").value_counts(sort=True, name="rows")
    return dict(counted.sort(["rows", "value"], descending=[True, False]).iter_rows())
