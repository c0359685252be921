"""CPU time of single calls."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np
import numpy.typing as npt

from benchmarks.reference_model import Reference
from benchmarks.timing import Timing
from scorewright.core.bundles import Bundle

__all__ = ["each", "encoded", "tell"]

ROUNDS = 5


def each(call: Callable[[Any], Any], given: Iterable[Any]) -> Timing:
    """Return the CPU and wall seconds of one call, the best of some rounds over all arguments."""
    arguments = list(given)
    best = Timing(np.inf, np.inf, None)
    for _ in range(ROUNDS):
        cpu, wall = time.process_time(), time.perf_counter()
        for argument in arguments:
            call(argument)
        spent = time.process_time() - cpu
        if spent < best.cpu * len(arguments):
            took = time.perf_counter() - wall
            best = Timing(spent / len(arguments), took / len(arguments), None)
    return best


def encoded(bundle: Bundle, made: Reference, count: int) -> list[npt.NDArray[np.float64]]:
    """Return applications as the model sees them, each of shape (1, p)."""
    return [bundle.space.row(values).reshape(1, -1) for values in made.requests[:count]]


def tell(label: str, peer: tuple[str, Timing], ours: Timing) -> None:
    """Print one comparison of single calls, in microseconds of CPU time."""
    name, theirs = peer
    ratio = theirs.cpu / max(ours.cpu, 1e-9)
    print(
        f"{label}: {name} {theirs.cpu * 1e6:,.0f} us of CPU, scorewright {ours.cpu * 1e6:,.0f} us, "
        f"ratio {ratio:.1f}"
    )
