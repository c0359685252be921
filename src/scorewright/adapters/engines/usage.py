"""What a piece of work took: CPU time of this process and its largest memory so far."""

from __future__ import annotations

import re
import sys
import time
from pathlib import Path

__all__ = ["cpu_seconds", "peak_bytes"]

_STATUS = Path("/proc/self/status")
_PEAK = re.compile(r"^VmHWM:\s+(\d+) kB$", re.MULTILINE)


def cpu_seconds() -> float:
    """Return the CPU time of this process so far, user and system, all threads."""
    return time.process_time()


def peak_bytes() -> int:
    """Return the largest resident memory of this process so far, in bytes.

    Linux carries ``ru_maxrss`` over from the process that started this one, so that a child of a
    large parent would seem large; the high-water mark in ``/proc`` is this program's own.
    """
    if _STATUS.exists():
        found = _PEAK.search(_STATUS.read_text(encoding="ascii", errors="replace"))
        if found:
            return int(found[1]) * 1024
    if sys.platform == "win32":
        return 0
    import resource  # noqa: PLC0415 - not on every system

    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024
