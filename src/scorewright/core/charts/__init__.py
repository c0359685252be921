"""The one chart layer: arrays in, small Vega-Lite specifications out.

The same specification becomes a PNG artifact, a figure of an HTML report and a panel of a
dashboard. A chart never computes a figure of merit; it is told the value it prints.
"""

from __future__ import annotations

from scorewright.core.charts.approval import approval_chart
from scorewright.core.charts.calibration import calibration_chart
from scorewright.core.charts.cells import CellFigure, cells_chart, fold_strips_chart
from scorewright.core.charts.confusion import confusion_chart
from scorewright.core.charts.cost import cost_curve_chart
from scorewright.core.charts.differences import (
    CostFigure,
    PairFigure,
    Triplet,
    cost_gap_chart,
    pairs_chart,
    triplet_chart,
)
from scorewright.core.charts.distribution import score_distribution_chart
from scorewright.core.charts.explorer import threshold_explorer
from scorewright.core.charts.folds import fold_chart
from scorewright.core.charts.heatmap import HeatCell, heatmap_chart
from scorewright.core.charts.importance import importance_chart
from scorewright.core.charts.lift import LiftBar, lift_chart
from scorewright.core.charts.lineage import Lineage, LineageNode, lineage_mermaid, lineage_page
from scorewright.core.charts.lineage_chart import lineage_chart
from scorewright.core.charts.ranking import pr_chart, roc_chart
from scorewright.core.charts.stores import (
    ExperimentRuns,
    RunValue,
    store_runs_chart,
    store_values_chart,
)
from scorewright.core.charts.strategy import referral_chart, strategy_chart
from scorewright.core.charts.study_history import study_history_chart
from scorewright.core.charts.study_importance import study_importance_chart
from scorewright.core.charts.study_parallel import study_parallel_chart
from scorewright.core.charts.theme import DARK_TWINS, Spec, without_title
from scorewright.core.charts.thin import MAX_POINTS, thin_curve

__all__ = [
    "DARK_TWINS",
    "MAX_POINTS",
    "CellFigure",
    "CostFigure",
    "ExperimentRuns",
    "HeatCell",
    "LiftBar",
    "Lineage",
    "LineageNode",
    "PairFigure",
    "RunValue",
    "Spec",
    "Triplet",
    "approval_chart",
    "calibration_chart",
    "cells_chart",
    "confusion_chart",
    "cost_curve_chart",
    "cost_gap_chart",
    "fold_chart",
    "fold_strips_chart",
    "heatmap_chart",
    "importance_chart",
    "lift_chart",
    "lineage_chart",
    "lineage_mermaid",
    "lineage_page",
    "pairs_chart",
    "pr_chart",
    "referral_chart",
    "roc_chart",
    "score_distribution_chart",
    "store_runs_chart",
    "store_values_chart",
    "strategy_chart",
    "study_history_chart",
    "study_importance_chart",
    "study_parallel_chart",
    "thin_curve",
    "threshold_explorer",
    "triplet_chart",
    "without_title",
]
