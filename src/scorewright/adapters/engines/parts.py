"""Folders of Parquet files to score, and the receipts beside their results."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from scorewright.adapters.durable import load_json, save_json
from scorewright.core.errors import ScorewrightError, UsageError

__all__ = ["PartFolder"]

_PARQUET: Final = (".parquet", ".pq")


class PartFolder:
    """Implements the ports ``FolderSource`` and ``PartFiles``."""

    def parquet_files(self, folder: Path) -> Sequence[Path]:
        """Return the Parquet files that lie in a folder, by name, those in subfolders not.

        Raises:
            UsageError: ``data-file-missing``.
        """
        if not folder.is_dir():
            raise _missing(f"There is no folder {folder}.", folder)
        found = sorted(
            file
            for file in folder.iterdir()
            if file.suffix.lower() in _PARQUET and not file.name.startswith((".", "_"))
        )
        if not found:
            raise _missing(f"The folder {folder} holds no Parquet file.", folder)
        return found

    def make(self, folder: Path) -> None:
        """Make a folder where it is missing.

        Raises:
            ScorewrightError: ``write-failed``.
        """
        with _writing(folder):
            folder.mkdir(parents=True, exist_ok=True)

    def digest(self, path: Path) -> str | None:
        """Return the SHA-256 of a file's bytes, or None where there is none to read."""
        try:
            with path.open("rb") as stream:
                return hashlib.file_digest(stream, "sha256").hexdigest()
        except OSError:
            return None

    def load(self, path: Path) -> dict[str, Any] | None:
        """Return a receipt, or None where there is no whole one."""
        return load_json(path)

    def save(self, path: Path, receipt: Mapping[str, Any]) -> None:
        """Write a receipt, aside first.

        Raises:
            ScorewrightError: ``write-failed``.
        """
        save_json(path, receipt)

    def clear(self, path: Path) -> None:
        """Remove a file of an earlier run, if there is one.

        Raises:
            ScorewrightError: ``write-failed``.
        """
        with _writing(path):
            path.unlink(missing_ok=True)


@contextmanager
def _writing(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise ScorewrightError(
            f"{path} could not be made or removed: {error.strerror or error}.",
            remedy="Check the permissions of the folder, then run the same command again.",
            code="write-failed",
            details={"file": str(path)},
        ) from error


def _missing(what: str, folder: Path) -> UsageError:
    return UsageError(
        what,
        remedy="Name a folder with .parquet files, or a single file.",
        code="data-file-missing",
        details={"folder": str(folder)},
    )
