"""Contents of files: hashed, copied and proved."""

from __future__ import annotations

import errno
import hashlib
import os
import shutil
import stat
from contextlib import suppress
from pathlib import Path
from typing import Final, Literal

from scorewright.adapters.guarded import sync_directory
from scorewright.core.errors import IntegrityError

__all__ = [
    "Sharing",
    "copy_aside",
    "copy_proved",
    "link_aside",
    "prove",
    "sha256_of",
    "take_link",
    "write_aside",
]

#: How bytes are put into a new place: written again, or shared where the file system can do it.
#: ``reflink`` shares until one of the two is written to, ``link`` is one file with two names.
Sharing = Literal["copy", "reflink", "link"]

_BLOCK: Final = 1 << 20
_FICLONE: Final = 0x40049409
"""The request of ``ioctl`` that shares the blocks of two files; Linux, <linux/fs.h>."""
_SYNCED: Final = os.O_RDWR if os.name == "nt" else os.O_RDONLY
"""Windows brings a file to disk through a handle that may write."""


def sha256_of(path: Path) -> str | None:
    """Return the SHA-256 of a file, None where there is none.

    Raises:
        OSError: It cannot be read, or is no regular file.
    """
    try:
        found = path.stat()
        if not stat.S_ISREG(found.st_mode):  # a pipe would be waited for
            raise OSError(errno.EINVAL, "it is no regular file")
        with path.open("rb") as stream:
            if found.st_size < _BLOCK:  # the buffer of `file_digest` costs more than a small file
                return hashlib.sha256(stream.read()).hexdigest()
            return hashlib.file_digest(stream, "sha256").hexdigest()
    except FileNotFoundError:
        return None


def copy_proved(origin: Path, aside: Path, sha256: str, sharing: Sharing = "copy") -> None:
    """Put the content of a file aside, bring it to disk and read it back.

    Args:
        origin: Where it lies.
        aside: Where it goes; what is there is replaced.
        sha256: What it has to be.
        sharing: Shared, where the file system can; else copied.

    Raises:
        IntegrityError: ``copy-differs``.
        OSError: As the system says; nothing is left aside then.
    """
    aside.unlink(missing_ok=True)
    try:
        copy_aside(origin, aside, sharing)
        prove(str(origin), aside, sha256)
    except BaseException:  # an interrupt as well leaves nothing aside
        with suppress(OSError):
            aside.unlink(missing_ok=True)
        raise


def copy_aside(origin: Path, aside: Path, sharing: Sharing = "copy") -> None:
    """Put the content of a file aside; it is on disk when it is proved.

    Args:
        origin: Where it lies.
        aside: Where it goes; nothing is there.
        sharing: Shared, where the file system can; else copied.

    Raises:
        OSError: As the system says.
    """
    if sharing == "link" and link_aside(origin, aside):
        return
    with origin.open("rb") as source, aside.open("xb") as target:
        if not (sharing == "reflink" and _clone(source.fileno(), target.fileno())):
            shutil.copyfileobj(source, target, _BLOCK)
    with suppress(OSError):
        shutil.copystat(origin, aside)


def write_aside(content: bytes, aside: Path) -> None:
    """Put bytes aside; they are on disk when they are proved.

    Raises:
        OSError: As the system says.
    """
    with aside.open("xb") as target:
        target.write(content)


def prove(what: str, aside: Path, sha256: str) -> None:
    """Bring a file to disk, and read it back from there.

    Args:
        what: It is a copy of.
        aside: Where it lies.
        sha256: What it has to be.

    Raises:
        IntegrityError: ``copy-differs``.
        OSError: As the system says.
    """
    handle = os.open(aside, _SYNCED)
    try:
        os.fsync(handle)
        _forget(handle)
    finally:
        os.close(handle)
    found = sha256_of(aside)
    if found == sha256:
        return
    raise IntegrityError(
        f"The copy of {what} is not what it should be: SHA-256 {str(found)[:12]} was read back, "
        f"{sha256[:12]} is expected.",
        remedy="The origin was changed, or the disk fails. Check both, then run the same command "
        "again.",
        code="copy-differs",
        details={"origin": what, "expected": sha256, "found": found},
    )


def take_link(origin: Path, place: Path) -> bool:
    """Give a file a second name, on disk; False where the file system cannot."""
    if not link_aside(origin, place):
        return False
    sync_directory(place.parent)
    return True


def link_aside(origin: Path, place: Path) -> bool:
    """Give a file a second name; False where the file system cannot."""
    try:
        os.link(origin, place, follow_symlinks=False)
    except FileExistsError:
        raise
    except OSError:
        return False
    return True


def _clone(source: int, target: int) -> bool:
    try:
        import fcntl  # noqa: PLC0415 - not on Windows

        fcntl.ioctl(target, _FICLONE, source)
    except (ImportError, OSError):
        return False
    return True


def _forget(handle: int) -> None:
    """Ask the system to read the content from disk next time, not from memory."""
    if hasattr(os, "posix_fadvise"):
        with suppress(OSError):
            os.posix_fadvise(handle, 0, 0, os.POSIX_FADV_DONTNEED)
