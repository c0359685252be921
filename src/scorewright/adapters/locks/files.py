"""Locks in files. The system takes them back from a process that dies, however it dies."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from scorewright.core.errors import ScorewrightError

__all__ = ["FileLocks"]


class FileLocks:
    """One file per name in a folder.

    Args:
        folder: Made where it is missing.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    @contextmanager
    def hold(self, name: str) -> Iterator[None]:
        """Hold a lock while a ``with`` block lasts.

        Args:
            name: What is worked on; snake_case.

        Raises:
            ScorewrightError: ``experiment-busy``: another process holds it; ``write-failed``.
        """
        file = self._folder / f"{name}.lock"
        lock = FileLock(file)
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            lock.acquire(timeout=0)
        except Timeout as error:
            raise ScorewrightError(
                f"Another process works on the experiment '{name}'.",
                remedy="Wait for it to finish, or stop it: what it has finished is kept.",
                code="experiment-busy",
                details={"lock": str(file)},
            ) from error
        except OSError as error:
            raise ScorewrightError(
                f"The lock {file} could not be made: {error.strerror or error}.",
                remedy="Free space on the disk or check the permissions of the folder.",
                code="write-failed",
                details={"file": str(file)},
            ) from error
        try:
            yield
        finally:
            lock.release()
