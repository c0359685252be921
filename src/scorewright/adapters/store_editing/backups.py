"""Backups by the database's own mechanism."""

from __future__ import annotations

import hashlib
import math
import sqlite3
from contextlib import closing, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from sqlalchemy.engine import Connection

from scorewright.adapters.database_stores import decoded, opened
from scorewright.adapters.guarded import sync_directory, sync_file
from scorewright.adapters.store_editing.database import Database
from scorewright.adapters.store_editing.locking import alone_in
from scorewright.adapters.store_editing.quoting import quoted
from scorewright.adapters.store_editing.refusals import damaged, write_failed, writing
from scorewright.adapters.store_editing.shapes import Shape, plain, shapes_of
from scorewright.core.digests import short
from scorewright.flows.events import ignore
from scorewright.flows.store.editing import Backup

__all__ = ["back_up", "copy_pages"]

_PARTIAL: Final = ".backup.partial"
_ENDINGS: Final = ("", "-journal", "-wal", "-shm")
_CHUNK: Final = 5000
_PAGES: Final = 4096
_NAN: Final = "NaN"
"""Stands for a number of a server that is none: SQLite would make NULL of it."""


def back_up(database: Database, folder: Path) -> Backup:
    """Copy a database into ``backup-<UTC>-<short digest>.db``.

    A SQLite file is copied by SQLite's backup API, page by page, while others may read it. All
    tables of a PostgreSQL database are read in one REPEATABLE READ transaction into a SQLite file
    of the same tables and columns.

    Args:
        database: That is there.
        folder: Made where it is missing.

    Raises:
        ScorewrightError: ``store-write-failed``, ``store-locked``, ``store-busy``.
        IntegrityError: ``store-broken``: the copy is not whole.
    """
    with alone_in(folder):
        return _backed_up(database, folder)


def _backed_up(database: Database, folder: Path) -> Backup:
    partial = folder / _PARTIAL
    with writing(folder):
        _sweep(partial)
    try:
        _copy(database, partial)
        rows = _proved(partial, database.location)
        with writing(partial):
            sync_file(partial)
            with partial.open("rb") as stream:
                sha256 = hashlib.file_digest(stream, "sha256").hexdigest()
            stamp = datetime.now(UTC).strftime("%Y%m%dT%H%M%SZ")
            path = folder / f"backup-{stamp}-{short(sha256)}.db"
            partial.replace(path)
            sync_directory(folder)
    except sqlite3.Error as error:
        raise write_failed(str(partial), OSError(0, str(error))) from error
    finally:
        with suppress(OSError):
            _sweep(partial)
    return Backup(str(path), sha256, rows)


def _sweep(partial: Path) -> None:
    for ending in _ENDINGS:
        Path(f"{partial}{ending}").unlink(missing_ok=True)


def _copy(database: Database, partial: Path) -> None:
    with closing(sqlite3.connect(partial, isolation_level=None)) as copy:
        copy.execute("PRAGMA synchronous = OFF")  # it is brought to disk as a whole, afterwards
        if database.file is not None:
            copy_pages(database.file, copy)
            return
        with database.reading() as session:
            copy.execute("BEGIN")
            for name, shape in sorted(shapes_of(session).items()):
                with decoded(database.location, name):
                    _copy_table(session, name, shape, copy)
            copy.execute("COMMIT")


def copy_pages(file: Path, copy: sqlite3.Connection) -> None:
    """Copy a SQLite file, page by page, into an open database.

    Raises:
        ScorewrightError: ``store-write-failed``, ``store-locked``, ``store-invalid``.
    """
    with opened(file, ignore) as connection:
        try:
            connection.backup(copy, pages=_PAGES)
        except sqlite3.Error as error:
            if getattr(error, "sqlite_errorname", "").startswith(("SQLITE_FULL", "SQLITE_IOERR")):
                raise write_failed("a copy of the database", OSError(0, str(error))) from error
            raise


def _copy_table(session: Connection, name: str, shape: Shape, copy: sqlite3.Connection) -> None:
    columns = ", ".join(map(quoted, shape.columns))
    copy.execute(f"CREATE TABLE {quoted(name)} ({columns})")
    marks = ", ".join("?" * len(shape.columns))
    # Names come from the schema.
    insert = f"INSERT INTO {quoted(name)} ({columns}) VALUES ({marks})"  # noqa: S608
    with session.execution_options(yield_per=_CHUNK).execute(shape.select(shape.columns)) as rows:
        for part in rows.partitions():
            copy.executemany(insert, [tuple(map(_kept, row)) for row in part])


def _kept(value: Any) -> Any:  # noqa: ANN401 - any value of a row
    value = plain(value)
    if isinstance(value, float) and math.isnan(value):
        return _NAN
    return value if isinstance(value, str | int | float | bytes | None) else str(value)


def _proved(copy: Path, location: str) -> int:
    """Check a copy and count its rows; as nobody writes it, SQLite puts nothing beside it."""
    uri = f"{copy.as_uri()}?mode=ro&immutable=1"
    with closing(sqlite3.connect(uri, uri=True)) as connection:
        verdict = connection.execute("PRAGMA quick_check(1)").fetchone()[0]
        if verdict != "ok":
            raise damaged(location, f"its backup does not pass SQLite's check ({verdict})")
        names = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()
        counts = (
            connection.execute(f"SELECT COUNT(*) FROM {quoted(name)}").fetchone()[0]  # noqa: S608
            for (name,) in names
        )
        return sum(counts)
