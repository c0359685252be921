"""A SQLite file, opened so that neither it nor its folder changes.

Three ways, by what lies beside the file:

- Without a write-ahead log it is opened with ``mode=ro``. A journal of a program that died while it
  wrote would have to be rolled back, which is writing: a private copy of both is read instead.
- With a write-ahead log in use (``-wal`` and ``-shm`` are there) it is opened with ``mode=ro`` too.
  The ``-shm`` is shared memory in which every reader marks its place; file and log stay as they
  are.
- With a log that nobody has open, ``mode=ro`` would leave a ``-shm`` behind: where the log holds
  rows a private copy of both is read, else the file alone, as ``immutable=1``, and it is
  looked up afterwards that nobody changed it meanwhile.
"""

from __future__ import annotations

import shutil
import sqlite3
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, closing, contextmanager
from pathlib import Path
from typing import Final

from scorewright.adapters.database_stores.refusals import invalid, locked
from scorewright.adapters.guarded import private_folder
from scorewright.core.errors import ScorewrightError
from scorewright.flows.events import Note, Notify

__all__ = ["opened", "translated"]

_MAGIC: Final = b"SQLite format 3\x00"
_WAL_BYTES: Final = slice(18, 20)
_LOCK_SECONDS: Final = 5.0
_CACHE_KIB: Final = 16384
_TRIES: Final = 3
_PAUSE_SECONDS: Final = 0.05
"""More than the grain of any file system's clock but FAT's."""
_NEEDS_WRITING: Final = ("SQLITE_READONLY", "SQLITE_CANTOPEN")

_Stamp = tuple[tuple[int, int] | None, ...]


@contextmanager
def opened(file: Path, notify: Notify) -> Iterator[sqlite3.Connection]:
    """Open a file for reading.

    Args:
        file: The database.
        notify: Told when a copy is read.

    Raises:
        ScorewrightError: ``store-invalid``, ``store-locked``, ``write-failed``.
    """
    location = str(file)
    is_wal = _head(file, location)[_WAL_BYTES] == b"\x02\x02"
    with translated(location), _way(file, location, notify, is_wal=is_wal) as connection:
        yield connection


def _way(
    file: Path, location: str, notify: Notify, *, is_wal: bool
) -> AbstractContextManager[sqlite3.Connection]:
    log, marks = _beside(file, "-wal"), _beside(file, "-shm")
    if is_wal and not (log.exists() and marks.exists()):
        if _size(log):
            return _copied(file, location, notify)
        return _immutable(file, location)
    connection = _direct(file)
    return _copied(file, location, notify) if connection is None else closing(connection)


def _direct(file: Path) -> sqlite3.Connection | None:
    """Open the file itself; None where that would take writing."""
    try:
        return _connect(file, "mode=ro")
    except sqlite3.DatabaseError as error:
        if _name(error).startswith(_NEEDS_WRITING):
            return None
        raise


@contextmanager
def _immutable(file: Path, location: str) -> Iterator[sqlite3.Connection]:
    before = _stamp(file)
    with closing(_connect(file, "mode=ro&immutable=1")) as connection:
        yield connection
    if _stamp(file) != before:
        raise locked(location, "another program changed it meanwhile")


@contextmanager
def _copied(file: Path, location: str, notify: Notify) -> Iterator[sqlite3.Connection]:
    """Let SQLite mend a private copy instead of the file."""
    notify(Note(f"{location} was left in the midst of writing: a private copy of it is read."))
    with private_folder("store") as folder:
        copy = folder / file.name
        _copy(file, copy, location)
        with closing(_connect(copy, "mode=rw")) as connection:
            yield connection


def _copy(file: Path, copy: Path, location: str) -> None:
    for _ in range(_TRIES):
        before = _stamp(file)
        try:
            for ending in ("", "-journal", "-wal"):
                _beside(copy, ending).unlink(missing_ok=True)
                if _beside(file, ending).exists():
                    shutil.copyfile(_beside(file, ending), _beside(copy, ending))
        except OSError as error:
            raise ScorewrightError(
                f"Copying {location} to {copy.parent} failed: {error.strerror or error}.",
                remedy="Free disk space there, or set TMPDIR to a folder that has it.",
                code="write-failed",
            ) from error
        time.sleep(_PAUSE_SECONDS)
        if _stamp(file) == before:
            return
    raise locked(location)


def _connect(file: Path, options: str) -> sqlite3.Connection:
    """Open a file and look into it, for SQLite finds out on the first reading what it takes."""
    uri = f"{file.absolute().as_uri()}?{options}"
    connection = sqlite3.connect(uri, uri=True, timeout=_LOCK_SECONDS, isolation_level=None)
    try:
        connection.execute("PRAGMA query_only = ON")
        connection.execute("PRAGMA trusted_schema = OFF")
        connection.execute(f"PRAGMA cache_size = -{_CACHE_KIB}")
        connection.execute("SELECT COUNT(*) FROM sqlite_master").fetchone()
        _require_whole(file, connection)
    except (sqlite3.Error, UnicodeDecodeError):
        connection.close()
        raise
    return connection


def _require_whole(file: Path, connection: sqlite3.Connection) -> None:
    """Refuse a file whose last page is cut: SQLite itself would read zeros there."""
    (page,) = connection.execute("PRAGMA page_size").fetchone()
    if file.stat().st_size % page and not _size(_beside(file, "-wal")):
        raise sqlite3.DatabaseError("its last page is not whole")


def _head(file: Path, location: str) -> bytes:
    """Read the file's first bytes; nothing is opened that is no database."""
    if not file.exists():
        raise invalid("there is no such file", location)
    if not file.is_file():
        raise invalid("it is not a file", location)
    try:
        with file.open("rb") as stream:
            head = stream.read(100)
    except OSError as error:
        raise invalid(str(error.strerror or error), location) from error
    if not head:
        raise invalid("the file is empty", location)
    if not head.startswith(_MAGIC):
        raise invalid("the file is not a SQLite database", location)
    return head


@contextmanager
def translated(location: str) -> Iterator[None]:
    """Turn SQLite's errors into ours.

    Raises:
        ScorewrightError: ``store-locked``, ``store-invalid``.
    """
    try:
        yield
    except sqlite3.Error as error:
        if _name(error).startswith(("SQLITE_BUSY", "SQLITE_LOCKED", "SQLITE_PROTOCOL")):
            raise locked(location) from error
        raise invalid(f"the database is damaged ({error})", location) from error
    except UnicodeDecodeError as error:  # in the message itself, which quotes the schema
        raise invalid("the database is damaged (its schema is garbage)", location) from error


def _name(error: sqlite3.Error) -> str:
    return getattr(error, "sqlite_errorname", "")


def _stamp(file: Path) -> _Stamp:
    stamps: list[tuple[int, int] | None] = []
    for ending in ("", "-journal", "-wal"):
        try:
            found = _beside(file, ending).stat()
        except FileNotFoundError:
            stamps.append(None)
        else:
            stamps.append((found.st_size, found.st_mtime_ns))
    return tuple(stamps)


def _beside(file: Path, ending: str) -> Path:
    return file.with_name(file.name + ending)


def _size(file: Path) -> int:
    try:
        return file.stat().st_size
    except FileNotFoundError:
        return 0
