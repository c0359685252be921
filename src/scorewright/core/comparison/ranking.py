"""AUCs of many models on the same rows, with the covariance of all of them, fold by fold.

Scores of different folds come from different models. Within one pooled AUC a bad of one fold is
held against a good of another, and a model is charged for folds that differ in level only. So
rows are compared within their fold, and the figure of a model is the mean of its folds' AUCs: the
``mean_roc_auc`` of its run, and the mean that the test over folds looks at. Folds have different
rows, so their variances add up.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.special import ndtr, ndtri

from scorewright.core.comparison.cells import Floats, Rows, refused
from scorewright.core.statistics import Interval, placements

__all__ = ["FoldRanking", "rank_within_folds"]

#: Below this part of the two variances, that of a difference is computed again without
#: cancellation; it is that of models that rank nearly alike.
CANCELLED = 1e-9
#: A spread of mere rounding is no spread, as in `delong_test`.
ROUNDING = 1e-12


@dataclass(frozen=True, slots=True, eq=False)
class FoldRanking:
    """AUCs of m models over K folds.

    Attributes:
        folds: AUC of each model in each fold, shape (m, K).
        se: Standard error of each model's mean AUC, shape (m,).
        se_difference: Standard errors of the differences of two means, shape (m, m): 0 where two
            models rank all rows alike, infinite where the variance cannot be estimated.
    """

    folds: Floats
    se: Floats
    se_difference: Floats

    @property
    def auc(self) -> Floats:
        """Return the mean over folds of each model, shape (m,)."""
        mean: Floats = self.folds.mean(axis=1)
        return mean

    def interval(self, model: int, level: float = 0.95) -> Interval:
        """Return the mean AUC of one model with its interval, cut to [0, 1]."""
        auc, se = float(self.auc[model]), float(self.se[model])
        half = float(ndtri(0.5 + level / 2.0)) * se
        return Interval(auc, max(0.0, auc - half), min(1.0, auc + half), se, level)

    def p_value(self, first: int, second: int, widening: float = 1.0) -> float:
        """Return the two-sided p-value of a difference; 1 where nothing can be told.

        Args:
            first: One model.
            second: The other.
            widening: What the standard error is multiplied by; 1 is DeLong's test itself.
        """
        se = widening * float(self.se_difference[first, second])
        difference = float(self.auc[first] - self.auc[second])
        if se == 0.0:
            return 1.0
        return float(2.0 * ndtr(-abs(difference / se)))


def rank_within_folds(rows: Rows, scores: Floats) -> FoldRanking:
    """Return the AUCs of several models with DeLong's covariance, stratified by fold.

    With one fold the differences and standard errors are those of `delong_test` (DeLong 1988,
    by ranks: Sun and Xu 2014). The work is one sort a model and fold, whatever the number of
    pairs.

    Args:
        rows: Labels and folds.
        scores: Shape (m, n), higher is worse.

    Raises:
        UsageError: ``comparison-input``: a fold without bads or without goods, scores that are
            not finite.
    """
    if not np.isfinite(scores).all():
        raise refused("scores that are not finite")
    numbers = np.unique(rows.fold)
    m, k = len(scores), len(numbers)
    aucs, own, between = np.empty((m, k)), np.zeros(m), np.zeros((m, m))
    alike = np.ones((m, m), dtype=np.bool_)
    for position, number in enumerate(numbers):
        here = np.flatnonzero(rows.fold == number)
        labels = rows.y[here]
        if len(np.unique(labels)) < 2:  # noqa: PLR2004 - two classes
            raise refused(f"a fold {number} that lacks bads or goods")
        parts = [placements(labels, score[here]) for score in scores]
        bads, goods = np.stack([b for b, _ in parts]), np.stack([g for _, g in parts])
        aucs[:, position] = bads.mean(axis=1)
        variance, differences, same = _variances(bads, goods)
        own += variance / k**2
        between += differences / k**2
        alike &= same
    se = np.sqrt(between)
    se[(se < ROUNDING) & ~alike] = np.inf
    se[alike] = 0.0
    return FoldRanking(aucs, np.sqrt(own), se)


def _variances(bads: Floats, goods: Floats) -> tuple[Floats, Floats, npt.NDArray[np.bool_]]:
    """Return one fold's variances (m,), those of differences (m, m), and which models are alike.

    Args:
        bads: Placements of the bads, shape (m, n1).
        goods: Placements of the goods, shape (m, n0).
    """
    m = len(bads)
    alike = np.eye(m, dtype=np.bool_)
    if min(bads.shape[1], goods.shape[1]) < 2:  # noqa: PLR2004 - a variance needs two values
        return np.full(m, np.inf), np.full((m, m), np.inf), _same(bads, goods, ~alike)
    both = _covariance(bads) + _covariance(goods)
    own = np.diag(both)
    sums = own[:, None] + own[None, :]
    differences = np.maximum(sums - 2.0 * both, 0.0)
    near = (differences <= CANCELLED * sums) & ~alike
    for i, j in zip(*np.nonzero(near), strict=True):
        step = bads[i] - bads[j], goods[i] - goods[j]
        differences[i, j] = sum(float(part.var(ddof=1)) / len(part) for part in step)
    return own, differences, _same(bads, goods, near)


def _covariance(placed: Floats) -> Floats:
    """Return the covariance of the means of the rows of a matrix (m, n), shape (m, m)."""
    n = placed.shape[1]
    centred = placed - placed.mean(axis=1, keepdims=True)
    found: Floats = centred @ centred.T / ((n - 1) * n)
    return found


def _same(bads: Floats, goods: Floats, candidates: npt.NDArray[np.bool_]) -> npt.NDArray[np.bool_]:
    """Return which of the candidates place every row alike; a model is always its own twin."""
    alike = np.eye(len(bads), dtype=np.bool_)
    for i, j in zip(*np.nonzero(candidates), strict=True):
        alike[i, j] = np.array_equal(bads[i], bads[j]) and np.array_equal(goods[i], goods[j])
    return alike
