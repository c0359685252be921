"""The whole comparison of an experiment's cells."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

import numpy as np

from scorewright.core.comparison.cells import Cell, Rows, check_cells
from scorewright.core.comparison.costs import CostGap, cost_gaps
from scorewright.core.comparison.groups import indistinct_groups
from scorewright.core.comparison.pairs import Pair, compare_pairs
from scorewright.core.comparison.ranking import rank_within_folds
from scorewright.core.comparison.recommendation import Recommendation, objection, recommend
from scorewright.core.statistics import Costs, Interval

__all__ = ["CellVerdict", "Comparison", "compare"]


@dataclass(frozen=True, slots=True)
class CellVerdict:
    """What the comparison says of one cell.

    Attributes:
        name: Of the cell.
        auc: Mean over folds of its AUC, with its interval (DeLong within folds).
        folds: AUC per fold, those of further assignments last.
        group: 1 for the cells that cannot be told from the best.
        gap: Cost beside the cheapest cell of group 1.
        objection: Why it may not be recommended although it ranks well; None without reason.
        is_recommended: Whether it is the one to take.
    """

    name: str
    auc: Interval
    folds: tuple[float, ...]
    group: int
    gap: CostGap
    objection: str | None
    is_recommended: bool


@dataclass(frozen=True, slots=True)
class Comparison:
    """What can be said about the cells of an experiment.

    Attributes:
        cells: A verdict per cell, in the order they were given.
        order: Positions of the cells, the highest AUC first.
        pairs: Every cell against every other.
        groups: Positions by group, the best group first.
        cheapest: Position of the cheapest cell of the best group.
        recommendation: The cell to take.
        alpha: Probability of any false alarm among all pairs.
        detectable: Median over pairs of the minimum detectable difference; None without pairs.
    """

    cells: tuple[CellVerdict, ...]
    order: tuple[int, ...]
    pairs: tuple[Pair, ...]
    groups: tuple[tuple[int, ...], ...]
    cheapest: int
    recommendation: Recommendation
    alpha: float
    detectable: float | None

    @property
    def best(self) -> int:
        """Return the position of the cell with the highest AUC."""
        return self.order[0]

    def pair(self, first: int, second: int) -> Pair:
        """Return the pair of two cells, in either order."""
        wanted = {first, second}
        return next(p for p in self.pairs if {p.first, p.second} == wanted)


def compare(
    rows: Rows, cells: Sequence[Cell], costs: Costs, *, alpha: float, draws: int, seed: int
) -> Comparison:
    """Say which cells differ, which do not, and which to take.

    Args:
        rows: The applications all cells were validated on.
        cells: The cells.
        costs: Cost of each mistake, one for all or one per row.
        alpha: Probability of any false alarm among all pairs, in (0, 1).
        draws: Resamples of the cost differences, 2 or more.
        seed: Of the resamples.

    Returns:
        The comparison. The order of cells or rows does not change what it says.

    Raises:
        UsageError: ``comparison-input``.
    """
    check_cells(rows, cells)
    ranking = rank_within_folds(rows, np.stack([cell.score for cell in cells]))
    auc = ranking.auc
    order = tuple(sorted(range(len(cells)), key=lambda i: (-auc[i], cells[i].name)))
    further = np.array([cell.further for cell in cells], dtype=np.float64)
    pairs = compare_pairs(ranking, further.reshape(len(cells), -1), order, alpha)
    groups = indistinct_groups(order, pairs)
    cheapest, gaps = cost_gaps(rows, cells, groups[0], costs, draws, seed)
    choice = recommend(rows, cells, groups[0], gaps)
    number = {cell: k for k, group in enumerate(groups, start=1) for cell in group}
    verdicts = tuple(
        CellVerdict(
            name=cell.name,
            auc=ranking.interval(i),
            folds=(*(float(v) for v in ranking.folds[i]), *cell.further),
            group=number[i],
            gap=gaps[i],
            objection=objection(rows, cell, gaps[i]),
            is_recommended=i == choice.cell,
        )
        for i, cell in enumerate(cells)
    )
    smallest = median(pair.detectable for pair in pairs) if pairs else None
    return Comparison(verdicts, order, pairs, groups, cheapest, choice, alpha, smallest)
