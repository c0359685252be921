"""Reads a database, and proves that reading left no trace."""

from __future__ import annotations

import hashlib
from pathlib import Path

import polars as pl

from scorewright.adapters.database_stores import SqliteStore
from scorewright.core.snapshot import Snapshot
from scorewright.flows.events import Event

__all__ = ["HEAD", "columns", "evidence", "read", "state"]

HEAD = "dc11669786a5"


def state(folder: Path) -> dict[str, tuple[str, int]]:
    """Return SHA-256 and time of change of every file of a folder."""
    return {
        str(path.relative_to(folder)): (
            hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else "",
            path.stat().st_mtime_ns,
        )
        for path in sorted(folder.rglob("*"))
    }


def read(
    file: Path, *, history: bool = False, head: str = HEAD, events: list[Event] | None = None
) -> Snapshot:
    """Read a store; neither its file nor its folder may change."""
    before = state(file.parent)
    said: list[Event] = [] if events is None else events
    try:
        return SqliteStore(file, head).read(said.append, history=history)
    finally:
        assert state(file.parent) == before


def columns(frame: pl.DataFrame, *names: str) -> list[tuple[object, ...]]:
    """Return some columns as sorted rows."""
    return sorted(frame.select(names).rows(), key=repr)


def evidence(snapshot: Snapshot, code: str) -> dict[str, dict[str, object]]:
    """Return the evidence of a code's findings by subject."""
    return {f.subject: dict(f.evidence) for f in snapshot.findings if f.code == code}
