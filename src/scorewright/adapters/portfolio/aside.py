"""Write bytes so that no half of them is ever seen under the final name."""

from __future__ import annotations

import contextlib
import os
import secrets
from pathlib import Path

from scorewright.core.errors import ScorewrightError

__all__ = ["folder_failed", "write_aside"]


def write_aside(file: Path, data: bytes) -> None:
    """Write to a name aside, flush to the disk, rename. The folder is made where missing.

    Raises:
        ScorewrightError: ``write-failed`` (disk full, no permission); nothing is left aside.
    """
    aside = file.with_name(f".{file.name}.{secrets.token_hex(6)}.part")
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        with aside.open("xb") as stream:
            stream.write(data)
            stream.flush()
            os.fsync(stream.fileno())
        aside.replace(file)
    except OSError as error:
        raise folder_failed(file, error) from error
    finally:
        with contextlib.suppress(OSError):
            aside.unlink(missing_ok=True)


def folder_failed(file: Path, error: OSError) -> ScorewrightError:
    """Translate a failed write; complete parts stay, so the next run goes on from them."""
    return ScorewrightError(
        f"Could not write {file}: {error.strerror or error}.",
        remedy="Free space or check the folder's permissions, then run the same command again: "
        "complete parts are kept.",
        code="write-failed",
        details={"file": str(file)},
    )
