"""A plan that stands still for a while: how the store was left, and what changed meanwhile."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace

from scorewright.core.errors import ScorewrightError
from scorewright.core.plans import (
    Change,
    Plan,
    RowChange,
    RowsChange,
    StoreChange,
    StoreRef,
    differences,
    unexplained,
)
from scorewright.flows.events import Note, Notify
from scorewright.flows.store.editing import Workshop
from scorewright.flows.store.progress import Progress
from scorewright.flows.store.steps import groups_of

__all__ = ["leave_in_order", "look_around", "store_now"]


def store_now(plan: Plan, workshop: Workshop) -> StoreRef:
    """Return the digests of a plan's target and its files as they are now."""
    return replace(
        workshop.store.reference(),
        location=plan.target.location,
        files=workshop.files.listing(),
    )


def leave_in_order(plan: Plan, workshop: Workshop, progress: Progress, notify: Notify) -> None:
    """Journal how the store is when a plan stops; another interruption leaves that out.

    Args:
        plan: That stops.
        workshop: Of the plan.
        progress: Of the plan.
        notify: Told that it takes a moment.
    """
    with suppress(ScorewrightError, OSError, KeyboardInterrupt):
        notify(Note("Looking at the store once more, so that changes from here on are noticed."))
        progress.leave(store_now(plan, workshop))


def look_around(
    plan: Plan, workshop: Workshop, progress: Progress, notify: Notify, *, is_counted: bool
) -> None:
    """Notice what somebody else changed while a plan stood still: it is said and journaled.

    It is no reason to stop: each change of the plan is compared on its own before it is made.

    Args:
        plan: That goes on.
        workshop: Of the plan.
        progress: Of the plan.
        notify: Told what changed.
        is_counted: Every change that is done was needed; not so when a plan that was killed is
            taken back.
    """
    now = store_now(plan, workshop)
    if progress.seen is not None:
        changed = differences(progress.seen, now)
    else:
        done, begun = _done(plan, progress)
        changed = _since_kill(workshop, progress, now, done, begun) if is_counted else ()
    fresh = [line for line in changed if line not in progress.meanwhile]
    if fresh:
        progress.find_changed(fresh)
        notify(Note(f"Somebody changed the store while the plan stood still: {'; '.join(fresh)}."))


def _since_kill(
    workshop: Workshop,
    progress: Progress,
    now: StoreRef,
    done: Sequence[Change],
    begun: Sequence[Change],
) -> tuple[str, ...]:
    """Compare tables as a whole, then row by row those that the plan has changed."""
    if any(isinstance(change, StoreChange) for change in (*done, *begun)):
        return ()
    backup = "" if progress.backup is None else progress.backup.path
    rows, open_rows = ([c for c in some if isinstance(c, RowChange | RowsChange)]
                       for some in (done, begun))  # fmt: skip
    altered = workshop.store.altered(backup, rows, open_rows) if rows or open_rows else ()
    return (*unexplained(progress.before, now, done, begun), *altered)


def _done(plan: Plan, progress: Progress) -> tuple[list[Change], tuple[Change, ...]]:
    """Return the changes that are done, and those of the group that may be."""
    done = [change for step in plan.steps[: progress.done] for change in step.changes]
    if not progress.has_begun or progress.done == len(plan.steps):
        return done, ()
    groups = groups_of(plan.steps[progress.done].changes)
    done += [change for group in groups[: progress.groups] for change in group]
    is_open = progress.groups < len(groups) and not progress.is_refused
    return done, groups[progress.groups] if is_open else ()
