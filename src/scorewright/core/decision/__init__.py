"""What the two mistakes cost, and the rule that decides.

The serving process imports this room: numpy is all it needs.
"""

from __future__ import annotations

from scorewright.core.decision.curve import (
    CostCurve,
    ThresholdChoice,
    bayes_threshold,
    cost_curve,
)
from scorewright.core.decision.interval import ThresholdInterval, bootstrap_threshold
from scorewright.core.decision.policy import CostMatrix, Decision, Policy
from scorewright.core.decision.table import threshold_table

__all__ = [
    "CostCurve",
    "CostMatrix",
    "Decision",
    "Policy",
    "ThresholdChoice",
    "ThresholdInterval",
    "bayes_threshold",
    "bootstrap_threshold",
    "cost_curve",
    "threshold_table",
]
