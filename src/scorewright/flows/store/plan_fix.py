"""A plan from findings: `scorewright store plan --fix CODE`."""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from scorewright.core.audit import AuditReport
from scorewright.core.errors import UsageError
from scorewright.core.rationalise import (
    FILE_CODES,
    RERUN_CODES,
    Evidence,
    Proposal,
    facts_of,
    fixes,
)
from scorewright.flows.store.backfill_rerun import RerunWriter
from scorewright.flows.store.plan_making import PlanDraft, PlanTools, make_plan

__all__ = ["plan_fix"]


def plan_fix(
    evidence: Evidence,
    report: AuditReport,
    codes: Sequence[str],
    tools: PlanTools,
    reruns: RerunWriter | None = None,
) -> PlanDraft:
    """Make the plan that mends findings; what no plan can mend is in its notes.

    The same store, report, codes and moment give the same plan.

    Args:
        evidence: The store, from `look`.
        report: Of the audit of the same snapshot; with digests for findings of files.
        codes: Codes of findings, or ``all``.
        tools: The store's own rows, and who asks.
        reruns: Writes down how a run is trained again; without it only the notes say that it has
            to be.

    Raises:
        UsageError: ``fix-unknown``, ``plan-needs-digests``, ``plan-reaches-alive``,
            ``plan-not-a-database``.
    """
    _refuse_without_digests(evidence, codes)
    proposal = fixes(evidence, report, codes)
    if reruns is not None:
        proposal += Proposal(notes=_reruns(evidence, report, codes, reruns))
    return make_plan("fix", evidence, proposal, tools)


def _reruns(
    evidence: Evidence, report: AuditReport, codes: Sequence[str], reruns: RerunWriter
) -> tuple[str, ...]:
    """Say for each run that only another training can mend how it is trained again."""
    asked = {code.upper() for code in codes}
    lacking: dict[str, list[str]] = {}
    for finding in sorted(report.findings, key=lambda finding: finding.code):
        is_asked = "ALL" in asked or finding.code in asked
        if is_asked and finding.code in RERUN_CODES:
            for run_id in finding.run_ids:
                lacking.setdefault(run_id, []).append(finding.code)
    notes = []
    for run_id, run in facts_of(evidence, lacking).items():
        text = reruns.rerun(run, evidence.conventions)
        head = f"{run.name or 'run'} ({run_id}): only a rerun mends {', '.join(lacking[run_id])}."
        notes.append("\n".join((head, *text.lines)))
    return tuple(notes)


def _refuse_without_digests(evidence: Evidence, codes: Sequence[str]) -> None:
    wanted = {code.upper() for code in codes}
    if not wanted & (FILE_CODES | {"ALL"}):
        return
    bare = evidence.files.filter(pl.col("sha256").is_null()).height
    if bare:
        raise UsageError(
            f"{bare:,} files were listed without a digest, and a plan changes no file whose "
            "content it does not know.",
            remedy="Make the plan with the contents read: scorewright store plan --fix "
            f"{min(wanted)} reads them unless it is told not to.",
            code="plan-needs-digests",
        )
