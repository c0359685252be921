"""Rows as the database has them, for the making of plans."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Final

from scorewright.adapters.store_editing.database import Database
from scorewright.adapters.store_editing.shapes import plain, shape_of, shapes_of
from scorewright.core.plans import Row, Scalar

if TYPE_CHECKING:
    from scorewright.core.rationalise import TableShape

__all__ = ["DatabaseRows"]

_AT_ONCE: Final = 500
"""Values of one question; SQLite allows 999 in its older releases."""


class DatabaseRows:
    """Reads rows of a SQLite file or a PostgreSQL database.

    Args:
        location: ``sqlite:///x.db``, a path, or ``postgresql://...``.

    Raises:
        UsageError: ``store-uri``.
    """

    def __init__(self, location: str) -> None:
        self._database = Database(location)

    def shapes(self) -> Mapping[str, TableShape]:
        """Return every table, without generated columns."""
        # Carrying a plan out comes here seldom, and does without SciPy.
        from scorewright.core.rationalise import TableShape  # noqa: PLC0415 - heavy

        with self._database.reading() as connection:
            found = shapes_of(connection)
        return {name: TableShape(shape.columns, shape.key) for name, shape in found.items()}

    def rows(self, table: str, column: str, values: Sequence[Scalar]) -> Iterable[Row]:
        """Return the rows that have one of the values in a column.

        Raises:
            UsageError: ``plan-invalid``: no such table or column.
        """
        found: list[Row] = []
        with self._database.reading() as connection:
            shape = shape_of(shapes_of(connection), table, (column,))
            place = shape.table.c[column]
            for start in range(0, len(values), _AT_ONCE):
                some = list(values[start : start + _AT_ONCE])
                statement = shape.select(shape.columns).where(place.in_(some))
                result = connection.execute(statement).mappings()
                found += [{name: plain(value) for name, value in row.items()} for row in result]
        return found
