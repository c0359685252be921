"""Rows of the target that change, found again by unit, by row and by owner."""

from __future__ import annotations

from collections.abc import Iterable

from scorewright.core.plans import Row, RowChange, Scalar, net_changes

__all__ = ["Changes"]

#: Table, and the columns of its key with their values.
_Row = tuple[str, tuple[tuple[str, Scalar], ...]]


class Changes:
    """Changes of a merge; each row has one, however many sources change it.

    Every look is a look into a dictionary: a target may have earlier states of very many runs.
    """

    def __init__(self) -> None:
        self._units: dict[str, dict[_Row, RowChange]] = {}
        self._owned: dict[tuple[str, str], dict[tuple[str, _Row], RowChange]] = {}

    def units(self) -> set[str]:
        """Return the names of units that change rows."""
        return set(self._units)

    def of_unit(self, unit: str) -> tuple[RowChange, ...]:
        """Return the changes of a unit; what was changed again stands where it was last."""
        return tuple(self._units.get(unit, {}).values())

    def of_owner(self, table: str, owner: str) -> Iterable[RowChange]:
        """Return the changes of a run's, a model's or a trace's rows.

        Args:
            table: Its own or that of a part.
            owner: Its id.
        """
        return self._owned.get((table, owner), {}).values()

    def earlier(self, unit: str, table: str, key: Row) -> RowChange | None:
        """Return how a row is changed already; None where it is not."""
        return self._units.get(unit, {}).get(_row(table, key))

    def add(self, unit: str, change: RowChange, owner: str) -> None:
        """Add a change of a run, a model or a trace; it is joined with an earlier one of its row.

        Args:
            unit: Whose transaction makes it.
            change: Of one row.
            owner: Id of the run, the model or the trace.
        """
        row = _row(change.table, change.key)
        changes = self._units.setdefault(unit, {})
        owned = self._owned.setdefault((change.table, owner), {})
        earlier = changes.pop(row, None)
        owned.pop((unit, row), None)
        for net in net_changes([change] if earlier is None else [earlier, change]):
            changes[row] = owned[unit, row] = net

    def put(self, unit: str, change: RowChange) -> None:
        """Add a change in the place of an earlier one of its row.

        Args:
            unit: Whose transaction makes it.
            change: Of one row, with the values of the target before it.
        """
        row = _row(change.table, change.key)
        changes = self._units.setdefault(unit, {})
        changes.pop(row, None)
        changes[row] = change


def _row(table: str, key: Row) -> _Row:
    return table, tuple(sorted(key.items()))
