"""Key files are read only where nobody else could have seen or exchanged them."""

from __future__ import annotations

import os
import stat
from pathlib import Path

from scorewright.adapters.guarded.files import open_regular
from scorewright.core.errors import ScorewrightError

__all__ = ["WRITABLE_BY_OTHERS", "exposure", "read_guarded", "refuse_exposed_directory"]

WRITABLE_BY_OTHERS = stat.S_IWGRP | stat.S_IWOTH
ROOT = 0


def exposure(status: os.stat_result, me: int, forbidden: int) -> str | None:
    """Tell how other users could touch or see a file or directory, or return None.

    Args:
        status: What the system says of it.
        me: The number of the user this process works for.
        forbidden: Mode bits that must not be set.
    """
    if status.st_uid not in {me, ROOT}:
        return f"belongs to another user (number {status.st_uid})"
    if stat.S_IMODE(status.st_mode) & forbidden:
        return "can be read or changed by other users of this machine"
    return None


def read_guarded(path: Path, limit: int, forbidden: int, wanted: str) -> bytes:
    """Read a small plain file after asking the open file itself who has access to it.

    The question is put to the descriptor, so nobody can exchange the file between the check
    and the reading.

    Args:
        path: The file.
        limit: Bytes it may have.
        forbidden: Mode bits that must not be set.
        wanted: The mode the remedy names, such as ``600``.

    Raises:
        OSError: There is no such file, or it cannot be read.
        NotRegularError: It is no plain file.
        OverflowError: It is longer than ``limit``.
        ScorewrightError: ``key-permissions``.
    """
    with open_regular(path) as file:
        if os.name == "posix":
            _refuse(path, exposure(os.fstat(file.fileno()), os.geteuid(), forbidden), wanted)
        data = file.read(limit + 1)
    if len(data) > limit:
        raise OverflowError(f"{path.name} is longer than {limit} bytes")
    return data


def refuse_exposed_directory(directory: Path) -> None:
    """Refuse a directory in which other users could exchange the files.

    Raises:
        OSError: There is no such directory.
        ScorewrightError: ``key-permissions``.
    """
    if os.name == "posix":
        status = directory.stat()
        _refuse(directory, exposure(status, os.geteuid(), WRITABLE_BY_OTHERS), "700")


def _refuse(path: Path, how: str | None, wanted: str) -> None:
    if how is not None:
        raise ScorewrightError(
            f"{path} {how}.",
            remedy=f"Make it your own with 'chown', then chmod {wanted} '{path}'; make a new key "
            "if others had access.",
            code="key-permissions",
        )
