"""Locks of stores, with the name of who holds them."""

from __future__ import annotations

import hashlib
import json
import os
import platform
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from datetime import datetime
from pathlib import Path
from typing import Any, Final

import sqlalchemy as sa
from filelock import FileLock, Timeout

from scorewright.adapters.store_editing.database import Database
from scorewright.adapters.store_editing.refusals import (
    unreachable,
    write_failed,
    writing,
)
from scorewright.core.digests import short
from scorewright.core.errors import ScorewrightError

__all__ = ["FileStoreLock", "alone_in"]

_LOCK: Final = "lock"
_HOLDER: Final = "holder.json"
_BACKUPS: Final = ".backup.lock"
_NAME_LENGTH: Final = 63
"""Of an application's name in PostgreSQL."""


class FileStoreLock:
    """A lock in a file, and for a database server one there too.

    The system takes it back from a process that dies, however it dies.

    Args:
        folder: Of the store's state; made where it is missing.
        location: Of the store.
        plan: Id of the plan.
    """

    def __init__(self, folder: Path, location: str, plan: str) -> None:
        self._folder = folder
        self._database = Database(location)
        self._plan = plan

    @contextmanager
    def held(self, holder: str, now: datetime) -> Iterator[None]:
        """Hold the lock while a ``with`` block lasts.

        Raises:
            ScorewrightError: ``store-busy``, ``store-write-failed``, ``store-unreachable``.
        """
        lock = FileLock(self._folder / _LOCK)
        said = self._folder / _HOLDER
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            lock.acquire(timeout=0)
        except Timeout as error:
            raise self._busy(_load(said)) from error
        except OSError as error:
            raise write_failed(str(self._folder / _LOCK), error) from error
        document = {
            "name": holder,
            "host": platform.node(),
            "pid": os.getpid(),
            "since": now.isoformat(timespec="seconds"),
            "plan": self._plan,
        }
        try:
            with ExitStack() as stack:
                if not self._database.is_sqlite:
                    stack.enter_context(self._held_in_server(document))
                stack.callback(_forget, said)
                with suppress(OSError):  # it only serves a message
                    said.write_text(json.dumps(document), encoding="utf-8")
                yield
        finally:
            lock.release()

    @contextmanager
    def _held_in_server(self, document: dict[str, Any]) -> Iterator[None]:
        name = f"{document['name']} {document['host']} {short(self._plan)}"[:_NAME_LENGTH]
        engine = sa.create_engine(
            self._database.uri,
            poolclass=sa.pool.NullPool,
            connect_args={"application_name": name},
            isolation_level="AUTOCOMMIT",
        )
        try:
            with engine.connect() as connection:
                key = _key(str(connection.scalar(sa.text("SELECT current_schema()"))))
                if not connection.scalar(sa.select(sa.func.pg_try_advisory_lock(key))):
                    raise self._busy(_holder_in_server(connection, key))
                try:
                    yield
                finally:
                    # It goes with the connection too, but the server takes its time.
                    connection.execute(sa.select(sa.func.pg_advisory_unlock(key)))
        except sa.exc.OperationalError as error:
            reason = str(error.orig).strip().partition("\n")[0]
            raise unreachable(self._database.location, reason) from error
        finally:
            engine.dispose()

    def _busy(self, document: dict[str, Any]) -> ScorewrightError:
        who = document.get("name", "somebody")
        where = f" on {document['host']}" if "host" in document else ""
        process = f" (process {document['pid']})" if "pid" in document else ""
        since = f" since {document['since']}" if "since" in document else ""
        return ScorewrightError(
            f"{who} changes the store {self._database.location}{where}{process}{since}.",
            remedy="Wait until that plan is done; a stopped one is resumed with the same command.",
            code="store-busy",
            details={"holder": document},
        )


@contextmanager
def alone_in(folder: Path) -> Iterator[None]:
    """Keep others from making a backup in a folder meanwhile: both would write one file.

    Args:
        folder: Made where it is missing.

    Raises:
        ScorewrightError: ``store-busy``, ``store-write-failed``.
    """
    lock = FileLock(folder / _BACKUPS)
    with writing(folder):
        folder.mkdir(parents=True, exist_ok=True)
        try:
            lock.acquire(timeout=0)
        except Timeout as error:
            raise ScorewrightError(
                f"Another backup is being made in {folder}.",
                remedy="Wait until it is done, then run the same command again.",
                code="store-busy",
                details={"folder": str(folder)},
            ) from error
    try:
        yield
    finally:
        _forget(folder / _BACKUPS)
        lock.release()


def _load(file: Path) -> dict[str, Any]:
    try:
        found = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def _forget(file: Path) -> None:
    with suppress(OSError):
        file.unlink(missing_ok=True)


def _key(schema: str) -> int:
    """Return the number of the lock: the same for everybody who changes stores of a schema."""
    digest = hashlib.sha256(f"scorewright store {schema}".encode()).digest()
    return int.from_bytes(digest[:4], "big", signed=True)


def _holder_in_server(connection: sa.Connection, key: int) -> dict[str, Any]:
    statement = sa.text(
        "SELECT a.application_name, a.pid, a.backend_start FROM pg_locks l "
        "JOIN pg_stat_activity a ON a.pid = l.pid "
        "WHERE l.locktype = 'advisory' AND l.granted AND l.objid = :low "
        "AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())"
    )
    row = connection.execute(statement, {"low": key % (1 << 32)}).first()
    if row is None:
        return {}
    return {"name": row[0] or "somebody", "since": row[2].isoformat(timespec="seconds")}
