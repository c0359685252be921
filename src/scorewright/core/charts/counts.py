"""What the charts count from labels and PDs."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from scorewright.core.errors import UsageError

__all__ = ["Floats", "Labels", "ScoreCounts", "checked", "score_counts", "sorted_curve", "unusable"]

Floats = npt.NDArray[np.float64]
Labels = npt.NDArray[np.int8]


@dataclass(frozen=True, slots=True)
class ScoreCounts:
    """Cumulative counts from the highest PD down, one entry per distinct PD.

    Attributes:
        threshold: Distinct PDs, descending, shape (k,).
        bads: Bads with ``pd >= threshold``, shape (k,).
        goods: Goods with ``pd >= threshold``, shape (k,).
    """

    threshold: Floats
    bads: npt.NDArray[np.int64]
    goods: npt.NDArray[np.int64]


def checked(y: npt.ArrayLike, pd: npt.ArrayLike) -> tuple[Labels, Floats]:
    """Return labels and PDs as arrays.

    Args:
        y: Labels of shape (n,), 1 is bad.
        pd: PDs of shape (n,).

    Raises:
        UsageError: ``chart-input`` where shapes differ, a PD is not finite, or a class is absent.
    """
    labels = np.asarray(y, dtype=np.int8)
    scores = np.asarray(pd, dtype=np.float64)
    if labels.ndim != 1 or labels.shape != scores.shape:
        raise unusable(f"{labels.shape} labels and {scores.shape} PDs do not belong together")
    if not np.isfinite(scores).all():
        raise unusable("there are PDs that are missing or infinite")
    if len(labels) == 0 or labels.min() == labels.max():
        raise unusable("goods and bads are both needed, and one of them is absent")
    return labels, scores


def score_counts(y: Labels, pd: Floats) -> ScoreCounts:
    """Count goods and bads at or above every distinct PD.

    Args:
        y: Labels of shape (n,), 1 is bad, both classes present.
        pd: PDs of shape (n,).
    """
    order = np.argsort(-pd, kind="stable")
    ranked, bad = pd[order], y[order].astype(np.int64)
    last = np.flatnonzero(np.append(np.diff(ranked) != 0, [True]))
    bads = np.cumsum(bad)[last]
    return ScoreCounts(ranked[last], bads, last + 1 - bads)


def sorted_curve(threshold: npt.ArrayLike, *others: npt.ArrayLike) -> tuple[Floats, ...]:
    """Return the arrays ordered by threshold, without thresholds that are not finite.

    Args:
        threshold: Thresholds of shape (k,).
        others: Arrays of shape (k,).

    Raises:
        UsageError: ``chart-input`` where lengths differ or fewer than two points are left.
    """
    arrays = [np.asarray(a, dtype=np.float64) for a in (threshold, *others)]
    if len({a.shape for a in arrays}) != 1 or arrays[0].ndim != 1:
        raise unusable(f"arrays of shapes {[a.shape for a in arrays]} do not belong together")
    usable = np.flatnonzero(np.isfinite(arrays[0]))
    if len(usable) < 2:  # noqa: PLR2004 - a curve has two ends
        raise unusable("a curve needs at least two points")
    order = usable[np.argsort(arrays[0][usable], kind="stable")]
    return tuple(a[order] for a in arrays)


def unusable(what: str) -> UsageError:
    """Return the error for data that cannot be drawn, with what is wrong with them."""
    return UsageError(
        f"This cannot be drawn: {what}.",
        remedy="Give the chart out-of-fold rows of both classes, with a finite PD each.",
        code="chart-input",
    )
