"""MLflow's store in a SQLite file."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from functools import cached_property
from pathlib import Path

from scorewright.adapters.database_stores.gathering import gather, require_store
from scorewright.adapters.database_stores.session import CHUNK, Row, UndecodableError
from scorewright.adapters.database_stores.sqlite_file import opened
from scorewright.core.findings import Finding
from scorewright.core.snapshot import Snapshot, Source, SourceKind
from scorewright.flows.events import Notify, ignore

__all__ = ["SqliteStore"]

_COLUMNS = (
    "SELECT t.name, c.name FROM sqlite_master AS t JOIN pragma_table_info(t.name) AS c "
    "WHERE t.type = 'table' AND t.name NOT LIKE 'sqlite~_%' ESCAPE '~' "
    "AND t.sql NOT LIKE 'CREATE VIRTUAL%'"
)
_EXAMPLES = 20


class SqliteStore:
    """Reads a SQLite file of any MLflow; neither it nor its folder changes.

    Args:
        file: The database.
        head: Revision of the installed MLflow's schema.
        thorough: Check the indexes against the rows too, which takes several times as long.
    """

    def __init__(self, file: Path, head: str, *, thorough: bool = False) -> None:
        self._file = file.absolute()
        self._head = head
        self._thorough = thorough

    def read(self, notify: Notify, *, history: bool = False) -> Snapshot:
        """Read everything in one transaction.

        The file is checked before, so that a writer is held up by the reading alone.

        Args:
            notify: Told of the progress.
            history: Read every value of every metric too.

        Raises:
            ScorewrightError: ``store-invalid``, ``store-locked``, ``write-failed``.
        """
        location = str(self._file)
        source = Source(location, SourceKind.SQLITE, folder=str(self._file.parent))
        with opened(self._file, notify) as connection:
            damages = self._damages(connection)
            connection.execute("BEGIN")
            snapshot = gather(_Transaction(connection), source, self._head, notify, history=history)
            connection.execute("ROLLBACK")
        if not damages:
            return snapshot
        return replace(snapshot, findings=(_damaged(location, damages), *snapshot.findings))

    def require(self) -> None:
        """Make sure that the file holds a store; its rows are not read.

        Raises:
            ScorewrightError: ``store-invalid``, ``store-locked``, ``write-failed``.
        """
        with opened(self._file, ignore) as connection:
            connection.execute("BEGIN")
            require_store(_Transaction(connection), str(self._file))
            connection.execute("ROLLBACK")

    def _damages(self, connection: sqlite3.Connection) -> list[str]:
        check = "integrity_check" if self._thorough else "quick_check"
        connection.text_factory = bytes  # it quotes names, which may be garbage
        rows = connection.execute(f"PRAGMA {check}({_EXAMPLES})").fetchall()
        connection.text_factory = str
        lines = [line for (text,) in rows for line in text.decode(errors="replace").splitlines()]
        return [line for line in lines if line != "ok" and not line.startswith("***")]


class _Transaction:
    """The open transaction of a connection."""

    has_group_concat = True

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    @cached_property
    def columns(self) -> Mapping[str, frozenset[str]]:
        found: dict[str, set[str]] = {}
        for table, column in self._connection.execute(_COLUMNS):
            found.setdefault(table, set()).add(column)
        return {table: frozenset(columns) for table, columns in found.items()}

    def chunks(self, sql: str, *, raw: bool = False) -> Iterator[Sequence[Row]]:
        self._connection.text_factory = bytes if raw else str
        try:
            cursor = self._connection.execute(sql)
            while rows := cursor.fetchmany(CHUNK):
                yield rows
        except sqlite3.OperationalError as error:
            if "decode to UTF-8" in str(error):
                raise UndecodableError(sql) from error
            raise
        finally:
            self._connection.text_factory = str


def _damaged(location: str, damages: Sequence[str]) -> Finding:
    return Finding(
        code="STORE-020",
        severity="error",
        subject=location,
        message=f"SQLite's check of the database found damage: {damages[0]}",
        remedy="Restore it from a backup, or save what can be saved: sqlite3 FILE .recover",
        evidence={"check": list(damages[:_EXAMPLES])},
    )
