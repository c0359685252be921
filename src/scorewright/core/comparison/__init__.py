"""Which models of one experiment differ, and which of those that do not to take."""

from __future__ import annotations

from scorewright.core.comparison.cells import Cell, Rows
from scorewright.core.comparison.compare import CellVerdict, Comparison, compare
from scorewright.core.comparison.costs import CostGap, cost_gaps
from scorewright.core.comparison.groups import indistinct_groups
from scorewright.core.comparison.pairs import POWER, Pair, compare_pairs
from scorewright.core.comparison.ranking import FoldRanking, rank_within_folds
from scorewright.core.comparison.recommendation import Recommendation, recommend
from scorewright.core.comparison.simplicity import simplicity

__all__ = [
    "POWER",
    "Cell",
    "CellVerdict",
    "Comparison",
    "CostGap",
    "FoldRanking",
    "Pair",
    "Recommendation",
    "Rows",
    "compare",
    "compare_pairs",
    "cost_gaps",
    "indistinct_groups",
    "rank_within_folds",
    "recommend",
    "simplicity",
]
