"""Journal files: a line that was cut off does not spoil those that follow."""

from __future__ import annotations

import os
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from optuna.exceptions import StorageInternalError
from optuna.storages import JournalStorage
from optuna.storages.journal import JournalFileBackend, JournalFileSymlinkLock

__all__ = ["open_journal"]

#: Of every line that Optuna writes.
_BEGINNING = b'{"op_code":'


class _MendingLock(JournalFileSymlinkLock):
    """Optuna's lock of a journal; who gets it finds nothing but whole lines.

    A process that is killed, or a full disk, may leave the beginning of a line. Nobody was told
    that it is kept, so it goes before the next line is written behind it.

    Args:
        file: The journal.
    """

    def __init__(self, file: Path) -> None:
        super().__init__(str(file))
        self._file = file

    def acquire(self) -> bool:
        """Wait for the lock, and take away what follows the last whole line."""
        has_lock = super().acquire()
        try:
            _cut_to_whole_lines(self._file)
        except BaseException:
            self.release()
            raise
        return has_lock


class _NamedBackend(JournalFileBackend):
    """Optuna's backend; what the disk refuses is the storage's error, as it is of a database.

    A trial may meet a full disk elsewhere, too: by the kind of the error it is told apart.
    """

    def read_logs(self, log_number_from: int) -> Generator[dict[str, Any], None, None]:
        """Read what follows a line."""
        with _of_the_storage():
            yield from super().read_logs(log_number_from)

    def append_logs(self, logs: list[dict[str, Any]]) -> None:
        """Write lines behind the last one."""
        with _of_the_storage():
            super().append_logs(logs)


@contextmanager
def _of_the_storage() -> Iterator[None]:
    try:
        yield
    except (OSError, RuntimeError, ValueError) as error:
        raise StorageInternalError from error


def open_journal(file: Path) -> JournalStorage:
    """Open a journal, or make it where it is missing.

    Raises:
        OSError: It cannot be read or written.
        ValueError: It is no journal.
        StorageInternalError: What it holds cannot be read.
    """
    file.parent.mkdir(parents=True, exist_ok=True)
    lock = _MendingLock(file)
    backend = _NamedBackend(str(file), lock_obj=lock)
    lock.acquire()
    lock.release()
    return JournalStorage(backend)


def _cut_to_whole_lines(file: Path) -> None:
    with file.open("r+b") as journal:
        size = journal.seek(0, os.SEEK_END)
        journal.seek(max(size - 1, 0))
        if journal.read() in (b"", b"\n"):
            return
        journal.seek(0)
        content = journal.read()
        if not _BEGINNING.startswith(content[: len(_BEGINNING)]):
            # A setting that names another file must not cost that file its last line.
            raise ValueError("it is no journal of Optuna")
        journal.truncate(content.rfind(b"\n") + 1)
        os.fsync(journal.fileno())
