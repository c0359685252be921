"""What the two mistakes cost, and the rule that decides.

The serving process imports this room: numpy is all it needs.
"""

from __future__ import annotations

from scorewright.core.decision.crossfit import cross_fitted_thresholds, policy_folds
from scorewright.core.decision.curve import (
    CostCurve,
    Costs,
    RowCosts,
    ThresholdChoice,
    approved_sums,
    bayes_threshold,
    cost_curve,
    costs_of,
)
from scorewright.core.decision.difference import FieldChange, policy_difference
from scorewright.core.decision.interval import ThresholdInterval, bootstrap_threshold
from scorewright.core.decision.policy import Policy
from scorewright.core.decision.referral import Referral, referral, with_band
from scorewright.core.decision.rules import (
    CostMatrix,
    Decision,
    LoanColumns,
    Rule,
    segment_text,
)
from scorewright.core.decision.strategy import StrategyPoint, strategy_curve
from scorewright.core.decision.table import threshold_table
from scorewright.core.decision.targets import Aim, Guardrails, Method

__all__ = [
    "Aim",
    "CostCurve",
    "CostMatrix",
    "Costs",
    "Decision",
    "FieldChange",
    "Guardrails",
    "LoanColumns",
    "Method",
    "Policy",
    "Referral",
    "RowCosts",
    "Rule",
    "StrategyPoint",
    "ThresholdChoice",
    "ThresholdInterval",
    "approved_sums",
    "bayes_threshold",
    "bootstrap_threshold",
    "cost_curve",
    "costs_of",
    "cross_fitted_thresholds",
    "policy_difference",
    "policy_folds",
    "referral",
    "segment_text",
    "strategy_curve",
    "threshold_table",
    "with_band",
]
