"""Take a plan back: the whole of it by its receipt, or what is done of it by its journal."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace

from scorewright.core.digests import short
from scorewright.core.errors import IntegrityError, UsageError
from scorewright.core.plans import Plan, Receipt, Step, inverse_plan
from scorewright.flows.events import Notify
from scorewright.flows.store.apply_plan import Clock, carry_out
from scorewright.flows.store.editing import Journal, Workshop
from scorewright.flows.store.progress import Progress
from scorewright.flows.store.steps import groups_of

__all__ = ["plan_back", "undo_receipt", "undo_unfinished"]

#: Makes the workshop of a plan for the same store.
Open = Callable[[Plan], Workshop]


def undo_receipt(
    receipt: Receipt, opens: Open, clock: Clock, notify: Notify, holder: str
) -> Receipt:
    """Take back what a receipt says was done; the store is afterwards as it was before.

    It is a plan too: it can be resumed with the same call, and taken back.

    Args:
        receipt: Of a plan, or of an earlier undoing.
        opens: Makes the workshop of the plan that takes it back.
        clock: Gives the time.
        notify: Told of the progress.
        holder: Who holds the lock.

    Raises:
        UsageError: ``plan-stale``: the store was changed since; names what changed.
            ``plan-purged``: what was kept for it is deleted.
        IntegrityError: ``undo-differs``: rows or files are not as before.
        ScorewrightError: As `apply_plan`.
    """
    done = opens(receipt.plan)
    if done.papers.is_purged(receipt.began):
        raise UsageError(
            f"The plan {short(receipt.plan.id)} cannot be taken back: the files and rows that were "
            "kept for it have been deleted.",
            remedy="Make a plan that does the opposite, as far as the store itself still knows it.",
            code="plan-purged",
        )
    plan = plan_back(receipt)
    is_latest = Progress(done.journal).began == receipt.began
    with _archived(done.journal if is_latest else None):  # the plan may be carried out again
        return carry_out(plan, opens(plan), clock, notify, holder, receipt)


@contextmanager
def _archived(journal: Journal | None) -> Iterator[None]:
    """Put a journal aside when its plan is taken back, exactly or as far as others let it."""
    try:
        yield
    except IntegrityError as error:
        if error.code == "undo-differs" and journal is not None:
            journal.archive()
        raise
    if journal is not None:
        journal.archive()


def plan_back(receipt: Receipt) -> Plan:
    """Return the plan that takes a receipt back; the same one for the same receipt."""
    return inverse_plan(receipt, receipt.ended, receipt.holder)


def undo_unfinished(plan: Plan, opens: Open, clock: Clock, notify: Notify, holder: str) -> Receipt:
    """Take back what is done of a plan that stopped midway.

    Args:
        plan: That stopped.
        opens: Makes the workshop of a plan.
        clock: Gives the time.
        notify: Told of the progress.
        holder: Who holds the lock.

    Raises:
        UsageError: ``plan-not-begun``: nothing of it was done, or all of it.
        IntegrityError: ``undo-differs``.
        ScorewrightError: As `apply_plan`; ``store-busy`` while it is carried out.
    """
    stopped = opens(plan)
    # Whoever carries it out at this moment writes to the same journal.
    with stopped.lock.held(holder, clock()):
        back, done = _turned_back(plan, stopped)
    with _archived(stopped.journal):
        return carry_out(back, opens(back), clock, notify, holder, done, is_partial=True)


def _turned_back(plan: Plan, stopped: Workshop) -> tuple[Plan, Receipt]:
    """Say in the journal that a plan is taken back; return the plan for that, and what is done."""
    progress = Progress(stopped.journal)
    if not progress.has_started or progress.is_ended:
        what = "is finished" if progress.is_ended else "was not begun"
        raise UsageError(
            f"The plan {short(plan.id)} {what}: there is nothing to take back midway.",
            remedy="A finished plan is taken back by its receipt: scorewright store undo RECEIPT",
            code="plan-not-begun",
        )
    begun = replace(plan, steps=_begun(plan, progress))
    done = Receipt(
        plan=begun,
        payload="",
        holder=progress.holder,
        began=progress.began,
        ended=progress.began,
        before=progress.before,
        after=replace(progress.before, rows="", files="", tables=()),
        backup="" if progress.backup is None else progress.backup.path,
        bin=str(stopped.bin),
    )
    back = replace(plan_back(done), inverse_of=plan.id)
    if not progress.undone_by:
        progress.turn_back(back.id)
    return back, done


def _begun(plan: Plan, progress: Progress) -> tuple[Step, ...]:
    """Return the steps that are done, and of the next one the changes that may be."""
    steps = plan.steps[: progress.done]
    if not progress.has_begun:
        return steps
    step = plan.steps[progress.done]
    groups = groups_of(step.changes)[: progress.groups + (not progress.is_refused)]
    if not groups:
        return steps
    return (*steps, replace(step, changes=tuple(change for group in groups for change in group)))
