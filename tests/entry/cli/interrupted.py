"""The command line in a process of its own that works in buckets, and may be killed half-way.

``python -m tests.entry.cli.interrupted WHEN features build ...``, where WHEN is one of

- ``never``: nothing happens to it;
- ``bucketing``: it kills itself while the third table is being split;
- ``computing``: it kills itself when the third bucket is done.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

from scorewright.adapters.engines.local import LocalEngine
from scorewright.adapters.histories import buckets
from scorewright.entry.cli import main
from scorewright.flows.features import build

__all__ = ["BUCKETS", "FACTOR", "command", "environment", "run"]

ROOT: Final = Path(__file__).resolve().parents[3]
#: Makes the few rows of the small project count as many: see `BUCKETS`.
FACTOR: Final = 2_000
#: So many buckets the small project then has at 100 MB and one process.
BUCKETS: Final = 5
_THIRD: Final = 3


def command(when: str) -> list[str]:
    """Return the beginning of the command line."""
    return [sys.executable, "-W", "ignore", "-m", "tests.entry.cli.interrupted", when]


def environment() -> dict[str, str]:
    """Return where it finds this module from any folder, and how wide its terminal is."""
    return {**os.environ, "NO_COLOR": "1", "COLUMNS": "200", "PYTHONPATH": str(ROOT)}


def run(when: str, *arguments: str, timeout: float = 240) -> subprocess.CompletedProcess[str]:
    """Run the command line in the current folder."""
    return subprocess.run(
        [*command(when), *arguments],
        env=environment(), capture_output=True, text=True, timeout=timeout, check=False,
    )  # fmt: skip


def _dies_at(call: int, method: Callable[..., Any]) -> Callable[..., Any]:
    """Return a method whose n-th call is the end of the process, with no time to tidy up."""
    calls = 0

    def counted(*arguments: Any, **named: Any) -> Any:
        nonlocal calls
        calls += 1
        if calls == call:
            os.kill(os.getpid(), signal.SIGKILL)
        return method(*arguments, **named)

    return counted


def _engine_that_dies(method: Callable[..., Any]) -> Callable[..., Any]:
    def run_some(self: Any, tasks: Any, done: Callable[[Any], None]) -> None:
        method(self, tasks, _dies_at(_THIRD, done))

    return run_some


def _start(when: str) -> None:
    build._WORKING_FACTOR = FACTOR
    if when == "bucketing":
        buckets.BucketFiles.finish = _dies_at(_THIRD, buckets.BucketFiles.finish)  # type: ignore[method-assign]
    elif when == "computing":
        LocalEngine.run = _engine_that_dies(LocalEngine.run)  # type: ignore[method-assign]
    main()


if __name__ == "__main__":
    _start(sys.argv.pop(1))
