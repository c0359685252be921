"""Reasons for a score: a versioned dictionary, and the arithmetic from contributions to words."""

from scorewright.core.reasons.dictionary import ReasonDictionary, ReasonEntry
from scorewright.core.reasons.explain import Explanation, Reason, explain

__all__ = ["Explanation", "Reason", "ReasonDictionary", "ReasonEntry", "explain"]
