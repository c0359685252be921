"""What the two mistakes cost, and the rule that decides."""

from __future__ import annotations

from scorewright.core.decision.policy import CostMatrix, Decision, Policy

__all__ = ["CostMatrix", "Decision", "Policy"]
