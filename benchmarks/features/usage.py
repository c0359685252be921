"""CPU time and memory of this process and of all that descend from it."""

from __future__ import annotations

import os
import re
import resource
import sys
from pathlib import Path

__all__ = ["peak_bytes", "tree_cpu", "tree_peak_bytes"]

_PROC = Path("/proc")
_PEAK = re.compile(r"^VmHWM:\s+(\d+) kB$", re.MULTILINE)


def tree_cpu() -> float:
    """Return user and system seconds of this process and its descendants, ended ones included.

    Engines start processes that this one never waits for, so ``getrusage`` would miss them.
    Without ``/proc`` only those that were waited for are counted.
    """
    if not _PROC.exists():
        times = os.times()
        return times.user + times.system + times.children_user + times.children_system
    ticks = sum(sum(spent) for _, spent in _tree().values())
    return ticks / os.sysconf("SC_CLK_TCK")


def peak_bytes(process: int | str = "self") -> int:
    """Return the largest resident memory of a process so far; 0 for one that is gone.

    ``ru_maxrss`` would carry the memory of the starting process over to its child.
    """
    try:
        found = _PEAK.search((_PROC / str(process) / "status").read_text(errors="replace"))
    except OSError:
        found = None
    if found is not None:
        return int(found[1]) * 1024
    if process != "self":
        return 0
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024


def tree_peak_bytes() -> int:
    """Return the sum of the largest memories of this process and its living descendants."""
    if not _PROC.exists():
        return peak_bytes()
    return sum(peak_bytes(process) for process in _tree())


def _tree() -> dict[int, tuple[int, tuple[int, ...]]]:
    """Return this process and its descendants: id -> (parent, ticks spent)."""
    every = {}
    for entry in _PROC.iterdir():
        if entry.name.isdigit():
            try:
                text = (entry / "stat").read_text(errors="replace")
            except OSError:
                continue  # ended meanwhile
            # The name of the program stands in parentheses and may hold anything.
            fields = text.rpartition(")")[2].split()
            every[int(entry.name)] = (int(fields[1]), tuple(map(int, fields[11:15])))
    here = os.getpid()
    return {process: found for process, found in every.items() if _descends(process, here, every)}


def _descends(process: int, root: int, every: dict[int, tuple[int, tuple[int, ...]]]) -> bool:
    while process in every:
        if process == root:
            return True
        process = every[process][0]
    return False
