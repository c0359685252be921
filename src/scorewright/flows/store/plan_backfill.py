"""Plans what runs lack and their own evidence gives; says what only another training can give."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from scorewright.core.audit import AuditInput, StoreView, view_of
from scorewright.core.backfill import Backfill, backfill_run, rerun_of
from scorewright.core.plans import Balance, Plan, Step, StoreRef
from scorewright.core.rationalise import Evidence as Looked
from scorewright.flows.events import StageDone, StageStarted, StepDone
from scorewright.flows.store.backfill_evidence import Evidence, evidence_of
from scorewright.flows.store.backfill_ports import BackfillTools
from scorewright.flows.store.backfill_rerun import RerunText, RerunWriter
from scorewright.flows.store.backfill_steps import rendered, step_of
from scorewright.flows.store.plan_making import PlanDraft, refuse_other_stores

__all__ = ["PlannedBackfill", "plan_backfill"]

_STAGE = "backfill"


@dataclass(frozen=True, slots=True)
class PlannedBackfill:
    """A plan, and what a reader of it may want next.

    Attributes:
        draft: The plan of the kind ``backfill`` and the files it adds, for its payload.
        reruns: By run id, how to train those again that still lack something.
    """

    draft: PlanDraft
    reruns: Mapping[str, RerunText]


@dataclass(slots=True)
class _Draft:
    """What grows run by run."""

    writer: RerunWriter
    steps: list[Step] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    files: dict[str, bytes] = field(default_factory=dict)
    reruns: dict[str, RerunText] = field(default_factory=dict)
    found: int = 0
    complete: int = 0


def plan_backfill(
    given: AuditInput, target: StoreRef, tools: BackfillTools, made_by: str
) -> PlannedBackfill:
    """Plan the backfill of every finished training run; nothing is changed.

    Nothing that is there is overwritten: figures that a run's own predictions contradict are
    left, and told in the notes. The same store gives the same plan, and an empty one after it
    was carried out.

    Args:
        given: The store, its files, its predictions and the conventions, as an audit takes them.
        target: The store as it is.
        tools: Ports.
        made_by: Who asks for it.

    Raises:
        UsageError: ``plan-not-a-database``: the store is a tree of files or a server.
    """
    refuse_other_stores(Looked(given.snapshot, given.conventions, given.now))
    view = view_of(given)
    draft = _Draft(RerunWriter(tools.learners))
    total = int(view.runs["is_finished"].sum())
    tools.notify(StageStarted(_STAGE, total))
    for evidence in evidence_of(view, tools.contents, tools.scorer):
        draft.found += 1
        _add(evidence, view, tools, draft)
        tools.notify(StepDone(_STAGE, draft.found, evidence.facts.record.name))
    tools.notify(StageDone(_STAGE, f"{len(draft.steps):,} of {draft.found:,} runs get something"))
    if left := view.runs.height - draft.found:
        draft.notes.append(f"{left:,} runs that have not finished, or hold others, are left.")
    plan = Plan(
        kind="backfill",
        target=target,
        sources=(),
        steps=tuple(draft.steps),
        balance=(
            Balance(
                "finished runs",
                draft.found,
                merged=len(draft.steps),
                duplicate=draft.complete,
                left=draft.found - len(draft.steps) - draft.complete,
            ),
        ),
        made_at=given.now.isoformat(timespec="seconds"),
        made_by=made_by,
        copies=sum(map(len, draft.files.values())),
        notes=tuple(draft.notes),
    )
    return PlannedBackfill(PlanDraft(plan, draft.files), draft.reruns)


def _add(evidence: Evidence, view: StoreView, tools: BackfillTools, draft: _Draft) -> None:
    facts = evidence.facts
    made = backfill_run(facts, view.given.conventions)
    if not made.is_empty:
        files = rendered(made, tools.charts)
        draft.steps.append(step_of(evidence, made, files))
        draft.files |= {f"{facts.run_id}/{name}": data for name, data in files.items()}
    remains = made.remains
    text = None
    if remains.needs_training:
        rerun = rerun_of(facts.record, view.given.conventions)
        text = draft.reruns[facts.run_id] = draft.writer.write(facts.run_id, rerun)
    if note := _note(evidence, made, text):
        draft.notes.append(note)
    elif made.is_empty:
        draft.complete += 1


def _note(evidence: Evidence, made: Backfill, text: RerunText | None) -> str:
    """Say what is left as it is, what is missing and how it can be had."""
    facts = evidence.facts
    parts = list(made.notes)
    lacking = made.remains.sentence
    if not (lacking or parts):
        return ""
    told = f" {'; '.join(parts)}." if parts else ""
    lines = [f"{facts.record.name} ({facts.run_id}):{told}"]
    if lacking:
        source = "" if facts.stored or facts.model else " It has no predictions and no model."
        lines.append(f"It lacks {lacking}.{source}")
    if text is not None:
        lines += text.lines
    return "\n".join(lines)
