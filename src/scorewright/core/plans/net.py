"""What several changes of one row come to, and what of a store changed between two looks."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import replace

from scorewright.core.plans.changes import Change, Row, RowChange, RowsChange, StoreChange
from scorewright.core.plans.plan import StoreRef, TableRef

__all__ = ["differences", "net_changes", "unexplained"]


def net_changes(changes: Iterable[RowChange]) -> tuple[RowChange, ...]:
    """Put the changes of each row together: before the first, after the last.

    A row that comes and goes again is left out.

    Args:
        changes: In the order they are carried out.
    """
    found: dict[tuple[str, tuple[tuple[str, object], ...]], RowChange] = {}
    for change in changes:
        key = (change.table, tuple(sorted(change.key.items())))
        found[key] = _joined(found[key], change) if key in found else change
    return tuple(net for net in found.values() if net.before is not None or net.after is not None)


def _joined(first: RowChange, second: RowChange) -> RowChange:
    """Join two changes of one row; a column only the second knows was as it says before."""
    before = None if first.before is None else {**_other(second.before), **first.before}
    after = None if second.after is None else {**_other(first.after), **second.after}
    return replace(first, before=before, after=after)


def _other(row: Row | None) -> Row:
    return row or {}


def differences(before: StoreRef, after: StoreRef) -> tuple[str, ...]:
    """Say what differs between two looks at a store, one line per table.

    Args:
        before: As it was.
        after: As it is.
    """
    if not before.rows or not after.rows:
        there = "was" if before.rows else "is now"
        return () if before.rows == after.rows else (f"there {there} a store",)
    old = {table.name: table for table in before.tables}
    new = {table.name: table for table in after.tables}
    lines = [
        _difference(name, old.get(name), new.get(name))
        for name in sorted(old.keys() | new.keys())
        if old.get(name) != new.get(name)
    ]
    if before.rows != after.rows and not lines:
        lines.append("rows")
    if before.files and after.files and before.files != after.files:
        lines.append("files")
    return tuple(lines)


def _difference(name: str, was: TableRef | None, now: TableRef | None) -> str:
    rows_was, rows_now = (0 if side is None else side.rows for side in (was, now))
    text = f"{rows_was:,} -> {rows_now:,} rows" if rows_was != rows_now else "other values"
    return f"{name}: {text}"


def unexplained(
    before: StoreRef, now: StoreRef, done: Iterable[Change], begun: Iterable[Change] = ()
) -> tuple[str, ...]:
    """Say what of a store changed that a plan which stopped midway did not change.

    Tables it has not touched have to be as they were; of the others the rows are counted. Values
    in them are compared row by row elsewhere, with the plan's backup.

    Args:
        before: As the plan found it.
        now: As it is.
        done: Changes that are carried out.
        begun: Those of one transaction that is committed, or is not.

    Returns:
        One line per table; none where a store was made, for there is nothing to compare.
    """
    done, begun = tuple(done), tuple(begun)
    if any(isinstance(change, StoreChange) for change in (*done, *begun)):
        return ()
    certain, possible = _more(done), _more(begun)
    old = {table.name: table for table in before.tables}
    new = {table.name: table for table in now.tables}
    lines = []
    for name in sorted(old.keys() | new.keys()):
        was, found = old.get(name), new.get(name)
        if name not in certain and name not in possible:
            lines += [_difference(name, was, found)] if was != found else []
            continue
        expected = (was.rows if was else 0) + certain[name]
        rows = found.rows if found else 0
        if rows not in (expected, expected + possible[name]):
            lines.append(f"{name}: {rows:,} rows, not {expected:,}")
    return tuple(lines)


def _more(changes: Iterable[Change]) -> Counter[str]:
    """Count the rows that come, by table; those that go count below zero."""
    found: Counter[str] = Counter()
    for change in changes:
        if isinstance(change, RowChange):
            found[change.table] += (change.after is not None) - (change.before is not None)
        elif isinstance(change, RowsChange):
            found[change.table] += change.rows if change.is_there else -change.rows
    return found
