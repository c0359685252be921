"""An engine for a database of the log: safe on the disk, and closed to others."""

from __future__ import annotations

import os
import sqlite3
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Engine, create_engine, event, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, NoSuchModuleError

from scorewright.adapters.guarded import sync_directory
from scorewright.core.errors import ScorewrightError, UsageError

__all__ = ["WAIT_SECONDS", "cause_of", "checked_url", "open_engine", "unavailable"]

#: How long a locked database, or one that does not answer, is waited for.
WAIT_SECONDS = 5
MILLISECONDS = 1_000
OWNER_ONLY = 0o600

_SETTINGS = (
    "journal_mode=WAL",
    "synchronous=FULL",  # the answer comes after the disk has it
    "secure_delete=ON",  # what is erased is overwritten
)
_POSTGRESQL = {
    "client_encoding": "utf8",  # psycopg gives the texts of a database of SQL_ASCII as bytes
    "connect_timeout": WAIT_SECONDS,
    "options": f"-c statement_timeout={WAIT_SECONDS * MILLISECONDS}",
    # A server that vanished is noticed: nobody waits a quarter of an hour for its packets.
    "tcp_user_timeout": WAIT_SECONDS * MILLISECONDS,
    "keepalives_idle": WAIT_SECONDS,
    "keepalives_interval": 2,
    "keepalives_count": 2,
}


def checked_url(url: str | URL) -> URL:
    """Return the URL of a database the log can be kept in.

    Raises:
        UsageError: ``log-url``.
    """
    try:
        made = make_url(url)
        backend = made.get_backend_name()
    except (ArgumentError, NoSuchModuleError, ValueError) as error:
        raise _refused() from error
    if backend == "postgresql":
        return made.set(drivername="postgresql+psycopg")
    if backend != "sqlite" or not made.database or made.database == ":memory:":
        raise _refused()
    return made


def open_engine(url: URL, *, may_make: bool = True) -> Engine:
    """Return an engine; a SQLite file is made where there is none, with mode 600.

    Args:
        url: As `checked_url` returns it.
        may_make: Whether a file is made; else the first use of one that is not there fails.

    Raises:
        ScorewrightError: ``log-unavailable``: the file cannot be made.
    """
    if url.get_backend_name() != "sqlite":
        return create_engine(url, pool_pre_ping=True, connect_args=_POSTGRESQL)
    path = Path(str(url.database))
    try:
        if may_make:
            _make(path)
        address = f"{path.resolve().as_uri()}?mode=rw"
    except OSError as error:
        raise unavailable(str(url.database), error) from error

    def connect() -> sqlite3.Connection:
        """Open the file; one that was removed is not made anew, with nothing in it."""
        return sqlite3.connect(address, uri=True, timeout=WAIT_SECONDS, check_same_thread=False)

    engine = create_engine(url, creator=connect)

    @event.listens_for(engine, "connect")
    def _settle(connection: Any, _: object) -> None:  # noqa: ANN401 - of the driver
        cursor = connection.cursor()
        for setting in _SETTINGS:
            cursor.execute(f"PRAGMA {setting}")
        cursor.close()

    return engine


def unavailable(location: str, error: Exception) -> ScorewrightError:
    """Build the error for a database that cannot be had now; it holds no password."""
    cause = type(error.orig if isinstance(error, DBAPIError) and error.orig else error).__name__
    return ScorewrightError(
        f"The decision log in {location} cannot be used now ({cause}).",
        remedy="Look at /health/database; see the runbook on a lost database and a full disk.",
        code="log-unavailable",
    )


def cause_of(error: ScorewrightError) -> str:
    """Return what health pages say: with what to run, where the database mends by itself never."""
    return f"{error.message} {error.remedy}" if error.code == "log-schema" else error.message


def _make(path: Path) -> None:
    """Make an empty file; SQLite gives its companions the same mode."""
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        descriptor = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, OWNER_ONLY)
    except FileExistsError:
        return
    os.close(descriptor)
    sync_directory(path.parent)


def _refused() -> UsageError:
    return UsageError(
        "serve.log.url names no database the decision log can be kept in.",
        remedy="Use postgresql://USER@HOST/NAME with a password_file, or sqlite:///FILE.",
        code="log-url",
    )
