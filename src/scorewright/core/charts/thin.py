"""Fewer points, same shape."""

from __future__ import annotations

import heapq
import itertools
from collections.abc import Iterable

import numpy as np
import numpy.typing as npt

__all__ = ["MAX_POINTS", "thin_curve"]

#: The most rows any chart holds.
MAX_POINTS = 501

Floats = npt.NDArray[np.float64]
Indices = npt.NDArray[np.intp]


def thin_curve(x: Floats, y: Floats, limit: int = MAX_POINTS, keep: Iterable[int] = ()) -> Indices:
    """Choose at most ``limit`` points of a polyline without losing its corners.

    The best-first form of Ramer (1972) and Douglas and Peucker (1973): the point farthest from
    the line through its kept neighbours comes in first. Both axes are scaled to their range, as
    the eye sees them. Points on a straight line are never needed, so fewer may be returned.

    Args:
        x: Abscissas of shape (n,), finite, in drawing order.
        y: Ordinates of shape (n,), finite.
        limit: Largest number of points to return, at least 2 more than ``keep`` has.
        keep: Positions that must stay, such as that of an optimum.

    Returns:
        Sorted positions into ``x`` and ``y``, both ends among them.
    """
    n = len(x)
    if n <= 2:  # noqa: PLR2004 - nothing lies between two points
        return np.arange(n)
    u, v = _unit(x), _unit(y)
    chosen = sorted({0, n - 1, *(int(k) for k in keep)})
    heap: list[tuple[float, int, int, int]] = []
    for low, high in itertools.pairwise(chosen):
        _offer(heap, u, v, low, high)
    while heap and len(chosen) < limit:
        _, middle, low, high = heapq.heappop(heap)
        chosen.append(middle)
        _offer(heap, u, v, low, middle)
        _offer(heap, u, v, middle, high)
    return np.array(sorted(chosen), dtype=np.intp)


def _unit(values: Floats) -> Floats:
    """Scale to [0, 1]; a constant becomes zero."""
    span = float(values.max() - values.min())
    scaled: Floats = (values - values.min()) / (span or 1.0)
    return scaled


def _offer(
    heap: list[tuple[float, int, int, int]], u: Floats, v: Floats, low: int, high: int
) -> None:
    """Put the farthest point between two kept ones on the heap, unless all lie on the line."""
    if high - low < 2:  # noqa: PLR2004 - neighbours
        return
    du, dv = u[high] - u[low], v[high] - v[low]
    length = float(np.hypot(du, dv))
    pu, pv = u[low + 1 : high] - u[low], v[low + 1 : high] - v[low]
    away = np.abs(pu * dv - pv * du) / length if length > 0 else np.hypot(pu, pv)
    best = int(np.argmax(away))
    if away[best] > 1e-9:  # noqa: PLR2004 - a billionth of the axis is on the line
        heapq.heappush(heap, (-float(away[best]), low + 1 + best, low, high))
