"""The rows of a plan: a SQLite file with one table per table of the store.

Each table has columns of the store's table, without generated ones, and ``_unit``. Values are
those that the store's own driver takes; truth values are 0 and 1. An index on ``_unit`` pays.
Files that a plan calls ``payload:<name>`` are rows of a table ``_files`` (``name``, ``content``).
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any, Final

from scorewright.adapters.store_editing.quoting import quoted
from scorewright.core.errors import IntegrityError
from scorewright.core.plans import RowsChange, RowsDigest

__all__ = ["UNIT", "Payload", "payload_digest"]

UNIT: Final = "_unit"
_CHUNK: Final = 1000
_FILES: Final = "_files"


class Payload:
    """Reads the rows of a plan.

    Args:
        path: The file; None for a plan without rows.
    """

    def __init__(self, path: Path | None) -> None:
        self._path = path

    @property
    def uri(self) -> str:
        """The file as SQLite opens it for reading only.

        Raises:
            IntegrityError: ``payload-changed``: it is not there.
        """
        if self._path is None or not self._path.is_file():
            raise IntegrityError(
                f"The rows of the plan are not there: {self._path or 'no file is named'}.",
                remedy="Put the file back beside the plan, or make the plan again.",
                code="payload-changed",
            )
        return f"{self._path.absolute().as_uri()}?mode=ro"

    def columns(self, table: str) -> tuple[str, ...]:
        """Return the columns of a table, without ``_unit``; none where it is not there."""
        with self._opened() as connection:
            return _columns(connection, table)

    def chunks(
        self, table: str, unit: str, columns: tuple[str, ...], order: tuple[str, ...] = ()
    ) -> Iterator[list[tuple[Any, ...]]]:
        """Give the rows of a unit, a thousand at a time.

        Args:
            table: Of the payload.
            unit: Of the change.
            columns: Which ones.
            order: Columns to sort by.
        """
        names = ", ".join(map(quoted, columns))
        by = f" ORDER BY {', '.join(map(quoted, order))}" if order else ""
        # Names come from the schema of the file.
        sql = f"SELECT {names} FROM {quoted(table)} WHERE {UNIT} = ?{by}"  # noqa: S608
        with self._opened() as connection:
            cursor = connection.execute(sql, (unit,))
            while rows := cursor.fetchmany(_CHUNK):
                yield rows

    def file(self, name: str) -> bytes | None:
        """Return the content of a file, None where there is none of that name."""
        with self._opened() as connection:
            if "name" not in _columns(connection, _FILES):
                return None
            sql = f"SELECT content FROM {_FILES} WHERE name = ?"  # noqa: S608 - our own name
            row = connection.execute(sql, (name,)).fetchone()
        return None if row is None else bytes(row[0])

    def prove(self, change: RowsChange) -> None:
        """Hold the rows against the digest of their change.

        Raises:
            IntegrityError: ``payload-changed``.
        """
        digest = RowsDigest(columns := self.columns(change.table))
        if columns:
            for rows in self.chunks(change.table, change.unit, columns):
                digest.add(rows)
        if (digest.rows, digest.hexdigest()) != (change.rows, change.digest):
            raise IntegrityError(
                f"The plan's rows of '{change.table}' ({change.unit}) are not those it was made "
                f"with: {digest.rows:,} of {change.rows:,} rows are there.",
                remedy="Make the plan again: the file of its rows was changed or cut.",
                code="payload-changed",
            )

    def _opened(self) -> closing[sqlite3.Connection]:
        return closing(sqlite3.connect(self.uri, uri=True, isolation_level=None))


def payload_digest(path: Path, table: str, unit: str) -> tuple[int, str]:
    """Return the number of rows of a unit and their digest, as `RowsChange` wants them.

    Args:
        path: The payload.
        table: Of the payload.
        unit: Of the rows.
    """
    payload = Payload(path)
    digest = RowsDigest(columns := payload.columns(table))
    for rows in payload.chunks(table, unit, columns):
        digest.add(rows)
    return digest.rows, digest.hexdigest()


def _columns(connection: sqlite3.Connection, table: str) -> tuple[str, ...]:
    found = connection.execute(f"PRAGMA table_info({quoted(table)})").fetchall()
    return tuple(name for _, name, *_ in found if name != UNIT)
