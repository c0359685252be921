"""What a process has on disk only while it lives: locked by it, and swept once it is dead.

The lock is on the file or folder itself. The system takes it back from a process that dies,
however it dies, while its number may come again at once, as it does in containers. Systems without
such locks (Windows) have nothing swept.
"""

from __future__ import annotations

import os
import re
import secrets
import shutil
import stat
import sys
import tempfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Final

__all__ = ["held_file", "private_folder"]

_FILE: Final = re.compile(r"\.partial-[0-9a-f]{16}")
_BEGINNING, _ENDING = "scorewright-", ".private"
_FOLDER: Final = re.compile(r"scorewright-[a-z]+-[a-z0-9_]{8}\.private")
_OPENING: Final = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)


@contextmanager
def private_folder(kind: str) -> Iterator[Path]:
    """Give a folder closed to others among the temporary ones; it is gone afterwards.

    Those of processes that were killed go first.

    Args:
        kind: What it is for, in small letters.

    Raises:
        OSError: It cannot be made.
    """
    place = Path(tempfile.gettempdir())
    _sweep(_named(place, _FOLDER))
    prefix = f"{_BEGINNING}{kind}-"
    with _held(lambda: Path(tempfile.mkdtemp(_ENDING, prefix, place))) as folder:
        try:
            yield folder
        finally:
            shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def held_file(directory: Path, mode: int = 0o644) -> Iterator[Path]:
    """Give a new and empty file to be filled and renamed; what is left of it is deleted.

    Those of processes that were killed go first.

    Args:
        directory: Where it lies.
        mode: Its permissions.

    Raises:
        OSError: It cannot be made.
    """

    def make() -> Path:
        file = directory / f".partial-{secrets.token_hex(8)}"
        os.close(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode))
        return file

    _sweep(_named(directory, _FILE))
    with _held(make) as file:
        try:
            yield file
        finally:
            file.unlink(missing_ok=True)


@contextmanager
def _held(make: Callable[[], Path]) -> Iterator[Path]:
    with ExitStack() as stack:
        path = make()
        while not _is_ours(path, stack):  # swept before it was locked
            path = make()
        yield path


def _is_ours(path: Path, stack: ExitStack) -> bool:
    """Lock what was just made until the stack ends."""
    if sys.platform == "win32":
        return True
    try:
        descriptor = os.open(path, _OPENING)
    except FileNotFoundError:
        return False
    stack.callback(os.close, descriptor)
    with suppress(OSError):  # a file system without locks: there nobody can sweep either
        _lock(descriptor, is_patient=True)
    return _is_same(path, descriptor)


def _sweep(paths: Iterable[Path]) -> None:
    """Delete what dead processes of this user left; what is locked has a process that lives."""
    if sys.platform == "win32":
        return
    for path in paths:
        with suppress(OSError), ExitStack() as stack:
            if not _is_own(path.lstat()):
                continue
            descriptor = os.open(path, _OPENING)
            stack.callback(os.close, descriptor)
            _lock(descriptor, is_patient=False)
            if _is_own(os.fstat(descriptor)) and _is_same(path, descriptor):
                _delete(path)


def _delete(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink()


def _named(directory: Path, name: re.Pattern[str]) -> list[Path]:
    """Return what has a name of ours; nothing where the folder cannot be read."""
    try:
        return [path for path in directory.iterdir() if name.fullmatch(path.name)]
    except OSError:
        return []


def _is_own(found: os.stat_result) -> bool:
    """Return whether it is a plain file or a folder, and this user's: never a link."""
    is_plain = stat.S_ISREG(found.st_mode) or stat.S_ISDIR(found.st_mode)
    return is_plain and found.st_uid == os.geteuid()


def _is_same(path: Path, descriptor: int) -> bool:
    """Return whether a path still leads to what was opened under it."""
    try:
        return os.path.samestat(path.lstat(), os.fstat(descriptor))
    except FileNotFoundError:
        return False


def _lock(descriptor: int, *, is_patient: bool) -> None:
    """Lock an open file or folder; an OSError where it is locked and nobody waits."""
    import fcntl  # noqa: PLC0415 - not on Windows

    fcntl.flock(descriptor, fcntl.LOCK_EX | (0 if is_patient else fcntl.LOCK_NB))
