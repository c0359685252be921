"""Further processes that work on the same study."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

from scorewright.adapters.guarded import private_folder
from scorewright.adapters.machine import accompanied

__all__ = ["SubprocessWorkers"]

#: Seconds a process that is asked to end gets for it.
PATIENCE = 60.0

_TAIL = 300


class SubprocessWorkers:
    """Starts ``scorewright tune`` again, once per process.

    Args:
        options: What stands before the command: the settings file.
        arguments: What stands behind it: what the command line said otherwise.
    """

    def __init__(self, options: Sequence[str], arguments: Sequence[str]) -> None:
        self._options, self._arguments = tuple(options), tuple(arguments)

    @contextmanager
    def start(self, count: int) -> Iterator[Callable[[], Sequence[str]]]:
        """Start processes; gives a function that tells of those that died."""
        # The stack: no worker goes on alone, however this process ends.
        with private_folder("workers") as folder, ExitStack() as stack:
            workers = [_Worker(self._command(n), n, folder, stack) for n in range(1, count + 1)]
            try:
                yield lambda: [note for w in workers if (note := w.news()) is not None]
            except BaseException:  # an interrupt, too
                for worker in workers:
                    worker.ask_to_end()
                raise
            for worker in workers:
                worker.join()

    def _command(self, number: int) -> list[str]:
        return [
            sys.executable, "-m", "scorewright", "--quiet", *self._options,
            "tune", *self._arguments, "--worker", str(number),
        ]  # fmt: skip


class _Worker:
    """One process; what it says on stderr goes to a file, so that no pipe fills up."""

    def __init__(self, command: list[str], number: int, folder: Path, stack: ExitStack) -> None:
        self._number, self._said = number, folder / f"worker-{number}.log"
        with self._said.open("wb") as file:
            self._process = stack.enter_context(
                accompanied(command, out=subprocess.DEVNULL, error=file, patience=PATIENCE)
            )
        self._is_told = False

    def news(self) -> str | None:
        """Say once that it died."""
        code = self._process.poll()
        if code in (None, 0) or self._is_told:
            return None
        self._is_told = True
        said = self._said.read_text("utf-8", errors="replace").strip()[-_TAIL:]
        return f"process {self._number} ended with code {code}; the others go on. {said}".strip()

    def ask_to_end(self) -> None:
        """Ask it to end its trial in an orderly way; killed, its trial is done again."""
        self._process.terminate()

    def join(self) -> None:
        """Wait until it has finished its trial."""
        self._process.wait()
