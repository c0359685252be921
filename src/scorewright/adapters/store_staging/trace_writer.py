"""Writes traces that nobody checked: each whole or not at all."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import yaml

from scorewright.adapters.store_staging.careful import REFUSED, savepoint
from scorewright.adapters.store_staging.trace_rows import (
    Trace,
    assessment_row,
    span_row,
    trace_rows,
)

__all__ = ["ODD", "TraceWriter", "WrittenTraces"]

#: Whatever reading a file that anybody may have written, and keeping what it says, may raise.
ODD: Final = (
    OSError,
    ValueError,
    ArithmeticError,
    KeyError,
    TypeError,
    AttributeError,
    RecursionError,
    yaml.YAMLError,
    *REFUSED,
)


@dataclass(slots=True)
class WrittenTraces:
    """How many traces and assessments were written.

    Attributes:
        traces: All of each, or nothing.
        assessments: Of those traces.
        without_spans: Of those traces, how many have spans that are not here.
        notes: Which of both could not be read or written, and why.
    """

    traces: int = 0
    assessments: int = 0
    without_spans: int = 0
    notes: list[str] = field(default_factory=list)


class TraceWriter:
    """Writes traces into a database at the newest schema.

    Args:
        connection: To the database, with the experiments.
    """

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self.written = WrittenTraces()

    def trace(
        self, shown: str, number: int, read: Callable[[], Trace], spans: Iterable[str] = ()
    ) -> Trace | None:
        """Write a trace; return it, or None where a note says why it is left.

        Args:
            shown: What people call it.
            number: Of its experiment.
            read: Gives it: everything is read before anything is written.
            spans: Those of it that databases keep.
        """
        try:
            trace = read()
            with savepoint(self._connection):
                for table, row in trace_rows(trace, number):
                    self._insert(table, row)
                for span in spans:
                    self._insert("spans", span_row(span, trace.id, number))
        except ODD as error:
            self.written.notes.append(
                f"Trace {shown} cannot be carried and is left: {_why(error)}."
            )
            return None
        self.written.traces += 1
        return trace

    def assessment(
        self, shown: str, number: int, trace: Trace, read: Callable[[], Mapping[str, Any]]
    ) -> None:
        """Write an assessment, or a note why it is left; see `trace`."""
        try:
            row = assessment_row(read(), trace, number)
            with savepoint(self._connection):
                self._insert("assessments", row)
        except ODD as error:
            self.written.notes.append(
                f"Assessment {shown} cannot be carried and is left: {_why(error)}."
            )
            return
        self.written.assessments += 1

    def _insert(self, table: str, row: Mapping[str, Any]) -> None:
        marks = ", ".join("?" * len(row))
        self._connection.execute(
            f"INSERT INTO {table} ({', '.join(row)}) VALUES ({marks})",  # noqa: S608 - names of our own
            tuple(row.values()),
        )


def _why(error: BaseException) -> str:
    """Return a reason in one line."""
    return f"{type(error).__name__}: {' '.join(str(error).split())}".removesuffix(".")
