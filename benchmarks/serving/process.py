"""A server as a process with all it starts: its CPU time and memory, and its end."""

from __future__ import annotations

import contextlib
import os
import re
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

__all__ = ["NotMeasuredError", "Tree", "run", "surroundings", "tree"]

T = TypeVar("T")
_TICKS = os.sysconf("SC_CLK_TCK")
_PSS, _RSS = (
    re.compile(rf"^{name}:\s+(\d+) kB$".encode(), re.MULTILINE) for name in ("Pss", "Rss")
)
_STOP_SECONDS, _RUN_SECONDS = 20.0, 300.0


class NotMeasuredError(Exception):
    """A server cannot be installed, does not start, or does not answer; says why."""


@dataclass(frozen=True, slots=True)
class Tree:
    """A running server.

    Attributes:
        pid: Of the process that was started.
        output: What it and its children wrote.
        is_over: Tells whether it has ended.
    """

    pid: int
    output: Path
    is_over: Callable[[], bool]

    def cpu(self) -> float:
        """Return user and system seconds of the whole tree, children that ended included."""
        return sum(_each(self._family(), _cpu))

    def memory(self) -> tuple[float, float]:
        """Return bytes: shared pages divided among those that share them, and counted by each."""
        found = _each(self._family(), _resident)
        return sum(pss for pss, _ in found), sum(rss for _, rss in found)

    def last_words(self) -> str:
        """Return the last line that names an error, else the last one it wrote."""
        lines = self.output.read_text(encoding="utf-8", errors="replace").strip().splitlines()
        errors = [line for line in lines if re.match(r"[\w.]*(Error|Exception)\b", line)]
        return (errors or lines or ["it said nothing"])[-1].strip()[:200]

    def _family(self) -> list[int]:
        found, waiting = [], [self.pid]
        while waiting:
            one = waiting.pop()
            found.append(one)
            for task in Path(f"/proc/{one}/task").glob("*/children"):
                with contextlib.suppress(OSError):  # ended meanwhile
                    waiting += [int(child) for child in task.read_text().split()]
        return found

    def stop(self) -> None:
        """Ask all of it to end, and end what does not."""
        family = self._family()
        _signal(family, signal.SIGTERM)
        until = time.monotonic() + _STOP_SECONDS
        while time.monotonic() < until and not self.is_over():
            time.sleep(0.05)
        _signal([pid for pid in {*family, *self._family()} if _is_ours(pid, self.output)],
                signal.SIGKILL)  # fmt: skip


@contextmanager
def tree(
    command: Sequence[str], environment: Mapping[str, str], folder: Path | None = None
) -> Iterator[Tree]:
    """Start a server and end it with the block.

    Args:
        command: Its command line.
        environment: Its whole environment.
        folder: Where it runs.
    """
    with tempfile.TemporaryDirectory() as aside:
        output = Path(aside) / "output.txt"
        with output.open("wb") as file:
            process = subprocess.Popen(
                list(command),
                stdout=file,
                stderr=file,
                stdin=subprocess.DEVNULL,
                cwd=folder,
                env=dict(environment),
            )
        started = Tree(process.pid, output, lambda: process.poll() is not None)
        try:
            yield started
        finally:
            started.stop()
            process.wait()


def surroundings(python: Path, **more: str) -> dict[str, str]:
    """Return the environment a server starts in: its user's, with one Python's programs first.

    What this project sets for itself, such as how OpenMP waits, is not passed on.
    """
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("OMP_", "PYTHON", "VIRTUAL_"))}
    kept["PATH"] = os.pathsep.join([str(python.parent), kept.get("PATH", "")])
    return {**kept, "DO_NOT_TRACK": "1", **more}


def run(command: Sequence[str]) -> str:
    """Run a program and return what it says.

    Raises:
        NotMeasuredError: It fails.
    """
    try:
        done = subprocess.run(
            list(command), check=True, capture_output=True, text=True, timeout=_RUN_SECONDS
        )
    except subprocess.CalledProcessError as error:
        said = (str(error.stderr).strip().splitlines() or ["it said nothing"])[-1]
        raise NotMeasuredError(f"'{' '.join(command[:3])}' failed: {said.strip()}") from error
    except (OSError, subprocess.TimeoutExpired) as error:
        raise NotMeasuredError(f"'{' '.join(command[:3])}' failed: {error}") from error
    return done.stdout


def _each(family: Sequence[int], look: Callable[[int], T]) -> list[T]:
    found = []
    for pid in family:
        with contextlib.suppress(OSError):  # ended meanwhile: then its parent has its time
            found.append(look(pid))
    return found


def _cpu(pid: int) -> float:
    """Return seconds of a process, exact, and of its children that ended, in ticks."""
    fields = Path(f"/proc/{pid}/stat").read_text(errors="replace").rpartition(")")[2].split()
    ended = (int(fields[13]) + int(fields[14])) / _TICKS
    # The kernel's clock of another process: CPUCLOCK_SCHED of its whole thread group.
    return time.clock_gettime((~pid << 3) | 2) + ended


def _resident(pid: int) -> tuple[int, int]:
    text = Path(f"/proc/{pid}/smaps_rollup").read_bytes()
    sizes = [found and int(found[1]) * 1024 for found in (_PSS.search(text), _RSS.search(text))]
    return sizes[0] or 0, sizes[1] or 0


def _signal(pids: Sequence[int], number: int) -> None:
    for pid in pids:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, number)


def _is_ours(pid: int, output: Path) -> bool:
    """Tell whether a process still writes where the server was told to: ids are used again."""
    with contextlib.suppress(OSError):
        return Path(f"/proc/{pid}/fd/1").resolve() == output.resolve()
    return False
