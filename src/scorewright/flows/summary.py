"""The figures a person reads first, in the order they are asked for."""

from __future__ import annotations

from scorewright.flows.train import TrainResult

__all__ = ["summary_rows"]


def summary_rows(result: TrainResult) -> list[tuple[str, str]]:
    """Return labels and values of a training's summary.

    Args:
        result: What training left behind.

    Returns:
        Pairs for a two-column table.
    """
    m, a = result.metrics, result.validated.assessment
    rows = [
        ("validation", result.validated.prepared.plan.label),
        (
            "AUC",
            f"{m['roc_auc']:.4f}  (95 % CI {m['roc_auc_low']:.4f} to {m['roc_auc_high']:.4f})",
        ),
        ("KS", f"{m['ks']:.4f}"),
        ("Brier score", f"{m['brier']:.4f}  (before calibration {m['brier_before']:.4f})"),
        (
            "calibration",
            (
                f"{a.calibration.chosen}, Cox slope {m['cox_slope']:.3f}, "
                f"mean PD {100 * m['mean_pd']:.2f} % at a bad rate of {100 * m['base_rate']:.2f} %"
            ),
        ),
        ("threshold", _threshold(result)),
        (
            "cost",
            (
                f"{m['business_cost']:,.0f}  (accept all {m['cost_accept_all']:,.0f}, "
                f"reject all {m['cost_reject_all']:,.0f}){_costs(result)}"
            ),
        ),
        (
            "approval",
            (
                f"{100 * m['approval_rate']:.1f} % approved, "
                f"{100 * m['default_rate_approved']:.2f} % of them default"
            ),
        ),
    ]
    if "oot_roc_auc" in m:
        rows.insert(
            2,
            ("AUC out of time", f"{m['oot_roc_auc']:.4f}  (Brier {m['oot_brier']:.4f})"),
        )
    return [
        *rows,
        ("bundle", f"{result.bundle_digest[:12]} in {result.bundle_directory.parent}"),
        ("policy", f"{result.policy.id} version {result.policy.version}"),
        ("run", f"{result.run_name} ({result.run_id}) in {result.experiment}"),
    ]


def _costs(result: TrainResult) -> str:
    """Say which costs decided, where loans have costs of their own as well."""
    if result.validated.prepared.settings.policy.loans is None:
        return ""
    costs = result.policy.costs
    return (
        f", by the matrix {costs.false_negative:g} to {costs.false_positive:g}: the costs of each "
        "loan, [policy.loans], decide once 'scorewright policy fit' was run"
    )


def _threshold(result: TrainResult) -> str:
    """Say the threshold with its interval and the Bayes line."""
    a = result.validated.assessment
    rule = result.policy.rule
    text = f"decline at PD >= {a.chosen_threshold:.4f}"
    if rule.refer_from is not None:
        text = rule.sentence(".4f")
    if a.interval is not None:
        text += f"  (95 % interval {a.interval.low:.4f} to {a.interval.high:.4f})"
    return f"{text}, Bayes {a.bayes:.4f}"
