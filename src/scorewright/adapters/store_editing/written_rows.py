"""Rows of a payload put into a SQLite file by SQLite itself, and read back before the commit."""

# ruff: noqa: S608 - names of tables and columns come from the schemas of the two files

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from typing import Final

from sqlalchemy.engine import Connection

from scorewright.adapters.store_editing.payload import UNIT, Payload
from scorewright.adapters.store_editing.quoting import quoted
from scorewright.adapters.store_editing.shapes import Shape
from scorewright.core.plans import RowsChange, RowsDigest

__all__ = ["write_rows"]

_PAYLOAD: Final = "payload"
_CHUNK: Final = 5000
_HIGHEST: Final = 1 << 62
"""Above it SQLite may stop to number rows one after the other."""


def write_rows(
    connection: Connection,
    shape: Shape,
    payload: Payload,
    change: RowsChange,
    columns: Sequence[str],
) -> bool:
    """Insert the rows of a change and digest what the table then has of them.

    No row passes through Python on its way in, which is a quarter of the time.

    Args:
        connection: To a SQLite file, in a transaction that changes it.
        shape: Of the table.
        payload: Rows of the plan; opened for reading only.
        change: None of its rows is there.
        columns: Of the payload's table.

    Returns:
        Whether the table has exactly the rows that the change names.

    Raises:
        sqlite3.IntegrityError: A row breaks a rule of the schema.
        IntegrityError: ``payload-changed``: there is no payload.
    """
    files = connection.connection.driver_connection
    if not isinstance(files, sqlite3.Connection):
        raise TypeError("only SQLite files take rows from a file")
    _attach(files, payload)
    table, names = quoted(shape.name), ", ".join(map(quoted, columns))
    (last,) = files.execute(f"SELECT COALESCE(MAX(rowid), 0) FROM main.{table}").fetchone()
    files.execute(
        f"INSERT INTO main.{table} ({names}) "
        f"SELECT {names} FROM {_PAYLOAD}.{table} WHERE {UNIT} = ?",
        (change.unit,),
    )
    read = ", ".join(f"t.{quoted(name)}" for name in columns)
    if len(shape.key) == 1 or last > _HIGHEST:
        # A number that is the key is the number of the row too.
        same = " AND ".join(f"t.{quoted(name)} = p.{quoted(name)}" for name in shape.key)
        cursor = files.execute(
            f"SELECT {read} FROM {_PAYLOAD}.{table} p CROSS JOIN main.{table} t ON {same} "
            f"WHERE p.{UNIT} = ?",
            (change.unit,),
        )
    else:
        cursor = files.execute(f"SELECT {read} FROM main.{table} t WHERE t.rowid > ?", (last,))
    digest = RowsDigest(columns)
    while rows := cursor.fetchmany(_CHUNK):
        digest.add(rows)
    return (digest.rows, digest.hexdigest()) == (change.rows, change.digest)


def _attach(files: sqlite3.Connection, payload: Payload) -> None:
    attached = {row[1] for row in files.execute("PRAGMA database_list").fetchall()}
    if _PAYLOAD not in attached:
        # It is detached when the connection is closed, after the commit.
        files.execute(f"ATTACH ? AS {_PAYLOAD}", (payload.uri,))
