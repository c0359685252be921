"""Whether one model is better than another on the same applicants.

All tests are paired: both models score every applicant, so that applicants' own spread drops out.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.special import bdtr, gammaln, ndtr, stdtr

from scorewright.core.statistics.calibration import TestResult
from scorewright.core.statistics.discrimination import Interval, placements
from scorewright.core.statistics.inputs import Floats, checked, flags, refused
from scorewright.core.statistics.profit import Costs, losses

__all__ = [
    "CostComparison", "DeLong", "McNemar", "corrected_resampled_t", "delong_test", "holm",
    "mcnemar", "paired_cost_bootstrap",
]  # fmt: skip

#: Cells of one block of resampled counts: 40 MB.
BLOCK_CELLS = 5_000_000


@dataclass(frozen=True, slots=True)
class DeLong:
    """Two AUCs on the same rows; ``difference`` is first minus second, the test two-sided."""

    auc1: float
    auc2: float
    se1: float
    se2: float
    difference: float
    se_difference: float
    z: float
    p_value: float


@dataclass(frozen=True, slots=True)
class McNemar:
    """Rows only the first decided rightly (b) and only the second (c), with two-sided tests.

    ``chi2_cc`` is corrected for continuity; ``mid_p`` holds its level better than ``exact_p``,
    which is on the safe side (Fagerland, Lydersen and Laake 2013).
    """

    b: int
    c: int
    chi2_cc: float
    exact_p: float
    mid_p: float


@dataclass(frozen=True, slots=True)
class CostComparison:
    """Total costs of two sets of decisions; ``difference`` is first minus second."""

    cost1: float
    cost2: float
    difference: Interval
    p_value: float


def delong_test(y: npt.ArrayLike, p1: npt.ArrayLike, p2: npt.ArrayLike) -> DeLong:
    """Compare two AUCs on the same rows (DeLong 1988, by ranks: Sun and Xu 2014).

    Args:
        y: Labels of shape (n,), 1 is bad.
        p1: Scores of the first model, shape (n,), higher is worse.
        p2: Scores of the second model on the same rows.

    Returns:
        The comparison. Where the variance of a difference cannot be estimated (one bad, one
        good, or no spread although the AUCs differ) its standard error is infinite and the
        p-value 1; two models that rank alike have a standard error of 0 and a p-value of 1.

    Raises:
        UsageError: ``statistics-input``, ``one-class``.
    """
    labels, first = checked(y, p1)
    _, second = checked(labels, p2)
    bads1, goods1 = placements(labels, first)
    bads2, goods2 = placements(labels, second)
    auc1, auc2 = float(bads1.mean()), float(bads2.mean())
    difference = auc1 - auc2
    se = _placement_se(bads1 - bads2, goods1 - goods2)
    alike = bool(np.array_equal(bads1, bads2) and np.array_equal(goods1, goods2))
    # A spread of mere rounding is no spread; it would make any difference look certain.
    if se < 1e-12 and not alike:  # noqa: PLR2004 - rounding of ranks over n
        se = float("inf")
    z = 0.0 if alike else difference / se
    return DeLong(
        auc1,
        auc2,
        _placement_se(bads1, goods1),
        _placement_se(bads2, goods2),
        difference,
        se,
        z,
        float(2.0 * ndtr(-abs(z))),
    )


def _placement_se(bads: Floats, goods: Floats) -> float:
    if min(len(bads), len(goods)) < 2:  # noqa: PLR2004 - a variance needs two values
        return float("inf")
    return float(np.sqrt(bads.var(ddof=1) / len(bads) + goods.var(ddof=1) / len(goods)))


def mcnemar(y: npt.ArrayLike, declined1: npt.ArrayLike, declined2: npt.ArrayLike) -> McNemar:
    """Test whether two sets of decisions are wrong equally often (McNemar 1947).

    Args:
        y: Labels of shape (n,), 1 is bad; a decision is right where it declines a bad or
            approves a good.
        declined1: Decisions of the first model, shape (n,), true is declined, each at the
            model's own threshold.
        declined2: Decisions of the second model on the same rows.

    Raises:
        UsageError: ``statistics-input``.
    """
    labels, first = checked(y, declined1, classes=1)
    bad, n = labels == 1, len(labels)
    right1, right2 = flags(first, n) == bad, flags(declined2, n) == bad
    b, c = int(np.sum(right1 & ~right2)), int(np.sum(~right1 & right2))
    if b + c == 0:
        return McNemar(0, 0, 0.0, 1.0, 1.0)
    low, both = min(b, c), b + c
    tail = 2.0 * float(bdtr(low, both, 0.5))
    log_choose = gammaln(both + 1) - gammaln(low + 1) - gammaln(both - low + 1)
    point = float(np.exp(log_choose - both * np.log(2.0)))
    chi2 = max(abs(b - c) - 1, 0) ** 2 / both
    return McNemar(b, c, chi2, min(1.0, tail), min(1.0, tail - point))


def paired_cost_bootstrap(
    y: npt.ArrayLike,
    declined1: npt.ArrayLike,
    declined2: npt.ArrayLike,
    costs: Costs,
    draws: int,
    rng: np.random.Generator,
) -> CostComparison:
    """Compare the total cost of two sets of decisions by resampling applicants.

    Args:
        y: Labels of shape (n,), 1 is bad.
        declined1: Decisions of the first model, shape (n,), true is declined.
        declined2: Decisions of the second model on the same rows.
        costs: Cost of each mistake, one for all or one per row.
        draws: Number of resamples, at least 2.
        rng: Source of randomness.

    Returns:
        Totals, the difference with its 95 % percentile interval, and the two-sided p-value
        ``2 min(#(difference <= 0) + 1, #(difference >= 0) + 1) / (draws + 1)``, at most 1.

    Raises:
        UsageError: ``statistics-input``.
    """
    cost1, cost2 = losses(y, declined1, costs), losses(y, declined2, costs)
    if draws < 2:  # noqa: PLR2004 - a spread needs two values
        raise refused(f"{draws} draws; at least 2 are needed")
    totals = _resampled_totals(cost1 - cost2, draws, rng)
    low, high = np.quantile(totals, [0.025, 0.975])
    estimate = float(np.sum(cost1 - cost2))
    interval = Interval(estimate, float(low), float(high), float(totals.std(ddof=1)), 0.95)
    tail = min(int(np.sum(totals <= 0.0)), int(np.sum(totals >= 0.0))) + 1
    p_value = min(1.0, 2.0 * tail / (draws + 1))
    return CostComparison(float(cost1.sum()), float(cost2.sum()), interval, p_value)


def _resampled_totals(values: Floats, draws: int, rng: np.random.Generator) -> Floats:
    """Return sums over resampled rows.

    Drawing how often each distinct value occurs is the same law as drawing rows, and cheap:
    where one cost serves all rows, differences take five values.
    """
    distinct, counts = np.unique(values, return_counts=True)
    shares = counts / len(values)
    block = max(1, BLOCK_CELLS // len(distinct))
    parts = [
        rng.multinomial(len(values), shares, size=min(block, draws - start)) @ distinct
        for start in range(0, draws, block)
    ]
    return np.concatenate(parts).astype(np.float64)


def holm(p_values: npt.ArrayLike) -> Floats:
    """Return p-values adjusted for the size of their family (Holm 1979), in the given order.

    Args:
        p_values: Shape (k,), each in [0, 1].

    Raises:
        UsageError: ``statistics-input``.
    """
    values = np.asarray(p_values, dtype=np.float64)
    if values.ndim != 1 or len(values) == 0 or not bool(np.all((values >= 0) & (values <= 1))):
        raise refused("p-values that are not a list of numbers from 0 to 1")
    order = np.argsort(values, kind="stable")
    steps = values[order] * np.arange(len(values), 0, -1)
    adjusted = np.empty_like(values)
    adjusted[order] = np.minimum(1.0, np.maximum.accumulate(steps))
    return adjusted


def corrected_resampled_t(differences: npt.ArrayLike, test_share: float) -> TestResult:
    """Test a mean difference over folds whose training rows overlap (Nadeau and Bengio 2003).

    Args:
        differences: First model minus second per fold or repeat, shape (k,), k >= 2.
        test_share: Part of the rows a fold tests on, in (0, 1); 0.2 for five folds.

    Returns:
        t with k - 1 degrees of freedom, two-sided. The variance is multiplied by
        ``1/k + test_share / (1 - test_share)`` in place of ``1/k``.

    Raises:
        UsageError: ``statistics-input``, also where equal differences other than 0 leave no
            variance to test against.
    """
    values = np.asarray(differences, dtype=np.float64)
    if values.ndim != 1 or len(values) < 2 or not np.isfinite(values).all():  # noqa: PLR2004
        raise refused("differences that are not at least two finite numbers")
    if not 0.0 < test_share < 1.0:
        raise refused(f"a test share of {test_share}, which is not between 0 and 1")
    k, mean = len(values), float(values.mean())
    if not np.any(values):
        return TestResult(0.0, k - 1, 1.0)
    if float(np.ptp(values)) == 0.0:
        raise refused("differences that do not vary")
    spread = (1.0 / k + test_share / (1.0 - test_share)) * float(values.var(ddof=1))
    t = mean / spread**0.5
    return TestResult(t, k - 1, float(2.0 * stdtr(k - 1, -abs(t))))
