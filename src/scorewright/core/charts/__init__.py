"""The one chart layer: arrays in, small Vega-Lite specifications out.

The same specification becomes a PNG artifact, a figure of an HTML report and a panel of a
dashboard. A chart never computes a figure of merit; it is told the value it prints.
"""

from __future__ import annotations

from scorewright.core.charts.approval import approval_chart
from scorewright.core.charts.calibration import calibration_chart
from scorewright.core.charts.confusion import confusion_chart
from scorewright.core.charts.cost import cost_curve_chart
from scorewright.core.charts.distribution import score_distribution_chart
from scorewright.core.charts.explorer import threshold_explorer
from scorewright.core.charts.folds import fold_chart
from scorewright.core.charts.importance import importance_chart
from scorewright.core.charts.lift import LiftBar, lift_chart
from scorewright.core.charts.lineage import Lineage, LineageNode, lineage_mermaid, lineage_page
from scorewright.core.charts.lineage_chart import lineage_chart
from scorewright.core.charts.ranking import pr_chart, roc_chart
from scorewright.core.charts.theme import DARK_TWINS, Spec, without_title
from scorewright.core.charts.thin import MAX_POINTS, thin_curve

__all__ = [
    "DARK_TWINS",
    "MAX_POINTS",
    "LiftBar",
    "Lineage",
    "LineageNode",
    "Spec",
    "approval_chart",
    "calibration_chart",
    "confusion_chart",
    "cost_curve_chart",
    "fold_chart",
    "importance_chart",
    "lift_chart",
    "lineage_chart",
    "lineage_mermaid",
    "lineage_page",
    "pr_chart",
    "roc_chart",
    "score_distribution_chart",
    "thin_curve",
    "threshold_explorer",
    "without_title",
]
