"""The strategy curve: what each approval rate would bring."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from scorewright.core.decision.curve import CostCurve, Floats

__all__ = ["RATES", "StrategyPoint", "strategy_curve"]

#: 5 %, 10 % ... 100 %.
RATES: tuple[float, ...] = tuple(i / 20 for i in range(1, 21))


@dataclass(frozen=True, slots=True)
class StrategyPoint:
    """One strategy.

    Attributes:
        approval_rate: Share approved.
        threshold: Declined from here on.
        bad_rate: Share of bads among the approved.
        cost: Total cost.
        profit: Total profit of the approved.
    """

    approval_rate: float
    threshold: float
    bad_rate: float
    cost: float
    profit: float


def strategy_curve(
    curve: CostCurve, profit: Floats, rates: Sequence[float] = RATES
) -> tuple[StrategyPoint, ...]:
    """Return the thresholds whose approval rates are nearest to the given ones.

    Args:
        curve: Cost at every distinct score.
        profit: Profit of the approved at each of its thresholds, shape (k,).
        rates: Approval rates, ascending, in (0, 1].

    Returns:
        One point per rate; rates between which no score lies give one point.
    """
    chosen = sorted(
        {int(np.argmin(np.abs(curve.approval_rate - rate))) for rate in rates} - {0}
    ) or [curve.threshold.size - 1]
    return tuple(
        StrategyPoint(
            approval_rate=float(curve.approval_rate[i]),
            threshold=float(curve.threshold[i]),
            bad_rate=float(curve.default_rate_approved[i]),
            cost=float(curve.cost[i]),
            profit=float(profit[i]),
        )
        for i in chosen
    )
