"""The steps of a plan, one group of changes after the other."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from itertools import groupby
from typing import cast

from scorewright.core.counting import counted
from scorewright.core.errors import ScorewrightError
from scorewright.core.plans import (
    Change,
    FileChange,
    LinkChange,
    MoveChange,
    Plan,
    RowChange,
    RowsChange,
    StoreChange,
)
from scorewright.flows.events import Notify, StageDone, StageStarted, StepDone
from scorewright.flows.store.editing import FileChanges, RowChanges, Workshop
from scorewright.flows.store.progress import Progress

__all__ = ["carry_out_steps", "groups_of"]

_STAGE = "apply"
_AT_ONCE = 256
"""File changes of a group: so much is gone over again after a crash."""


def carry_out_steps(plan: Plan, workshop: Workshop, progress: Progress, notify: Notify) -> None:
    """Carry out the steps that are not done, journaling each before and after.

    Changes keep their order. Neighbours of one kind are a group: rows are committed together,
    contents of files are copied at the same time.

    Args:
        plan: The plan.
        workshop: Of the plan.
        progress: How far it has come.
        notify: Told of each step.
    """
    notify(StageStarted(_STAGE, len(plan.steps)))
    for number in range(progress.done, len(plan.steps)):
        step = plan.steps[number]
        # What was begun before and not refused may be done: only the store knows.
        is_open = progress.has_begun and not progress.is_refused
        if not progress.has_begun:
            progress.begin_step(number)
        elif progress.is_refused:
            progress.try_again(number)
        groups = groups_of(step.changes)
        for place in range(progress.groups, len(groups)):
            with _refusal_noted(progress, number, groups[place], is_open=is_open):
                _carry_out(groups[place], workshop, notify)
            is_open = False
            if place + 1 < len(groups):
                progress.finish_group(number)
        progress.finish_step(number)
        notify(StepDone(_STAGE, number + 1, f"{step.subject}: {step.sentence}"))
    notify(StageDone(_STAGE, counted(len(plan.steps), "step")))


@contextmanager
def _refusal_noted(
    progress: Progress, step: int, group: tuple[Change, ...], *, is_open: bool
) -> Iterator[None]:
    """Journal that rows were refused: they are committed together, so none of them is there.

    Args:
        progress: Of the plan.
        step: Number of the step.
        group: That is carried out.
        is_open: It may have been committed before; then a refusal says nothing about it.
    """
    try:
        yield
    except ScorewrightError as error:
        is_compared = error.code == "apply-conflict" and not is_open
        if is_compared and isinstance(group[0], RowChange | RowsChange):
            progress.refuse_group(step)
        raise


def groups_of(changes: Sequence[Change]) -> tuple[tuple[Change, ...], ...]:
    """Put neighbours together that are carried out together.

    Args:
        changes: Of a step, in order.
    """
    return tuple(part for _, group in groupby(changes, _kind) for part in _cut(tuple(group)))


def _kind(change: Change) -> str:
    match change:
        case RowChange():
            return "row"
        case RowsChange():
            return f"rows {change.unit}"
        case StoreChange():
            return "store"
        case FileChange():
            return "file"
        case MoveChange() | LinkChange():
            return "place"


def _cut(group: tuple[Change, ...]) -> Iterator[tuple[Change, ...]]:
    """Cut a group: a store or the move of a file comes alone, files come in moderate numbers."""
    match group[0]:
        case RowChange() | RowsChange():
            yield group
        case StoreChange() | MoveChange() | LinkChange():
            yield from ((change,) for change in group)
        case FileChange():
            yield from (group[i : i + _AT_ONCE] for i in range(0, len(group), _AT_ONCE))


def _carry_out(group: tuple[Change, ...], workshop: Workshop, notify: Notify) -> None:
    match group[0]:
        case RowChange() | RowsChange() | StoreChange():
            workshop.store.commit(cast("tuple[RowChanges, ...]", group), notify)
        case FileChange():
            _change_files(cast("tuple[FileChange, ...]", group), workshop)
        case MoveChange() | LinkChange():
            for change in cast("tuple[FileChanges, ...]", group):
                workshop.files.perform(change)


def _change_files(group: tuple[FileChange, ...], workshop: Workshop) -> None:
    """Change files at the same time, unless one of them changes twice."""
    paths = {change.path for change in group}
    is_independent = len(paths) == len(group) and not paths & {change.origin for change in group}
    if not is_independent:
        for change in group:
            workshop.files.perform(change)
        return
    share = -(-len(group) // workshop.threads)
    shares = [group[first : first + share] for first in range(0, len(group), share)]
    with ThreadPoolExecutor(workshop.threads) as pool:
        futures = [pool.submit(workshop.files.perform_together, changes) for changes in shares]
        try:
            for future in futures:
                future.result()
        finally:
            pool.shutdown(cancel_futures=True)
