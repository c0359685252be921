"""Several workers on one listening socket: started, watched, started again, stopped together."""

from __future__ import annotations

import contextlib
import os
import selectors
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from types import FrameType

__all__ = ["run_workers"]

MULTIPROCESS = "PROMETHEUS_MULTIPROC_DIR"
LOOK_SECONDS = 0.2
FIRST_PAUSE, LONGEST_PAUSE = 1.0, 30.0
#: A worker that lived longer did not fail at its start.
STEADY_SECONDS = 60.0
#: Beyond the seconds for draining: to end what is not on the way to the log.
GRACE_SECONDS = 5.0


@dataclass(slots=True)
class _Worker:
    process: subprocess.Popen[bytes]
    leash: socket.socket
    began: float
    is_ready: bool = False


class _Workers:
    """Holds the workers of one listening socket."""

    def __init__(self, command: Sequence[str], count: int, listener: socket.socket) -> None:
        self._command, self._count, self._listener = list(command), count, listener
        self._selector = selectors.DefaultSelector()
        self._workers: dict[int, _Worker] = {}
        self._stopping = self._all_were_ready = False
        self._due: dict[int, float] = {}
        self._pause = FIRST_PAUSE

    def run(self, drain_seconds: float) -> int:
        """Run until told to stop, or until the first start fails.

        Returns:
            The exit code: 0, or that of the worker that could not start.
        """
        for sig in (signal.SIGTERM, signal.SIGINT):
            signal.signal(sig, self._stop)
        for place in range(self._count):
            self._start(place)
        code = 0
        while not self._stopping and code == 0:
            self._hear()
            code = self._replace()
        self._end(drain_seconds)
        return code

    def _stop(self, sig: int, frame: FrameType | None) -> None:  # noqa: ARG002 - of signals
        self._stopping = True

    def _start(self, place: int) -> None:
        ours, theirs = socket.socketpair()
        said = place == 0 and not self._all_were_ready
        command = [
            *self._command,
            "--listener", str(self._listener.fileno()),
            "--leash", str(theirs.fileno()),
            *([] if said else ["--silent"]),
        ]  # fmt: skip
        process = subprocess.Popen(  # noqa: S603 - our own program
            command,
            pass_fds=(self._listener.fileno(), theirs.fileno()),
            stdin=subprocess.DEVNULL,
        )
        theirs.close()
        self._workers[place] = _Worker(process, ours, time.monotonic())
        self._selector.register(ours, selectors.EVENT_READ, place)

    def _hear(self) -> None:
        """Wait a moment for workers that say they are ready, or end."""
        for key, _ in self._selector.select(LOOK_SECONDS):
            worker = self._workers[key.data]
            if worker.leash.recv(1):
                worker.is_ready = True
            else:
                self._selector.unregister(worker.leash)
                with contextlib.suppress(subprocess.TimeoutExpired):
                    worker.process.wait(LOOK_SECONDS)
        if len(self._workers) == self._count:
            self._all_were_ready |= all(worker.is_ready for worker in self._workers.values())

    def _replace(self) -> int:
        """Start again what ended; return the code of one that could not start the first time."""
        now = time.monotonic()
        for place, worker in list(self._workers.items()):
            code = worker.process.poll()
            if code is None:
                continue
            self._forget(place, worker)
            if not self._all_were_ready:
                return code if code > 0 else 1
            sys.stderr.write(f"a worker ended with code {code}; another one starts\n")
            steady = now - worker.began > STEADY_SECONDS
            self._pause = FIRST_PAUSE if steady else min(2 * self._pause, LONGEST_PAUSE)
            self._due[place] = now + self._pause
        for place in [place for place, due in self._due.items() if due <= now]:
            del self._due[place]
            self._start(place)
        return 0

    def _forget(self, place: int, worker: _Worker) -> None:
        from prometheus_client.multiprocess import mark_process_dead  # noqa: PLC0415 - only here

        del self._workers[place]
        with contextlib.suppress(KeyError, ValueError):
            self._selector.unregister(worker.leash)
        worker.leash.close()
        mark_process_dead(worker.process.pid)  # type: ignore[no-untyped-call]

    def _end(self, drain_seconds: float) -> None:
        """Let all workers drain together; end those that do not."""
        until = time.monotonic() + drain_seconds + GRACE_SECONDS
        for worker in self._workers.values():
            worker.process.terminate()
        for worker in self._workers.values():
            try:
                worker.process.wait(max(0.1, until - time.monotonic()))
            except subprocess.TimeoutExpired:
                worker.process.kill()
                worker.process.wait()
            worker.leash.close()


def run_workers(
    command: Sequence[str], count: int, listener: socket.socket, drain_seconds: float
) -> int:
    """Run several workers until told to stop.

    Args:
        command: Starts one worker; it is given the numbers of the listener and of its leash.
        count: Workers.
        listener: Bound and listening.
        drain_seconds: Longest time for the answers in work at the end.

    Returns:
        The exit code.
    """
    folder = tempfile.mkdtemp(prefix="scorewright-metrics-")
    os.environ[MULTIPROCESS] = folder
    try:
        return _Workers(command, count, listener).run(drain_seconds)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
