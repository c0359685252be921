"""Connections to the database of a store: SQLite and PostgreSQL, with the same few promises."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import sqlalchemy as sa
from sqlalchemy.engine import Connection, Engine

from scorewright.adapters.database_stores import IN_UTF8, decoded, opened
from scorewright.adapters.store_editing.refusals import (
    invalid,
    locked,
    masked,
    unreachable,
    write_failed,
)
from scorewright.core.errors import ScorewrightError, UsageError
from scorewright.flows.events import ignore

__all__ = ["Database"]

_LOCK_SECONDS: Final = 5.0
_CACHE_KIB: Final = 65536
_LOCK_STATES: Final = ("55P03", "40001", "40P01")
"""lock_not_available, serialization_failure, deadlock_detected."""


class Database:
    """The database behind a location; no connection is kept.

    Args:
        location: ``sqlite:///x.db``, a path, or ``postgresql://...``.

    Raises:
        UsageError: ``store-uri``: another kind of address.
    """

    def __init__(self, location: str) -> None:
        scheme, _, rest = location.partition("://")
        self.location = masked(location)
        self.file: Path | None = None
        self.uri = location
        if not rest:
            self.file = _followed(Path(location))
        elif scheme == "sqlite":
            self.file = _followed(Path(location.removeprefix("sqlite:///")))
        elif scheme.partition("+")[0] in ("postgresql", "postgres"):
            self.uri = _in_utf8(f"postgresql+psycopg://{rest}")
        else:
            raise UsageError(
                f"Stores at {self.location} cannot be changed by a plan.",
                remedy="Only SQLite files and PostgreSQL databases can: consolidate it into one, "
                "scorewright store consolidate",
                code="store-uri",
            )
        if self.file is not None:
            self.location = str(self.file)
            self.uri = f"sqlite:///{self.file.as_posix()}"

    @property
    def is_sqlite(self) -> bool:
        """Whether it is a file."""
        return self.file is not None

    def is_there(self) -> bool:
        """Whether the file exists, or the server's database holds any table.

        Raises:
            ScorewrightError: ``store-unreachable``.
        """
        if self.file is not None:
            return self.file.exists()
        with self.reading() as connection:
            return bool(sa.inspect(connection).get_table_names())

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """One transaction that only looks; a SQLite file and what lies beside it stay as they are.

        Raises:
            ScorewrightError: ``store-invalid``, ``store-locked``, ``store-unreachable``.
        """
        with self._translated(), self._looking() as connection:
            if self.is_sqlite:
                connection.exec_driver_sql("BEGIN")
            else:
                connection.exec_driver_sql("SET TRANSACTION READ ONLY")
            yield connection
            connection.rollback()

    @contextmanager
    def changing(self) -> Iterator[Connection]:
        """One transaction that is committed at the end of the block, or not at all.

        Raises:
            ScorewrightError: ``store-invalid``, ``store-locked``, ``store-unreachable``,
                ``store-write-failed``.
        """
        with self._translated(), self._connected("READ COMMITTED") as connection:
            if self.is_sqlite:
                connection.exec_driver_sql("BEGIN IMMEDIATE")
            else:
                connection.exec_driver_sql(f"SET LOCAL lock_timeout = {int(_LOCK_SECONDS * 1000)}")
            yield connection
            connection.commit()
            self._clear(connection)

    def _clear(self, connection: Connection) -> None:
        """Let SQLite remove a journal of a killed process that was not needed.

        A change that is rolled back opens a journal of its own, and takes it away; the database is
        not written to.
        """
        if self.file is None or not Path(f"{self.file}-journal").exists():
            return
        version = connection.exec_driver_sql("PRAGMA user_version").scalar()
        connection.rollback()
        connection.exec_driver_sql("BEGIN IMMEDIATE")
        connection.exec_driver_sql(f"PRAGMA user_version = {int(version or 0)}")
        connection.rollback()

    @contextmanager
    def _looking(self) -> Iterator[Connection]:
        if self.file is None:
            with self._connected("REPEATABLE READ") as connection:
                yield connection
            return
        # Opened for writing, SQLite would bring a log of its own to the file when it closes.
        with opened(self.file, ignore) as raw:
            engine = sa.create_engine("sqlite://", creator=lambda: raw, poolclass=sa.pool.NullPool)
            try:
                with engine.connect() as connection:
                    yield connection
            finally:
                engine.dispose()

    @contextmanager
    def _connected(self, isolation: str) -> Iterator[Connection]:
        engine = self._engine(isolation)
        try:
            with engine.connect() as connection:
                yield connection
        finally:
            engine.dispose()

    def _engine(self, isolation: str) -> Engine:
        if self.file is not None:
            file = self.file
            return sa.create_engine(
                "sqlite://", creator=lambda: _open(file), poolclass=sa.pool.NullPool
            )
        return sa.create_engine(
            self.uri,
            poolclass=sa.pool.NullPool,
            isolation_level=isolation,
        )

    @contextmanager
    def _translated(self) -> Iterator[None]:
        try:
            with decoded(self.location):
                yield
        except sa.exc.DBAPIError as error:
            raise self._refusal(error) from error
        except sqlite3.Error as error:
            raise _of_sqlite(error, self.location) from error

    def _refusal(self, error: sa.exc.DBAPIError) -> ScorewrightError:
        if isinstance(error.orig, sqlite3.Error):
            return _of_sqlite(error.orig, self.location)
        state = getattr(error.orig, "sqlstate", None) or ""
        reason = (str(error.orig).strip().splitlines() or ["no reason given"])[0]
        if state in _LOCK_STATES:
            return locked(self.location)
        if state.startswith("53"):  # disk_full, out_of_memory ...
            return write_failed(self.location, OSError(0, reason))
        if isinstance(error, sa.exc.OperationalError):
            return unreachable(self.location, reason)
        return invalid(reason, self.location)


def _in_utf8(uri: str) -> str:
    """Ask for texts in UTF-8; the address goes to MLflow too."""
    try:
        url = sa.make_url(uri).update_query_dict(IN_UTF8)
    except (sa.exc.ArgumentError, ValueError):  # told by whoever connects
        return uri
    return url.render_as_string(hide_password=False)


def _followed(file: Path) -> Path:
    """Return the file itself: through a link its lock and its state would be others."""
    return file.resolve() if file.is_symlink() else file.absolute()


def _open(file: Path) -> sqlite3.Connection:
    """Open a file that is there; ``journal_mode`` stays what it is."""
    connection = sqlite3.connect(
        f"{file.as_uri()}?mode=rw",
        uri=True,
        timeout=_LOCK_SECONDS,
        isolation_level=None,
        check_same_thread=False,
    )
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute(f"PRAGMA cache_size = -{_CACHE_KIB}")
    return connection


def _of_sqlite(error: sqlite3.Error, location: str) -> ScorewrightError:
    name = getattr(error, "sqlite_errorname", "") or ""
    if name.startswith(("SQLITE_BUSY", "SQLITE_LOCKED", "SQLITE_PROTOCOL")):
        return locked(location)
    if name.startswith(("SQLITE_FULL", "SQLITE_IOERR", "SQLITE_READONLY", "SQLITE_CANTOPEN")):
        return write_failed(location, OSError(0, str(error)))
    return invalid(str(error), location)
