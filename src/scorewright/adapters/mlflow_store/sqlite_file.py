"""A SQLite store, looked at before MLflow opens it."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from scorewright.adapters.mlflow_store.location import StoreLocation
from scorewright.adapters.mlflow_store.schema import invalid, refuse_other_schema
from scorewright.adapters.mlflow_store.vendor_errors import locked, write_failed
from scorewright.core.errors import ScorewrightError

__all__ = ["LOCK_SECONDS", "check_sqlite", "count_runs", "require_writable"]

MAGIC = b"SQLite format 3\x00"
_WAL, _WAL_BYTES = b"\x02\x02", slice(18, 20)

#: MLflow itself waits 20 s for a lock and then fails with a stack trace.
LOCK_SECONDS = 5.0


def check_sqlite(file: Path, location: StoreLocation) -> bool:
    """Look at a SQLite store without changing a byte of it.

    The one exception is a file that a program left in the midst of writing when it died: its
    journal is rolled back first, as by everybody who opens such a file to write.

    Args:
        file: The database file.
        location: For messages.

    Returns:
        False where there is no file yet, True where there is a store of the right schema.

    Raises:
        ScorewrightError: ``store-invalid``, ``store-schema``, ``store-locked``,
            ``store-write-failed`` for a journal that may not be rolled back,
            ``store-folder-closed``.
    """
    if not file.exists():
        return False
    if not file.is_file():
        raise invalid("it is not a file", location)
    head = _head(file, len(MAGIC), location)
    if not head:
        raise invalid("the file is empty", location)
    if head != MAGIC:
        raise invalid("the file is not a SQLite database", location)
    if _has_hot_journal(file, location):
        require_writable(file, location)
    with _connected(file, location, "ro") as connection:
        tables = {row[0] for row in connection.execute("SELECT name FROM sqlite_master")}
        if not {"alembic_version", "experiments", "runs"} <= tables:
            raise invalid("the database holds no MLflow store", location)
        rows = connection.execute("SELECT version_num FROM alembic_version").fetchall()
    if len(rows) != 1:
        raise invalid("the database does not say which schema it has", location)
    refuse_other_schema(str(rows[0][0]), location)
    return True


def require_writable(file: Path, location: StoreLocation, seconds: float = LOCK_SECONDS) -> None:
    """Take the write lock and give it back: nothing is written.

    Raises:
        ScorewrightError: ``store-locked`` after ``seconds``, ``store-write-failed`` for a file
            or folder that is read-only, ``store-folder-closed``.
    """
    with _connected(file, location, "rw", seconds) as connection:
        connection.execute("BEGIN IMMEDIATE")
        connection.execute("ROLLBACK")


def count_runs(file: Path, location: StoreLocation) -> tuple[int, int]:
    """Return the number of experiments and runs that are not deleted."""
    with _connected(file, location, "ro") as connection:
        counts = [
            connection.execute(
                f"SELECT count(*) FROM {table} WHERE lifecycle_stage = 'active'"  # noqa: S608 - two fixed names
            ).fetchone()[0]
            for table in ("experiments", "runs")
        ]
    return counts[0], counts[1]


def _has_hot_journal(file: Path, location: StoreLocation) -> bool:
    """Return whether a program died while it wrote: SQLite reads no such file with mode=ro."""
    with _connected(file, location, "ro") as connection:
        try:
            connection.execute("PRAGMA schema_version").fetchone()
        except sqlite3.OperationalError as error:
            if error.sqlite_errorname == "SQLITE_READONLY_ROLLBACK":
                return True
            raise
    return False


@contextmanager
def _connected(
    file: Path, location: StoreLocation, mode: str, seconds: float = LOCK_SECONDS
) -> Iterator[sqlite3.Connection]:
    uri = f"{file.absolute().as_uri()}?mode={mode}"
    try:
        connection = sqlite3.connect(uri, uri=True, timeout=seconds, isolation_level=None)
        try:
            yield connection
        finally:
            connection.close()
    except sqlite3.OperationalError as error:
        if "locked" in str(error) or "busy" in str(error):
            raise locked(location) from error
        if _is_shut_out(error, file, location):
            raise _folder_closed(file, location) from error
        raise write_failed(error, location) from error
    except sqlite3.DatabaseError as error:
        raise invalid(f"the database is damaged ({error})", location) from error


def _head(file: Path, count: int, location: StoreLocation) -> bytes:
    try:
        with file.open("rb") as handle:
            return handle.read(count)
    except PermissionError as error:
        raise ScorewrightError(
            f"The tracking store {location.shown} may not be read by this user.",
            remedy=f"Let this user read {file}, or name another store in tracking.uri.",
            code="store-invalid",
        ) from error


def _is_shut_out(error: sqlite3.OperationalError, file: Path, location: StoreLocation) -> bool:
    """Return whether SQLite missed the files that it keeps beside a database in WAL mode."""
    name = error.sqlite_errorname
    return (
        name.startswith(("SQLITE_READONLY", "SQLITE_CANTOPEN"))
        and not os.access(file.parent, os.W_OK | os.X_OK)
        and _head(file, _WAL_BYTES.stop, location)[_WAL_BYTES] == _WAL
    )


def _folder_closed(file: Path, location: StoreLocation) -> ScorewrightError:
    return ScorewrightError(
        f"The tracking store {location.shown} cannot even be read: it is in WAL mode, so that "
        f"SQLite needs two files beside it, and {file.parent} may not be written to.",
        remedy=f"Let this user write to {file.parent}, or have its owner leave the mode: "
        f"sqlite3 {file} 'PRAGMA journal_mode=DELETE'. 'scorewright store' reads it as it is: "
        f"scorewright store inventory {file}",
        code="store-folder-closed",
    )
