"""How rows are kept apart, so that every figure comes from rows the model never saw."""

from __future__ import annotations

from scorewright.core.validation.maturity import Maturity, label_maturity
from scorewright.core.validation.plan import FoldPlan, Scheme, plan_folds

__all__ = ["FoldPlan", "Maturity", "Scheme", "label_maturity", "plan_folds"]
