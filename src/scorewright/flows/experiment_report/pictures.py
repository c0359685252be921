"""The charts of an experiment."""

from __future__ import annotations

from scorewright.core.charts import (
    CellFigure,
    CostFigure,
    HeatCell,
    PairFigure,
    Spec,
    Triplet,
    cells_chart,
    cost_gap_chart,
    fold_strips_chart,
    heatmap_chart,
    pairs_chart,
    triplet_chart,
)
from scorewright.core.comparison import Comparison
from scorewright.flows.experiment_report.stored import StoredCell, StoredMatrix

__all__ = ["pictures"]

#: Above this number of cells the squares of all pairs are too small to read.
MOST_PAIRED = 30


def pictures(matrix: StoredMatrix, comparison: Comparison) -> dict[str, Spec]:
    """Return the charts by artifact name, without suffix; those without data are left out."""
    figures = _figures(matrix, comparison)
    recommended = comparison.recommendation.cell
    ring = "" if recommended is None else "; the ring marks the recommended cell"
    count = len(comparison.groups)
    groups = f"{count} groups" if count > 1 else "One group: no cell really differs from the best"
    found = {
        "groups": cells_chart(figures, "Cells by AUC", f"{groups}{ring}"),
        "heatmap_auc": _heatmap_auc(matrix, comparison),
        "heatmap_cost": _heatmap_cost(matrix, comparison),
        "folds": fold_strips_chart(
            figures,
            "AUC of every fold",
            "Dot: one fold; bar: their mean. Right: distance to the best, ± SD over the folds",
        ),
        "costs": _costs(matrix, comparison),
    }
    if 1 < len(matrix.cells) <= MOST_PAIRED:
        found["differences"] = _pairs(matrix, comparison)
    triplets = _triplets(matrix, comparison)
    if triplets:
        found["out_of_time"] = triplet_chart(
            triplets,
            "Training, validation, out of time",
            "Triangle: training rows; dot: out of fold; square: out of time. Right: out of time "
            "less validation",
        )
    return found


def _figures(matrix: StoredMatrix, comparison: Comparison) -> list[CellFigure]:
    told = comparison.cells
    return [
        CellFigure(
            label=matrix.cells[i].label,
            auc=told[i].auc.estimate,
            low=told[i].auc.low,
            high=told[i].auc.high,
            folds=told[i].folds,
            group=told[i].group,
            is_recommended=told[i].is_recommended,
        )
        for i in comparison.order
    ]


def _row_name(matrix: StoredMatrix, cell: StoredCell) -> str:
    several = len({c.learner for c in matrix.cells}) > 1
    return f"{cell.learner} · {cell.strategy}" if several else cell.strategy


def _heatmap_auc(matrix: StoredMatrix, comparison: Comparison) -> Spec:
    cells = [
        HeatCell(
            row=_row_name(matrix, stored),
            column=stored.sampling,
            value=told.auc.estimate,
            text=f"{told.auc.estimate:.3f}",
            note=f"group {told.group}",
        )
        for stored, told in zip(matrix.cells, comparison.cells, strict=True)
    ]
    return heatmap_chart(cells, "AUC: strategy and sampling", "Mean over folds; darker is better")


def _heatmap_cost(matrix: StoredMatrix, comparison: Comparison) -> Spec:
    cells = []
    for position, (stored, told) in enumerate(zip(matrix.cells, comparison.cells, strict=True)):
        gap = told.gap
        word = "dearer" if gap.is_dearer else "cheaper" if gap.high < 0.0 else "same"
        note = "cheapest" if position == comparison.cheapest else word
        cells.append(
            HeatCell(_row_name(matrix, stored), stored.sampling, gap.cost, f"{gap.cost:.3f}", note)
        )
    subtitle = "Per application at the cell's own threshold; darker is cheaper"
    return heatmap_chart(cells, "Cost: strategy and sampling", subtitle, lower_is_better=True)


def _pairs(matrix: StoredMatrix, comparison: Comparison) -> Spec:
    names = [cell.label for cell in matrix.cells]
    pairs = [
        PairFigure(
            better=names[p.first],
            worse=names[p.second],
            difference=p.difference,
            p_adjusted=p.p_adjusted,
            p_folds=p.p_folds,
            is_real=p.is_real,
        )
        for p in comparison.pairs
    ]
    real = sum(1 for p in pairs if p.is_real)
    order = [names[i] for i in comparison.order]
    subtitle = (
        f"{real} of {len(pairs)} differences are real; they show by how much the row ranks "
        "better. Blank squares: no difference was found"
    )
    return pairs_chart(pairs, order, "Which differences are real", subtitle)


def _costs(matrix: StoredMatrix, comparison: Comparison) -> Spec:
    order = sorted(comparison.order, key=lambda i: comparison.cells[i].gap.cost)
    figures = []
    for i in order:
        gap = comparison.cells[i].gap
        figures.append(
            CostFigure(
                label=matrix.cells[i].label,
                cost=gap.cost,
                difference=gap.difference,
                low=gap.low,
                high=gap.high,
                is_reference=i == comparison.cheapest,
            )
        )
    reference = matrix.cells[comparison.cheapest].label
    subtitle = (
        f"Against {reference}, the cheapest of the best group; 95 % intervals (paired bootstrap). "
        "Right: cost per application"
    )
    return cost_gap_chart(figures, "Cost of the cells", subtitle)


def _triplets(matrix: StoredMatrix, comparison: Comparison) -> list[Triplet]:
    """Return the cells that were also held against the newest rows."""
    names = ("train_roc_auc", "mean_roc_auc", "oot_roc_auc")
    cells = [matrix.cells[i] for i in comparison.order]
    return [
        Triplet(cell.label, *(cell.view.metrics[name] for name in names))
        for cell in cells
        if all(name in cell.view.metrics for name in names)
    ]
