"""From a proposal to a plan: rows are read, steps are made, guarded and counted."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Literal

from scorewright.core.conventions import Conventions
from scorewright.core.errors import UsageError
from scorewright.core.plans import Plan, Row, Scalar, StoreRef
from scorewright.core.rationalise import (
    Evidence,
    Proposal,
    RawRows,
    balance_of,
    freed,
    guard,
    needs_of,
    steps_of,
)
from scorewright.core.snapshot import RootRule, SourceKind
from scorewright.flows.events import Notify, ignore
from scorewright.flows.store.plan_ports import RawRowReader
from scorewright.flows.store.ports import OpenedStore

__all__ = ["PlanDraft", "PlanTools", "look", "make_plan", "refuse_other_stores"]

_DATABASES = (SourceKind.SQLITE, SourceKind.POSTGRESQL)


@dataclass(frozen=True, slots=True)
class PlanTools:
    """What plans are made with.

    Attributes:
        rows: The store's own rows.
        target: The store as it is now, from `StoreEditor.reference`.
        made_at: Aware, in UTC.
        made_by: Who makes it.
    """

    rows: RawRowReader
    target: StoreRef
    made_at: datetime
    made_by: str


@dataclass(frozen=True, slots=True)
class PlanDraft:
    """A plan and the files that go with it.

    Attributes:
        plan: Whole, but for the digest of a payload that is yet to be written.
        contents: Contents of new files, by the name after ``payload:``.
    """

    plan: Plan
    contents: Mapping[str, bytes] = field(default_factory=dict)

    def with_payload(self, sha256: str) -> Plan:
        """Return the plan with the digest of the payload that holds the contents."""
        return replace(self.plan, payload=sha256)


def look(
    opened: OpenedStore,
    conventions: Conventions,
    now: datetime,
    *,
    roots: tuple[RootRule, ...] = (),
    project: str = "",
    notify: Notify = ignore,
) -> Evidence:
    """Read a store and its files, with their digests, for a plan.

    Args:
        opened: The store.
        conventions: The policy.
        now: Aware, in UTC.
        roots: Where moved artifact roots lie now; further ones are guessed.
        project: Name of the project, "" where it is not known.
        notify: Told of the progress.

    Raises:
        UsageError: ``plan-not-a-database``.
        ScorewrightError: What the reader raises.
    """
    snapshot = opened.reader.read(notify)
    evidence = Evidence(snapshot, conventions, now, project=project)
    refuse_other_stores(evidence)
    inventory = opened.files.inventory(snapshot, notify, rules=roots, hashed=True)
    return replace(evidence, files=inventory.files, roots=inventory.rules)


def refuse_other_stores(evidence: Evidence) -> None:
    """Refuse a tree of files or a server.

    Raises:
        UsageError: ``plan-not-a-database``.
    """
    source = evidence.snapshot.source
    if source.kind not in _DATABASES:
        raise UsageError(
            f"The store {source.location} is no SQLite or PostgreSQL database: a plan cannot "
            "change it in place.",
            remedy=f"scorewright store consolidate {source.location} --into "
            "sqlite:///mlruns/mlflow.db",
            code="plan-not-a-database",
        )


def make_plan(
    kind: Literal["fix", "rationalise"],
    evidence: Evidence,
    proposal: Proposal,
    tools: PlanTools,
    merged: int = 0,
) -> PlanDraft:
    """Turn a proposal into a plan with exact rows before and after.

    Args:
        kind: What it came from.
        evidence: The store.
        proposal: Ideas and notes.
        tools: The store's own rows, and who asks.
        merged: Experiments that are emptied into others.

    Raises:
        UsageError: ``plan-reaches-alive``, ``plan-not-a-database``.
    """
    refuse_other_stores(evidence)
    steps, notes = steps_of(proposal.ideas, _rows(proposal, tools.rows))
    guard(steps, evidence)
    plan = Plan(
        kind=kind,
        target=tools.target,
        sources=(),
        steps=steps,
        balance=balance_of(evidence, steps, merged),
        made_at=tools.made_at.isoformat(),
        made_by=tools.made_by,
        frees=freed(steps),
        notes=(*proposal.notes, *notes),
    )
    return PlanDraft(plan, proposal.contents)


def _rows(proposal: Proposal, reader: RawRowReader) -> RawRows:
    """Read what the ideas need, one question per table and column."""
    shapes = reader.shapes()
    asked: dict[tuple[str, str], list[Scalar]] = {}
    for need in needs_of(proposal.ideas, shapes):
        asked.setdefault((need.table, need.column), []).append(need.value)
    found: dict[str, list[Row]] = {}
    for (table, column), values in asked.items():
        found.setdefault(table, []).extend(reader.rows(table, column, values))
    return RawRows(shapes, found)
