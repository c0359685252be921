"""The page: what can be said of the cells, then what it is said from."""

from __future__ import annotations

from collections.abc import Mapping

from scorewright.core.charts import Spec
from scorewright.core.comparison import Comparison
from scorewright.core.report import Figure, ReportContent, Section
from scorewright.flows.experiment_report.figures import best_table, cost_table, ranking_table
from scorewright.flows.experiment_report.stored import StoredMatrix

__all__ = ["page", "said"]


def page(
    matrix: StoredMatrix, comparison: Comparison, charts: Mapping[str, Spec], tracking: str
) -> ReportContent:
    """Return the content of the HTML report.

    Args:
        matrix: The cells.
        comparison: What can be said of them.
        charts: By artifact name.
        tracking: Where the runs are found.
    """
    parent, y = matrix.parent, matrix.rows.y
    tags = parent.tags
    return ReportContent(
        title=f"{tags.get('project', 'experiment')}: {parent.name}",
        subtitle=(
            f"{_cells(matrix)} on {len(y):,} applications, {100 * float(y.mean()):.2f} % "
            f"bad, data {tags.get('data_version', 'unknown')}, "
            f"{tags.get('validation', 'cross-validated')}. Every figure comes from rows the model "
            "never saw."
        ),
        verdict=_headline(matrix, comparison),
        sections=(
            Section("answer", "What can be said", said(matrix, comparison), wide=True),
            *_sections(matrix, comparison, charts),
        ),
        footer={
            "matrix": f"{parent.run_id} ({parent.name})",
            "store": tracking,
            "data": tags.get("data_version", "unknown"),
            "costs": f"{matrix.costs.false_negative:g} for an approved bad, "
            f"{matrix.costs.false_positive:g} for a declined good",
            "significance": f"{comparison.alpha:g} over all {len(comparison.pairs)} pairs",
        },
    )


def _cells(matrix: StoredMatrix) -> str:
    done, declared = len(matrix.cells), matrix.declared
    return f"{done} cells" if done == declared else f"{done} of {declared} declared cells"


def said(matrix: StoredMatrix, comparison: Comparison) -> str:
    """Return the answer in plain sentences."""
    group, choice = comparison.groups[0], comparison.recommendation
    real = sum(1 for pair in comparison.pairs if pair.is_real)
    pairs = len(comparison.pairs)
    if pairs == 0:
        parts = ["There is one cell, and nothing to hold it against."]
    elif real == 0:
        parts = [f"None of {pairs} differences is real: the order of the cells is chance."]
    else:
        parts = [
            (
                f"{real} of {pairs} differences are real. {len(group)} of {len(matrix.cells)} "
                "cells cannot be told from the best; their order is chance."
            )
        ]
    if choice.cell is None:
        parts.append("No cell of the best group can be recommended.")
    else:
        cell = matrix.cells[choice.cell]
        parts.append(
            f"Recommended is the simplest of them that is calibrated and not dearer: {cell.label}, "
            f"with {cell.cell.features} features."
        )
    passed = "; ".join(f"{matrix.cells[i].label} ({why})" for i, why in choice.passed_over)
    return " ".join([*parts, f"Simpler, but passed over: {passed}."] if passed else parts)


def _headline(matrix: StoredMatrix, comparison: Comparison) -> tuple[Figure, ...]:
    choice, group = comparison.recommendation, comparison.groups[0]
    best = comparison.cells[comparison.best]
    real = sum(1 for pair in comparison.pairs if pair.is_real)
    size = comparison.detectable
    figures = [
        Figure("Cannot be told from the best", f"{len(group)} of {len(matrix.cells)}", "cells"),
        Figure(
            "Highest AUC",
            f"{best.auc.estimate:.3f}",
            f"95 % CI {best.auc.low:.3f} to {best.auc.high:.3f}",
        ),
        Figure("Real differences", f"{real}", f"of {len(comparison.pairs)} pairs"),
        Figure(
            "Detectable difference",
            "–" if size is None else f"{size:.4f}",
            "of AUC, median over pairs, at 80 % power",
        ),
    ]
    if choice.cell is None:
        return (Figure("Recommended", "none", "see below", "bad"), *figures)
    cell, told = matrix.cells[choice.cell], comparison.cells[choice.cell]
    return (
        Figure("Recommended", cell.view.name.partition("_")[0], cell.label, "good"),
        *figures,
        Figure("Its AUC", f"{told.auc.estimate:.3f}", f"{cell.cell.features} features"),
        Figure(
            "Its cost",
            f"{told.gap.cost:.3f}",
            f"per application; {told.gap.difference:+.3f} to the cheapest",
        ),
    )


def _sections(
    matrix: StoredMatrix, comparison: Comparison, charts: Mapping[str, Spec]
) -> list[Section]:
    """Return the parts for which there is a chart or a table."""
    alpha = f"{100 * comparison.alpha:g} %"
    texts = {
        "groups": (
            "Cells that cannot be told apart",
            (
                "Group 1 is the best cell and all that do not really differ from it; group 2 is "
                "the same among the rest, and so on. The intervals are of each cell alone; "
                "differences are paired, and surer than the overlap of intervals suggests."
            ),
        ),
        "heatmap_auc": (
            "AUC by strategy and sampling",
            "Third decimals inside one group mean nothing.",
        ),
        "heatmap_cost": (
            "Cost by strategy and sampling",
            (
                "What the decisions cost. Same: the interval of the difference to the cheapest "
                "of the best group includes 0."
            ),
        ),
        "folds": (
            "How much the folds differ",
            "A distance to the best that is a part of one fold's spread is nothing to go by.",
        ),
        "differences": (
            "Which differences are real",
            (
                "Two witnesses must agree: DeLong's test on out-of-fold scores, compared within "
                "folds, its error widened for the luck of fitting and adjusted over all pairs "
                "(Holm), and the corrected resampled t-test over folds. Where nothing differs, "
                f"they see a difference anywhere in about {alpha} of experiments at most."
            ),
        ),
        "costs": (
            "What the cells cost",
            "Each at its own threshold, the same applications drawn for both.",
        ),
        "out_of_time": (
            "Does it last?",
            "The newest rows, which no cell was chosen or tuned on.",
        ),
    }
    order = ("groups", "heatmap_auc", "heatmap_cost", "differences", "folds", "costs")
    half = ("heatmap_auc", "heatmap_cost")
    found = [
        Section(name.replace("_", "-"), *texts[name], chart=charts[name], wide=name not in half)
        for name in (*order, "out_of_time")
        if name in charts
    ]
    found += [
        Section(
            "ranking",
            "Ranking",
            "The highest AUC first. It is the mean over folds, with its 95 % interval.",
            table=ranking_table(matrix, comparison),
            wide=True,
        ),
        Section(
            "calibration",
            "Calibration and cost",
            "A sampling that shifts the scores shows in the slope and the mean PD, not in the AUC.",
            table=cost_table(matrix, comparison),
            wide=True,
        ),
    ]
    if comparison.pairs:
        against = (
            "Detectable is the difference that would have been found with 80 % probability; a "
            "smaller one may exist and stay unseen."
        )
        table = best_table(matrix, comparison)
        found.append(Section("best", "Against the best", against, table=table, wide=True))
    return found
