"""Rows as the database has them, of those tables and keys that a plan needs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from scorewright.core.plans import Row, RowChange, Scalar

__all__ = ["Need", "RawRows", "TableShape"]

Values = tuple[Scalar, ...]


@dataclass(frozen=True, slots=True)
class TableShape:
    """A table of a store's own schema.

    Attributes:
        columns: Stored ones, generated ones left out.
        key: Of the primary key.
    """

    columns: tuple[str, ...]
    key: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Need:
    """Rows that have to be read: those with one value in one column."""

    table: str
    column: str
    value: Scalar


class RawRows:
    """A working copy: what earlier steps of a plan changed is seen by later ones.

    Args:
        shapes: Every table of the store.
        rows: Those that were read; rows of other tables and keys count as absent.
    """

    def __init__(self, shapes: Mapping[str, TableShape], rows: Mapping[str, Iterable[Row]]) -> None:
        self.shapes = shapes
        self._rows: dict[str, dict[Values, Row]] = {}
        self._indexes: dict[tuple[str, tuple[str, ...]], dict[Values, list[Values]]] = {}
        for table, found in rows.items():
            key = shapes[table].key
            self._rows[table] = {_values(row, key): dict(row) for row in found}

    def find(self, table: str, key: Row) -> list[Row]:
        """Return the rows with these values, in the order of their keys; copies.

        Args:
            table: Of the schema.
            key: Column -> value; any columns.
        """
        columns = tuple(sorted(key))
        index = self._indexes.get((table, columns))
        if index is None:
            index = {}
            for place, row in self._rows.get(table, {}).items():
                index.setdefault(_values(row, columns), []).append(place)
            self._indexes[table, columns] = index
        places = index.get(_values(key, columns), [])
        rows = self._rows.get(table, {})
        return [dict(rows[place]) for place in sorted(places, key=repr)]

    def key_of(self, table: str, row: Row) -> Row:
        """Return the primary key of a row."""
        return {name: row[name] for name in self.shapes[table].key if name in row}

    def put(self, change: RowChange) -> None:
        """Carry a change out in the working copy."""
        rows = self._rows.setdefault(change.table, {})
        place = _values(change.key, self.shapes[change.table].key)
        old = rows.get(place)
        new = None if change.after is None else {**(old or {}), **change.key, **change.after}
        self._move(change.table, place, old, new)

    def _move(self, table: str, place: Values, old: Row | None, new: Row | None) -> None:
        for (name, columns), index in self._indexes.items():
            if name != table:
                continue
            if old is not None:
                index[_values(old, columns)].remove(place)
            if new is not None:
                index.setdefault(_values(new, columns), []).append(place)
        if new is None:
            self._rows[table].pop(place, None)
        else:
            self._rows[table][place] = new


def _values(row: Row, columns: Sequence[str]) -> Values:
    return tuple(row.get(name) for name in columns)
