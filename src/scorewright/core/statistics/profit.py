"""What decisions earn and lose: expected maximum profit, costs loan by loan."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt

from scorewright.core.statistics.discrimination import roc_curve_points, upper_hull
from scorewright.core.statistics.inputs import Floats, checked, flags, numbers, refused

__all__ = [
    "EMP", "Costs", "LoanCosts", "decision_cost", "emp_credit_scoring", "loan_costs", "losses",
    "savings",
]  # fmt: skip


class Costs(Protocol):
    """What the two mistakes cost: one figure for all rows, or one per row."""

    @property
    def false_negative(self) -> float | Floats:
        """Cost of approving a bad."""

    @property
    def false_positive(self) -> float | Floats:
        """Cost of declining a good."""


@dataclass(frozen=True, slots=True)
class LoanCosts:
    """Costs per loan, arrays of shape (n,) in the currency of the exposure."""

    false_negative: Floats
    false_positive: Floats

    @property
    def thresholds(self) -> Floats:
        """The PD from which declining is cheaper, per loan, in [0, 1].

        ``C_FP / (C_FP + C_FN)`` (Elkan 2001). A loan whose rejection costs nothing, or earns
        because it pays less than the alternative, has threshold 0: it is always declined.
        """
        positive = self.false_positive > 0.0
        total = np.where(positive, self.false_positive + self.false_negative, 1.0)
        return np.where(positive, self.false_positive / total, 0.0)


@dataclass(frozen=True, slots=True)
class EMP:
    """Expected maximum profit per loan as part of its amount, and the fraction to decline."""

    value: float
    fraction: float


def emp_credit_scoring(
    y: npt.ArrayLike,
    p: npt.ArrayLike,
    p0: float = 0.55,
    p1: float = 0.10,
    roi: float = 0.2644,
) -> EMP:
    """Return the expected maximum profit of a scorecard (Verbraken and others 2014).

    ``EMP = integral of max_t [lambda pi1 F_bad(declined) - roi pi0 F_good(declined)]`` over the
    loss fraction lambda, which is 0 with probability ``p0``, 1 with ``p1``, else uniform.

    Args:
        y: Labels of shape (n,), 1 is bad.
        p: Scores of shape (n,), higher is worse.
        p0: Probability that a bad loan is paid back whole, at least 0.
        p1: Probability that it is lost whole; ``p0 + p1 <= 1``.
        roi: Return on a good loan, at least 0.

    Raises:
        UsageError: ``statistics-input``, ``one-class``.
    """
    if not (min(p0, p1, roi) >= 0.0 and p0 + p1 <= 1.0 and np.isfinite(roi)):
        raise refused(f"p0 {p0}, p1 {p1}, roi {roi}; they may not be negative, p0 + p1 not above 1")
    labels, scores = checked(y, p)
    pi1 = float(labels.mean())
    good, bad, _ = roc_curve_points(labels, scores)
    good, bad = upper_hull(good, bad)
    lost, kept = pi1 * bad, (1.0 - pi1) * good
    # Loss fractions at which neighbouring corners of the hull earn alike; flat parts of the
    # hull catch no bads and pay at no loss fraction.
    gain = np.diff(lost)
    cuts = np.divide(roi * np.diff(kept), gain, out=np.full(len(gain), np.inf), where=gain > 0.0)
    cuts = np.concatenate([[0.0], np.minimum(cuts, 1.0), [1.0]])
    width, moment = np.diff(cuts), np.diff(cuts**2) / 2.0
    last = int(np.flatnonzero(width > 0.0)[-1])
    uniform = 1.0 - p0 - p1
    value = uniform * float(np.sum(moment * lost - width * roi * kept))
    fraction = uniform * float(np.sum(width * (lost + kept)))
    value += p1 * float(lost[last] - roi * kept[last])
    return EMP(value, fraction + p1 * float(lost[last] + kept[last]))


def loan_costs(
    exposure: npt.ArrayLike, profit: npt.ArrayLike, *, lgd: float, base_rate: float
) -> LoanCosts:
    """Return costs loan by loan (Correa Bahnsen, Aouada and Ottersten 2014).

    ``C_FN = EAD LGD``; ``C_FP = r - mean(r) pi0 + mean(EAD) LGD pi1``: who is declined is
    replaced by an average applicant, who may default as well.

    Args:
        exposure: Amount at default of each loan, shape (n,), currency, at least 0.
        profit: What each loan earns if repaid (r), shape (n,), the same currency.
        lgd: Loss given default, in [0, 1].
        base_rate: Share of bads among applicants (pi1), in [0, 1].

    Raises:
        UsageError: ``statistics-input``.
    """
    amounts, earned = numbers(exposure, "exposures"), numbers(profit, "profits")
    if amounts.shape != earned.shape:
        raise refused(f"{len(amounts)} exposures and {len(earned)} profits")
    if float(amounts.min()) < 0.0:
        raise refused("negative exposures")
    if not (0.0 <= lgd <= 1.0 and 0.0 <= base_rate <= 1.0):
        raise refused(f"LGD {lgd} and base rate {base_rate}, which are not both from 0 to 1")
    alternative = -float(earned.mean()) * (1.0 - base_rate)
    alternative += float(amounts.mean()) * lgd * base_rate
    return LoanCosts(amounts * lgd, earned + alternative)


def losses(y: npt.ArrayLike, declined: npt.ArrayLike, costs: Costs) -> Floats:
    """Return what each decision costs, shape (n,): 0 where it is right.

    Args:
        y: Labels of shape (n,), 1 is bad.
        declined: Decisions of shape (n,), true is declined.
        costs: One for all rows, or one per row.

    Raises:
        UsageError: ``statistics-input``.
    """
    labels, decisions = checked(y, declined, classes=1)
    rejected = flags(decisions, len(labels))
    missed = _per_row(costs.false_negative, len(labels))
    refused_good = _per_row(costs.false_positive, len(labels))
    bad = labels == 1
    return np.where(bad & ~rejected, missed, 0.0) + np.where(~bad & rejected, refused_good, 0.0)


def _per_row(cost: float | Floats, rows: int) -> Floats:
    values = np.asarray(cost, dtype=np.float64)
    if values.shape not in {(), (rows,)} or not np.isfinite(values).all():
        raise refused(f"costs that are neither one finite number nor {rows} of them")
    return np.broadcast_to(values, (rows,))


def decision_cost(y: npt.ArrayLike, declined: npt.ArrayLike, costs: Costs) -> float:
    """Return the total cost of decisions. Arguments and errors as for `losses`."""
    return float(losses(y, declined, costs).sum())


def savings(y: npt.ArrayLike, declined: npt.ArrayLike, costs: Costs) -> float:
    """Return 1 - cost / cost of the cheaper of "approve all" and "decline all".

    Arguments as for `losses`.

    Returns:
        1 for decisions without a mistake, 0 for those worth no more than no model, below 0 for
        worse (Correa Bahnsen 2014).

    Raises:
        UsageError: ``statistics-input``, also where the cheaper of the two costs nothing, so
            that there is nothing to save.
    """
    rows = np.asarray(y).shape
    nothing = decision_cost(y, np.zeros(rows), costs)
    everything = decision_cost(y, np.ones(rows), costs)
    base = min(nothing, everything)
    if base <= 0.0:
        raise refused("costs under which approving all or declining all costs nothing")
    return 1.0 - decision_cost(y, declined, costs) / base
