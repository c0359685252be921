"""The tables of a database as reflection finds them: columns, keys, and what is special."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from scorewright.core.errors import UsageError
from scorewright.core.plans import Row

__all__ = ["Shape", "Shapes", "key_of", "plain", "shape_of", "shapes_of"]

#: A text, a number or a truth value, perhaps in brackets, perhaps with PostgreSQL's cast.
_CONSTANT = re.compile(
    r"\(*(?:'((?:[^']|'')*)'|(-?\d+(?:\.\d+)?|true|false))\)*(?:::[a-z ]+(?:\([\d, ]+\))?)?\)*",
    re.IGNORECASE,
)
_TRUTH = {"true": "1", "false": "0"}


@dataclass(frozen=True, slots=True, eq=False)
class Shape:
    """A table.

    Attributes:
        table: For statements; its columns have no types: values go to the driver as they are.
        columns: Stored ones in the order of the schema; generated ones are left out.
        key: The primary key; all columns where there is none.
        switches: Columns of truth values, for databases that tell these from numbers.
        documents: Columns of JSON, which are read and compared as text.
        serials: Columns that a sequence fills.
        defaults: What fills columns that a new row does not name, as text; constants only.
    """

    table: sa.TableClause
    columns: tuple[str, ...]
    key: tuple[str, ...]
    switches: frozenset[str]
    documents: frozenset[str]
    serials: tuple[str, ...]
    defaults: Mapping[str, str]

    @property
    def name(self) -> str:
        """As the schema calls it."""
        return self.table.name

    def select(self, columns: Sequence[str]) -> sa.Select[Any]:
        """Select columns, JSON as text."""
        return sa.select(*(self._read(column) for column in columns)).select_from(self.table)

    def where(self, key: Iterable[str], prefix: str = "k_") -> sa.ColumnElement[bool]:
        """Compare columns with the parameters ``prefix + column``."""
        return sa.and_(*(self.table.c[name] == sa.bindparam(f"{prefix}{name}") for name in key))

    def bound(self, row: Mapping[str, Any]) -> dict[str, Any]:
        """Turn values into what the driver expects."""
        return {
            name: bool(value) if name in self.switches and value is not None else value
            for name, value in row.items()
        }

    def rows(self, columns: Sequence[str], rows: list[tuple[Any, ...]]) -> list[tuple[Any, ...]]:
        """Turn rows into what the driver expects."""
        places = [place for place, name in enumerate(columns) if name in self.switches]
        if not places:
            return rows
        return [
            tuple(
                bool(value) if place in places and value is not None else value
                for place, value in enumerate(row)
            )
            for row in rows
        ]

    def _read(self, column: str) -> sa.ColumnElement[Any]:
        found: sa.ColumnElement[Any] = self.table.c[column]
        return sa.cast(found, sa.Text).label(column) if column in self.documents else found


def plain(value: Any) -> Any:  # noqa: ANN401 - whatever a driver gives
    """Turn a value into the form that is compared: truth values are numbers, bytes are bytes."""
    if isinstance(value, bool):
        return int(value)
    return bytes(value) if isinstance(value, memoryview | bytearray) else value


def shapes_of(connection: Connection) -> dict[str, Shape]:
    """Reflect every table of the default schema."""
    inspector = sa.inspect(connection)
    is_typed = connection.dialect.name != "sqlite"
    columns = inspector.get_multi_columns()
    keys = inspector.get_multi_pk_constraint()
    return {
        place[1]: _shape(place[1], columns[place], keys[place]["constrained_columns"], is_typed)
        for place in columns
    }


class Shapes:
    """Reflects the tables of a file once per schema: asking SQLite for all takes a while."""

    def __init__(self) -> None:
        self._schema: tuple[Any, ...] = ()
        self._found: dict[str, Shape] = {}

    def of(self, connection: Connection) -> dict[str, Shape]:
        """Return `shapes_of`, found earlier where every definition is the same to the letter."""
        if connection.dialect.name != "sqlite":
            return shapes_of(connection)
        statement = "SELECT type, name, sql FROM sqlite_master ORDER BY type, name"
        schema = tuple(map(tuple, connection.exec_driver_sql(statement)))
        if schema != self._schema or not self._found:
            self._found = shapes_of(connection)
            self._schema = schema
        return self._found


def shape_of(shapes: Mapping[str, Shape], table: str, columns: Iterable[str] = ()) -> Shape:
    """Return a table that a plan names.

    Raises:
        UsageError: ``plan-invalid``: the store has no such table or column.
    """
    shape = shapes.get(table)
    unknown = [name for name in columns if shape is not None and name not in shape.columns]
    if shape is None or unknown:
        what = f"column '{unknown[0]}' of table '{table}'" if unknown else f"table '{table}'"
        raise UsageError(
            f"The plan names the {what}, which the store does not have.",
            remedy="Make the plan again with 'scorewright store plan'.",
            code="plan-invalid",
        )
    return shape


def _shape(name: str, found: Sequence[Any], key: Sequence[str], is_typed: bool) -> Shape:
    stored = [column for column in found if not column.get("computed")]
    names = tuple(column["name"] for column in stored)

    def of(kind: type[sa.types.TypeEngine[Any]]) -> frozenset[str]:
        return frozenset(c["name"] for c in stored if is_typed and isinstance(c["type"], kind))

    serials = tuple(c["name"] for c in stored if is_typed and _is_serial(c))
    return Shape(
        table=sa.table(name, *(sa.column(column) for column in names)),
        columns=names,
        key=tuple(key) or names,
        switches=of(sa.Boolean),
        documents=of(sa.JSON),
        serials=serials,
        defaults={c["name"]: text for c in stored if (text := _constant(c)) is not None},
    )


def _constant(column: Mapping[str, Any]) -> str | None:
    """Return a default that is a constant; of others, such as expressions, nothing is known."""
    found = _CONSTANT.fullmatch(str(column.get("default") or ""))
    if found is None:
        return None
    text, word = found.groups()
    return text.replace("''", "'") if word is None else _TRUTH.get(word.lower(), word)


def _is_serial(column: Mapping[str, Any]) -> bool:
    return "nextval(" in str(column.get("default") or "") or bool(column.get("identity"))


def key_of(row: Row) -> str:
    """Put a key into words."""
    return ", ".join(f"{name} {value}" for name, value in row.items())
