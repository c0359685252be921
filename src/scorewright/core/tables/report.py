"""What checking a table found, for people and for machines."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from functools import reduce
from typing import Any

import numpy as np
import polars as pl

from scorewright.core.tables.failures import ColumnProblem, Failure, summarise

__all__ = ["TableReport"]


@dataclass(frozen=True, slots=True, eq=False)
class TableReport:
    """The outcome of `check_frame`.

    Attributes:
        table: Name of the table.
        rows: Number of data rows.
        columns: Number of columns in the file.
        failures: Everything found, with all row positions.
        unknown_categories: Column -> unlisted value -> number of rows, most frequent first.
        frame: The typed rows; wrong cells and unlisted categories are null.
    """

    table: str
    rows: int
    columns: int
    failures: tuple[Failure, ...]
    unknown_categories: Mapping[str, Mapping[str, int]]
    frame: pl.DataFrame

    @property
    def errors(self) -> tuple[ColumnProblem, ...]:
        """Everything found, summed up per column and rule, errors before warnings."""
        problems = [summarise(failure) for failure in self.failures]
        return tuple(sorted(problems, key=lambda problem: problem.severity != "error"))

    @property
    def is_clean(self) -> bool:
        """Whether nothing of severity ``error`` was found; warnings do not count."""
        return all(failure.severity != "error" for failure in self.failures)

    @property
    def bad_rows(self) -> tuple[int, ...]:
        """Rows with at least one cell of severity ``error``, counted from 1, ascending."""
        wrong = [failure.rows for failure in self.failures if failure.severity == "error"]
        together = reduce(np.union1d, wrong, np.empty(0, np.int64))
        return tuple(int(row) + 1 for row in together)

    def reasons(self, row: int) -> tuple[str, ...]:
        """Return what is wrong with one row, one phrase per column and rule.

        Args:
            row: Data row, counted from 1.
        """
        return tuple(
            f"{failure.column}: {failure.code}, expected {failure.expected}"
            for failure in self.failures
            if failure.severity == "error" and _holds(failure, row - 1)
        )

    def to_dict(self) -> dict[str, Any]:
        """Return the JSON form; it quotes a few cells but holds no rows."""
        return {
            "schema_version": 1,
            "table": self.table,
            "rows": self.rows,
            "columns": self.columns,
            "is_clean": self.is_clean,
            "errors": [_plain(problem) for problem in self.errors],
            "unknown_categories": {
                column: dict(counts) for column, counts in self.unknown_categories.items()
            },
        }


def _holds(failure: Failure, row: int) -> bool:
    # Rows of a failure ascend, so that one row is found without a scan.
    at = int(np.searchsorted(failure.rows, row))
    return at < len(failure.rows) and int(failure.rows[at]) == row


def _plain(problem: ColumnProblem) -> dict[str, Any]:
    plain = asdict(problem)
    return plain | {
        "first_rows": list(problem.first_rows),
        "examples": list(problem.examples),
    }
