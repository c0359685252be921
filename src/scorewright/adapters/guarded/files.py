"""Files as a careful program writes and reads them: durable, whole, and never through a link."""

from __future__ import annotations

import os
import stat
from pathlib import Path
from typing import BinaryIO

from scorewright.adapters.guarded.held import held_file

__all__ = [
    "NotRegularError",
    "open_regular",
    "read_regular",
    "replace_file",
    "sync_directory",
    "sync_file",
    "write_new",
]


class NotRegularError(OSError):
    """The path is a link, a device, a pipe or a directory where a plain file was expected."""


def open_regular(path: Path) -> BinaryIO:
    """Open a plain file for reading, never following a link and never waiting on a pipe.

    Raises:
        FileNotFoundError: There is no such file.
        NotRegularError: It is not a plain file.
    """
    flags = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)
    if path.is_symlink():
        raise NotRegularError(str(path))
    descriptor = os.open(path, flags | getattr(os, "O_BINARY", 0))
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise NotRegularError(str(path))
    return os.fdopen(descriptor, "rb")


def read_regular(path: Path, limit: int) -> bytes:
    """Read a plain file of at most ``limit`` bytes.

    Raises:
        FileNotFoundError: There is no such file.
        NotRegularError: It is not a plain file.
        OverflowError: It is longer than ``limit``.
    """
    with open_regular(path) as file:
        data = file.read(limit + 1)
    if len(data) > limit:
        raise OverflowError(f"{path.name} is longer than {limit} bytes")
    return data


def write_new(path: Path, data: bytes, mode: int = 0o644) -> None:
    """Write a file that does not exist yet and wait until the disk has it."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    with os.fdopen(descriptor, "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())


def replace_file(path: Path, data: bytes, mode: int = 0o644) -> None:
    """Write a file aside and rename it into place: a reader sees the old or the new one."""
    with held_file(path.parent, mode) as aside:
        with aside.open("r+b") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        aside.replace(path)
    sync_directory(path.parent)


def sync_file(path: Path) -> None:
    """Wait until the disk has the content of a file that another library wrote."""
    _sync(path)


def sync_directory(directory: Path) -> None:
    """Wait until the disk has the names inside a directory."""
    if os.name == "posix":  # other systems cannot open a directory
        _sync(directory)


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
