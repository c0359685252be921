"""The audit: every rule over the store, then seven criteria and a score."""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Mapping

import polars as pl

from scorewright.core.audit.inputs import AuditInput
from scorewright.core.audit.report import AuditFinding, AuditReport, CriterionResult, State
from scorewright.core.audit.rule import CRITERIA, SEVERITIES, Criterion, Hit, Rule
from scorewright.core.audit.view import StoreView, view_of
from scorewright.core.snapshot import Source, SourceKind

__all__ = ["audit"]

#: Stores that a plan can change in place.
_CHANGED_BY_PLANS = (SourceKind.SQLITE, SourceKind.POSTGRESQL)
_PLAN = "scorewright store plan {location}"
#: What needs the files of models on this machine.
_PROBE = "scorewright store audit {location} --probe-models"
_CONSOLIDATE = "scorewright store consolidate {location}"
_NEW = "mlflow.db"
#: Below this share of runs a criterion fails.
_HALF = 0.5


def audit(given: AuditInput, rules: Iterable[Rule]) -> AuditReport:
    """Hold a store against the rules.

    Args:
        given: The store, its files, the policy and evidence.
        rules: From `rule_book`.

    Returns:
        The same report for the same input.
    """
    view = view_of(given)
    source = given.snapshot.source
    found = [
        (rule, hits) for rule in rules if (hits := tuple(h for h in rule.check(view) if h.subjects))
    ]
    findings = [_finding(rule, hits, source) for rule, hits in found]
    return AuditReport(
        location=source.location,
        criteria=tuple(_criterion(name, found, view) for name in CRITERIA),
        findings=tuple(sorted(findings, key=_order)),
        counts=_counts(given, view),
    )


def _finding(rule: Rule, hits: tuple[Hit, ...], source: Source) -> AuditFinding:
    severity = min((rule.weight(hit) for hit in hits), key=SEVERITIES.index)
    remedy = _remedy(rule.remedy, source)
    return AuditFinding(rule.code, rule.criterion, severity, rule.title, remedy, hits)


def _remedy(text: str, source: Source) -> str:
    """Put the store into a remedy; where that cannot be done to it, say what comes before."""
    cannot: tuple[str, ...] = () if source.kind in _CHANGED_BY_PLANS else (_PLAN,)
    cannot += (_PROBE,) if source.kind is SourceKind.SERVER else ()
    if any(command in text for command in cannot):
        for command in cannot:
            text = text.replace(command, command.replace("{location}", _NEW))
        text = f"consolidate first: {_CONSOLIDATE} --into {_NEW}; then {text}"
    return text.replace("{location}", shlex.quote(source.location))


def _order(finding: AuditFinding) -> tuple[int, int, str]:
    return (
        SEVERITIES.index(finding.severity),
        CRITERIA.index(finding.criterion),
        finding.code,
    )


def _criterion(
    name: Criterion, found: Iterable[tuple[Rule, tuple[Hit, ...]]], view: StoreView
) -> CriterionResult:
    concerned: set[str] = set()
    codes: set[str] = set()
    is_broken = False
    for rule, hits in found:
        if rule.criterion != name:
            continue
        for hit in hits:
            weight = rule.weight(hit)
            if weight == "info":
                continue
            codes.add(rule.code)
            concerned.update(s.id for s in hit.subjects if s.kind == "run" and s.id in view.names)
            is_broken |= weight == "error" and any(s.kind == "store" for s in hit.subjects)
    share = 1.0 - len(concerned) / len(view.names) if view.names else 1.0
    state: State = "pass" if not codes else "partial"
    if is_broken or share < _HALF:
        state = "fail"
    return CriterionResult(name, state, share, len(concerned), tuple(sorted(codes)))


def _counts(given: AuditInput, view: StoreView) -> Mapping[str, int]:
    snapshot = given.snapshot
    gone = (pl.col("lifecycle_stage") == "deleted").sum()
    return {
        "experiments": view.experiments.height,
        "experiments_deleted": int(snapshot.experiments.select(gone).item() or 0),
        "runs": view.runs.height,
        "runs_deleted": snapshot.runs.height - view.runs.height,
        "runs_not_seen": view.runs.filter(~pl.col("is_seen")).height,
        "registered_models": snapshot.registered_models.height,
        "model_versions": snapshot.model_versions.height,
        "files": given.files.height,
        "predictions_read": len(given.predictions),
    }
