"""Which differences of two cells are real: two witnesses, who must agree.

DeLong's test takes the fitted models as given and asks whether other applicants would rank them
the other way. It is sharp, but blind to the luck of fitting: two models that differ in their seed
are two different models to it. Sixteen cells that differ in nothing but the seed are then told
apart more often than alpha allows (in 17 of 100 simulations with few trees). So its standard error
is widened by what Nadeau and Bengio (2003) found for folds whose training rows overlap: the
variance of a mean over K folds is ``1/K + 1/(K - 1)`` of that of one fold, not ``1/K``. That is a
factor of ``sqrt(1 + K/(K - 1))``, 1.5 for five folds. What it knows of one fold's variance comes
from all rows, so it can afford to be adjusted over all pairs (Holm 1979).

The second witness, the corrected resampled t-test of the same paper, looks at how the difference
varies over the folds. It sees luck of fitting that is larger than the widening allows for, but has
only as many degrees of freedom as there are folds, less one. It is not adjusted: with five folds
and 120 pairs nothing would pass. Alone it would raise an alarm in most families; here it can only
take alarms back.

A difference counts as real when the first p-value, adjusted, and the second are at most alpha and
both speak of the same sign. Luck that is the same in every fold, as of a seed that serves all
folds, shows in no comparison on one set of folds; the widening is what stands against it.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import sqrt

import numpy as np
from scipy.special import ndtri, stdtrit

from scorewright.core.comparison.cells import Floats, refused
from scorewright.core.comparison.ranking import FoldRanking
from scorewright.core.statistics import corrected_resampled_t, holm

__all__ = ["POWER", "Pair", "compare_pairs"]

#: Probability with which a minimum detectable difference would be found.
POWER = 0.8


@dataclass(frozen=True, slots=True)
class Pair:
    """Two cells, by position; the first has the higher AUC.

    Attributes:
        first, second: Positions of the cells.
        difference: Mean AUC of the first minus that of the second.
        se: DeLong's standard error of it.
        p_delong: p-value of DeLong's test itself, which takes the models as given.
        p_adjusted: With the widened standard error, adjusted over all pairs (Holm).
        p_folds: p-value of the corrected resampled t-test over folds.
        detectable: The difference that would be found with 80 % probability.
        is_real: Whether both witnesses call it real, and of the same sign.
    """

    first: int
    second: int
    difference: float
    se: float
    p_delong: float
    p_adjusted: float
    p_folds: float
    detectable: float
    is_real: bool


def compare_pairs(
    ranking: FoldRanking, further: Floats, order: tuple[int, ...], alpha: float
) -> tuple[Pair, ...]:
    """Hold every cell against every other.

    Args:
        ranking: AUCs of m cells over K folds, and the errors of their differences.
        further: AUCs of the folds of further assignments, shape (m, r), r may be 0.
        order: The m positions, the highest AUC first.
        alpha: Probability of any false alarm among all pairs.

    Returns:
        All m (m - 1) / 2 pairs, in the order of ``order``.

    Raises:
        UsageError: ``comparison-input``: fewer than two folds.
    """
    if ranking.folds.shape[1] < 2:  # noqa: PLR2004 - a spread needs two values
        raise refused("one fold; the spread over folds needs at least two")
    couples = [(a, b) for k, a in enumerate(order) for b in order[k + 1 :]]
    if not couples:
        return ()
    values = np.concatenate([ranking.folds, further], axis=1)
    folds = ranking.folds.shape[1]
    share = 1.0 / folds
    widening = sqrt(1.0 + folds / (folds - 1))
    adjusted = holm([ranking.p_value(a, b, widening) for a, b in couples])
    strictest = alpha / len(couples)
    found = []
    for (a, b), p_adjusted in zip(couples, adjusted, strict=True):
        gaps, se = values[a] - values[b], float(ranking.se_difference[a, b])
        p_folds = _fold_test(gaps, share)
        found.append(
            Pair(
                first=a,
                second=b,
                difference=float(ranking.auc[a] - ranking.auc[b]),
                se=se,
                p_delong=ranking.p_value(a, b),
                p_adjusted=float(p_adjusted),
                p_folds=p_folds,
                detectable=max(_by_rows(widening * se, strictest), _by_folds(gaps, share, alpha)),
                is_real=bool(p_adjusted <= alpha and p_folds <= alpha and gaps.mean() > 0.0),
            )
        )
    return tuple(found)


def _fold_test(gaps: Floats, share: float) -> float:
    """Return the p-value over folds; a gap that is the same in every fold contradicts nothing."""
    if float(np.ptp(gaps)) == 0.0:
        return 0.0 if np.any(gaps) else 1.0
    return corrected_resampled_t(gaps, share).p_value


def _by_rows(se: float, alpha: float) -> float:
    """Return the difference the first witness finds with `POWER` at the strictest step of Holm."""
    return float(ndtri(1.0 - alpha / 2.0) + ndtri(POWER)) * se


def _by_folds(gaps: Floats, share: float, alpha: float) -> float:
    """Return the difference the test over folds finds with about `POWER`.

    The usual approximation of a noncentral t by a shifted one.
    """
    k = len(gaps)
    se = float(np.sqrt((1.0 / k + share / (1.0 - share)) * gaps.var(ddof=1)))
    quantiles = float(stdtrit(k - 1, 1.0 - alpha / 2.0) + stdtrit(k - 1, POWER))
    return quantiles * se
