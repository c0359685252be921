"""How well scores rank bads above goods."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt
from scipy.special import betainc, ndtri

from scorewright.core.statistics.inputs import Floats, Labels, checked, refused

__all__ = [
    "KS", "Interval", "bootstrap_interval", "capture_rate", "delong_interval", "gini",
    "h_measure", "ks", "lift_at", "placements", "pr_auc", "pr_curve_points", "roc_auc",
    "roc_curve_points",
]  # fmt: skip

#: Below so many points a loop is as quick as arrays.
FEW_POINTS = 1000


@dataclass(frozen=True, slots=True)
class Interval:
    """An estimate with its uncertainty; ``level`` is the coverage, 0.95 unless asked."""

    estimate: float
    low: float
    high: float
    se: float
    level: float


@dataclass(frozen=True, slots=True)
class KS:
    """The Kolmogorov-Smirnov distance and the score where it is reached."""

    value: float
    score: float


def _ranks(values: Floats) -> Floats:
    """Return ranks from 1, ties sharing their mean (scipy.stats takes 2 s to import for this)."""
    _, codes, counts = np.unique(values, return_inverse=True, return_counts=True)
    mean: Floats = np.cumsum(counts) - (counts - 1) / 2
    return mean[codes]


def roc_auc(y: npt.ArrayLike, p: npt.ArrayLike) -> float:
    """Return P(score of a bad > score of a good) + 1/2 P(tie).

    Args:
        y: Labels of shape (n,), 1 is bad.
        p: Scores of shape (n,), higher is worse.

    Returns:
        A value in [0, 1] (Mann-Whitney U over n1 n0; BCBS working paper 14, 2005).

    Raises:
        UsageError: ``statistics-input``, ``one-class``.
    """
    labels, scores = checked(y, p)
    bad = labels == 1
    n1 = int(bad.sum())
    ranks = _ranks(scores)
    u = float(ranks[bad].sum()) - n1 * (n1 + 1) / 2
    return u / (n1 * (len(labels) - n1))


def gini(y: npt.ArrayLike, p: npt.ArrayLike) -> float:
    """Return 2 AUC - 1, the accuracy ratio. Arguments and errors as for `roc_auc`."""
    return 2.0 * roc_auc(y, p) - 1.0


def _cumulative(labels: Labels, scores: Floats) -> tuple[Floats, Floats, Floats]:
    """Return distinct scores, falling, with cumulative bads and goods at or above each."""
    order = np.argsort(-scores, kind="stable")
    ranked = scores[order]
    last = np.append(np.flatnonzero(np.diff(ranked)), len(ranked) - 1)
    bads = np.cumsum(labels[order], dtype=np.float64)[last]
    return ranked[last], bads, last + 1.0 - bads


def ks(y: npt.ArrayLike, p: npt.ArrayLike) -> KS:
    """Return max |F_good - F_bad| and the score where it is reached first from above.

    Args and errors as for `roc_auc`.
    """
    labels, scores = checked(y, p)
    values, bads, goods = _cumulative(labels, scores)
    distance = np.abs(bads / bads[-1] - goods / goods[-1])
    at = int(np.argmax(distance))
    return KS(float(distance[at]), float(values[at]))


def pr_auc(y: npt.ArrayLike, p: npt.ArrayLike) -> float:
    """Return the average precision: sum over scores of (recall step) times precision.

    Args and errors as for `roc_auc`. Equal to scikit-learn's ``average_precision_score``.
    """
    labels, scores = checked(y, p)
    _, bads, goods = _cumulative(labels, scores)
    recall = np.concatenate([[0.0], bads / bads[-1]])
    return float(np.sum(np.diff(recall) * bads / (bads + goods)))


def roc_curve_points(y: npt.ArrayLike, p: npt.ArrayLike) -> tuple[Floats, Floats, Floats]:
    """Return false positive rate, true positive rate and threshold, from (0, 0) to (1, 1).

    Args and errors as for `roc_auc`. The first threshold is infinite.
    """
    labels, scores = checked(y, p)
    values, bads, goods = _cumulative(labels, scores)
    return (
        np.concatenate([[0.0], goods / goods[-1]]),
        np.concatenate([[0.0], bads / bads[-1]]),
        np.concatenate([[np.inf], values]),
    )


def pr_curve_points(y: npt.ArrayLike, p: npt.ArrayLike) -> tuple[Floats, Floats, Floats]:
    """Return recall, precision and threshold, by falling threshold.

    Args and errors as for `roc_auc`.
    """
    labels, scores = checked(y, p)
    values, bads, goods = _cumulative(labels, scores)
    return bads / bads[-1], bads / (bads + goods), values


def _worst(y: npt.ArrayLike, p: npt.ArrayLike, share: float) -> tuple[float, Labels]:
    """Return bads among the worst ``share`` of rows (ties shared out evenly), and labels."""
    if not 0.0 < share <= 1.0:
        raise refused(f"a share of {share}, which is not above 0 and at most 1")
    labels, scores = checked(y, p)
    _, bads, goods = _cumulative(labels, scores)
    rows = np.concatenate([[0.0], bads + goods])
    caught = float(np.interp(share * len(labels), rows, np.concatenate([[0.0], bads])))
    return caught, labels


def capture_rate(y: npt.ArrayLike, p: npt.ArrayLike, share: float) -> float:
    """Return the part of all bads found among the worst ``share`` of applications."""
    caught, labels = _worst(y, p, share)
    return caught / float(labels.sum())


def lift_at(y: npt.ArrayLike, p: npt.ArrayLike, share: float) -> float:
    """Return the bad rate among the worst ``share`` of applications over the base rate."""
    return capture_rate(y, p, share) / share


def h_measure(
    y: npt.ArrayLike,
    p: npt.ArrayLike,
    severity: Literal["prior_ratio", "beta22"] = "prior_ratio",
) -> float:
    """Return Hand's H: 1 - expected minimum loss over that of a classifier that knows nothing.

    Args:
        y: Labels of shape (n,), 1 is bad.
        p: Scores of shape (n,), higher is worse.
        severity: Law of the cost of a missed bad. ``prior_ratio``: Beta(1 + n0/n1, 2), severity
            ratio n1/n0 (Hand and Anagnostopoulos 2014); ``beta22``: Beta(2, 2) (Hand 2009).

    Returns:
        A value in [0, 1].
    """
    labels, scores = checked(y, p)
    pi1 = float(labels.mean())
    pi0 = 1.0 - pi1
    a, b = (1.0 + pi0 / pi1, 2.0) if severity == "prior_ratio" else (2.0, 2.0)
    fpr, tpr, _ = roc_curve_points(labels, scores)
    x, z = upper_hull(fpr, tpr)
    # Loss at cost c of a bad missed: c pi1 (1 - TPR) + (1 - c) pi0 FPR. Hull corners are
    # optimal between the costs where neighbouring corners cost the same.
    slope_costs = pi0 * np.diff(x) / (pi0 * np.diff(x) + pi1 * np.diff(z))
    cuts = np.concatenate([[0.0], slope_costs, [1.0]])
    one = np.diff(betainc(a + 1.0, b, cuts)) * a / (a + b)
    other = np.diff(betainc(a, b + 1.0, cuts)) * b / (a + b)
    loss = float(np.sum(pi1 * (1.0 - z) * one + pi0 * x * other))
    worst = pi1 * float(betainc(a + 1.0, b, pi0)) * a / (a + b)
    worst += pi0 * (1.0 - float(betainc(a, b + 1.0, pi0))) * b / (a + b)
    return 1.0 - loss / worst


def upper_hull(x: Floats, y: Floats) -> tuple[Floats, Floats]:
    """Return the corners of the upper convex hull of a rising curve."""
    x, y = _without_dents(x, y)
    hull: list[int] = []
    for i in range(len(x)):
        while len(hull) > 1:
            j, k = hull[-2], hull[-1]
            if (x[k] - x[j]) * (y[i] - y[j]) >= (x[i] - x[j]) * (y[k] - y[j]):
                hull.pop()
            else:
                break
        hull.append(i)
    return x[hull], y[hull]


def _without_dents(x: Floats, y: Floats) -> tuple[Floats, Floats]:
    """Leave out points on or under the chord of their neighbours: none of them is a corner.

    Whole arrays at a time, until what is left is short or nothing goes any more.
    """
    while len(x) > FEW_POINTS:
        rise, run = y[2:] - y[:-2], x[2:] - x[:-2]
        is_dent = (x[1:-1] - x[:-2]) * rise >= run * (y[1:-1] - y[:-2])
        # Two neighbours may be dents of each other's chord only: every other one goes at a time.
        is_dent[1:] &= ~is_dent[:-1]
        if not is_dent.any():
            break
        keep = np.concatenate([[True], ~is_dent, [True]])
        x, y = x[keep], y[keep]
    return x, y


def delong_interval(y: npt.ArrayLike, p: npt.ArrayLike, level: float = 0.95) -> Interval:
    """Return the AUC with DeLong's standard error and a normal interval cut to [0, 1].

    Args:
        y: Labels of shape (n,), 1 is bad.
        p: Scores of shape (n,), higher is worse.
        level: Coverage.

    Returns:
        The interval. Fast form by ranks: Sun and Xu 2014. With one bad or one good the standard
        error is infinite and the interval is [0, 1].
    """
    labels, scores = checked(y, p)
    v10, v01 = placements(labels, scores)
    auc = float(v10.mean())
    if min(len(v10), len(v01)) < 2:  # noqa: PLR2004 - a variance needs two values
        return Interval(auc, 0.0, 1.0, float("inf"), level)
    se = float(np.sqrt(v10.var(ddof=1) / len(v10) + v01.var(ddof=1) / len(v01)))
    half = float(ndtri(0.5 + level / 2.0)) * se
    return Interval(auc, max(0.0, auc - half), min(1.0, auc + half), se, level)


def placements(labels: Labels, scores: Floats) -> tuple[Floats, Floats]:
    """Return DeLong's structural components: per bad, then per good."""
    bad = labels == 1
    n1, n0 = int(bad.sum()), int((~bad).sum())
    ranks = _ranks(scores)
    v10 = (ranks[bad] - _ranks(scores[bad])) / n0
    v01 = 1.0 - (ranks[~bad] - _ranks(scores[~bad])) / n1
    return v10, v01


def bootstrap_interval(
    y: npt.ArrayLike,
    p: npt.ArrayLike,
    metric: Callable[[Labels, Floats], float],
    draws: int,
    rng: np.random.Generator,
    level: float = 0.95,
) -> Interval:
    """Return a percentile interval from a stratified bootstrap (n1 and n0 kept).

    Args:
        y: Labels of shape (n,), 1 is bad.
        p: Scores of shape (n,).
        metric: From labels and scores to a number.
        draws: Number of resamples.
        rng: Source of randomness.
        level: Coverage.
    """
    labels, scores = checked(y, p)
    bads, goods = np.flatnonzero(labels == 1), np.flatnonzero(labels == 0)
    values = np.empty(draws)
    for i in range(draws):
        rows = np.concatenate([rng.choice(bads, len(bads)), rng.choice(goods, len(goods))])
        values[i] = metric(labels[rows], scores[rows])
    low, high = np.quantile(values, [(1.0 - level) / 2.0, (1.0 + level) / 2.0])
    estimate = metric(labels, scores)
    return Interval(estimate, float(low), float(high), float(values.std(ddof=1)), level)
