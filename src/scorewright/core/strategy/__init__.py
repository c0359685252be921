"""Policies weighed: what a threshold brings, how sure that is, and whether to change."""

from scorewright.core.strategy.analysis import analyse
from scorewright.core.strategy.data import LoanAmounts, PolicyData, Question
from scorewright.core.strategy.results import Analysis, LoanRule, NamedChoice
from scorewright.core.strategy.segments import MIN_BADS, SegmentFit, SegmentRow
from scorewright.core.strategy.verdict import Verdict

__all__ = [
    "MIN_BADS",
    "Analysis",
    "LoanAmounts",
    "LoanRule",
    "NamedChoice",
    "PolicyData",
    "Question",
    "SegmentFit",
    "SegmentRow",
    "Verdict",
    "analyse",
]
