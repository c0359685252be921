"""Thresholds somebody might choose, and the rule that decides each loan by its own costs."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from scorewright.core.decision import Aim, CostCurve, Costs, RowCosts, ThresholdChoice
from scorewright.core.statistics import EMP, decision_cost, paired_cost_bootstrap
from scorewright.core.strategy.data import PolicyData
from scorewright.core.strategy.results import LoanRule, NamedChoice

__all__ = ["loan_rule", "named_choices"]

Floats = npt.NDArray[np.float64]
_EMP = "most expected profit (EMP)"


def named_choices(
    curve: CostCurve,
    profit: Floats,
    aim: Aim,
    own: tuple[ThresholdChoice, ThresholdChoice | None],
    emp: EMP,
) -> tuple[NamedChoice, ...]:
    """Return the thresholds somebody might choose, the chosen one first."""
    chosen, present = own
    reject = aim.target if aim.method == "reject_rate" and aim.target else 0.15
    found = [
        ("chosen", chosen),
        ("least cost", curve.best()),
        ("Bayes", curve.at(aim.bayes)),
        (f"reject rate {100 * reject:g} %", curve.nearest_approval(1.0 - reject)),
        (_EMP, curve.nearest_approval(1.0 - emp.fraction)),
        ("decline all", curve.at(float(curve.threshold[0]))),
        ("approve all", curve.at(float(curve.threshold[-1]))),
    ]
    rows = [
        NamedChoice(
            name,
            choice,
            None if name == _EMP else _profit_at(curve, profit, choice),
            aim.guardrails.keeps(choice),
            emp.value if name == _EMP else None,
        )
        for name, choice in found
    ]
    if present is not None:
        at = _profit_at(curve, profit, present)
        rows.insert(1, NamedChoice("present", present, at, aim.guardrails.keeps(present)))
    return tuple(rows)


def _profit_at(curve: CostCurve, profit: Floats, choice: ThresholdChoice) -> float:
    index = int(np.searchsorted(curve.threshold, choice.threshold, side="left"))
    return float(profit[min(index, profit.size - 1)])


def loan_rule(
    data: PolicyData,
    costs: Costs,
    declined: npt.NDArray[np.bool_],
    draws: int,
    rng: np.random.Generator,
) -> LoanRule | None:
    """Decide each loan by its own costs; who costs nothing to decline is declined."""
    if not isinstance(costs, RowCosts):
        return None
    gain = costs.false_positive > 0.0
    total = np.where(gain, costs.false_positive + costs.false_negative, 1.0)
    own = data.pd >= np.where(gain, costs.false_positive / total, 0.0)
    saving = paired_cost_bootstrap(data.y, declined, own, costs, draws, rng)
    return LoanRule(decision_cost(data.y, own, costs), float((~own).mean()), saving)
