"""How long the command line takes to say hello, beside a bare ``import mlflow``."""

from __future__ import annotations

import resource
import subprocess
import sys

from benchmarks.timing import Timing, show


def _child(arguments: list[str]) -> Timing:
    """Return the CPU seconds of a finished child."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run([sys.executable, *arguments], check=True, capture_output=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return Timing(cpu, 0.0, None)


def run() -> None:
    """Print the CPU seconds of --help."""
    theirs = min((_child(["-c", "import mlflow"]) for _ in range(3)), key=lambda t: t.cpu)
    ours = min((_child(["-m", "scorewright", "--help"]) for _ in range(3)), key=lambda t: t.cpu)
    show("scorewright --help", ("import mlflow", theirs), ours)
