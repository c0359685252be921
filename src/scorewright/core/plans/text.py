"""A plan for people: what it does, and how much of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from scorewright.core.counting import counted
from scorewright.core.plans.balance import Balance
from scorewright.core.plans.changes import (
    Change,
    FileChange,
    LinkChange,
    MoveChange,
    Row,
    RowChange,
    RowsChange,
)
from scorewright.core.plans.plan import Plan

__all__ = ["PlanText", "balance_table", "plan_text"]

_FATES = ("copied", "merged", "duplicate", "quarantined", "left")


@dataclass(frozen=True, slots=True)
class PlanText:
    """What is shown of a plan.

    Attributes:
        operations: Operation and how often it occurs, in the order of the plan.
        steps: One line per step, and below it its changes as ``before -> after``.
        balance: Lines of the balance that have anything to tell.
        bytes: Bytes to copy, bytes that become free.
    """

    operations: tuple[tuple[str, int], ...]
    steps: tuple[tuple[str, tuple[str, ...]], ...]
    balance: tuple[Balance, ...]
    bytes: tuple[int, int]


def plan_text(plan: Plan) -> PlanText:
    """Put a plan into words."""
    counts = Counter(step.operation for step in plan.steps)
    return PlanText(
        tuple(counts.items()),
        tuple((f"{s.subject}: {s.sentence}", tuple(map(_line, s.changes))) for s in plan.steps),
        tuple(line for line in plan.balance if line.found),
        (plan.copies, plan.frees),
    )


def balance_table(
    lines: Sequence[Balance],
) -> tuple[tuple[str, ...], tuple[tuple[str, ...], ...]]:
    """Return headings and rows of a balance; what is zero in every line has no column.

    Args:
        lines: Of `PlanText.balance`.
    """
    fates = [fate for fate in _FATES if any(getattr(line, fate) for line in lines)]
    missing = ["missing"] if any(line.difference for line in lines) else []
    rows = tuple(
        (
            line.what,
            f"{line.found:,}",
            *(f"{getattr(line, fate):,}" for fate in fates),
            *(f"{line.difference:,}" for _ in missing),
        )
        for line in lines
    )
    return ("of", "found", *fates, *missing), rows


def _line(change: Change) -> str:
    match change:
        case RowChange():
            where = ", ".join(f"{k} {v}" for k, v in change.key.items())
            return f"{change.table} ({where}): {_row(change.before)} -> {_row(change.after)}"
        case RowsChange():
            verb = "in" if change.is_there else "out"
            return f"{change.table}: {counted(change.rows, 'row')} {verb} ({change.unit})"
        case FileChange():
            return f"{change.path}: {_content(change.before)} -> {_content(change.after)}"
        case MoveChange():
            return f"{change.path} -> {change.target}"
        case LinkChange():
            verb = "shares its bytes with" if change.is_linked else "gets its own bytes again, of"
            return f"{change.path} {verb} {change.keeper}"
        case _:
            verb = "is made" if change.is_there else "goes"
            return f"store {change.location} {verb}"


def _row(row: Row | None) -> str:
    if row is None:
        return "nothing"
    return ", ".join(f"{key}={value!r}" for key, value in row.items())


def _content(sha256: str | None) -> str:
    return "nothing" if sha256 is None else sha256[:12]
