"""Who is alive: every process of a study holds a lock, which the system frees when it dies."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Literal

from filelock import FileLock, Timeout

from scorewright.core.errors import ScorewrightError

__all__ = ["Life", "ProcessLocks"]

Life = Literal["alive", "dead", "unknown"]

_SUFFIX = ".worker"


class ProcessLocks:
    """The locks of a study's processes, as files of a folder.

    A killed process leaves its file behind, unlocked: so its trials are known to be nobody's at
    once, without waiting for a heartbeat to fail.

    Args:
        folder: Made where it is missing.
        is_shared: Whether every process of the study uses this folder, so that a file that is
            not there means a dead process.
    """

    def __init__(self, folder: Path, *, is_shared: bool) -> None:
        self._folder = folder
        self.is_shared = is_shared

    @contextmanager
    def hold(self) -> Iterator[str]:
        """Be alive while the block lasts; gives the process's token.

        Raises:
            ScorewrightError: ``tuning-storage-unreachable``.
        """
        token = uuid.uuid4().hex
        file = self._file(token)
        with self._locked(file):
            yield token
        file.unlink(missing_ok=True)

    def life(self, token: str) -> Life:
        """Return whether the process with this token lives."""
        file = self._file(token)
        if not file.exists():
            return "dead" if self.is_shared else "unknown"
        try:
            with FileLock(file, timeout=0):
                return "dead"
        except Timeout:
            return "alive"

    def sweep(self, keep: Collection[str]) -> None:
        """Delete what dead processes left here.

        Args:
            keep: Tokens whose trials still have to be told apart from those of other machines.
        """
        for file in self._folder.glob(f"*{_SUFFIX}"):
            # An OSError: it lives, or another process sweeps as well.
            with suppress(OSError):
                if file.stem not in keep:
                    with FileLock(file, timeout=0):
                        file.unlink(missing_ok=True)

    @contextmanager
    def alone(self, what: str) -> Iterator[None]:
        """Wait until no other process of this folder is in a block of the same name.

        Raises:
            ScorewrightError: ``tuning-storage-unreachable``.
        """
        with self._locked(self._folder / f"{what}.lock"):
            yield

    @contextmanager
    def _locked(self, file: Path) -> Iterator[None]:
        with ExitStack() as stack:
            try:
                self._folder.mkdir(parents=True, exist_ok=True)
                stack.enter_context(FileLock(file))
            except OSError as error:
                raise ScorewrightError(
                    f"The study's locks cannot be written to {self._folder}: "
                    f"{error.strerror or error}.",
                    remedy="Free space on the disk or check the permissions of the folder; then "
                    "run 'scorewright tune' again, finished trials are kept.",
                    code="tuning-storage-unreachable",
                ) from error
            yield

    def _file(self, token: str) -> Path:
        return self._folder / f"{token}{_SUFFIX}"
