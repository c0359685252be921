"""Contents of files: hashed, copied and proved."""

from __future__ import annotations

import errno
import hashlib
import os
import shutil
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final, Literal

from scorewright.adapters.store_editing.durability import sync_folder
from scorewright.core.errors import IntegrityError

__all__ = ["Sharing", "copy_proved", "sha256_of", "take_link", "write_proved"]

#: How bytes are put into a new place: written again, or shared where the file system can do it.
#: ``reflink`` shares until one of the two is written to, ``link`` is one file with two names.
Sharing = Literal["copy", "reflink", "link"]

_BLOCK: Final = 1 << 20
_FICLONE: Final = 0x40049409
"""The request of ``ioctl`` that shares the blocks of two files; Linux, <linux/fs.h>."""


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
    with _proved(str(origin), aside, sha256):
        if sharing != "link" or not take_link(origin, aside):
            _copy(origin, aside, is_cloned=sharing == "reflink")


def write_proved(content: bytes, aside: Path, sha256: str) -> None:
    """Put bytes aside, bring them to disk and read them back.

    Raises:
        IntegrityError: ``copy-differs``.
        OSError: As the system says; nothing is left aside then.
    """
    with _proved("the payload's content", aside, sha256), aside.open("xb") as target:
        target.write(content)
        target.flush()
        os.fsync(target.fileno())


@contextmanager
def _proved(what: str, aside: Path, sha256: str) -> Iterator[None]:
    aside.unlink(missing_ok=True)
    try:
        yield
        _prove(what, aside, sha256)
    except BaseException:  # an interrupt as well leaves nothing aside
        with suppress(OSError):
            aside.unlink(missing_ok=True)
        raise


def _prove(what: str, aside: Path, sha256: str) -> None:
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
    """Give a file a second name; False where the file system cannot."""
    try:
        os.link(origin, place, follow_symlinks=False)
    except FileExistsError:
        raise
    except OSError:
        return False
    sync_folder(place.parent)
    return True


def _copy(origin: Path, aside: Path, *, is_cloned: bool) -> None:
    with origin.open("rb") as source, aside.open("xb") as target:
        if not (is_cloned and _clone(source.fileno(), target.fileno())):
            shutil.copyfileobj(source, target, _BLOCK)
            target.flush()
        os.fsync(target.fileno())
        _forget(target.fileno())
    with suppress(OSError):
        shutil.copystat(origin, aside)


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
