"""The report of a training: the figures, then the curves they come from."""

from __future__ import annotations

from scorewright.core.charts import LiftBar, approval_chart, lift_chart, threshold_explorer
from scorewright.core.report import Figure, ReportContent, Section
from scorewright.flows.lift import Lift
from scorewright.flows.train import TrainResult
from scorewright.flows.train.record import charts
from scorewright.flows.triplet import triplet_section

__all__ = ["training_report"]


def training_report(result: TrainResult, lift: Lift | None = None) -> ReportContent:
    """Return the content of a training's HTML report.

    Args:
        result: What training left behind.
        lift: What the histories add, where that was looked at.
    """
    prepared = result.validated.prepared
    m = result.metrics
    return ReportContent(
        title=f"{prepared.settings.project.name}: {result.run_name}",
        subtitle=(
            f"{len(prepared.y):,} applications, {100 * m['base_rate']:.2f} % bad, "
            f"data {result.bundle.data_version}, {prepared.plan.label}. Every figure comes from "
            "rows the model never saw."
        ),
        verdict=_verdict(result),
        sections=(*_sections(result), triplet_section(result), *_lift_section(lift)),
        footer={
            "run": f"{result.run_id} in {result.experiment}",
            "store": result.tracking,
            "bundle": result.bundle_digest,
            "model": result.bundle.model_digest,
            "policy": f"{result.policy.id} version {result.policy.version}",
            "data": f"{result.bundle.data_version} ({prepared.source})",
            "made": result.bundle.created_at,
        },
    )


def _lift_section(lift: Lift | None) -> tuple[Section, ...]:
    """Return the chart of what each table adds."""
    if lift is None:
        return ()
    subtitle = f"{lift.applications:,} applications, {lift.folds} folds, 95 % intervals (DeLong)"
    bars = [
        LiftBar(row.tables, row.auc, row.low, row.high, f"{row.added:+.3f}" if row.added else "")
        for row in lift.rows
    ]
    text = (
        "The same learner on the same folds: with the application alone, with one table beside "
        "it, with all. The intervals are of each figure alone; the differences are paired and "
        "surer than their overlap suggests."
    )
    chart = lift_chart(bars, "What the histories add", subtitle)
    return (Section("lift", "What the histories add", text, chart, None, wide=True),)


def _verdict(result: TrainResult) -> tuple[Figure, ...]:
    """Return the headline figures with a tone where a limit is known."""
    m, a = result.metrics, result.validated.assessment
    slope_ok = 0.9 <= m["cox_slope"] <= 1.1  # noqa: PLR2004 - domain.md: a good slope
    threshold_note = f"Bayes {a.bayes:.4f}"
    if a.interval is not None:
        threshold_note = f"95 % interval {a.interval.low:.3f} to {a.interval.high:.3f}"
    return (
        Figure(
            "AUC",
            f"{m['roc_auc']:.3f}",
            f"95 % CI {m['roc_auc_low']:.3f} to {m['roc_auc_high']:.3f}",
            "neutral",
        ),
        Figure("KS", f"{m['ks']:.3f}", f"Gini {m['gini']:.3f}", "neutral"),
        Figure("Brier", f"{m['brier']:.4f}", f"skill {100 * m['brier_skill']:.1f} %", "neutral"),
        Figure(
            "Calibration slope",
            f"{m['cox_slope']:.3f}",
            f"{a.calibration.chosen}; 1 is perfect",
            "good" if slope_ok else "warn",
        ),
        Figure("Threshold", f"{a.chosen_threshold:.4f}", threshold_note, "neutral"),
        Figure(
            "Approval rate",
            f"{100 * m['approval_rate']:.1f} %",
            f"{100 * m['default_rate_approved']:.2f} % of them default",
            "neutral",
        ),
        Figure(
            "Cost per application",
            f"{m['cost_per_application']:.3f}",
            f"{m['cost_reject_all'] / len(a.y):.3f} when all are declined",
            "neutral",
        ),
    )


def _sections(result: TrainResult) -> tuple[Section, ...]:
    """Return the charts, the threshold explorer first."""
    a, m = result.validated.assessment, result.metrics
    pictures = charts(result.validated)
    curve = a.curve
    explorer = threshold_explorer(
        curve.threshold,
        curve.cost,
        curve.approval_rate,
        curve.default_rate_approved,
        curve.false_negatives,
        curve.false_positives,
        a.best.threshold,
    )
    low, high = a.curve.band(0.01)
    costs = result.policy.costs
    before = m["cox_slope_before"]
    return (
        Section(
            "threshold",
            "Where to draw the line",
            f"Move the slider: cost at {costs.false_negative:g} for an approved bad and "
            f"{costs.false_positive:g} for a declined good. Thresholds from {low:.4f} to "
            f"{high:.4f} cost at most 1 % more than the best.",
            explorer,
            None,
            wide=True,
        ),
        Section(
            "cost",
            "Cost over the threshold",
            "Exact over every distinct score, with the Bayes line and the bootstrap interval.",
            pictures["cost_curve"],
            None,
            wide=False,
        ),
        Section(
            "approval",
            "What approving more would cost",
            "The share of defaults among the approved, for every approval rate.",
            approval_chart(
                curve.approval_rate,
                curve.default_rate_approved,
                chosen=(m["approval_rate"], m["default_rate_approved"]),
            ),
            None,
            wide=False,
        ),
        Section(
            "calibration",
            "Do the PDs mean what they say?",
            f"Cox slope {before:.3f} before and {m['cox_slope']:.3f} after calibration "
            f"({a.calibration.chosen}, chosen out of fold).",
            pictures["calibration_curve"],
            None,
            wide=False,
        ),
        Section(
            "distribution",
            "Scores of goods and bads",
            "The further apart, the better the ranking.",
            pictures["score_distribution"],
            None,
            wide=False,
        ),
        Section(
            "roc", "ROC", "Ranking over all thresholds.", pictures["roc_curve"], None, wide=False
        ),
        Section(
            "pr",
            "Precision and recall",
            "Ranking where bads are rare.",
            pictures["pr_curve"],
            None,
            wide=False,
        ),
        Section(
            "confusion",
            "Decisions at the threshold",
            "Out-of-fold applications.",
            pictures["confusion_matrix"],
            None,
            wide=False,
        ),
        Section(
            "folds",
            "How much the folds differ",
            "A difference smaller than this spread is not a difference.",
            pictures["fold_distribution"],
            None,
            wide=False,
        ),
        Section(
            "importance",
            "What the model looks at",
            "Total gain, or size of the coefficients.",
            pictures["feature_importance"],
            None,
            wide=True,
        ),
    )
