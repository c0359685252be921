"""Writing a file whole or not at all, also beside a twin that writes the same one."""

from __future__ import annotations

import json
import os
import secrets
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, BinaryIO

import msgspec

from scorewright.adapters.guarded import sync_directory
from scorewright.core.errors import ScorewrightError

__all__ = ["json_text", "load_json", "save", "save_json"]


def save(path: Path, put: Callable[[BinaryIO], object]) -> None:
    """Write a file whole or not at all.

    An engine may do a task again while the first attempt still lives. Both write the same
    bytes, each aside under a name of its own; whoever is first clears the other's away.

    Args:
        path: The file; its folder is made where it is missing.
        put: Writes the content; raises OSError where it cannot.

    Raises:
        ScorewrightError: ``write-failed``; nothing is left behind.
    """
    aside = path.with_name(f".{path.name}.{secrets.token_hex(6)}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with aside.open("xb") as stream:
            put(stream)
            stream.flush()
            os.fsync(stream.fileno())
        _settle(aside, path)
        sync_directory(path.parent)
    except OSError as error:
        raise ScorewrightError(
            f"The file {path} could not be written: {error.strerror or error}.",
            remedy="Free space on the disk or check the permissions of the folder, then run the "
            "same command again; it does what is left.",
            code="write-failed",
            details={"file": str(path)},
        ) from error
    finally:
        with suppress(OSError):
            aside.unlink(missing_ok=True)


def save_json(path: Path, document: Mapping[str, Any]) -> None:
    """Write a JSON document as `save` does."""
    text = json_text(document, is_sorted=True)
    save(path, lambda stream: stream.write(text.encode("utf-8") + b"\n"))


def json_text(document: Mapping[str, Any], *, is_sorted: bool = False) -> str:
    """Return a document as people read it, each value in a line of its own.

    Python indents in a loop of its own, which takes three times as long.

    Args:
        document: Any JSON object.
        is_sorted: Whether keys are sorted.

    Raises:
        ValueError: NaN or infinity anywhere in it.
    """
    text = json.dumps(document, sort_keys=is_sorted, allow_nan=False)
    return msgspec.json.format(text, indent=1)


def load_json(path: Path) -> dict[str, Any] | None:
    """Return a JSON document, or None where there is no whole one."""
    try:
        document = json.loads(path.read_bytes())
    except (OSError, ValueError):
        return None
    return document if isinstance(document, dict) else None


def _settle(aside: Path, path: Path) -> None:
    """Rename, and clear away what attempts that were killed have left."""
    try:
        aside.replace(path)
    except FileNotFoundError:
        if not path.exists():
            raise
    for left in path.parent.glob(f".{path.name}.*.part"):
        left.unlink(missing_ok=True)
