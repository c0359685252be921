"""Whether one group is approved, or scored, differently from another."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.special import gammaln, ndtr

from scorewright.core.statistics.inputs import Floats, flags, numbers, refused

__all__ = ["AIR", "FOUR_FIFTHS", "adverse_impact_ratio", "standardised_mean_difference"]

#: Below this ratio a difference counts as adverse (29 CFR 1607.4(D)).
FOUR_FIFTHS = 0.80

Flags = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class AIR:
    """Approval rates of a protected and a control group, their ratio, and two tests.

    Attributes:
        ratio: Protected over control; 1 where neither approves anyone, infinite where only the
            control group approves no one.
        protected_rate: Approval rate of the protected group.
        control_rate: Approval rate of the others.
        protected_rows: Size of the protected group.
        control_rows: Size of the others.
        p_value: Fisher's exact test, two-sided.
        z: Two-proportion z with pooled variance, negative where the protected group fares worse.
        z_p_value: Its two-sided p-value.
    """

    ratio: float
    protected_rate: float
    control_rate: float
    protected_rows: int
    control_rows: int
    p_value: float
    z: float
    z_p_value: float

    def is_adverse(self, alpha: float = 0.05) -> bool:
        """Tell whether the ratio is below four fifths and the difference is not chance."""
        return self.ratio < FOUR_FIFTHS and self.p_value < alpha


def adverse_impact_ratio(approved: npt.ArrayLike, protected: npt.ArrayLike) -> AIR:
    """Return approval(protected) / approval(control) with its significance.

    Args:
        approved: Decisions of shape (n,), true is approved.
        protected: Membership of shape (n,), true is protected.

    Raises:
        UsageError: ``statistics-input``, also where one of the groups is empty.
    """
    member = _groups(protected)
    yes = flags(approved, len(member))
    n1, n0 = int(member.sum()), int((~member).sum())
    k1, k0 = int((yes & member).sum()), int((yes & ~member).sum())
    rate1, rate0, pooled = k1 / n1, k0 / n0, (k1 + k0) / (n1 + n0)
    variance = pooled * (1.0 - pooled) * (1.0 / n1 + 1.0 / n0)
    z = (rate1 - rate0) / variance**0.5 if variance > 0.0 else 0.0
    p_value = _fisher(k1, n1, k0, n0)
    return AIR(_ratio(rate1, rate0), rate1, rate0, n1, n0, p_value, z, float(2 * ndtr(-abs(z))))


def _ratio(rate1: float, rate0: float) -> float:
    if rate0 > 0.0:
        return rate1 / rate0
    return float("inf") if rate1 > 0.0 else 1.0


def _groups(protected: npt.ArrayLike) -> Flags:
    member = flags(protected, len(np.atleast_1d(np.asarray(protected))))
    if not member.any() or member.all():
        raise refused("one group only; a protected and a control group are needed")
    return member


def _fisher(k1: int, n1: int, k0: int, n0: int) -> float:
    """Return Fisher's two-sided p-value: tables no likelier than the one seen.

    Own few lines because scipy.stats, which has the test, takes two seconds to import.
    """
    total = k1 + k0
    support = np.arange(max(0, total - n0), min(n1, total) + 1, dtype=np.float64)
    log_p = _log_choose(n1, support) + _log_choose(n0, total - support)
    log_p -= _log_choose(n1 + n0, np.array([float(total)]))
    seen = log_p[int(k1 - support[0])]
    # Equal tables must count as equal in spite of rounding; R allows the same 1e-7.
    return min(1.0, float(np.exp(log_p[log_p <= seen + 1e-7]).sum()))


def _log_choose(n: int, k: Floats) -> Floats:
    chosen: Floats = gammaln(n + 1.0) - gammaln(k + 1.0) - gammaln(n - k + 1.0)
    return chosen


def standardised_mean_difference(scores: npt.ArrayLike, protected: npt.ArrayLike) -> float:
    """Return (mean of the protected - mean of the others) / standard deviation.

    Args:
        scores: Scores or PDs of shape (n,); with PDs a positive value is against the group.
        protected: Membership of shape (n,), true is protected.

    Returns:
        The difference in standard deviations of all rows together (n - 1); watch from 0.30 in
        size. 0 where scores do not vary.

    Raises:
        UsageError: ``statistics-input``, also where one of the groups is empty.
    """
    values, member = numbers(scores, "scores"), _groups(protected)
    if values.shape != member.shape:
        raise refused(f"{len(values)} scores and {len(member)} group memberships")
    sd = float(values.std(ddof=1)) if float(np.ptp(values)) > 0.0 else 0.0
    return float(values[member].mean() - values[~member].mean()) / sd if sd > 0.0 else 0.0
