"""The child process that scores one batch: it may die of what it reads, the service lives on."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any

from scorewright.adapters.batch_jobs.folder import BatchFolder
from scorewright.adapters.children import ONE_THREAD

__all__ = ["ChildRunner"]

COMMAND = (sys.executable, "-P", "-m", "scorewright.entry.batch_job")
LOOK_SECONDS = 0.05
#: The service needs the processors too. Arrow's own memory pool keeps what is free.
SURROUNDINGS = {**ONE_THREAD, "ARROW_DEFAULT_MEMORY_POOL": "system"}


class ChildRunner:
    """Scores a batch in a child process.

    Args:
        task: What the child needs to know beside the folder, JSON-ready; told by its standard
            input, because settings may name passwords.
        deadline: Seconds a batch may take.
        command: The child's program.
    """

    def __init__(
        self, task: Mapping[str, Any], deadline: float, command: Sequence[str] = COMMAND
    ) -> None:
        self._task, self._deadline, self._command = dict(task), deadline, tuple(command)

    def __call__(self, folder: BatchFolder, over: threading.Event) -> str:
        """Score a batch.

        Args:
            folder: The batch.
            over: Set when the service ends.

        Returns:
            How the child ended: empty (it left a report), ``batch-died``, ``batch-deadline``,
            or ``stopped``.
        """
        child = subprocess.Popen(  # noqa: S603 - our own program
            self._command,
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,  # libraries would print what stands in the file
            start_new_session=True,
            env={**os.environ, **SURROUNDINGS},
        )
        try:
            _tell(child, {**self._task, "folder": str(folder.path.absolute())})
            return self._ended(child, folder, over)
        finally:
            _end(child)

    def _ended(
        self, child: subprocess.Popen[bytes], folder: BatchFolder, over: threading.Event
    ) -> str:
        until = time.monotonic() + self._deadline
        while child.poll() is None:
            if folder.is_removed or over.is_set():
                return "stopped"
            if time.monotonic() > until:
                return "batch-deadline"
            over.wait(LOOK_SECONDS)
        return "" if folder.is_over else "batch-died"


def _tell(child: subprocess.Popen[bytes], task: Mapping[str, Any]) -> None:
    """Tell the child its task; the pipe stays open, and its end is the end of the child."""
    if child.stdin is not None:
        with suppress(OSError):
            child.stdin.write(json.dumps(task).encode("utf-8") + b"\n")
            child.stdin.flush()


def _end(child: subprocess.Popen[bytes]) -> None:
    """End the child, and whatever it started, for certain."""
    if child.poll() is None:
        with suppress(ProcessLookupError):
            if hasattr(os, "killpg"):
                os.killpg(child.pid, signal.SIGKILL)
            else:
                child.kill()
        child.wait()
    if child.stdin is not None:
        with suppress(OSError):
            child.stdin.close()
