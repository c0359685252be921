"""Limits that hold whatever a server does: of time, of bytes, of where it may send us."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from types import FrameType

from scorewright.core.errors import ScorewrightError

try:
    import resource
except ImportError:  # Windows: what arrives is measured after each file
    resource = None  # type: ignore[assignment]

__all__ = ["deadline", "environment", "largest_file"]


class _TooLateError(BaseException):
    """Time is up. No ``except Exception`` of a library may swallow it."""


@contextmanager
def deadline(seconds: float, what: str) -> Iterator[None]:
    """End what happens inside a ``with`` block when its time is up.

    The time limits of MLflow's client hold for each piece that is read, so a server that sends
    a byte now and then would keep it for ever. Works in the main thread of a POSIX process,
    which the sync process is; elsewhere only those of the client hold.

    Args:
        seconds: The time.
        what: For the message.

    Raises:
        ScorewrightError: ``registry-timeout``.
    """
    is_main = threading.current_thread() is threading.main_thread()
    if not is_main or not hasattr(signal, "setitimer"):
        yield
        return

    def ring(number: int, frame: FrameType | None) -> None:  # noqa: ARG001 - a handler's form
        raise _TooLateError

    before = signal.signal(signal.SIGALRM, ring)
    # It rings again: once may fall into a finaliser, where exceptions get lost.
    signal.setitimer(signal.ITIMER_REAL, seconds, 0.5)
    try:
        try:
            yield
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0.0)
            signal.signal(signal.SIGALRM, before)
    except _TooLateError as error:
        raise ScorewrightError(
            f"The registry took more than {seconds:g} seconds for {what}.",
            remedy="Look whether the MLflow server and its artifact store are well; it is tried "
            "again by itself.",
            code="registry-timeout",
        ) from error


@contextmanager
def largest_file(size: int) -> Iterator[None]:
    """Let no file grow beyond a size inside a ``with`` block: the write fails with ``EFBIG``."""
    if resource is None:
        yield
        return
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    limit = size if hard == resource.RLIM_INFINITY else min(size, hard)
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


@contextmanager
def environment(values: Mapping[str, str]) -> Iterator[None]:
    """Set variables while a ``with`` block lasts: MLflow's client reads its limits from there."""
    before = {name: os.environ.get(name) for name in values}
    os.environ.update(values)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value
