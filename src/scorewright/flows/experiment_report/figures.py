"""One line per cell: for machines as CSV and JSON, for people as a table."""

from __future__ import annotations

from typing import Any

import polars as pl

from scorewright.core.comparison import Comparison
from scorewright.core.report import Table
from scorewright.flows.experiment_report.stored import StoredCell, StoredMatrix

__all__ = ["as_csv", "best_table", "cost_table", "lines", "ranking_table", "verdict"]

#: Figures taken over from the run under their own names.
LOGGED = (
    "roc_auc", "roc_auc_low", "roc_auc_high", "train_roc_auc", "roc_auc_gap", "ks", "pr_auc",
    "brier", "cox_slope", "cox_intercept", "mean_pd", "base_rate", "approval_rate",
    "default_rate_approved", "optimal_threshold", "business_cost", "training_seconds",
    "oot_roc_auc", "oot_roc_auc_low", "oot_roc_auc_high", "oot_brier", "oot_cox_slope",
    "oot_mean_pd", "oot_base_rate", "oot_cost_per_application",
)  # fmt: skip


def lines(matrix: StoredMatrix, comparison: Comparison) -> list[dict[str, Any]]:
    """Return a flat record per cell, the highest AUC first; absent figures are None."""
    found = []
    for rank, position in enumerate(comparison.order, start=1):
        stored, told = matrix.cells[position], comparison.cells[position]
        folds = told.folds
        found.append(
            {
                "rank": rank,
                "name": stored.view.name,
                "strategy": stored.strategy,
                "sampling": stored.sampling,
                "learner": stored.learner,
                "features": stored.cell.features,
                "features_offered": _offered(stored),
                "group": told.group,
                "recommended": told.is_recommended,
                "verdict": verdict(comparison, position),
                "auc_within_folds": told.auc.estimate,
                "auc_within_folds_low": told.auc.low,
                "auc_within_folds_high": told.auc.high,
                "auc_mean_of_folds": sum(folds) / len(folds),
                "auc_sd_of_folds": _deviation(folds),
                "cost_per_application": told.gap.cost,
                "cost_difference": told.gap.difference,
                "cost_difference_low": told.gap.low,
                "cost_difference_high": told.gap.high,
                **{name: stored.view.metrics.get(name) for name in LOGGED},
                "run_id": stored.view.run_id,
            }
        )
    return found


def as_csv(matrix: StoredMatrix, comparison: Comparison) -> str:
    """Return the records as CSV."""
    return pl.DataFrame(lines(matrix, comparison), infer_schema_length=None).write_csv()


def verdict(comparison: Comparison, position: int) -> str:
    """Say in a few words what becomes of a cell."""
    told = comparison.cells[position]
    if told.is_recommended:
        return "recommended"
    if told.group > 1:
        gap = comparison.pair(comparison.groups[0][0], position).difference
        return f"ranks worse, AUC −{gap:.3f}"
    return told.objection or "as good, not simpler"


def ranking_table(matrix: StoredMatrix, comparison: Comparison) -> Table:
    """Return how well every cell ranks, the highest AUC first."""
    columns = (
        "cell", "group", "verdict", "AUC", "95 %", "SD of folds", "train gap", "KS", "PR AUC",
        "features", "seconds",
    )  # fmt: skip
    rows = []
    for position in comparison.order:
        stored, told = matrix.cells[position], comparison.cells[position]
        row = (
            stored.label,
            str(told.group),
            verdict(comparison, position),
            f"{told.auc.estimate:.3f}",
            f"{told.auc.low:.3f} to {told.auc.high:.3f}",
            f"{_deviation(told.folds):.4f}",
            _shown(stored, "roc_auc_gap", "+.3f"),
            _shown(stored, "ks", ".3f"),
            _shown(stored, "pr_auc", ".3f"),
            str(stored.cell.features),
            _shown(stored, "training_seconds", ".0f"),
        )
        rows.append(row)
    return Table(columns, tuple(rows))


def cost_table(matrix: StoredMatrix, comparison: Comparison) -> Table:
    """Return whether the PDs mean what they say, and what the decisions cost."""
    columns = (
        "cell", "Brier", "Cox slope", "mean PD", "threshold", "approved", "cost",
        "more than the cheapest", "95 %",
    )  # fmt: skip
    rows = []
    for position in comparison.order:
        stored, gap = matrix.cells[position], comparison.cells[position].gap
        row = (
            stored.label,
            _shown(stored, "brier", ".4f"),
            _shown(stored, "cox_slope", ".2f"),
            _percent(stored, "mean_pd", 2),
            _shown(stored, "optimal_threshold", ".4f"),
            _percent(stored, "approval_rate", 1),
            f"{gap.cost:.4f}",
            f"{gap.difference:+.4f}",
            f"{gap.low:+.4f} to {gap.high:+.4f}",
        )
        rows.append(row)
    base = 100 * float(matrix.rows.y.mean())
    caption = f"Base rate {base:.2f} %. Cost per application at the cell's own threshold."
    return Table(columns, tuple(rows), caption)


def _shown(stored: StoredCell, name: str, form: str) -> str:
    value = stored.view.metrics.get(name)
    return "–" if value is None else format(value, form)


def _offered(stored: StoredCell) -> int | None:
    offered = stored.view.params.get("n_features")
    return None if offered is None else int(float(offered))


def _percent(stored: StoredCell, name: str, digits: int) -> str:
    value = stored.view.metrics.get(name)
    return "–" if value is None else f"{100 * value:.{digits}f} %"


def best_table(matrix: StoredMatrix, comparison: Comparison) -> Table:
    """Return every cell held against the one with the highest AUC."""
    best = comparison.best
    columns = (
        "cell", "difference", "standard error", "p, DeLong", "p, widened, Holm", "p, folds",
        "detectable", "real",
    )  # fmt: skip
    pairs = [comparison.pair(best, i) for i in comparison.order[1:]]
    rows = tuple(
        (
            matrix.cells[pair.second].label,
            f"−{pair.difference:.4f}",
            f"{pair.se:.4f}",
            _p(pair.p_delong),
            _p(pair.p_adjusted),
            _p(pair.p_folds),
            f"{pair.detectable:.4f}",
            "yes" if pair.is_real else "no",
        )
        for pair in pairs
    )
    return Table(columns, rows, f"Against {matrix.cells[best].label}")


def _p(value: float) -> str:
    return "<0.0001" if value < 0.0001 else f"{value:.4f}"  # noqa: PLR2004 - four digits


def _deviation(values: tuple[float, ...]) -> float:
    mean = sum(values) / len(values)
    return float((sum((v - mean) ** 2 for v in values) / max(len(values) - 1, 1)) ** 0.5)
