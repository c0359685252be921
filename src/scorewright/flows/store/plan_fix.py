"""A plan from findings: `scorewright store plan --fix CODE`."""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from scorewright.core.audit import AuditReport
from scorewright.core.errors import UsageError
from scorewright.core.rationalise import FILE_CODES, Evidence, fixes
from scorewright.flows.store.plan_making import PlanDraft, PlanTools, make_plan

__all__ = ["plan_fix"]


def plan_fix(
    evidence: Evidence, report: AuditReport, codes: Sequence[str], tools: PlanTools
) -> PlanDraft:
    """Make the plan that mends findings; what no plan can mend is in its notes.

    The same store, report, codes and moment give the same plan.

    Args:
        evidence: The store, from `look`.
        report: Of the audit of the same snapshot; with digests for findings of files.
        codes: Codes of findings, or ``all``.
        tools: The store's own rows, and who asks.

    Raises:
        UsageError: ``fix-unknown``, ``plan-needs-digests``, ``plan-reaches-alive``,
            ``plan-not-a-database``.
    """
    _refuse_without_digests(evidence, codes)
    return make_plan("fix", evidence, fixes(evidence, report, codes), tools)


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
