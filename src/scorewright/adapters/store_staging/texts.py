"""Texts that are not UTF-8, in a private copy: read as Latin-1, as every reader of stores does."""

# ruff: noqa: S608 - names of tables and columns are those of our own list

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

from scorewright.adapters.store_staging.session import quoted
from scorewright.core.consolidation import CARRIED

__all__ = ["mend_texts"]


def mend_texts(path: Path) -> None:
    """Write every text of a private copy as UTF-8.

    Args:
        path: The copy, at the newest schema.
    """
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("PRAGMA synchronous = OFF")
        connection.execute("PRAGMA foreign_keys = OFF")
        for table in CARRIED:
            name = quoted(table.name)
            for column in map(quoted, table.columns):
                rows = connection.execute(
                    f"SELECT rowid, CAST({column} AS BLOB) FROM {name} "
                    f"WHERE typeof({column}) = 'text'"
                )
                mended = [(text, row) for row, data in rows if (text := _mended(data)) is not None]
                connection.executemany(f"UPDATE {name} SET {column} = ? WHERE rowid = ?", mended)


def _mended(data: bytes) -> str | None:
    try:
        data.decode()
    except UnicodeDecodeError:
        return data.decode("latin-1")
    return None
