"""The draft: what an analysis leads to, as a policy document of version 0."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime
from typing import Any

from scorewright.core.bundles import Bundle, Manifest
from scorewright.core.decision import CostMatrix, LoanColumns, Policy, Rule, with_band
from scorewright.core.project import Settings
from scorewright.core.statistics import CostComparison
from scorewright.core.strategy import Analysis
from scorewright.flows.policy.tools import Fitted, FitWish

__all__ = ["comparison", "decided_by", "draft_policy", "evidence"]


def draft_policy(
    settings: Settings, wish: FitWish, fitted: Fitted, analysis: Analysis, now: datetime
) -> Policy | None:
    """Write the draft; None where the run has no bundle to be used with.

    Args:
        settings: Owner, costs and names.
        wish: Reason and dates.
        fitted: What it was fitted on.
        analysis: What came of it.
        now: UTC.
    """
    if fitted.bundle is None or fitted.manifest is None:
        return None
    return _draft(settings, wish, (fitted, fitted.bundle, fitted.manifest), analysis, now)


def _draft(
    settings: Settings,
    wish: FitWish,
    made_for: tuple[Fitted, Bundle, Manifest],
    analysis: Analysis,
    now: datetime,
) -> Policy:
    fitted, bundle, manifest = made_for
    chosen, found = settings.policy, analysis.segments
    own = {} if found is None else dict(found.thresholds)
    return Policy(
        id=chosen.id or f"{settings.project.name}_default",
        version=0,
        segment="all",
        threshold=analysis.rule.threshold,
        costs=CostMatrix(settings.costs.false_negative, settings.costs.false_positive),
        model_digest=manifest.model_digest,
        bundle=manifest.digest,
        calibration_digest=bundle.calibration.digest,
        data_version=fitted.data_version,
        data_role=fitted.role,
        method=chosen.method,
        owner=chosen.owner or settings.project.owner,
        approver=wish.approver,
        effective_from=wish.effective_from or now.isoformat(),
        effective_to=wish.effective_to,
        reason=wish.reason or "Draft.",
        evidence=evidence(fitted, analysis),
        refer_from=analysis.rule.refer_from,
        refer_to=analysis.rule.refer_to,
        segment_column=None if found is None or not own else found.column,
        segments={name: _own_rule(t, analysis.rule) for name, t in sorted(own.items())},
        loan_costs=None
        if chosen.loans is None
        else LoanColumns(
            chosen.loans.exposure, chosen.loans.loss_given_default, chosen.loans.margin
        ),
        data_digest=fitted.digest,
        made_at=now.isoformat(),
    )


def _own_rule(threshold: float, common: Rule) -> Rule:
    """Give a segment's threshold a band as wide as the common one."""
    if common.refer_from is None or common.refer_to is None:
        return Rule(threshold)
    below, above = common.threshold - common.refer_from, common.refer_to - common.threshold
    return with_band(threshold, below, above)


def evidence(fitted: Fitted, analysis: Analysis) -> dict[str, Any]:
    """Return the figures the policy rests on, JSON-ready."""
    final, rows = analysis.final, analysis.rows
    return {
        "rows": rows,
        "bads": analysis.bads,
        "run_id": fitted.run_id,
        "decided_by": decided_by(analysis),
        "business_cost": final.cost,
        "cost_per_application": final.cost / rows,
        "approval_rate": final.approval_rate,
        "default_rate_approved": final.default_rate_approved,
        "bayes_threshold": analysis.bayes,
        "within_one_percent": list(analysis.band),
        "interval": [analysis.interval.low, analysis.interval.high],
        "draws": analysis.interval.draws,
        "cross_fitted_cost": analysis.cross_fitted_cost,
        "saving": comparison(analysis.saving),
        "regret": None if analysis.regret is None else comparison(analysis.regret),
        "verdict": analysis.verdict.word,
        "referral": None if analysis.referral is None else asdict(analysis.referral),
        "adverse_impact_ratio": None if analysis.air is None else _ratio(analysis),
    }


def decided_by(analysis: Analysis) -> str:
    """Return which costs the threshold was chosen with: ``cost_matrix`` or ``loan_costs``."""
    return "cost_matrix" if analysis.loans is None else "loan_costs"


def comparison(found: CostComparison) -> Mapping[str, float]:
    """Return a difference of costs with its interval."""
    d = found.difference
    return {"estimate": d.estimate, "low": d.low, "high": d.high, "p_value": found.p_value}


def _ratio(analysis: Analysis) -> dict[str, float | None]:
    air = analysis.air
    if air is None:
        return {}
    finite = air.ratio if air.ratio != float("inf") else None
    return {"ratio": finite, "p_value": air.p_value}
