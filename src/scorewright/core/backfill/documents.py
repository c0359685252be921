"""Artifacts that are made of stored predictions, of a model, and of what a run says of itself."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

import polars as pl

from scorewright.core.backfill.figures import Choice
from scorewright.core.backfill.models import NativeModel
from scorewright.core.backfill.rows import ValidatedRows
from scorewright.core.charts import (
    Spec,
    calibration_chart,
    confusion_chart,
    importance_chart,
    pr_chart,
    roc_chart,
    score_distribution_chart,
)
from scorewright.core.decision import bayes_threshold, cost_curve, threshold_table
from scorewright.core.statistics import confusion, delong_interval, pr_auc, roc_auc

__all__ = ["document", "importance_files", "ranking_charts", "threshold_files"]


def document(value: Any) -> bytes:  # noqa: ANN401 - any JSON value
    """Return JSON as artifacts have it: sorted, indented, with a last line end."""
    return (json.dumps(value, indent=2, sort_keys=True, allow_nan=False) + "\n").encode("utf-8")


def ranking_charts(rows: ValidatedRows) -> dict[str, Spec]:
    """Return the charts that any scores have, by artifact name."""
    interval = delong_interval(rows.y, rows.p)
    return {
        "roc_curve.png": roc_chart(
            rows.y, rows.p, auc=roc_auc(rows.y, rows.p), low=interval.low, high=interval.high
        ),
        "pr_curve.png": pr_chart(rows.y, rows.p, average_precision=pr_auc(rows.y, rows.p)),
    }


def threshold_files(
    rows: ValidatedRows, choice: Choice, marks: Mapping[str, Any]
) -> dict[str, Spec | bytes]:
    """Return charts and documents of probabilities and their threshold, by artifact name.

    Args:
        rows: Probabilities.
        choice: The threshold.
        marks: When and from what they are made; written into the documents.
    """
    table = confusion(rows.y, rows.p, choice.threshold)
    counts = {
        "true_positives": table.tp,
        "false_positives": table.fp,
        "true_negatives": table.tn,
        "false_negatives": table.fn,
    }
    return {
        "calibration_curve.png": calibration_chart(rows.y, rows.p),
        "score_distribution.png": score_distribution_chart(
            rows.y, rows.p, threshold=choice.threshold
        ),
        "confusion_matrix.png": confusion_chart(table.tp, table.fp, table.tn, table.fn),
        "confusion_matrix.json": document(
            {"threshold": choice.threshold, **counts, "backfilled": marks}
        ),
        "threshold_analysis.json": document({**_analysis(rows, choice), "backfilled": marks}),
    }


def _analysis(rows: ValidatedRows, choice: Choice) -> dict[str, Any]:
    curve = cost_curve(rows.y, rows.p, choice.costs)
    low, high = curve.band(0.01)
    is_cheapest = choice.threshold == choice.optimum
    return {
        "schema_version": 1,
        "data_role": rows.role,
        "rows": len(rows.y),
        "costs": asdict(choice.costs),
        "points": threshold_table(rows.y, rows.p, choice.costs),
        "exact_optimum": asdict(curve.best()),
        "bayes_threshold": bayes_threshold(choice.costs),
        "within_one_percent": {"low": low, "high": high},
        "bootstrap": None,
        # How the run came to another threshold nobody knows; the audit goes on asking.
        "chosen": choice.threshold if is_cheapest else None,
        "logged_threshold": choice.threshold,
        "method": "exact_minimum_cost",
    }


def importance_files(model: NativeModel) -> dict[str, Spec | bytes]:
    """Return table and chart of the importance, by artifact name."""
    ranked = sorted(model.importance.items(), key=lambda item: (-item[1], item[0]))
    table = pl.DataFrame(
        {"feature": [name for name, _ in ranked], "importance": [gain for _, gain in ranked]},
        schema={"feature": pl.String, "importance": pl.Float64},
    )
    return {
        "feature_importance.csv": table.write_csv().encode("utf-8"),
        "feature_importance.png": importance_chart(model.importance),
    }
