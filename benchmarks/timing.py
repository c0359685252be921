"""CPU and wall seconds of a call."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Timing:
    """What a call cost, and what it returned."""

    cpu: float
    wall: float
    result: Any


def measure(call: Callable[[], Any], repeat: int = 1) -> Timing:
    """Return the fastest of ``repeat`` calls by CPU time."""
    best: Timing | None = None
    for _ in range(repeat):
        cpu, wall = time.process_time(), time.perf_counter()
        result = call()
        timing = Timing(time.process_time() - cpu, time.perf_counter() - wall, result)
        best = timing if best is None or timing.cpu < best.cpu else best
    if best is None:
        raise ValueError("repeat must be at least 1")
    return best


def show(label: str, peer: tuple[str, Timing], ours: Timing) -> None:
    """Print one comparison."""
    name, theirs = peer
    print(
        f"{label}: {name} {theirs.cpu:.3f} CPU s, scorewright {ours.cpu:.3f} CPU s, "
        f"ratio {theirs.cpu / max(ours.cpu, 1e-9):.1f}"
    )
