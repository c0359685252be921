"""The deployable results: the bundle, its golden rows, and the policy beside it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime
from typing import Any

import numpy as np

from scorewright.core.bundles import Bundle, GoldenRow
from scorewright.core.conventions import model_name
from scorewright.core.decision import Policy, Rule, referral, with_band
from scorewright.core.drift import reference_statistics
from scorewright.core.features import FeaturePlan, RowEvaluator
from scorewright.core.scoring import Scorer
from scorewright.flows.train.raw import raw_applications
from scorewright.flows.train.record import threshold_document
from scorewright.flows.train.tools import Assessment, Prepared, Validated
from scorewright.flows.train.validate import cost_matrix

__all__ = ["make_bundle", "make_policy"]

GOLDEN_ROWS = 20

#: Ranking and calibration alone: what follows of a threshold is evidence of a policy.
HEADLINE = ("roc_auc", "roc_auc_low", "roc_auc_high", "ks", "gini", "brier", "cox_slope")


def make_bundle(
    validated: Validated, run_id: str, now: datetime, versions: Mapping[str, str]
) -> Bundle:
    """Put together everything that is deployed.

    Args:
        validated: The fitted model and its figures.
        run_id: The MLflow run.
        now: When, UTC.
        versions: Package -> version.
    """
    prepared, a = validated.prepared, validated.assessment
    project = prepared.settings.project.name
    return Bundle(
        name=model_name(project, prepared.learner.model_type),
        model_type=prepared.learner.model_type,
        learner=prepared.learner.name,
        run_id=run_id,
        data_version=prepared.data_version,
        created_at=now.isoformat(),
        library_versions=versions,
        contract=prepared.contract,
        space=prepared.space,
        calibration=a.deployed,
        model_files=validated.final.files(),
        reference=_reference(prepared, a),
        golden=_golden(validated),
        metrics={k: a.metrics[k] for k in HEADLINE},
        features=_plan(prepared),
    )


def _reference(prepared: Prepared, a: Assessment) -> dict[str, Any]:
    """Return what later data is held against, and the curve the threshold was chosen on."""
    statistics = reference_statistics(prepared.x, prepared.space, a.pd, float(prepared.y.mean()))
    document = threshold_document(prepared, a)
    # The points alone: which of them is best, and which was chosen, is a policy's, not the model's.
    points = [{"at": p["threshold"], **{k: p[k] for k in p if k != "threshold"}}
              for p in document["points"]]  # fmt: skip
    kept = {name: document[name] for name in ("data_role", "rows", "costs")}
    return {**statistics, "decision_curve": {**kept, "points": points}}


def _plan(prepared: Prepared) -> FeaturePlan | None:
    """Return the features the model uses, and what they are made of."""
    if prepared.relational is None:
        return None
    plan = prepared.relational.plan.restricted(prepared.space.names)
    return plan if plan.features else None


def _golden(validated: Validated) -> tuple[GoldenRow, ...]:
    """Choose rows spread over the whole range of PDs, and score them one by one."""
    prepared, a = validated.prepared, validated.assessment
    plan = _plan(prepared)
    scorer = Scorer(
        model=validated.final,
        space=prepared.space,
        calibration=a.deployed,
        contract=prepared.contract,
        evaluator=None if plan is None else RowEvaluator(plan),
    )
    order = np.argsort(scorer.score_matrix(prepared.x), kind="stable")
    spread = np.unique(np.linspace(0, len(order) - 1, GOLDEN_ROWS).astype(np.int64))
    chosen = prepared.frame[order[spread]]
    if plan is not None and prepared.relational is not None:
        applications = raw_applications(
            plan, prepared.space.names, chosen, prepared.relational.histories
        )
    else:
        features = [c.name for c in prepared.contract.features]
        applications = [(row, {}) for row in chosen.select(features).iter_rows(named=True)]
    return tuple(
        GoldenRow(values, scorer.score_application(values, tables), tables)
        for values, tables in applications
    )


def make_policy(prepared: Prepared, validated: Validated, bundle: Bundle, now: datetime) -> Policy:
    """Write the decision rule as its own document, a draft that the store will number.

    Args:
        prepared: Settings with owner, costs and method.
        validated: Where the threshold comes from.
        bundle: The only bundle it may be used with.
        now: From when it holds, UTC.
    """
    a, settings = validated.assessment, prepared.settings
    rule = Rule(a.chosen_threshold)
    if settings.policy.refer is not None:
        rule = with_band(a.chosen_threshold, *settings.policy.refer)
    return Policy(
        id=settings.policy.id or f"{settings.project.name}_default",
        version=0,
        segment="all",
        threshold=rule.threshold,
        costs=cost_matrix(prepared),
        model_digest=bundle.model_digest,
        bundle=bundle.manifest().digest,
        calibration_digest=bundle.calibration.digest,
        data_version=prepared.data_version,
        data_role="out_of_fold",
        method=settings.policy.method,
        owner=settings.policy.owner or settings.project.owner,
        approver=None,
        effective_from=now.isoformat(),
        effective_to=None,
        reason=f"Fitted with the model of run {bundle.run_id}.",
        evidence=_evidence(a, rule),
        refer_from=rule.refer_from,
        refer_to=rule.refer_to,
        data_digest=prepared.data_digest,
        made_at=now.isoformat(),
    )


def _evidence(a: Assessment, rule: Rule) -> dict[str, Any]:
    """Return the out-of-fold figures the first policy of a model rests on."""
    band = None if rule.refer_from is None else asdict(referral(a.y, a.pd, rule))
    return {
        "rows": len(a.y),
        # Costs of single loans are for 'policy fit'; a training knows the matrix alone.
        "decided_by": "cost_matrix",
        "business_cost": a.metrics["business_cost"],
        "cost_per_application": a.metrics["cost_per_application"],
        "approval_rate": a.metrics["approval_rate"],
        "default_rate_approved": a.metrics["default_rate_approved"],
        "bayes_threshold": a.bayes,
        "within_one_percent": list(a.curve.band(0.01)),
        "interval": [a.interval.low, a.interval.high] if a.interval else None,
        **({} if band is None else {"referral": band}),
    }
