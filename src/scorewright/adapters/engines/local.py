"""The default engine: a pool of worker processes on this machine.

Each worker is a fresh Python that reads tasks from its standard input and answers on its standard
output. A pool of `concurrent.futures` would not do: it tells neither which task a dead worker had
nor which signal ended it, leaves its workers alive when the parent is killed, imports the
caller's main script again in each of them, and gives all tasks up with one worker. Here a worker's
death is its own affair, its exit status is known, and the end of the parent is the end of
its input.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, wait
from contextlib import suppress
from queue import SimpleQueue
from typing import Any, Final

from scorewright.adapters.children import ONE_THREAD
from scorewright.adapters.engines.buckets import run_buckets
from scorewright.adapters.engines.worker import failed, opened
from scorewright.flows.features.ports import BucketReceipt, BucketTask

__all__ = ["LocalEngine"]

#: ``-P`` keeps the folder the user stands in off the import path.
COMMAND: Final = (sys.executable, "-P", "-m", "scorewright.adapters.engines")
#: How often a task whose worker died is given to a new one.
RETRIES: Final = 3
#: Seconds after which an interrupt is seen at the latest.
LOOK: Final = 0.2


class LocalEngine:
    """Runs tasks in worker processes on this machine; keeps the port ``Engine``.

    Also a single task runs in a worker, never here: its memory is returned when it ends, it
    computes on one thread like all others, and what kills it does not kill the caller.

    Args:
        processes: How many workers at a time, at least 1.
    """

    name = "local"

    def __init__(self, processes: int) -> None:
        self._processes = max(1, processes)

    def run(self, tasks: Sequence[BucketTask], done: Callable[[BucketReceipt], None]) -> None:
        """Do every bucket; see the port.

        Raises:
            ScorewrightError: ``engine-failed``, and what a task itself raises.
        """
        run_buckets(self, tasks, done)

    def each(
        self,
        program: str,
        documents: Sequence[Mapping[str, Any]],
        done: Callable[[Mapping[str, Any]], None],
    ) -> None:
        """Have every document worked on; see the port.

        Raises:
            ScorewrightError: ``engine-failed`` (a worker died four times over one task), and
                what a task itself raises.
        """
        if not documents:
            return
        workers = [_Worker() for _ in range(min(self._processes, len(documents)))]
        idle: SimpleQueue[_Worker] = SimpleQueue()
        for worker in workers:
            idle.put(worker)
        threads = ThreadPoolExecutor(len(workers))
        try:
            futures = {
                threads.submit(_answer, idle, program, document): document for document in documents
            }
            while futures:
                # Polars has interrupted waits go on, so an interrupt is seen between two looks.
                for future in wait(futures, LOOK, FIRST_COMPLETED).done:
                    done(opened(future.result(), futures.pop(future)))
        finally:
            # After an error or an interrupt: workers first, so that no thread waits for one.
            for worker in workers:
                worker.stop()
            threads.shutdown(cancel_futures=True)
            for worker in workers:
                worker.discard()


def _answer(idle: SimpleQueue[_Worker], program: str, document: Mapping[str, Any]) -> str:
    """Give a task to an idle worker, and again to its successor should it die."""
    worker = idle.get()
    line = json.dumps({"program": program, "document": json.dumps(document)}) + "\n"
    try:
        for _ in range(1 + RETRIES):
            answer = worker.ask(line)
            if answer is not None:
                return answer
        ended = worker.ended
        raise failed(document, f"was ended by {ended} {1 + RETRIES} times over", ended=ended)
    finally:
        idle.put(worker)


class _Worker:
    """One worker process, started with its first task and again after its death."""

    def __init__(self) -> None:
        self.ended = ""
        self._process: subprocess.Popen[str] | None = None
        self._is_stopped = False
        self._lock = threading.Lock()

    def ask(self, line: str) -> str | None:
        """Return the answer to a line, or None where the worker died over it."""
        process = self._alive()
        if process is None or process.stdin is None or process.stdout is None:
            return None
        with suppress(BrokenPipeError):
            process.stdin.write(line)
            process.stdin.flush()
            answer = process.stdout.readline()
            if answer.endswith("\n"):
                return answer
        self.ended = _how(process.wait())
        self.discard()
        return None

    def stop(self) -> None:
        """End the process at once; a task it works on leaves no file in place."""
        with self._lock:
            self._is_stopped = True
            process = self._process
        if process is not None:
            _kill(process)
            process.wait()

    def _alive(self) -> subprocess.Popen[str] | None:
        with self._lock:
            if self._process is None and not self._is_stopped:
                self._process = subprocess.Popen(  # noqa: S603 - our own program
                    COMMAND,
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    encoding="utf-8",
                    env={**os.environ, **ONE_THREAD},
                    start_new_session=True,  # an interrupt at the terminal comes to us alone
                )
            return self._process

    def discard(self) -> None:
        """Let go of a process that has ended."""
        with self._lock:
            if self._process is not None:
                _close(self._process)
            self._process = None


def _kill(process: subprocess.Popen[str]) -> None:
    if hasattr(os, "killpg"):
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
    else:
        process.kill()


def _close(process: subprocess.Popen[str]) -> None:
    for stream in (process.stdin, process.stdout):
        if stream is not None:
            with suppress(OSError):
                stream.close()


def _how(status: int) -> str:
    """Name how a process ended."""
    if status >= 0:
        return f"its own exit with status {status}"
    try:
        return signal.Signals(-status).name
    except ValueError:
        return f"signal {-status}"
