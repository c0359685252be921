"""What somebody else changed in tables that a plan, killed midway, has changed too."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from scorewright.adapters.database_stores import opened
from scorewright.adapters.store_editing.database import Database
from scorewright.adapters.store_editing.quoting import quoted
from scorewright.adapters.store_editing.rows import row_state
from scorewright.adapters.store_editing.shapes import shapes_of
from scorewright.core.plans import RowChange, RowsChange, net_changes
from scorewright.flows.events import ignore
from scorewright.flows.store.editing import RowChanges, State

__all__ = ["altered"]

_Keys = dict[tuple[str, ...], set[tuple[str, ...]]]


def altered(
    database: Database, backup: str, done: Sequence[RowChanges], begun: Sequence[RowChanges]
) -> tuple[str, ...]:
    """Compare rows one by one: those of the plan with the plan, all others with the backup.

    Only tables that the plan has changed are looked at, and only when it goes on after it was
    killed: that costs a plan nothing that is not.

    Args:
        database: Of the store.
        backup: Made before the first change; "" without one. That of a server is not compared.
        done: Changes that are carried out.
        begun: Those of a transaction that is committed, or is not.

    Returns:
        One line per table.
    """
    if not database.is_there():
        return ()
    rows = [change for change in done if isinstance(change, RowChange)]
    open_rows = [change for change in begun if isinstance(change, RowChange)]
    lines = _of_plan(database, rows, open_rows)
    if database.file is not None and backup and Path(backup).is_file():
        tables = {c.table for c in (*done, *begun) if isinstance(c, RowChange | RowsChange)}
        # Killed in a transaction, the file still waits for its journal: a private copy is read.
        # A backup that cannot be asked accuses nobody.
        with opened(database.file, ignore) as connection, suppress(sqlite3.Error):
            lines += _of_others(connection, Path(backup), tables, [*rows, *open_rows])
    return tuple(lines)


def _of_plan(database: Database, done: list[RowChange], begun: list[RowChange]) -> list[str]:
    doubtful = {(c.table, tuple(sorted(c.key.items()))) for c in begun}
    counts: dict[str, int] = {}
    with database.reading() as connection:
        shapes = shapes_of(connection)
        for change in net_changes(done):
            if (change.table, tuple(sorted(change.key.items()))) in doubtful:
                continue
            if row_state(connection, shapes, change) is not State.AFTER:
                counts[change.table] = counts.get(change.table, 0) + 1
    return [
        f"{table}: {_counted(count)} not as the plan left {'it' if count == 1 else 'them'}"
        for table, count in sorted(counts.items())
    ]


def _of_others(
    connection: sqlite3.Connection,
    backup: Path,
    tables: Iterable[str],
    rows: Iterable[RowChange],
) -> list[str]:
    touched: dict[str, _Keys] = {}
    for change in rows:
        names = tuple(sorted(change.key))
        values = tuple(str(change.key[name]) for name in names)
        touched.setdefault(change.table, {}).setdefault(names, set()).add(values)
    lines = []
    connection.row_factory = sqlite3.Row
    connection.execute("ATTACH ? AS earlier", (f"{backup.absolute().as_uri()}?mode=ro",))
    for table in sorted(tables):
        own = touched.get(table, {})
        count = sum(not _is_touched(row, own) for row in _gone(connection, table))
        if count:
            lines.append(f"{table}: {_counted(count)} that the plan has no part in")
    return lines


def _gone(connection: sqlite3.Connection, table: str) -> sqlite3.Cursor:
    """Give the rows of the backup that are not in the store as they were."""
    found = connection.execute(f"PRAGMA earlier.table_info({quoted(table)})").fetchall()
    columns = ", ".join(quoted(row["name"]) for row in found)
    if not columns:
        return connection.execute("SELECT 1 WHERE 0")
    # Names come from the schema.
    return connection.execute(
        f"SELECT {columns} FROM earlier.{quoted(table)} EXCEPT "  # noqa: S608
        f"SELECT {columns} FROM main.{quoted(table)}"
    )


def _is_touched(row: Mapping[str, Any] | sqlite3.Row, keys: _Keys) -> bool:
    return any(tuple(str(row[name]) for name in names) in values for names, values in keys.items())


def _counted(count: int) -> str:
    return "1 row" if count == 1 else f"{count:,} rows"
