"""What checking a table found, for people and for machines."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from functools import reduce
from typing import Any

import numpy as np
import polars as pl

from scorewright.core.findings import Severity
from scorewright.core.tables.failures import ColumnProblem, Failure, summarise

__all__ = ["TableReport", "joined"]


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


def joined(parts: Sequence[TableReport], keys: Sequence[pl.Series] = ()) -> TableReport:
    """Return the report of a table that was checked in parts.

    Args:
        parts: One or more, in the order of the rows; their frames are let go.
        keys: The key's values of each part: a key may be repeated in another part.
    """
    starts = np.cumsum([0, *(part.rows for part in parts[:-1])])
    groups: dict[tuple[str, str, str, Severity], list[Failure]] = {}
    counts: dict[str, Counter[str]] = {}
    for part, start in zip(parts, starts.tolist(), strict=True):
        for failure in part.failures:
            kind = (failure.column, failure.code, failure.expected, failure.severity)
            groups.setdefault(kind, []).append(replace(failure, rows=failure.rows + start))
        for column, of_part in part.unknown_categories.items():
            counts.setdefault(column, Counter()).update(of_part)
    failures = [
        replace(
            found[0],
            rows=np.concatenate([failure.rows for failure in found]),
            values=pl.concat([failure.values for failure in found]),
        )
        for found in groups.values()
    ]
    return TableReport(
        table=parts[0].table,
        rows=sum(part.rows for part in parts),
        columns=parts[0].columns,
        failures=(*_across(failures, pl.concat(keys)),) if keys else (*failures,),
        unknown_categories={
            column: dict(sorted(of.items(), key=lambda one: (-one[1], one[0])))
            for column, of in counts.items()
        },
        frame=parts[0].frame.clear(),
    )


def _across(failures: Sequence[Failure], keys: pl.Series) -> Iterator[Failure]:
    """Look for repeated keys in all parts together."""
    code = "duplicate-key"
    yield from (one for one in failures if (one.column, one.code) != (keys.name, code))
    repeated = keys.is_duplicated() & keys.is_not_null()
    if repeated.any():
        rule = (code, "a value of its own in every row")
        yield replace(Failure.where(keys.name, rule, repeated, keys), severity="warning")


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
