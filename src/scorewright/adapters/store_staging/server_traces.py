"""Traces of a tracking server, which a snapshot counts only: rows for a database."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Mapping
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import Any

from scorewright.adapters.server_stores import ServedTrace
from scorewright.adapters.store_staging.trace_rows import Trace
from scorewright.adapters.store_staging.trace_writer import TraceWriter, WrittenTraces

__all__ = ["write_server_traces"]


def write_server_traces(
    traces: Iterable[ServedTrace], path: Path, numbers: Mapping[str, int]
) -> WrittenTraces:
    """Write the traces of a server into a database at the newest schema.

    Args:
        traces: As the server tells of them.
        path: The database, with the server's experiments.
        numbers: Experiment of the server -> its number there.
    """
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA synchronous = OFF")
        writer = TraceWriter(connection)
        for told in traces:
            _write(writer, told, numbers[told.experiment])
        connection.commit()
    return writer.written


def _write(writer: TraceWriter, told: ServedTrace, number: int) -> None:
    def read() -> Trace:
        return Trace(told.id, told.info, told.tags, told.metadata, told.runs)

    trace = writer.trace(told.id or "without an id", number, read, told.spans)
    if trace is None:
        return
    if told.trouble:
        writer.written.without_spans += 1
        writer.written.notes.append(f"The spans of trace {told.id} are left: {told.trouble}.")
    for place, said in enumerate(told.info.get("assessments") or (), start=1):
        writer.assessment(f"{place} of trace {told.id}", number, trace, partial(_same, said))


def _same(found: Mapping[str, Any]) -> Mapping[str, Any]:
    return found
