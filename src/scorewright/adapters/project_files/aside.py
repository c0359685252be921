"""Writing text files so that no half of one is ever seen."""

from __future__ import annotations

import contextlib
import os
import secrets
from collections.abc import Mapping
from pathlib import Path

from scorewright.core.errors import ScorewrightError

__all__ = ["write_texts"]


def write_texts(texts: Mapping[Path, str | bytes]) -> None:
    """Write files, texts as UTF-8: all of them aside first, then each renamed into place in order.

    Folders are made where they are missing. Put the file that makes the others count last.

    Args:
        texts: File -> its whole content.

    Raises:
        ScorewrightError: ``write-failed`` (disk full, no permission); nothing is left aside.
    """
    aside: dict[Path, Path] = {}
    try:
        for file, text in texts.items():
            target = file.resolve()  # a link stays a link, its target is replaced
            target.parent.mkdir(parents=True, exist_ok=True)
            aside[target] = target.with_name(f".{target.name}.{secrets.token_hex(6)}.part")
            _write(aside[target], text)
        for target, part in aside.items():
            part.replace(target)
            _sync_folder(target.parent)
    except OSError as error:
        names = ", ".join(str(file) for file in texts)
        raise ScorewrightError(
            f"Could not write {names}: {error.strerror or error}.",
            remedy="Free some space or check the permissions of the folder, then try again.",
            code="write-failed",
            details={"files": [str(file) for file in texts]},
        ) from error
    finally:
        for part in aside.values():
            with contextlib.suppress(OSError):
                part.unlink(missing_ok=True)


def _write(file: Path, content: str | bytes) -> None:
    data = content.encode(errors="surrogateescape") if isinstance(content, str) else content
    with file.open("xb") as stream:
        stream.write(data)
        stream.flush()
        os.fsync(stream.fileno())


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
