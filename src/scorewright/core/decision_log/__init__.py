"""The decision log: what is kept of a decision, and how its inputs are protected."""

from scorewright.core.decision_log.block import DecisionBlock
from scorewright.core.decision_log.keeping import Keeping, SubjectKey
from scorewright.core.decision_log.record import Keep, LoggedDecision, Outcome, Role

__all__ = ["DecisionBlock", "Keep", "Keeping", "LoggedDecision", "Outcome", "Role", "SubjectKey"]
