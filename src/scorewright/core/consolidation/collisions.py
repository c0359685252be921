"""One id in two stores: is it the same thing, an earlier and a later state of it, or a conflict?"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Final

from scorewright.core.plans import Scalar

__all__ = ["POLICIES", "Content", "Difference", "Judgement", "Policy", "Verdict", "judge"]

Key = tuple[Scalar, ...]
Values = tuple[Scalar, ...]


class Verdict(Enum):
    """How what comes in stands to what is there."""

    IDENTICAL = "identical"
    CONTINUES = "continues"
    BEHIND = "behind"
    CONFLICT = "conflict"


@dataclass(frozen=True, slots=True)
class Policy:
    """What may differ between an earlier and a later state.

    Attributes:
        open: Columns that a later state may change.
        ended: Column with the time of the last change; "" where there is none.
        status: Column with the state; "" where there is none.
        unfinished: States that come before all others.
        grows: Whether anything may be added at all.
    """

    open: frozenset[str]
    ended: str = ""
    status: str = ""
    unfinished: frozenset[Scalar] = frozenset()
    grows: bool = True


#: Table -> its policy.
POLICIES: Final = {
    "runs": Policy(
        frozenset({"status", "end_time"}),
        ended="end_time",
        status="status",
        unfinished=frozenset({"RUNNING", "SCHEDULED"}),
    ),
    "logged_models": Policy(
        frozenset({"status", "status_message", "last_updated_timestamp_ms"}),
        ended="last_updated_timestamp_ms",
        status="status",
        unfinished=frozenset({0, 1}),
    ),
    "trace_info": Policy(frozenset(), grows=False),
}


@dataclass(frozen=True, slots=True)
class Content:
    """Everything of one run, logged model or trace.

    Attributes:
        row: Columns that are compared; addresses, which are always rewritten, are not among them.
        parts: Table -> key -> values. A point of a metric is all key.
        last: Table -> key -> values that follow from the parts: the last point of each metric.
    """

    row: Mapping[str, Scalar]
    parts: Mapping[str, Mapping[Key, Values]] = field(default_factory=dict)
    last: Mapping[str, Mapping[Key, Values]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Difference:
    """One field that stands in the way.

    Attributes:
        field: Column, or table and key.
        here: In the target.
        there: In the source.
    """

    field: str
    here: Scalar
    there: Scalar


@dataclass(frozen=True, slots=True)
class Judgement:
    """What becomes of what comes in.

    Attributes:
        verdict: Only ``CONTINUES`` changes anything.
        differences: Fields of a conflict.
        row: Columns that get the value of the source.
        added: Table -> keys that are new.
        changed: Table -> keys of `Content.last` that get other values.
    """

    verdict: Verdict
    differences: tuple[Difference, ...] = ()
    row: Mapping[str, Scalar] = field(default_factory=dict)
    added: Mapping[str, frozenset[Key]] = field(default_factory=dict)
    changed: Mapping[str, frozenset[Key]] = field(default_factory=dict)


def judge(here: Content, there: Content, policy: Policy) -> Judgement:
    """Compare what is in the target with what comes in under the same id.

    A continuation has everything the other has, with equal values, and more: further points of a
    metric, parameters or tags; or it has ended where the other still runs. Whatever else differs is
    a conflict, and so is a pair in which each has what the other lacks.

    Args:
        here: In the target, with ids of the target.
        there: From the source, with ids of the target.
        policy: What a later state may change.
    """
    votes, conflicts = _parts(here, there)
    row_votes, row_conflicts = _rows(here, there, policy)
    conflicts += row_conflicts
    direction = _direction(votes)
    later = _later(here, there, policy)
    if direction is None or (row_direction := _direction(row_votes)) is None:
        return Judgement(Verdict.CONFLICT, (*conflicts, *_extra(here, there)))
    if row_direction and direction and row_direction != direction:
        return Judgement(Verdict.CONFLICT, (*conflicts, *_extra(here, there)))
    direction = direction or row_direction
    if later is None or (
        direction and later and later != direction and not _resumed(here, there, policy, direction)
    ):
        conflicts += _open_differences(here, there, policy)
    if conflicts:
        return Judgement(Verdict.CONFLICT, tuple(conflicts))
    return _judged(here, there, policy, direction or later or 0)


def _judged(here: Content, there: Content, policy: Policy, direction: int) -> Judgement:
    if direction == 0:
        return Judgement(Verdict.IDENTICAL)
    if not policy.grows:
        found = (*_open_differences(here, there, policy), *_extra(here, there))
        return Judgement(Verdict.CONFLICT, found)
    if direction < 0:
        return Judgement(Verdict.BEHIND)
    return Judgement(
        Verdict.CONTINUES,
        row={name: value for name, value in there.row.items() if here.row[name] != value},
        added={
            table: frozenset(rows.keys() - _side(side, table).keys())
            for side, tables in ((here.parts, there.parts), (here.last, there.last))
            for table, rows in tables.items()
        },
        changed={
            table: frozenset(
                key
                for key, values in rows.items()
                if key in _side(here.last, table) and here.last[table][key] != values
            )
            for table, rows in there.last.items()
        },
    )


def _side(tables: Mapping[str, Mapping[Key, Values]], table: str) -> Mapping[Key, Values]:
    return tables.get(table, {})


def _parts(here: Content, there: Content) -> tuple[set[int], list[Difference]]:
    votes: set[int] = set()
    conflicts = []
    for table in sorted(here.parts.keys() | there.parts.keys()):
        mine, theirs = _side(here.parts, table), _side(there.parts, table)
        if theirs.keys() - mine.keys():
            votes.add(1)
        if mine.keys() - theirs.keys():
            votes.add(-1)
        conflicts += [
            Difference(_named(table, key), _one(mine[key]), _one(theirs[key]))
            for key in mine.keys() & theirs.keys()
            if mine[key] != theirs[key]
        ]
    return votes, sorted(conflicts, key=lambda found: found.field)


def _rows(here: Content, there: Content, policy: Policy) -> tuple[set[int], list[Difference]]:
    """Compare fixed columns: an empty one may be filled, another value is a conflict."""
    votes: set[int] = set()
    conflicts = []
    for name, mine in here.row.items():
        theirs = there.row[name]
        if mine == theirs or name in policy.open or (not mine and not theirs):
            continue
        if mine in (None, ""):
            votes.add(1)
        elif theirs in (None, ""):
            votes.add(-1)
        else:
            conflicts.append(Difference(name, mine, theirs))
    return votes, conflicts


def _direction(votes: set[int]) -> int | None:
    """Return who is further: 1 the source, -1 the target, 0 neither, None both."""
    return None if len(votes) > 1 else sum(votes)


def _later(here: Content, there: Content, policy: Policy) -> int | None:
    """Tell by state and time who is later; None where that cannot be told."""
    if all(here.row[name] == there.row[name] for name in policy.open):
        return 0
    runs_here = here.row[policy.status] in policy.unfinished
    runs_there = there.row[policy.status] in policy.unfinished
    if runs_here != runs_there:
        return 1 if runs_here else -1
    ended = [side.row[policy.ended] for side in (here, there)]
    times = [float(time) if isinstance(time, int | float) else float("-inf") for time in ended]
    if times[0] == times[1]:
        return None
    return 1 if times[0] < times[1] else -1


def _resumed(here: Content, there: Content, policy: Policy, direction: int) -> bool:
    """Tell whether the longer one still runs: it was taken up again after it had ended."""
    longer = there if direction > 0 else here
    return bool(policy.status) and longer.row[policy.status] in policy.unfinished


def _open_differences(here: Content, there: Content, policy: Policy) -> list[Difference]:
    return [
        Difference(name, here.row[name], there.row[name])
        for name in sorted(policy.open)
        if here.row[name] != there.row[name]
    ]


def _extra(here: Content, there: Content) -> list[Difference]:
    """List what only one of the two has."""
    found = []
    for table in sorted(here.parts.keys() | there.parts.keys()):
        mine, theirs = _side(here.parts, table), _side(there.parts, table)
        found += [
            Difference(_named(table, key), _one(mine[key]), None) for key in mine.keys() - theirs
        ]
        found += [
            Difference(_named(table, key), None, _one(theirs[key])) for key in theirs.keys() - mine
        ]
    return sorted(found, key=lambda one: one.field)


def _named(table: str, key: Key) -> str:
    return f"{table}.{'/'.join(map(str, key))}"


def _one(values: Values) -> Scalar:
    return values[0] if len(values) == 1 else " ".join(map(str, values)) or "there"
