"""Vendor errors in our words, and a vendor that keeps quiet meanwhile."""

from __future__ import annotations

import contextlib
import logging
import sys
import threading
from collections.abc import Iterator
from typing import TYPE_CHECKING

from scorewright.adapters.interrupts import interrupt_behind
from scorewright.adapters.mlflow_store.location import StoreKind, StoreLocation
from scorewright.core.errors import ScorewrightError

if TYPE_CHECKING:
    from mlflow.exceptions import MlflowException
    from sqlalchemy.exc import SQLAlchemyError

__all__ = ["locked", "quiet", "translated", "unreachable", "write_failed"]

#: What MLflow says while it makes or upgrades a database, and the stack trace it logs before it
#: raises the same error: the first is noise, the second is said by our error.
_NOISY = ("mlflow.store.db.utils",)


class _ThisThread(logging.Filter):
    """Drops the records of one thread only: others may well want to hear them."""

    def __init__(self) -> None:
        super().__init__()
        self._thread = threading.get_ident()

    def filter(self, record: logging.LogRecord) -> bool:
        return record.thread != self._thread


@contextlib.contextmanager
def quiet() -> Iterator[None]:
    """Hold back MLflow's log lines about its database while a ``with`` block lasts.

    No level, handler or setting of the user's logging is touched.
    """
    silence = _ThisThread()
    loggers = [logging.getLogger(name) for name in _NOISY]
    for logger in loggers:
        logger.addFilter(silence)
    try:
        yield
    finally:
        for logger in loggers:
            logger.removeFilter(silence)


@contextlib.contextmanager
def translated(location: StoreLocation) -> Iterator[None]:
    """Turn what MLflow, its database and the disk raise into errors with a remedy.

    An interrupt inside a transaction makes SQLAlchemy say that the transaction is closed: it is
    the interrupt that goes on, not that error.

    Raises:
        KeyboardInterrupt: Where it lies behind the error.
        SystemExit: As well.
        ScorewrightError: ``store-locked``, ``store-unreachable``, ``store-write-failed``, or
            ``store-refused`` for everything MLflow would not take.
    """
    from mlflow.exceptions import MlflowException  # noqa: PLC0415 - takes seconds to import
    from sqlalchemy.exc import SQLAlchemyError  # noqa: PLC0415

    before = sys.exception()
    try:
        with quiet():
            yield
    except (MlflowException, SQLAlchemyError, OSError) as error:
        interrupt = interrupt_behind(error, before)
        if interrupt is not None:
            raise interrupt from None
        if isinstance(error, OSError):
            raise write_failed(error, location) from error
        raise _translate(error, location) from error


def _translate(
    error: MlflowException | SQLAlchemyError, location: StoreLocation
) -> ScorewrightError:
    text = str(error)
    if "database is locked" in text:
        return locked(location)
    if "database or disk is full" in text or "readonly database" in text:
        return write_failed(error, location)
    connection = ("Max retries exceeded", "Connection refused", "timed out", "could not connect")
    if location.kind is not StoreKind.SQLITE and any(sign in text for sign in connection):
        return unreachable(location, text)
    return ScorewrightError(
        f"The tracking store {location.shown} refused: {_first_line(text)}",
        remedy="Correct what it names; 'scorewright doctor' looks at the store itself.",
        code="store-refused",
    )


def locked(location: StoreLocation) -> ScorewrightError:
    """Return the error for a database somebody else writes to."""
    return ScorewrightError(
        f"The tracking store {location.shown} is locked by another program.",
        remedy="Wait for it to finish or stop it, then run the command again.",
        code="store-locked",
    )


def unreachable(location: StoreLocation, reason: str) -> ScorewrightError:
    """Return the error for a server that does not answer."""
    return ScorewrightError(
        f"The tracking server {location.shown} does not answer: {_first_line(reason)}",
        remedy="Start the server or correct tracking.uri in scorewright.toml; without tracking.uri "
        "the project's own SQLite store is used.",
        code="store-unreachable",
    )


def write_failed(error: Exception, location: StoreLocation) -> ScorewrightError:
    """Return the error for a store that cannot be written to."""
    return ScorewrightError(
        f"Writing to the tracking store {location.shown} failed: {_first_line(str(error))}",
        remedy="Free disk space or correct the permissions, then run the command again.",
        code="store-write-failed",
    )


def _first_line(text: str) -> str:
    line = (text.strip().splitlines() or ["no reason given"])[0]
    return line if len(line) <= 300 else f"{line[:300]}..."  # noqa: PLR2004 - one line on a screen


@contextlib.contextmanager
def stdout_to_stderr() -> Iterator[None]:
    """Send what MLflow prints to standard error: standard output belongs to our answer."""
    with contextlib.redirect_stdout(sys.stderr):
        yield
