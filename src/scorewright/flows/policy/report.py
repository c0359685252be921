"""The report of a policy: what was chosen, how sure that is, and what else could be."""

from __future__ import annotations

from scorewright.core.charts import (
    cost_curve_chart,
    referral_chart,
    strategy_chart,
)
from scorewright.core.report import Figure, ReportContent, Section, Table
from scorewright.core.strategy import Analysis
from scorewright.flows.policy.fit import PolicyFit
from scorewright.flows.policy.result import (
    NAMED_COLUMNS,
    SEGMENT_COLUMNS,
    fit_pairs,
    named_rows,
    segment_rows,
)

__all__ = ["policy_report"]


def policy_report(fit: PolicyFit) -> ReportContent:
    """Return the content of a policy's HTML report.

    Args:
        fit: What fitting gave.
    """
    a, fitted = fit.analysis, fit.fitted
    role = "out-of-fold predictions" if fitted.role == "out_of_fold" else "a policy sample"
    policy = fit.published or fit.draft
    name = "draft" if policy is None or not policy.version else f"version {policy.version}"
    return ReportContent(
        title=f"{fit.project}: policy, {name}",
        subtitle=(
            f"{a.rows:,} applications, {a.bads:,} of them bad, {role} of data "
            f"{fitted.data_version}. No row was used to fit the model that scored it."
        ),
        verdict=_verdict(fit),
        sections=_sections(fit),
        footer={
            "run": fitted.run_id,
            "bundle": "none" if fitted.manifest is None else fitted.manifest.digest,
            "data": f"{fitted.data_version}, {fitted.role}, {fitted.digest}",
            "policy": "none" if policy is None else policy.digest,
            "made": "" if policy is None else policy.made_at or "",
        },
    )


def _verdict(fit: PolicyFit) -> tuple[Figure, ...]:
    """Return the headline figures, what to do first."""
    a = fit.analysis
    final = a.final
    figures = [
        Figure(
            "Present policy",
            {"first": "none yet", "keep": "keep", "change": "change"}[a.verdict.word],
            a.verdict.why,
            "warn" if a.verdict.word == "change" else "neutral",
        ),
        Figure(
            "Threshold",
            f"{a.chosen.threshold:.4f}",
            f"optimum 95 % {a.interval.low:.4f} to {a.interval.high:.4f}",
        ),
        Figure(
            "Approval rate",
            f"{100 * final.approval_rate:.1f} %",
            f"{100 * final.default_rate_approved:.2f} % of them default",
        ),
        Figure(
            "Cost per application",
            f"{final.cost / a.rows:.3f}",
            f"{a.cheaper_cost / a.rows:.3f} to {a.cheaper}",
        ),
        _saving(a),
    ]
    if a.air is not None:
        adverse = a.air.is_adverse()
        figures.append(
            Figure(
                "Adverse impact",
                f"{a.air.ratio:.3f}",
                f"p {a.air.p_value:.3g}, four fifths is the mark",
                "bad" if adverse else "neutral",
            )
        )
    return tuple(figures)


def _saving(a: Analysis) -> Figure:
    d = a.saving.difference
    return Figure(
        "Saving",
        f"{d.estimate:,.4g}",
        f"95 % {d.low:,.4g} to {d.high:,.4g} against {a.cheaper}",
        "good" if d.low > 0.0 else "warn",
    )


def _sections(fit: PolicyFit) -> tuple[Section, ...]:
    a = fit.analysis
    pairs = tuple(fit_pairs(fit))
    parts = [
        Section(
            "cost",
            "Cost over the threshold",
            f"Exact over every distinct score. Thresholds from {a.band[0]:.4f} to {a.band[1]:.4f} "
            "cost at most 1 % more than the best; the bar is where the optimum of other samples "
            "would lie.",
            cost_curve_chart(
                a.curve.threshold,
                a.curve.cost,
                best=a.best.threshold,
                bayes=a.bayes,
                interval=(a.interval.low, a.interval.high),
                band=a.band,
            ),
        ),
        Section(
            "strategy",
            "What each approval rate would bring",
            "Bad rate among the approved, cost and profit, for every share of applications that "
            "could be approved.",
            strategy_chart(
                [p.approval_rate for p in a.strategy],
                [p.bad_rate for p in a.strategy],
                [p.cost for p in a.strategy],
                [p.profit for p in a.strategy],
                chosen=a.final.approval_rate,
            ),
        ),
        Section(
            "scores",
            "Who is approved, referred, declined",
            _band_text(a),
            referral_chart(
                fit.fitted.data.y,
                fit.fitted.data.pd,
                threshold=a.chosen.threshold,
                band=(band.low, band.high) if (band := a.referral) else None,
            ),
            wide=True,
        ),
        Section(
            "thresholds",
            "Thresholds somebody might choose",
            "The same sample, decided by each of them.",
            table=Table(NAMED_COLUMNS, tuple(named_rows(a)), "Targets and their price"),
            wide=True,
        ),
    ]
    parts += _segment_section(a)
    parts.append(
        Section(
            "figures",
            "All figures",
            "Intervals are of 95 %. Savings and regret are measured with thresholds that were "
            "chosen on other rows, so that a threshold earns nothing by fitting its own sample.",
            table=Table(("figure", "value"), pairs, "The analysis in figures"),
            wide=True,
        )
    )
    return tuple(parts)


def _band_text(a: Analysis) -> str:
    band = a.referral
    if band is None:
        return (
            f"Nobody is referred. A band over the optimum's interval, {a.proposal.low:.4f} to "
            f"{a.proposal.high:.4f}, would refer {100 * a.proposal.referred:.1f} %."
        )
    return (
        f"{100 * band.approved:.1f} % are approved ({100 * band.bad_rate_approved:.2f} % of them "
        f"bad), {100 * band.referred:.1f} % referred ({100 * band.bad_rate_referred:.2f} %), "
        f"{100 * band.declined:.1f} % declined ({100 * band.bad_rate_declined:.2f} %)."
    )


def _segment_section(a: Analysis) -> list[Section]:
    found = a.segments
    if found is None:
        return []
    text = (
        "A segment gets a threshold of its own only where that saves more than chance would give, "
        "adjusted for the number of segments."
    )
    if found.note:
        text += f" Here: {found.note}."
    table = Table(SEGMENT_COLUMNS, tuple(segment_rows(found.rows)), f"By {found.column}")
    return [Section("segments", f"Segments by {found.column}", text, table=table, wide=True)]
