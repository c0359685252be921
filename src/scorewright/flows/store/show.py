"""Shows one run of a store, and what is wrong with it."""

from __future__ import annotations

import polars as pl

from scorewright.core.audit import SEVERITIES, AuditInput, audit
from scorewright.core.counting import counted
from scorewright.core.findings import Finding
from scorewright.core.store_views import RunCard, card_of, find_run
from scorewright.flows.events import StageDone, StageStarted
from scorewright.flows.store.audit_store import AuditTools
from scorewright.flows.store.evidence import read_predictions
from scorewright.flows.store.ports import OpenedStore

__all__ = ["show_run"]


def show_run(opened: OpenedStore, reference: str, tools: AuditTools) -> RunCard:
    """Gather everything of one run and judge it by the rules of the audit; nothing is changed.

    The predictions of this run alone are looked into.

    Args:
        opened: The store.
        reference: Id, beginning of an id, or a name that one run has.
        tools: What an audit works with.

    Raises:
        ScorewrightError: ``store-invalid``, ``store-locked``, ``store-unreachable``.
        UsageError: ``run-unknown``, ``run-ambiguous``.
    """
    notify = tools.notify
    snapshot = opened.reader.read(notify)
    run_id = find_run(snapshot, reference)
    inventory = opened.files.inventory(snapshot, notify)
    mine = inventory.files.filter(pl.col("owner") == "run", pl.col("owner_id") == run_id)
    given = AuditInput(
        snapshot=snapshot,
        conventions=tools.conventions,
        now=tools.clock.now(),
        files=inventory.files,
        missing=inventory.missing,
        roots=inventory.rules,
        found=inventory.findings,
        predictions=read_predictions(snapshot, mine, tools.predictions, notify),
    )
    notify(StageStarted("rules", len(tools.rules)))
    findings = _of_run(run_id, given, tools)
    notify(StageDone("rules", counted(len(findings), "finding")))
    return card_of(snapshot, inventory.files, run_id, findings)


def _of_run(run_id: str, given: AuditInput, tools: AuditTools) -> list[Finding]:
    """Return the findings that name a run, each for this run alone."""
    weigh = {rule.code: rule.weight for rule in tools.rules}
    found = []
    for finding in audit(given, tools.rules).findings:
        mine = [
            hit
            for hit in finding.hits
            if any(s.kind == "run" and s.id == run_id for s in hit.subjects)
        ]
        if mine:
            told = "; ".join(hit.text for hit in mine if hit.text)
            severity = min(map(weigh[finding.code], mine), key=SEVERITIES.index)
            found.append(
                Finding(
                    code=finding.code,
                    severity=severity,
                    subject=run_id,
                    message=f"{finding.title}: {told}" if told else finding.title,
                    remedy=finding.remedy,
                    evidence={"details": [dict(hit.detail) for hit in mine if hit.detail]},
                )
            )
    return found
