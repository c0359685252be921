"""Traces of a tree, which a snapshot counts only: rows for a database; their spans stay files."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Mapping
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import Any

from scorewright.adapters.file_stores import TreeAssessment, TreeTrace
from scorewright.adapters.store_staging.trace_rows import Trace
from scorewright.adapters.store_staging.trace_writer import TraceWriter, WrittenTraces

__all__ = ["write_tree_traces"]


def write_tree_traces(
    traces: Iterable[TreeTrace], path: Path, numbers: Mapping[str, int]
) -> WrittenTraces:
    """Write the traces of a tree into a database at the newest schema.

    Args:
        traces: Of the tree.
        path: The database, with the tree's experiments.
        numbers: Experiment of the tree -> its number there.
    """
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA synchronous = OFF")
        writer = TraceWriter(connection)
        for told in traces:
            _write(writer, told, numbers.get(told.experiment))
        connection.commit()
    return writer.written


def _write(writer: TraceWriter, told: TreeTrace, number: int | None) -> None:
    if number is None:
        why = "its experiment came after the tree was read"
        writer.written.notes.append(f"Trace {told.path} cannot be carried and is left: {why}.")
        return
    trace = writer.trace(told.path, number, partial(_trace, told))
    if trace is None:
        return
    writer.written.notes.extend(told.notes)
    for said in told.assessments:
        writer.assessment(said.path, number, trace, partial(_fields, said))
        writer.written.notes.extend(said.notes)


def _trace(told: TreeTrace) -> Trace:
    if told.trouble:
        raise ValueError(told.trouble)
    return Trace(told.id, told.info, told.tags, told.metadata)


def _fields(said: TreeAssessment) -> Mapping[str, Any]:
    if said.trouble:
        raise ValueError(said.trouble)
    return said.fields
