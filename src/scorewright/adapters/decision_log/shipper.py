"""From the spool to the database: what is there is removed here, never before."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from filelock import FileLock, Timeout

from scorewright.adapters.decision_log.database import LogDatabase
from scorewright.adapters.decision_log.engines import cause_of
from scorewright.adapters.decision_log.pen import Elsewhere
from scorewright.core.decision_log import LoggedDecision
from scorewright.core.errors import ScorewrightError

__all__ = ["Shipper"]

ROWS = 500
QUIET_SECONDS = 1.0
LONGEST_WAIT_SECONDS = 10.0
#: Between two looks at a database that works, while nothing has to be moved.
LOOK_SECONDS = 10.0
#: So long another worker that ships is waited for.
PATIENCE_SECONDS = 10.0
#: An idempotency key is remembered so long after its decision has left the spool.
REMEMBERED_SECONDS = 24 * 3600
#: Counting takes at most this part of the time.
COUNTING_SHARE = 0.05


class Shipper:
    """Moves decisions with one thread. Ids make it safe to send one twice.

    Of the workers that share a spool one ships at a time.

    Args:
        spool: Where they wait.
        database: Where they belong.
    """

    def __init__(self, spool: LogDatabase, database: LogDatabase) -> None:
        self._spool, self._database = spool, database
        self._lock = FileLock(Path(f"{spool.url.database}.lock"), thread_local=False)
        self._wake = threading.Event()
        self._ends = threading.Event()
        self._moving = threading.Lock()
        self._thread: threading.Thread | None = None
        self._count_again = 0.0
        self._forget_again = 0.0
        self._look_again = 0.0
        self.trouble = ""
        self.moved = 0
        self.last_moved: int | None = None
        self.waiting = 0

    def start(self) -> None:
        """Start the thread."""
        self._count()
        self._thread = threading.Thread(target=self._run, name="decision-shipper", daemon=True)
        self._thread.start()

    def added(self, number: int) -> None:
        """Tell that so many more wait."""
        self.waiting += number
        self._wake.set()

    def drain(self) -> None:
        """Move everything that waits.

        Raises:
            ScorewrightError: ``log-unavailable``.
        """
        try:
            self._drain(PATIENCE_SECONDS)
        except Timeout as error:
            raise _held_up() from error

    @contextmanager
    def paused(self) -> Iterator[None]:
        """Let nobody move anything meanwhile, in no worker.

        Raises:
            ScorewrightError: ``log-unavailable``: another worker waits for the database.
        """
        try:
            with self._alone(PATIENCE_SECONDS):
                yield
        except Timeout as error:
            raise _held_up() from error

    @contextmanager
    def _alone(self, patience: float) -> Iterator[None]:
        with self._moving, self._lock.acquire(timeout=patience):
            yield

    def _drain(self, patience: float) -> None:
        more = True
        while more:
            with self._alone(patience):
                more = self._move()

    def close(self, seconds: float) -> None:
        """Try once more to move what waits, and end the thread."""
        self._ends.set()
        self._wake.set()
        if self._thread is not None:
            self._thread.join(seconds)

    def _run(self) -> None:
        wait = QUIET_SECONDS
        while True:
            # New decisions do not make a lost database nearer; only the end hurries.
            (self._ends if self.trouble else self._wake).wait(wait)
            is_last = self._ends.is_set()
            self._wake.clear()
            self.trouble = self._attempt(is_last=is_last)
            if is_last:
                return
            wait = min(2 * wait, LONGEST_WAIT_SECONDS) if self.trouble else QUIET_SECONDS

    def _attempt(self, *, is_last: bool) -> str:
        """Move what waits; return what hindered it."""
        try:
            self._count()
            if self.waiting or is_last:
                self._drain(PATIENCE_SECONDS if is_last else 0)
            else:
                self._look()
            self._forget()
        except Timeout:
            return self.trouble  # another worker is at it
        except ScorewrightError as error:
            return cause_of(error)
        except Exception as error:  # noqa: BLE001 - the thread goes on, whatever happens
            return f"decisions could not be moved ({type(error).__name__})"
        return ""

    def _move(self) -> bool:
        """Move some; tell whether more may wait."""
        records = self._spool.oldest(ROWS)
        if not records:
            self.waiting = 0
            return False
        _deliver(records, self._database.insert)
        self._spool.remove(records)
        self.moved += len(records)
        self.last_moved = time.time_ns() // 1_000
        self.waiting = max(0, self.waiting - len(records))
        return len(records) == ROWS

    def _count(self) -> None:
        """Count what waits: other workers add to it too. A long spool is counted rarely."""
        began = time.monotonic()
        if began < self._count_again:
            return
        self.waiting = self._spool.count()
        took = time.monotonic() - began
        self._count_again = began + max(QUIET_SECONDS, took / COUNTING_SHARE)

    def _look(self) -> None:
        """Look at the database: what is decided next is to find it, and pages tell how it is."""
        if self.trouble or time.monotonic() >= self._look_again:
            self._database.ping()
            self._look_again = time.monotonic() + LOOK_SECONDS

    def _forget(self) -> None:
        now = time.monotonic()
        if now >= self._forget_again:
            self._forget_again = now + 3600.0
            self._spool.forget_shipped((time.time_ns() // 1_000) - REMEMBERED_SECONDS * 1_000_000)


def _held_up() -> ScorewrightError:
    return ScorewrightError(
        "Another worker moves decisions to the database and does not get on.",
        remedy="Look at /health/database; see the runbook on a lost database.",
        code="log-unavailable",
    )


def _deliver(
    records: list[LoggedDecision],
    insert: Callable[[Sequence[LoggedDecision]], Sequence[LoggedDecision | Elsewhere]],
) -> None:
    """Write records; one whose idempotency key was used before keeps its place without it.

    That happens where two machines were asked the same, or a key came again after a day: each
    was acknowledged, so each is kept.
    """
    kept = insert(records)
    doubled = [
        replace(record, idempotency=None)
        for record, there in zip(records, kept, strict=True)
        if there.decision_id != record.decision_id
    ]
    if doubled:
        insert(doubled)
