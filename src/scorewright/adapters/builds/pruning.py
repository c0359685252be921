"""Which builds of a folder are kept, and how one is removed.

Builds hold features of people, and rows of their tables while they are in work: none lies longer
than it is of use. Times are those of the files themselves, held against the newest build, so that
a clock that differs between machines on one shared disk does no harm.
"""

from __future__ import annotations

import os
import re
import secrets
import shutil
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Final

__all__ = ["FOLDER_NAME", "KEPT", "prune", "remove_folder", "used_now"]

#: A build's folder is named by so many first characters of its digest.
FOLDER_NAME: Final = 16
#: So many finished builds are kept, those that were used last.
KEPT: Final = 5
_ABANDONED_SECONDS: Final = 7 * 24 * 3600
_NAMED: Final = re.compile(rf"[0-9a-f]{{{FOLDER_NAME}}}")
_GOING: Final = ".going-"


def used_now(document: Path) -> None:
    """Note that a build was used; where nothing may be written it counts as before."""
    with suppress(OSError):
        os.utime(document)


def prune(directory: Path, newest: Path) -> None:
    """Remove finished builds beyond `KEPT` and abandoned ones; others' files are left alone.

    Unfinished builds count as abandoned when none of their files has changed for seven days.

    Args:
        directory: The folder of all builds.
        newest: Document of the build that was just finished; it stays, and its time is now.
    """
    with suppress(OSError):
        now = newest.stat().st_mtime
        finished: list[tuple[float, Path]] = []
        for folder in _folders(directory):
            document = folder / newest.name
            if folder == newest.parent:
                continue
            if document.is_file():
                finished.append((document.stat().st_mtime, folder))
            elif now - _last_change(folder) > _ABANDONED_SECONDS:
                remove_folder(folder)
        for _, folder in sorted(finished, reverse=True)[KEPT - 1 :]:
            remove_folder(folder)
        for left in directory.glob(f"{_GOING}*"):
            shutil.rmtree(left, ignore_errors=True)


def remove_folder(folder: Path) -> None:
    """Remove a build at once, as far as others can see: no half of it is ever found."""
    gone = folder.with_name(f"{_GOING}{folder.name}-{secrets.token_hex(4)}")
    with suppress(OSError):
        # Where it is gone already, or held open by another process, there is nothing to do.
        folder.rename(gone)
        shutil.rmtree(gone, ignore_errors=True)


def _folders(directory: Path) -> Iterator[Path]:
    for folder in sorted(directory.iterdir()):
        if _NAMED.fullmatch(folder.name) and folder.is_dir() and not folder.is_symlink():
            yield folder


def _last_change(folder: Path) -> float:
    """Return the time of the newest file or folder within; files may go while we look."""
    newest = folder.stat().st_mtime
    for path in folder.rglob("*"):
        with suppress(FileNotFoundError):
            newest = max(newest, path.lstat().st_mtime)
    return newest
