"""Texts that are not UTF-8, in a private copy: read as Latin-1, as every reader of stores does."""

# ruff: noqa: S608 - names of tables and columns are those of the copy itself, quoted

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from typing import Final

from scorewright.adapters.store_staging.session import quoted
from scorewright.core.counting import counted

__all__ = ["mend_texts"]

#: A number in what a column is declared as: no text is looked for there at first.
_NUMBERS: Final = ("INT", "REAL", "FLOA", "DOUB", "BOOL", "NUM")
_TABLES: Final = (
    "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite~_%' ESCAPE '~'"
)


def mend_texts(path: Path) -> list[str]:
    """Write every text of a private copy as UTF-8.

    A reader of stores does not look at every table; MLflow's migrations and the merger do.

    Args:
        path: The copy, at any schema.

    Returns:
        What a reader should know.
    """
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("PRAGMA synchronous = OFF")
        connection.execute("PRAGMA foreign_keys = OFF")
        tables = [name for (name,) in connection.execute(_TABLES).fetchall()]
        found = {table: number for table in tables if (number := _mend(connection, table))}
    return [
        f"{counted(number, 'text')} of '{table}' {'is' if number == 1 else 'are'} not UTF-8; "
        "read as Latin-1."
        for table, number in found.items()
    ]


def _mend(connection: sqlite3.Connection, table: str) -> int:
    described = connection.execute(f"PRAGMA table_info({quoted(table)})").fetchall()
    kinds = {str(row[1]): str(row[2]).upper() for row in described}
    texts = [name for name, kind in kinds.items() if not any(sign in kind for sign in _NUMBERS)]
    if not texts or _is_sound(connection, table, texts):
        return 0
    total = 0
    for column in map(quoted, kinds):
        rows = connection.execute(
            f"SELECT rowid, CAST({column} AS BLOB) FROM {quoted(table)} "
            f"WHERE typeof({column}) = 'text'"
        )
        mended = [(text, row) for row, data in rows if (text := _mended(data)) is not None]
        for text, row in mended:
            _write(
                connection, f"UPDATE {quoted(table)} SET {column} = ? WHERE rowid = ?", text, row
            )
        total += len(mended)
    return total


def _write(connection: sqlite3.Connection, sql: str, text: str, row: int) -> None:
    """Write a text; where the same text stands there already, this one says what it was."""
    try:
        connection.execute(sql, (text, row))
    except sqlite3.IntegrityError:
        connection.execute(sql, (f"{text} (Latin-1)", row))


def _is_sound(connection: sqlite3.Connection, table: str, columns: Sequence[str]) -> bool:
    names = ", ".join(map(quoted, columns))
    try:
        for _ in connection.execute(f"SELECT {names} FROM {quoted(table)}"):
            pass
    except sqlite3.OperationalError as error:
        if "decode to UTF-8" in str(error):
            return False
        raise
    return True


def _mended(data: bytes) -> str | None:
    try:
        data.decode()
    except UnicodeDecodeError:
        return data.decode("latin-1")
    return None
