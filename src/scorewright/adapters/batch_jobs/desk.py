"""Batches of all workers of a service, in one folder: queued, scored some at a time, kept a while.

Workers agree through locks that the system lets go when a process dies: one per place at work,
one per batch. No worker needs to know the others.
"""

from __future__ import annotations

import math
import shutil
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

from filelock import FileLock, Timeout

from scorewright.adapters.batch_jobs.folder import BatchFolder, Progress
from scorewright.adapters.batch_jobs.sweeper import Sweeper, folders_in, is_batch_id
from scorewright.core.errors import ScorewrightError
from scorewright.flows.serve import Batch, BatchFile, BatchOrder, BatchProblem, Ids, Upload

__all__ = ["DiskDesk"]

Run = Callable[[BatchFolder, threading.Event], str]

#: Batches that may wait for each that is at work.
WAITING_PER_PLACE = 8
#: How long an idle worker waits until it looks for what others left.
LOOK_SECONDS = 1.0
TELL = {
    "batch-died": "The process that scored the file ended without a result: the file is damaged, "
    "or asks for more memory than a batch may take. Nothing of it is given out.",
    "batch-deadline": "The file was not scored in the time that a batch may take. Post it in "
    "parts.",
}


class DiskDesk:
    """Keeps the port ``BatchDesk``.

    Args:
        folder: Of all batches; made with mode 700.
        run: Scores one batch; see `ChildRunner`.
        ids: Ids of batches; later ones sort later.
        places: Batches that may be at work at a time, over all workers.
        keep_seconds: After so long a batch is removed.
    """

    def __init__(
        self,
        folder: Path,
        run: Run,
        ids: Ids,
        places: int,
        keep_seconds: float = math.inf,
    ) -> None:
        self._folder, self._run, self._ids, self._places = folder, run, ids, places
        # While files come, their folder is locked: the system lets go when this process dies.
        self._coming: dict[str, BatchFolder] = {}
        self._over = threading.Event()
        self._news = threading.Condition()
        self._threads: list[threading.Thread] = []
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._sweeper = Sweeper(folder, keep_seconds, self._over)
        self._sweeper.start()
        if any(not f.is_started and not f.is_over for f in self._folders()):
            self._start()

    def begin(self) -> Upload | None:
        """Give a place for files; None while as many wait as may."""
        self._sweeper.sweep()
        waiting = sum(folder.is_waiting for folder in folders_in(self._folder))
        if self._over.is_set() or waiting >= self._places * (1 + WAITING_PER_PLACE):
            return None
        found = BatchFolder(self._folder / self._ids.next())
        found.path.mkdir(mode=0o700)
        found.lock.acquire(timeout=LOOK_SECONDS)
        self._coming[found.path.name] = found
        found.files.mkdir(mode=0o700)
        return Upload(found.path.name, found.files)

    def discard(self, upload: Upload) -> None:
        """Remove files that are not wanted."""
        shutil.rmtree(self._folder / upload.id, ignore_errors=True)
        self._let_go(upload)

    def submit(self, upload: Upload, order: BatchOrder) -> None:
        """Have files scored.

        Raises:
            ScorewrightError: ``write-failed``.
        """
        BatchFolder(self._folder / upload.id).put_order(order)
        self._let_go(upload)
        self._start()
        with self._news:
            self._news.notify_all()

    def wait(self, batch_id: str, tenant: str, seconds: float) -> Batch | None:
        """Return a batch when it is over, or as it is after so long."""
        until = time.monotonic() + seconds
        while True:
            found = self.find(batch_id, tenant)
            if found is None or found.is_over or time.monotonic() >= until:
                return found
            with self._news:
                self._news.wait(0.1)

    def find(self, batch_id: str, tenant: str) -> Batch | None:
        """Return a batch of this tenant."""
        if not is_batch_id(batch_id):
            return None
        found = BatchFolder(self._folder / batch_id).batch()
        return found if found is not None and found.order.tenant == tenant else None

    def page(self, tenant: str, before: str | None, limit: int) -> list[Batch]:
        """Return batches of this tenant, the newest first."""
        found: list[Batch] = []
        for folder in sorted(self._folders(), key=lambda f: f.path.name, reverse=True):
            if len(found) == limit:
                break
            if before is None or folder.path.name < before:
                batch = folder.batch()
                if batch is not None and batch.order.tenant == tenant:
                    found.append(batch)
        return found

    def file(self, batch_id: str, tenant: str, what: BatchFile, form: str) -> Path | None:
        """Return a file of a batch that is done."""
        batch = self.find(batch_id, tenant)
        if batch is None or batch.state != "done":
            return None
        path = self._folder / batch_id / f"{what}.{form}"
        return path if path.is_file() else None

    def remove(self, batch_id: str, tenant: str) -> bool:
        """Stop a batch and remove its files; False where there is none."""
        if self.find(batch_id, tenant) is None:
            return False
        BatchFolder(self._folder / batch_id).remove()
        return True

    def close(self, seconds: float) -> None:
        """Take nothing new and end what runs, which is interrupted then."""
        until = time.monotonic() + seconds
        self._over.set()
        with self._news:
            self._news.notify_all()
        for thread in self._threads:
            thread.join(max(0.1, until - time.monotonic()))
        self._sweeper.join(max(0.1, until - time.monotonic()))

    def _let_go(self, upload: Upload) -> None:
        """Let go of the lock of files that have come, or are not wanted."""
        found = self._coming.pop(upload.id, None)
        if found is not None:
            with suppress(OSError):
                found.lock.release()

    def _start(self) -> None:
        with self._news:
            while len(self._threads) < self._places and not self._over.is_set():
                number = len(self._threads)
                thread = threading.Thread(
                    target=self._work, args=(number,), name=f"batch-{number}", daemon=True
                )
                self._threads.append(thread)
                thread.start()

    def _work(self, place: int) -> None:
        lock = FileLock(self._folder / f".place-{place}", mode=0o600, thread_local=False)
        while not self._over.is_set():
            did = False
            with suppress(Timeout, OSError), lock.acquire(timeout=0):
                did = self._next()
            if not did and not self._over.is_set():
                with self._news:
                    self._news.wait(LOOK_SECONDS)

    def _next(self) -> bool:
        """Score the batch that waits longest; False where none does, or none can be begun."""
        for folder in sorted(self._folders(), key=lambda f: f.path.name):
            if folder.is_started or folder.is_over:
                continue
            try:
                folder.lock.acquire(timeout=0)
            except (Timeout, OSError):
                continue
            try:
                did = self._score(folder)
            finally:
                with suppress(OSError):
                    folder.lock.release()
            if did:
                with self._news:
                    self._news.notify_all()
                return True
        return False

    def _score(self, folder: BatchFolder) -> bool:
        """Score a batch whose lock is held; False where it was not begun."""
        if folder.is_started or folder.is_over or folder.order() is None:
            return False
        if not _is_begun(folder):
            return False
        try:
            how = self._run(folder, self._over)
            if how in TELL:
                problem = BatchProblem(how, TELL[how]).to_dict()
                folder.put_report(Progress(ended=_now(), problem=problem))
        except (ScorewrightError, OSError):
            # The disk is full: it stays started without a report, which is interrupted.
            pass
        if folder.is_removed:
            folder.clear()
        else:
            folder.forget_inputs()
        return True

    def _folders(self) -> Iterator[BatchFolder]:
        for folder in folders_in(self._folder):
            if not folder.is_removed and folder.is_ordered:
                yield folder


def _is_begun(folder: BatchFolder) -> bool:
    """Note that a batch is begun; False where the disk is full: it waits on with its inputs."""
    try:
        folder.put_started(_now())
    except (ScorewrightError, OSError):
        if folder.is_removed:
            folder.clear()
        return False
    return True


def _now() -> str:
    return datetime.now(UTC).isoformat()
