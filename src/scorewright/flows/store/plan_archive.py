"""A plan that moves a legacy store aside, once a consolidated one holds all of it."""

from __future__ import annotations

from dataclasses import dataclass

from scorewright.core.errors import IntegrityError, UsageError
from scorewright.core.plans import Balance, MoveChange, Plan, Receipt, Step, StoreRef, differences
from scorewright.core.rationalise import Evidence, guard
from scorewright.core.snapshot import SourceKind
from scorewright.flows.store.plan_making import PlanDraft, PlanTools
from scorewright.flows.store.plan_ports import ArchivePlaces

__all__ = ["Legacy", "plan_archive"]


@dataclass(frozen=True, slots=True)
class Legacy:
    """The store that is to be moved aside.

    Attributes:
        location: As the receipt calls it.
        path: Its folder, or its file where it is a database; absolute.
        kind: What it is made of.
        runs: How many it holds.
    """

    location: str
    path: str
    kind: SourceKind
    runs: int


def plan_archive(
    legacy: Legacy,
    receipt: Receipt,
    verified: tuple[str, ...],
    target: Evidence,
    tools: PlanTools,
    places: ArchivePlaces,
) -> PlanDraft:
    """Make the plan that renames a legacy store to ``<name>.archived-<date>``, beside itself.

    Args:
        legacy: The store.
        receipt: Of the consolidation that contains it.
        verified: What 'store verify' proved of the receipt, one line each; none refuses.
        target: The consolidated store: nothing in it may still lie in the legacy one.
        tools: ``target`` is the reference of the consolidated store.
        places: The disk.

    Raises:
        UsageError: ``archive-not-contained``, ``archive-no-files``, ``plan-reaches-alive``.
        IntegrityError: ``archive-not-verified``, ``archive-changed``, ``archive-open``.
    """
    if legacy.kind not in (SourceKind.FILES, SourceKind.SQLITE):
        raise UsageError(
            f"The store {legacy.location} is on a server: there is no file to move aside.",
            remedy="Stop the server, or rename its database with the server's own tools.",
            code="archive-no-files",
        )
    source = _contained(legacy, receipt)
    if not verified:
        raise IntegrityError(
            f"The receipt of {receipt.plan.target.location} was not verified.",
            remedy="scorewright store verify --receipt RECEIPT --read-data",
            code="archive-not-verified",
        )
    now = places.reference(legacy.location)
    if now.rows != source.rows:
        lines = "; ".join(differences(source, now)) or "its content differs"
        raise IntegrityError(
            f"The store {legacy.location} changed after it was consolidated: {lines}.",
            remedy="Consolidate it again, then archive it with the new receipt.",
            code="archive-changed",
        )
    if legacy.kind is SourceKind.SQLITE and places.has_journal(legacy.path):
        raise IntegrityError(
            f"The database {legacy.path} has a journal beside it: a program has it open, or ended "
            "before all of it was in the file. Moved alone it would lose rows.",
            remedy="End the programs that use it; open it once with 'sqlite3' and '.tables', which "
            "brings the journal in; then archive it.",
            code="archive-open",
        )
    step = _step(legacy, tools, places)
    guard((step,), target)
    plan = Plan(
        kind="archive",
        target=tools.target,
        sources=(now,),
        steps=(step,),
        balance=(Balance("runs", legacy.runs, duplicate=legacy.runs),),
        made_at=tools.made_at.isoformat(),
        made_by=tools.made_by,
        notes=_notes(legacy, receipt, verified),
    )
    return PlanDraft(plan)


def _contained(legacy: Legacy, receipt: Receipt) -> StoreRef:
    for source in receipt.plan.sources:
        if source.location == legacy.location:
            return source
    known = ", ".join(source.location for source in receipt.plan.sources) or "none"
    raise UsageError(
        f"The receipt of {receipt.plan.target.location} does not contain {legacy.location}; it "
        f"contains: {known}.",
        remedy="Name the receipt of the consolidation that contains it.",
        code="archive-not-contained",
    )


def _step(legacy: Legacy, tools: PlanTools, places: ArchivePlaces) -> Step:
    aside = f"{legacy.path.rstrip('/')}.archived-{tools.made_at:%Y-%m-%d}"
    name, number = aside, 2
    while places.exists(name):
        name, number = f"{aside}-{number}", number + 1
    digest = places.digest(legacy.path)
    return Step(
        "archive_store",
        f"store {legacy.location}",
        f"Move it aside to {name}.",
        (MoveChange(legacy.path, name, digest),),
    )


def _notes(legacy: Legacy, receipt: Receipt, verified: tuple[str, ...]) -> tuple[str, ...]:
    notes = [f"Verified before: {line}" for line in verified]
    stayed = [
        f"{count:,} {line.what} {how}"
        for line in receipt.plan.balance
        for count, how in ((line.left, "left"), (line.quarantined, "in conflict"))
        if count
    ]
    where = receipt.plan.target.location
    if stayed:
        of = "it" if len(receipt.plan.sources) == 1 else "it and the other sources"
        notes.append(f"Not everything of {of} is in {where}: {', '.join(stayed)}.")
        notes += [f"The receipt says: {note}" for note in receipt.plan.notes]
    else:
        notes.append(f"Everything in it is in {where}.")
    if legacy.kind is SourceKind.SQLITE:
        notes.append("Only the database file is moved; its artifacts stay where they are.")
    return tuple(notes)
