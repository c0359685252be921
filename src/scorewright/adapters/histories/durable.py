"""Small documents and folders that are there whole or not at all."""

from __future__ import annotations

import os
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import pyarrow as pa

from scorewright.adapters.durable import save
from scorewright.core.digests import canonical_json
from scorewright.core.errors import ScorewrightError

__all__ = ["folder_aside", "translated_writes", "write_document"]

_ASIDE: Final = ".part-"


@contextmanager
def translated_writes(target: Path) -> Iterator[None]:
    """Turn failures of the disk into ours.

    Raises:
        ScorewrightError: ``write-failed``.
    """
    try:
        yield
    except (OSError, pa.ArrowException) as error:
        reason = (error.strerror if isinstance(error, OSError) else None) or str(error)
        raise ScorewrightError(
            f"The folder {target} could not be written: {reason[:200]}. What was finished before "
            "is kept, nothing half-written counts.",
            remedy="Free space on the disk, or name a folder that you may write to, and run the "
            "same command again: it goes on where it stopped.",
            code="write-failed",
            details={"file": str(target)},
        ) from error


@contextmanager
def folder_aside(target: Path) -> Iterator[Path]:
    """Give a fresh folder that takes the target's place when all went well.

    What is left of earlier attempts is removed; so one process at a time may work on a target.
    """
    for old in target.parent.glob(f".{target.name}{_ASIDE}*"):
        shutil.rmtree(old, ignore_errors=True)
    aside = target.with_name(f".{target.name}{_ASIDE}{secrets.token_hex(4)}")
    aside.mkdir(parents=True)
    try:
        yield aside
        _sync(aside)
        if target.exists():
            shutil.rmtree(target)
        aside.rename(target)
        _sync(target.parent)
    finally:
        shutil.rmtree(aside, ignore_errors=True)


def write_document(path: Path, document: dict[str, Any]) -> None:
    """Write canonical JSON aside and rename it."""
    save(path, lambda stream: stream.write(canonical_json(document)))


def _sync(folder: Path) -> None:
    """Make names survive a power cut (Windows has no handle on folders)."""
    if os.name == "nt":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
