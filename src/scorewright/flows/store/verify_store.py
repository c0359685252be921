"""Prove that a store is whole, and as its last receipt says."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from scorewright.core.counting import counted
from scorewright.core.errors import IntegrityError
from scorewright.core.findings import Finding
from scorewright.core.plans import FileChange, LinkChange, MoveChange, Receipt, differences
from scorewright.flows.events import Notify, StageDone, StageStarted, StepDone
from scorewright.flows.store.backup_store import BackupShelf
from scorewright.flows.store.editing import State, Workshop
from scorewright.flows.store.ports import OpenedStore
from scorewright.flows.store.resuming import store_now

__all__ = ["Verification", "verify_backup", "verify_store"]

_STAGE = "verify"


@dataclass(frozen=True, slots=True)
class Verification:
    """What was proved of a store.

    Attributes:
        checks: What holds, one line each.
        differences: What is not as the receipt says, one line each.
        findings: Of reading the store and its files.
        since: What changed since the newest plan, where nobody named a receipt: no fault in a
            store that is used.
    """

    checks: tuple[str, ...]
    differences: tuple[str, ...]
    findings: tuple[Finding, ...]
    since: tuple[str, ...] = ()

    @property
    def is_whole(self) -> bool:
        """Whether nothing differs and nothing was found that is an error."""
        return not self.differences and all(f.severity != "error" for f in self.findings)


def verify_store(
    opened: OpenedStore,
    notify: Notify,
    workshop: Workshop | None = None,
    receipt: Receipt | None = None,
    *,
    read_data: bool = False,
    is_named: bool = True,
) -> Verification:
    """Prove a store.

    Args:
        opened: The store; read only.
        notify: Told of the progress.
        workshop: Of the receipt's plan; for stores that plans can change.
        receipt: What the store has to be like.
        read_data: Read and hash every artifact file.
        is_named: Whether somebody named the receipt; else it is that of the newest plan, and
            rows that are others since then are told, but are no fault.

    Raises:
        IntegrityError: ``store-broken``.
        ScorewrightError: ``store-invalid``, ``store-locked``, ``store-unreachable``.
    """
    notify(StageStarted(_STAGE))
    snapshot = opened.reader.read(notify)
    inventory = opened.files.inventory(snapshot, notify, hashed=read_data)
    checks = [
        f"{snapshot.runs.height:,} runs in {snapshot.experiments.height:,} experiments were read",
        f"{inventory.files.height:,} artifact files were {'read' if read_data else 'listed'}",
    ]
    differing: tuple[str, ...] = ()
    since: tuple[str, ...] = ()
    if workshop is not None:
        checks += _checked(workshop, receipt, opened.location)
        if receipt is not None:
            rows = differences(receipt.after, store_now(receipt.plan, workshop))
            files = _files(workshop, receipt, notify) if is_named or read_data else ()
            differing, since = ((*rows, *files), ()) if is_named else (files, rows)
            if not (differing or since):
                checks.append(
                    "every row and file is as the receipt says"
                    if is_named or read_data
                    else "rows and the list of files are as the newest plan left them"
                )
    notify(StageDone(_STAGE, _counts(checks, differing)))
    findings = (*snapshot.findings, *inventory.findings)
    return Verification(tuple(checks), differing, findings, since)


def _checked(workshop: Workshop, receipt: Receipt | None, location: str) -> tuple[str, ...]:
    """Prove the database; what is wrong with one that no plan has changed is no plan's doing."""
    try:
        return workshop.store.check(*([receipt.backup] if receipt and receipt.backup else []))
    except IntegrityError as error:
        if receipt is not None or error.code != "store-broken":
            raise
        raise IntegrityError(
            error.message,
            remedy=f"No plan did that. What is wrong: scorewright store audit {location}; a new "
            "store without it: scorewright store consolidate OLD --into NEW",
            code=error.code,
        ) from error


def verify_backup(path: str, shelf: BackupShelf, notify: Notify) -> Verification:
    """Prove that a backup is whole, and what it was when it was made.

    Args:
        path: A file, or the folder of a tree.
        shelf: Where it lies.
        notify: Told of the progress.

    Raises:
        UsageError: ``backup-unknown``, ``backup-unmerged``.
        IntegrityError: ``backup-broken``.
    """
    notify(StageStarted(_STAGE))
    checks = shelf.prove(path)
    notify(StageDone(_STAGE, _counts(checks, ())))
    return Verification(checks, (), ())


def _counts(checks: Sequence[str], differing: Sequence[str]) -> str:
    return f"{counted(len(checks), 'check')}, {counted(len(differing), 'difference')}"


def _files(workshop: Workshop, receipt: Receipt, notify: Notify) -> tuple[str, ...]:
    """Hold every file that the plan touched against its content then."""
    found = []
    last = {
        change.path: (step, change)
        for step in receipt.plan.steps
        for change in step.changes
        if isinstance(change, FileChange | MoveChange | LinkChange)
    }
    for number, (path, (step, change)) in enumerate(last.items(), start=1):
        if workshop.files.state(change) is not State.AFTER:
            found.append(f"{path}: not as '{step.sentence}' left it")
        notify(StepDone(_STAGE, number, path))
    return tuple(found)
