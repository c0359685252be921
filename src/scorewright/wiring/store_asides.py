"""The payload of a plan while it is written: aside, and gone with whoever writes it."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from scorewright.core.errors import ScorewrightError

if TYPE_CHECKING:
    from filelock import FileLock

__all__ = ["payload_aside", "put_in_place"]

_BEGINNING, _ENDING, _LOCK = ".payload.", ".partial.db", ".lock"
_SECONDS = 10.0  # somebody who sweeps may look at the lock for a moment


@contextmanager
def payload_aside(folder: Path) -> Iterator[Path]:
    """Give a place for a payload while it is written; what lies there afterwards is deleted.

    A lock beside it says that its writer lives: the system takes that back from a process that
    dies, while its number may come again at once, as it does in containers. What dead writers
    left is deleted first.

    Args:
        folder: Where it is renamed to; made where it is missing. What was made and stayed empty
            is gone afterwards.

    Raises:
        ScorewrightError: ``store-write-failed``.
    """
    aside = folder / f"{_BEGINNING}{secrets.token_hex(8)}{_ENDING}"
    lock = _lock(_lock_of(aside), _SECONDS)
    with ExitStack() as stack:
        try:
            stack.enter_context(_made(folder))
            _sweep(folder)
            stack.callback(_delete, aside)
            stack.enter_context(lock)
        except OSError as error:
            raise _failed(folder, error) from error
        yield aside


def put_in_place(aside: Path, payload: Path) -> None:
    """Rename a payload that is written; a power cut afterwards leaves it whole.

    Raises:
        ScorewrightError: ``store-write-failed``.
    """
    from scorewright.adapters.guarded import sync_directory, sync_file

    try:
        sync_file(aside)
        aside.replace(payload)
        sync_directory(payload.parent)
    except OSError as error:
        raise _failed(payload.parent, error) from error


def _sweep(folder: Path) -> None:
    """Delete what dead writers left; a lock that is held has a writer who lives."""
    for file in folder.glob(f"{_BEGINNING}*{_LOCK}"):
        with suppress(OSError), _lock(file, 0.0):
            _delete(file.with_name(f"{file.name.removesuffix(_LOCK)}{_ENDING}"))


def _delete(aside: Path) -> None:
    """Delete a payload and what SQLite put beside it; the lock last, so that all else is found."""
    for ending in ("", "-journal", "-wal", "-shm"):
        Path(f"{aside}{ending}").unlink(missing_ok=True)
    _lock_of(aside).unlink(missing_ok=True)


def _lock(file: Path, seconds: float) -> FileLock:
    """Return a lock; it raises an OSError where it is held for longer."""
    from filelock import FileLock

    return FileLock(file, timeout=seconds)


def _lock_of(aside: Path) -> Path:
    return aside.with_name(f"{aside.name.removesuffix(_ENDING)}{_LOCK}")


@contextmanager
def _made(folder: Path) -> Iterator[None]:
    """Make a folder; what was made for it and stayed empty is gone afterwards."""
    new = [place for place in (folder, *folder.parents) if not place.exists()]
    try:
        folder.mkdir(parents=True, exist_ok=True)
        yield
    finally:
        for place in new:
            with suppress(OSError):  # it holds something, or was never made
                place.rmdir()


def _failed(folder: Path, error: OSError) -> ScorewrightError:
    return ScorewrightError(
        f"Writing into {folder} failed: {error.strerror or error}.",
        remedy="Free space on the disk or check the permissions of the folder, then run the same "
        "command again.",
        code="store-write-failed",
        details={"place": str(folder), "errno": error.errno},
    )
