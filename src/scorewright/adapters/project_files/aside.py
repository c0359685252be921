"""Writing text files so that no half of one is ever seen."""

from __future__ import annotations

import os
from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Final

from scorewright.adapters.guarded import held_file, sync_directory
from scorewright.core.errors import ScorewrightError, UsageError

__all__ = ["refuse_unwritable", "write_texts"]

_MODE: Final = 0o666
"""What everybody's files have; the mask of the user takes away from it."""


def refuse_unwritable(file: Path) -> None:
    """Refuse a place where `write_texts` could write no file, before the work it is the end of.

    Raises:
        UsageError: ``report-target``: a folder, or in one that may not be written to.
    """
    target = file.resolve()
    folder = next(parent for parent in target.parents if parent.exists())
    if target.is_dir():
        why = "it is a folder"
    elif not folder.is_dir():
        why = f"{folder} is no folder"
    elif not os.access(folder, os.W_OK | os.X_OK):
        why = f"{folder} may not be written to"
    else:
        return
    raise UsageError(
        f"{file} cannot be written: {why}.",
        remedy="Name a file (no folder) that you may write to, such as report.html.",
        code="report-target",
    )


def write_texts(texts: Mapping[Path, str | bytes]) -> None:
    """Write files, texts as UTF-8: all of them aside first, then each renamed into place in order.

    Folders are made where they are missing, and what a killed command left aside in them goes.
    Put the file that makes the others count last.

    Args:
        texts: File -> its whole content.

    Raises:
        ScorewrightError: ``write-failed`` (disk full, no permission); nothing is left aside.
    """
    aside: dict[Path, Path] = {}
    try:
        with ExitStack() as stack:
            for file, text in texts.items():
                target = file.resolve()  # a link stays a link, its target is replaced
                target.parent.mkdir(parents=True, exist_ok=True)
                aside[target] = stack.enter_context(held_file(target.parent, _MODE))
                _write(aside[target], text)
            for target, part in aside.items():
                part.replace(target)
                sync_directory(target.parent)
    except OSError as error:
        names = ", ".join(str(file) for file in texts)
        raise ScorewrightError(
            f"Could not write {names}: {error.strerror or error}.",
            remedy="Free space on the disk, or name a file (no folder) that you may write to.",
            code="write-failed",
            details={"files": [str(file) for file in texts]},
        ) from error


def _write(file: Path, content: str | bytes) -> None:
    data = content.encode(errors="surrogateescape") if isinstance(content, str) else content
    with file.open("r+b") as stream:
        stream.write(data)
        stream.flush()
        os.fsync(stream.fileno())
