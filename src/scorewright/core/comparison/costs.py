"""What the cells' decisions cost, each at its own threshold."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from scorewright.core.comparison.cells import Cell, Rows, refused
from scorewright.core.statistics import Costs, losses, paired_cost_bootstrap

__all__ = ["CostGap", "cost_gaps"]

#: Without a spread an interval has no width, and every other cell would be dearer for sure.
LEAST = 2


@dataclass(frozen=True, slots=True)
class CostGap:
    """Cost of one cell beside that of the cell it is held against.

    Attributes:
        cost: Cost per application at the cell's own threshold.
        difference: Cost per application more than the reference; 0 for the reference itself.
        low, high: 95 % interval of the difference (paired bootstrap).
        p_value: Of the difference, two-sided.
    """

    cost: float
    difference: float
    low: float
    high: float
    p_value: float

    @property
    def is_dearer(self) -> bool:
        """Return whether it costs really more than the reference."""
        return self.low > 0.0


def cost_gaps(
    rows: Rows, cells: Sequence[Cell], among: Sequence[int], costs: Costs, draws: int, seed: int
) -> tuple[int, tuple[CostGap, ...]]:
    """Hold the cost of every cell against the cheapest of some.

    Args:
        rows: Labels.
        cells: All cells.
        among: Positions of the cells the reference is chosen from.
        costs: Cost of each mistake, one for all or one per row.
        draws: Number of resamples, 2 or more.
        seed: Of the resamples; all cells see the same, so that their order decides nothing.

    Returns:
        Position of the reference, and one gap per cell.

    Raises:
        UsageError: ``comparison-input``: fewer draws than a spread can be seen in.
    """
    if draws < LEAST:
        raise refused(f"{draws} draws for the intervals of the costs")
    n = len(rows.y)
    each = [float(losses(rows.y, cell.declined, costs).mean()) for cell in cells]
    cheapest = min(among, key=lambda i: (each[i], cells[i].name))
    gaps = []
    for position, cell in enumerate(cells):
        gap = each[position] - each[cheapest]
        if position == cheapest:
            gaps.append(CostGap(each[position], gap, gap, gap, 1.0))
            continue
        found = paired_cost_bootstrap(
            rows.y, cell.declined, cells[cheapest].declined, costs, draws,
            np.random.default_rng(seed),
        )  # fmt: skip
        low, high = found.difference.low / n, found.difference.high / n
        gaps.append(CostGap(each[position], gap, low, high, found.p_value))
    return cheapest, tuple(gaps)
