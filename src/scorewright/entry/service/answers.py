"""What the service says, as plain documents."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from scorewright.core.decision import Rule, segment_text
from scorewright.entry.service.body import Application
from scorewright.flows.verify_bundle import Deployment

__all__ = ["decision_answer", "health_answer", "version_answer"]


def decision_answer(
    deployment: Deployment, application: Application, request_id: str
) -> dict[str, Any]:
    """Score and decide one application.

    Args:
        deployment: Model and policy.
        application: Keeps the contract.
        request_id: Of this request.

    Raises:
        ScorewrightError: ``score-not-finite``.
    """
    pd = deployment.scorer.score_application(application.values, application.tables)
    policy = deployment.policy
    column = policy.segment_column if policy.segments else None
    segment = None if column is None else application.values.get(column)
    rule = policy.rule_of(segment)
    return {
        "request_id": request_id,
        "application_id": application.id,
        "pd": pd,
        "decision": rule.decide(pd),
        "threshold": rule.threshold,
        **_more(rule, column, segment),
        "policy": _policy(deployment),
        "model": _model(deployment),
        "flags": _flags(deployment, application),
    }


def _more(rule: Rule, column: str | None, segment: object) -> dict[str, Any]:
    """Return what only some policies have: a band of referrals, rules of segments."""
    more: dict[str, Any] = {}
    if rule.refer_from is not None and rule.refer_to is not None:
        more["refer"] = {"from": rule.refer_from, "to": rule.refer_to}
    if column is not None:
        more["segment"] = {"column": column, "value": segment_text(segment)}
    return more


def _flags(deployment: Deployment, application: Application) -> dict[str, Any]:
    """Say what was taken otherwise than it was sent."""
    flags: dict[str, Any] = {"unknown_category": list(application.unknown)}
    if deployment.loaded.bundle.features is not None:
        flags["orphan_rows"] = dict(application.orphans)
        flags["assumed_decision_date"] = application.assumed_decision
    return flags


def health_answer(deployment: Deployment, since: datetime, uptime: float) -> dict[str, Any]:
    """Say that the service lives and from which bundle it answers."""
    return {
        "status": "ok",
        "bundle": deployment.loaded.manifest.digest,
        "since": since.isoformat(),
        "uptime_seconds": round(uptime, 3),
    }


def version_answer(
    deployment: Deployment, since: datetime, versions: Mapping[str, str], scorewright: str
) -> dict[str, Any]:
    """Say exactly what answers: model, policy, data, libraries."""
    manifest, plan = deployment.loaded.manifest, deployment.loaded.bundle.features
    return {
        "scorewright": scorewright,
        "model": {
            **_model(deployment),
            **({} if plan is None else {"feature_plan": plan.digest}),
            "type": manifest.model_type,
            "learner": manifest.learner,
            "created_at": manifest.created_at,
        },
        "policy": {**_policy(deployment), "threshold": deployment.policy.threshold},
        "data_version": manifest.data_version,
        "libraries": {
            "training": dict(manifest.library_versions),
            "service": dict(sorted(versions.items())),
        },
        "since": since.isoformat(),
    }


def _model(deployment: Deployment) -> dict[str, str]:
    manifest = deployment.loaded.manifest
    return {
        "name": manifest.name,
        "run_id": manifest.run_id,
        "bundle": manifest.digest,
        "model_digest": manifest.model_digest,
    }


def _policy(deployment: Deployment) -> dict[str, Any]:
    policy = deployment.policy
    return {"id": policy.id, "version": policy.version, "digest": policy.digest}
