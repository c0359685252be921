"""Files of artifacts, read in bounds."""

from __future__ import annotations

import hashlib
from pathlib import Path

from scorewright.adapters.file_contents.digests import digests_of

__all__ = ["LocalContents"]

#: A model above this size is not read: some ten thousand trees.
MAX_BYTES = 256 * 1024 * 1024
#: Fewer digits are found by chance.
_LEAST_DIGITS = 6


class LocalContents:
    """Reads files; what cannot be read is no evidence. Keeps the port ``FileContents``.

    A path that depends on the working directory is nobody's file: nothing is there.

    Args:
        max_bytes: Larger files are digested, but not read.
    """

    def __init__(self, max_bytes: int = MAX_BYTES) -> None:
        self._max_bytes = max_bytes

    def read(self, path: Path) -> bytes | None:
        """Return a file's content; None where it is absent, too large or no plain file."""
        try:
            if not _is_there(path):
                return None
            with path.open("rb") as stream:
                content = stream.read(self._max_bytes + 1)
        except OSError:
            return None
        return content if len(content) <= self._max_bytes else None

    def has_digest(self, path: Path, digest: str) -> bool:
        """Tell whether a digest is that of a file, or MLflow's of the table in it."""
        wanted = digest.strip().lower()
        if len(wanted) < _LEAST_DIGITS or not _is_there(path):
            return False
        return any(found.startswith(wanted) for found in digests_of(path))

    def sha256(self, path: Path) -> str | None:
        """Return the SHA-256 of a file; None where it is absent or no plain file."""
        try:
            if not _is_there(path):
                return None
            with path.open("rb") as stream:
                return hashlib.file_digest(stream, "sha256").hexdigest()
        except OSError:
            return None


def _is_there(path: Path) -> bool:
    return path.is_absolute() and path.is_file()
