"""Group commit: one thread writes what many requests wait for, in one transaction."""

from __future__ import annotations

import asyncio
import contextlib
import queue
import threading
from collections.abc import Callable, Sequence
from typing import Generic, NamedTuple, TypeVar

from scorewright.core.decision_log import LoggedDecision
from scorewright.core.errors import ScorewrightError

__all__ = ["GroupWriter"]

MOST = 256
#: More than this never waits: the service answers 503 instead.
LONGEST_QUEUE = 10_000
#: Between two looks at the database while nobody asks.
LOOK_SECONDS = 5.0
#: The same where it could not be written.
RECOVER_SECONDS = 2.0

Kept = TypeVar("Kept")


class _Waiting(NamedTuple, Generic[Kept]):
    """A record, and who waits for it; a tuple, because one is made for each request."""

    record: LoggedDecision
    future: asyncio.Future[Kept] | None = None


class GroupWriter(Generic[Kept]):
    """Writes records with one thread.

    While a transaction is on its way to the disk, the next requests gather; so a busy service
    commits rarely and a quiet one at once.

    Args:
        insert: Writes records in one transaction and returns what the log holds of each.
        look: Called from time to time while there is nothing to write; tells whether ``insert``
            may work now.
        shadows: Records nobody waits for that may gather.
    """

    def __init__(
        self,
        insert: Callable[[Sequence[LoggedDecision]], Sequence[Kept]],
        look: Callable[[], bool] = lambda: True,
        shadows: int = 2_000,
    ) -> None:
        self._insert, self._look = insert, look
        self._waiting: queue.SimpleQueue[_Waiting[Kept] | None] = queue.SimpleQueue()
        self._room = threading.Semaphore(shadows)
        self._thread: threading.Thread | None = None
        self._starting = threading.Lock()
        self._closed = False
        self._is_well = True
        self.written = 0
        self.dropped = 0

    def start(self) -> None:
        """Start the thread, in the process that writes: it looks before there is a record."""
        with self._starting:
            if self._thread is None:
                thread = threading.Thread(target=self._run, name="decision-log", daemon=True)
                thread.start()
                self._thread = thread

    async def append(self, record: LoggedDecision) -> Kept:
        """Return what the log holds when the transaction is on the disk.

        It waits as long as that takes: how long a request may take is for its caller to say.

        Raises:
            ScorewrightError: What ``insert`` raised; ``log-full`` where too many wait.
        """
        future: asyncio.Future[Kept] = asyncio.get_running_loop().create_future()
        if not self._put(_Waiting(record, future)):
            raise ScorewrightError(
                "More decisions wait for the decision log than it can take.",
                remedy="Try again; look at the disk or the database if it lasts.",
                code="log-full",
            )
        return await future

    def offer(self, record: LoggedDecision) -> bool:
        """Take a record nobody waits for; False where there is no room."""
        if self._room.acquire(blocking=False):
            if self._put(_Waiting(record)):
                return True
            self._room.release()
        self.dropped += 1
        return False

    def close(self, seconds: float) -> None:
        """Write what waits, at most for so long, and end the thread."""
        self._closed = True
        thread = self._thread
        if thread is not None:
            self._waiting.put(None)
            thread.join(seconds)

    def _put(self, waiting: _Waiting[Kept]) -> bool:
        if self._closed or self._waiting.qsize() >= LONGEST_QUEUE:
            return False
        if self._thread is None:
            self.start()
        self._waiting.put(waiting)
        return True

    def _run(self) -> None:
        ends = False
        while not ends:
            batch = self._gather()
            ends = None in batch
            self._write([waiting for waiting in batch if waiting is not None])
        # What came between the last look and the end is not left waiting for ever.
        late = self._rest(LONGEST_QUEUE)
        self._write([waiting for waiting in late if waiting is not None])

    def _gather(self) -> list[_Waiting[Kept] | None]:
        """Wait for a record and return it with those behind it."""
        while True:
            try:
                first = self._waiting.get(
                    timeout=LOOK_SECONDS if self._is_well else RECOVER_SECONDS
                )
            except queue.Empty:
                self._is_well = self._looked()
            else:
                return [first, *self._rest(MOST - 1)]

    def _looked(self) -> bool:
        try:
            return self._look()
        except Exception:  # noqa: BLE001 - the thread goes on: the next record tells what is wrong
            return False

    def _rest(self, most: int) -> list[_Waiting[Kept] | None]:
        """Return what waits now; nobody else takes from the queue, so that is not less."""
        waiting = self._waiting
        return [waiting.get_nowait() for _ in range(min(most, waiting.qsize()))]

    def _write(self, batch: Sequence[_Waiting[Kept]]) -> None:
        if not batch:
            return
        kept: Sequence[Kept] = ()
        failure: ScorewrightError | None = None
        try:
            kept = self._insert([waiting.record for waiting in batch])
        except ScorewrightError as error:
            failure = error
        except Exception as error:  # noqa: BLE001 - nobody may wait for ever
            failure = _failed(type(error).__name__)
        unasked = sum(waiting.future is None for waiting in batch)
        self._is_well = failure is None
        if failure is None:
            self.written += len(batch)
        else:
            self.dropped += unasked
        _settle(batch, kept, failure)
        for _ in range(unasked):
            self._room.release()


def _settle(
    batch: Sequence[_Waiting[Kept]], kept: Sequence[Kept], failure: ScorewrightError | None
) -> None:
    """Wake whoever waits, each loop once; a loop that has ended waits for nothing."""
    loops = {future.get_loop() for _, future in batch if future is not None}
    for loop in loops:
        with contextlib.suppress(RuntimeError):
            loop.call_soon_threadsafe(_wake, loop, batch, kept, failure)


def _wake(
    loop: asyncio.AbstractEventLoop,
    batch: Sequence[_Waiting[Kept]],
    kept: Sequence[Kept],
    failure: ScorewrightError | None,
) -> None:
    for at, (_, future) in enumerate(batch):
        if future is None or future.get_loop() is not loop or future.done():
            continue
        if failure is not None:
            future.set_exception(failure)
        else:
            future.set_result(kept[at])


def _failed(cause: str) -> ScorewrightError:
    return ScorewrightError(
        f"The decision log could not be written ({cause}).",
        remedy="Look at the service's log; see the runbook on a lost database.",
        code="log-unavailable",
    )
