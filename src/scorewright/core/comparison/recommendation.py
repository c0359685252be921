"""The simplest of the cells that cannot be told from the best, if it may be used."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import isfinite

from scorewright.core.comparison.cells import Cell, Rows
from scorewright.core.comparison.costs import CostGap
from scorewright.core.comparison.simplicity import simplicity

__all__ = ["MEAN_PD_TOLERANCE", "SLOPES", "Recommendation", "objection", "recommend"]

#: Slopes of the Cox line that pass as calibrated.
SLOPES = (0.9, 1.1)
#: How far the mean PD may lie from the base rate, as part of the base rate.
MEAN_PD_TOLERANCE = 0.05


@dataclass(frozen=True, slots=True)
class Recommendation:
    """Which cell to take.

    Attributes:
        cell: Its position; None where every cell of the best group was passed over.
        passed_over: Position and reason of the simpler cells, the simplest first.
    """

    cell: int | None
    passed_over: tuple[tuple[int, str], ...]


def recommend(
    rows: Rows, cells: Sequence[Cell], best_group: Sequence[int], gaps: Sequence[CostGap]
) -> Recommendation:
    """Choose the simplest cell of the best group that is calibrated and costs no more.

    Args:
        rows: Labels.
        cells: All cells.
        best_group: Positions of those that cannot be told from the best, the best first.
        gaps: Of all cells, against the cheapest of the best group.
    """
    place = {cell: k for k, cell in enumerate(best_group)}
    passed_over: list[tuple[int, str]] = []
    for position in sorted(best_group, key=lambda i: (simplicity(cells[i]), place[i])):
        reason = objection(rows, cells[position], gaps[position])
        if reason is None:
            return Recommendation(position, tuple(passed_over))
        passed_over.append((position, reason))
    return Recommendation(None, tuple(passed_over))


def objection(rows: Rows, cell: Cell, gap: CostGap) -> str | None:
    """Say why a cell may not be recommended although it ranks well, or return None."""
    slope, base = cell.cox_slope, float(rows.y.mean())
    if not isfinite(slope) or not SLOPES[0] <= slope <= SLOPES[1]:
        return f"not calibrated: Cox slope {slope:.2f}"
    mean = float(cell.pd.mean())
    if abs(mean - base) > MEAN_PD_TOLERANCE * base:
        return f"not calibrated: mean PD {100 * mean:.2f} % for {100 * base:.2f} % bad"
    if gap.is_dearer:
        return f"dearer: {gap.low:+.4f} to {gap.high:+.4f} per application"
    return None
