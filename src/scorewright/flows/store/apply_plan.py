"""Carry out a plan: locked, backed up, journaled, proved; and going on where it stopped."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, replace
from datetime import datetime
from typing import Any

from scorewright.core.digests import short
from scorewright.core.errors import IntegrityError, ScorewrightError, UsageError
from scorewright.core.plans import (
    FileChange,
    LinkChange,
    MoveChange,
    Plan,
    Receipt,
    StoreRef,
    differences,
    read_receipt,
    unbalanced,
)
from scorewright.flows.events import Note, Notify, StageDone, StageStarted
from scorewright.flows.store.editing import State, Workshop
from scorewright.flows.store.progress import Progress
from scorewright.flows.store.resuming import leave_in_order, look_around, store_now
from scorewright.flows.store.steps import carry_out_steps

__all__ = ["Clock", "apply_plan"]

_AS_BEFORE = (
    "every row and every file is as it was before (files of the plan by content, others by path "
    "and size)"
)

_OF_FILES = (FileChange, MoveChange, LinkChange)

#: Gives the time, aware, UTC.
Clock = Callable[[], datetime]


def apply_plan(
    plan: Plan, workshop: Workshop, clock: Clock, notify: Notify, holder: str
) -> Receipt:
    """Carry out a plan, or what is left of it after a crash; a finished one changes nothing.

    Its receipt is given again as long as the store has the rows that it says.

    Args:
        plan: Its target is changed, its sources are only looked at.
        workshop: Of this plan.
        clock: Gives the time.
        notify: Told of the progress.
        holder: Who holds the lock.

    Raises:
        UsageError: ``plan-unbalanced``, ``plan-stale``, ``plan-invalid``, ``plan-outside``,
            ``plan-undoing``.
        ScorewrightError: ``store-busy``, ``apply-conflict``, ``store-locked``,
            ``store-write-failed``; the same call goes on where it stopped.
        IntegrityError: ``payload-changed``, ``copy-differs``, ``store-broken``,
            ``journal-invalid``; ``undo-differs`` where a plan that takes another back did not
            lead to the state before.
    """
    return carry_out(plan, workshop, clock, notify, holder)


def carry_out(  # noqa: PLR0913 - what `apply_plan` takes, and where undoing has to lead
    plan: Plan,
    workshop: Workshop,
    clock: Clock,
    notify: Notify,
    holder: str,
    undone: Receipt | None = None,
    *,
    is_partial: bool = False,
) -> Receipt:
    """Carry out a plan as `apply_plan` does.

    Args:
        plan: The plan.
        workshop: Of this plan.
        clock: Gives the time.
        notify: Told of the progress.
        holder: Who holds the lock.
        undone: The receipt that is taken back: the store has to be as it was before that.
        is_partial: It takes back a plan that stopped midway: nobody knows how the store is now.
    """
    if lines := unbalanced(plan.balance):
        first = lines[0]
        raise UsageError(
            f"The plan does not account for {first.difference:,} of {first.found:,} {first.what}.",
            remedy="Make the plan again; if it is the same, report it: no plan should be so.",
            code="plan-unbalanced",
            details={"balance": [asdict(line) for line in lines]},
        )
    with workshop.lock.held(holder, clock()):
        progress = Progress(workshop.journal)
        finished = _finished(plan, workshop, progress)
        if finished is not None:
            notify(Note(f"The plan {short(plan.id)} was carried out before: nothing is changed."))
            return _held_against(undone, finished)
        _check_inputs(plan, workshop)
        is_resumed = progress.has_started
        if undone is not None and not is_partial and not is_resumed:
            _require_untouched(plan, workshop)
        _begin(plan, workshop, clock, holder, progress, is_partial=is_partial)
        if is_resumed:
            look_around(plan, workshop, progress, notify, is_counted=not is_partial)
        try:
            carry_out_steps(plan, workshop, progress, notify)
            receipt = _end(plan, workshop, progress, clock, notify, undone)
        except (ScorewrightError, KeyboardInterrupt, SystemExit) as error:
            leave_in_order(plan, workshop, progress, notify)
            error.add_note(
                f"{progress.done} of {len(plan.steps)} steps of the plan {short(plan.id)} are "
                "done. The same command goes on from there; 'scorewright store undo' takes back "
                "what is done."
            )
            raise
        return _held_against(undone, receipt)


def _finished(plan: Plan, workshop: Workshop, progress: Progress) -> Receipt | None:
    if progress.undone_by:
        raise UsageError(
            f"What is done of the plan {short(plan.id)} is being taken back.",
            remedy="Finish that first: scorewright store undo",
            code="plan-undoing",
        )
    document = workshop.papers.receipt() if progress.is_ended else None
    if document is None:
        return None
    receipt = read_receipt(document, "receipt")
    _refuse_changed(receipt, workshop)
    return receipt


def _refuse_changed(receipt: Receipt, workshop: Workshop) -> None:
    """Refuse to say that a plan is done where the store is not as it left it.

    A journal knows nothing of what came later: of a copy that took the store's place, say. Rows
    alone are compared, all of them, as taking the plan back does.
    """
    now = workshop.store.reference()
    if now.rows == receipt.after.rows:
        return
    changed = differences(replace(receipt.after, files=""), now)
    listed = "; ".join(changed[:5]) or "rows"
    raise UsageError(
        f"The plan {short(receipt.plan.id)} was carried out, and the store "
        f"{receipt.plan.target.location} was changed since: {listed}.",
        remedy="Nothing is done. Make the plan again: it has what is still to be done.",
        code="plan-stale",
        details={"changed": list(changed)},
    )


def _check_inputs(plan: Plan, workshop: Workshop) -> None:
    """Hold the payload and the sources against what the plan was made of."""
    if plan.payload and workshop.papers.payload() != plan.payload:
        raise IntegrityError(
            "The rows of the plan are not those it was made with.",
            remedy="Put the file that was made with the plan back beside it, or make the plan "
            "again.",
            code="payload-changed",
        )
    for source in plan.sources:
        if source.rows:
            now = workshop.look(source.location)
            _refuse_stale(replace(source, files=""), now, "source")


def _begin(
    plan: Plan,
    workshop: Workshop,
    clock: Clock,
    holder: str,
    progress: Progress,
    *,
    is_partial: bool,
) -> None:
    """Journal how the store is, and make its backup, both once."""
    if not progress.has_started:
        _require_own(plan, workshop)
        before = store_now(plan, workshop)
        if not is_partial:
            _refuse_stale(plan.target, before, "store")
        progress.start(holder, clock().isoformat(timespec="microseconds"), before)
    if progress.backup is None:
        progress.keep_backup(workshop.store.backup(workshop.folder))


def _require_untouched(plan: Plan, workshop: Workshop) -> None:
    """Refuse to take back what got another content since, before anything is begun.

    A listing knows sizes alone. What a folder that moves holds is compared when it is its turn.
    """
    changes = [c for s in plan.steps for c in s.changes if isinstance(c, _OF_FILES)]
    moves = [c for c in changes if isinstance(c, MoveChange)]
    seen = {place for move in moves for place in (move.path, move.target)}
    tops = tuple(f"{place}/" for place in seen)
    for change in changes:
        places = {change.path, change.keeper} if isinstance(change, LinkChange) else {change.path}
        is_first = not places & seen and not any(place.startswith(tops) for place in places)
        seen |= places
        if is_first and workshop.files.state(change) is State.NEITHER:
            raise UsageError(
                f"The file {change.path} was changed after the plan was carried out.",
                remedy="Put what it was back in its place, or keep the store as it is: what was "
                "changed later is not thrown away.",
                code="plan-stale",
                details={"changed": [change.path]},
            )


def _require_own(plan: Plan, workshop: Workshop) -> None:
    """Refuse files of others before anything is begun: one of each folder is looked at."""
    folders: dict[str, FileChange] = {}
    for step in plan.steps:
        for change in step.changes:
            if isinstance(change, FileChange):
                folders.setdefault(change.path.rpartition("/")[0], change)
            elif isinstance(change, MoveChange | LinkChange):
                workshop.files.require(change)
    for change in folders.values():
        workshop.files.require(change)


def _refuse_stale(planned: StoreRef, now: StoreRef, what: str) -> None:
    if planned.rows == now.rows and planned.files in ("", now.files):
        return
    changed = differences(planned, now)
    listed = "; ".join(changed[:5]) or "rows"
    raise UsageError(
        f"The {what} {planned.location} was changed after the plan was made: {listed}.",
        remedy="Make the plan again and look at what differs.",
        code="plan-stale",
        details={"changed": list(changed)},
    )


def _end(
    plan: Plan,
    workshop: Workshop,
    progress: Progress,
    clock: Clock,
    notify: Notify,
    undone: Receipt | None,
) -> Receipt:
    notify(StageStarted("prove"))
    backup = progress.backup
    backups = ["" if backup is None else backup.path, "" if undone is None else undone.backup]
    # What led nowhere before may do so again once that is taken back.
    checks = workshop.store.check(*(path for path in backups if path), is_fresh=True)
    after = store_now(plan, workshop)
    if undone is not None:
        lines = [f"not as it was before: {line}" for line in _differing(undone.before, after)]
        checks = (*checks, *(lines or [_AS_BEFORE]))
    receipt = Receipt(
        plan=plan,
        payload=workshop.papers.keep_payload() if plan.payload else "",
        holder=progress.holder,
        began=progress.began,
        ended=clock().isoformat(timespec="microseconds"),
        before=progress.before,
        after=after,
        backup="" if backup is None else backup.path,
        bin=str(workshop.bin),
        checks=(*_of_backup(progress), *_of_others(progress), *checks),
    )
    document: dict[str, Any] = receipt.to_json()
    place = workshop.papers.save_receipt(document)
    progress.end(place)
    notify(StageDone("prove", "; ".join(checks)))
    return receipt


def _of_backup(progress: Progress) -> tuple[str, ...]:
    backup = progress.backup
    if backup is None or not backup.path:
        return ()
    return (f"backup of {backup.rows:,} rows: {backup.path}, SHA-256 {short(backup.sha256)}",)


def _of_others(progress: Progress) -> tuple[str, ...]:
    return tuple(f"changed by somebody else meanwhile: {line}" for line in progress.meanwhile)


def _differing(wished: StoreRef, after: StoreRef) -> tuple[str, ...]:
    if wished.rows == after.rows and wished.files in ("", after.files):
        return ()
    return differences(wished, after) or ("rows",)


def _held_against(undone: Receipt | None, receipt: Receipt) -> Receipt:
    """Return a receipt whose store is as it should be; else all is done that could be."""
    changed = () if undone is None else _differing(undone.before, receipt.after)
    if not changed:
        return receipt
    raise IntegrityError(
        f"The store is not as it was before the plan: {'; '.join(changed[:5])}.",
        remedy="All changes of the plan are taken back; somebody else made those named above. The "
        "backup of the plan has the state before.",
        code="undo-differs",
        details={"changed": list(changed)},
    )
