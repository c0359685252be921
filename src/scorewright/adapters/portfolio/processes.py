"""Work on the parts of a portfolio in several processes, answers in order."""

from __future__ import annotations

import contextlib
import os
import signal
import threading
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from multiprocessing import get_context, parent_process
from typing import Any, Final

from scorewright.core.errors import ScorewrightError, UsageError
from scorewright.flows.generate import PartRecord

__all__ = ["ProcessRunner", "default_processes"]

_MOST: Final = 256
_AHEAD: Final = 2  # parts waiting per process; more would only be lost when one fails
_THREADS: Final = "POLARS_MAX_THREADS"

Work = Callable[[int], PartRecord]


def default_processes() -> int:
    """Return the number of processors that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


@dataclass(frozen=True, slots=True)
class ProcessRunner:
    """`ChunkRunner` over fresh processes (never forked); with one, it works in this process.

    Attributes:
        processes: Number of processes, 1 to 256.

    Raises:
        UsageError: ``portfolio-spec`` for another number.
    """

    processes: int

    def __post_init__(self) -> None:
        if not 1 <= self.processes <= _MOST:
            raise UsageError(
                f"The number of processes is {self.processes}; it must lie between 1 and {_MOST}.",
                remedy=f"Give --processes a value between 1 and {_MOST}.",
                code="portfolio-spec",
                details={"name": "processes", "value": self.processes},
            )

    def run(self, work: Work, indices: Sequence[int]) -> Iterator[PartRecord]:
        """Yield ``work(index)`` in the order of ``indices``.

        Raises:
            ScorewrightError: What the work raised, or ``portfolio-worker-died``.
        """
        processes = min(self.processes, len(indices))
        if processes <= 1:
            yield from map(work, indices)
            return
        try:
            yield from _in_order(work, indices, processes)
        except BrokenProcessPool as error:
            raise ScorewrightError(
                "A process that generated a part of the portfolio ended without an answer; "
                "the system may have been short of memory.",
                remedy="Run the same command again with fewer --processes; what is complete stays.",
                code="portfolio-worker-died",
            ) from error


def _in_order(work: Work, indices: Sequence[int], processes: int) -> Iterator[PartRecord]:
    with _one_thread_each():
        pool = ProcessPoolExecutor(processes, get_context("spawn"), initializer=_begin)
        waiting: deque[Future[PartRecord | _Failure]] = deque()
        try:
            for index in indices:
                waiting.append(pool.submit(_guarded, work, index))
                if len(waiting) >= processes * _AHEAD:
                    yield _answer(waiting.popleft())
            while waiting:
                yield _answer(waiting.popleft())
        finally:
            pool.shutdown(wait=True, cancel_futures=True)


@contextlib.contextmanager
def _one_thread_each() -> Iterator[None]:
    """Processes started inside use one thread: they are the parallelism."""
    before = os.environ.get(_THREADS)
    os.environ[_THREADS] = "1"
    try:
        yield
    finally:
        if before is None:
            del os.environ[_THREADS]
        else:
            os.environ[_THREADS] = before


@dataclass(frozen=True, slots=True)
class _Failure:
    """An error on its way to the parent; the exception itself does not survive the journey."""

    kind: type[ScorewrightError]
    message: str
    remedy: str
    code: str
    details: Mapping[str, Any]


def _guarded(work: Work, index: int) -> PartRecord | _Failure:
    try:
        return work(index)
    except ScorewrightError as error:
        return _Failure(type(error), error.message, error.remedy, error.code, error.details)


def _answer(future: Future[PartRecord | _Failure]) -> PartRecord:
    answer = future.result()
    if isinstance(answer, _Failure):
        raise answer.kind(
            answer.message, remedy=answer.remedy, code=answer.code, details=answer.details
        )
    return answer


def _begin() -> None:
    """Prepare a worker: the parent alone answers Ctrl-C, and nobody outlives the parent."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    parent = parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)
