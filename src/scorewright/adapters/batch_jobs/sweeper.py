"""Takes away what nobody needs any more of the batches, also where no file ever comes again."""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from scorewright.adapters.batch_jobs.folder import BatchFolder

__all__ = ["Sweeper", "folders_in", "is_batch_id"]

_ID = re.compile(r"[A-Za-z0-9-]{1,64}")
#: So long whoever receives files may take to lock their folder after it was made.
LOCKING_SECONDS = 10.0
#: So long an order is kept that cannot be read, as that of a newer version.
UNREADABLE_SECONDS = 3_600.0
SWEEP_SECONDS = 3_600.0


def is_batch_id(name: str) -> bool:
    """Return whether a name may be that of a batch: it leads nowhere else."""
    return _ID.fullmatch(name) is not None


def folders_in(folder: Path) -> Iterator[BatchFolder]:
    """Yield the folders of all batches, and those of files that still come."""
    for path in folder.iterdir():
        if path.is_dir() and is_batch_id(path.name):
            yield BatchFolder(path)


class Sweeper:
    """Removes old batches, and what was sent to workers that died.

    It has a thread of its own: places may be taken for hours, and a service to which nobody posts
    a file has none at work. Several workers may sweep one folder.

    Args:
        folder: Of all batches.
        keep_seconds: After so long a batch is removed.
        over: Set when the service ends.
    """

    def __init__(self, folder: Path, keep_seconds: float, over: threading.Event) -> None:
        self._folder, self._keep, self._over = folder, keep_seconds, over
        self._thread = threading.Thread(target=self._work, name="batch-sweeper", daemon=True)

    def start(self) -> None:
        """Sweep, and then every hour."""
        self.sweep()
        self._thread.start()

    def join(self, seconds: float) -> None:
        """Wait for the thread, which ends when the service does."""
        self._thread.join(seconds)

    def sweep(self) -> None:
        """Remove what is old, uploads that never became a batch, and inputs nobody will read."""
        with suppress(OSError):
            for folder in folders_in(self._folder):
                with suppress(OSError):
                    self._tidy(folder)

    def _tidy(self, folder: BatchFolder) -> None:
        age = time.time() - folder.path.stat().st_mtime
        if not folder.is_ordered and not folder.is_removed:
            if age > LOCKING_SECONDS:
                folder.forget_upload()
            return
        is_unreadable = age > UNREADABLE_SECONDS and folder.order() is None
        if age > self._keep or folder.is_removed or is_unreadable:
            folder.remove()
        else:
            folder.forget_abandoned()

    def _work(self) -> None:
        while not self._over.wait(SWEEP_SECONDS):
            self.sweep()
