"""Rows of a source, and what stands for them in the target, in the payload and above them."""

# ruff: noqa: S608 - names of tables and columns are those of our own list

from __future__ import annotations

from typing import Final

from scorewright.adapters.store_staging.session import quoted, written
from scorewright.core.consolidation import Carried, Parent

__all__ = [
    "LOOSE",
    "compared",
    "distinct",
    "equal",
    "exists",
    "fates_of",
    "of_parent",
    "same",
    "when_of",
]

#: A data set of the same name and digest is the same data, whatever else was written about it.
LOOSE: Final = "datasets"


def fates_of(table: str) -> str:
    """Return the table of what was decided about the rows of a table."""
    return f"temp.{quoted('fate_' + table)}"


def distinct(table: Carried) -> tuple[str, ...]:
    """Return the columns that tell the rows of a table apart, whatever their ids are."""
    return table.unique[0] if table.unique else table.key


def same(columns: tuple[str, ...]) -> str:
    """Return the condition that a row ``m`` has the values of the new row ``n``."""
    return " AND ".join(f"m.{quoted(column)} = n.{quoted(column)}" for column in columns)


def equal(table: Carried) -> str:
    """Return the condition that ``m`` is ``n``, but for what is never compared."""
    by = distinct(table) if table.loose else table.key
    return " AND ".join([same(by), *(f"m.{quoted(c)} IS n.{quoted(c)}" for c in compared(table))])


def compared(table: Carried) -> list[str]:
    """Return the columns that two rows must share to be one."""
    apart = {*table.key, *table.ignored, *table.loose}
    return [column for column in table.columns if column not in apart]


def exists(table: Carried, condition: str) -> str:
    """Return the condition that such a row is in the target, or on its way there."""
    name = quoted(table.name)
    return (
        f"(EXISTS (SELECT 1 FROM target.{name} m WHERE {condition}) OR "
        f"EXISTS (SELECT 1 FROM main.{name} m WHERE {condition} AND {written()}))"
    )


def when_of(parent: Parent) -> str:
    """Return under which further condition a row ``s`` of the source has a parent."""
    return "" if parent.when is None else f" AND s.{quoted(parent.when[0])} = '{parent.when[1]}'"


def of_parent(table: Carried, parent: Parent, column: str) -> str:
    """Return the SQL of what was decided about the parent of ``n``."""
    return (
        f"SELECT f.{column} FROM src.{quoted(table.name)} s JOIN src.{quoted(parent.table)} o "
        f"ON o.{quoted(parent.key)} = s.{quoted(parent.column)} "
        f"JOIN {fates_of(parent.table)} f ON f.r = o.rowid "
        f"WHERE s.rowid = n.r{when_of(parent)} LIMIT 1"
    )
