"""Journal files: a line that was cut off does not spoil those that follow."""

from __future__ import annotations

import os
from pathlib import Path

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


def open_journal(file: Path) -> JournalStorage:
    """Open a journal, or make it where it is missing.

    Raises:
        OSError: It cannot be read or written.
        ValueError: It is no journal.
    """
    file.parent.mkdir(parents=True, exist_ok=True)
    lock = _MendingLock(file)
    backend = JournalFileBackend(str(file), lock_obj=lock)
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
