"""What a feature reads, and which of those columns keep it from the model."""

from __future__ import annotations

from collections.abc import Iterator

from scorewright.core.contracts import ColumnType, Use
from scorewright.core.features.relations import Relations
from scorewright.core.features.tree import Aggregate, AggregateKind, Column, Expression, children

__all__ = ["Source", "columns_read", "dates_read", "strictest", "use_of", "walk"]

#: A column: (table, name).
Source = tuple[str, str]

_STRICTNESS = (Use.MODEL, Use.MONITORING, Use.PROHIBITED)
_DATED = (
    AggregateKind.LAST,
    AggregateKind.FIRST,
    AggregateKind.TREND,
    AggregateKind.TIME_SINCE,
)
_DATES = (ColumnType.DATE, ColumnType.DATETIME)


def walk(node: Expression) -> Iterator[Expression]:
    """Yield a node and everything below it."""
    yield node
    for child in children(node):
        yield from walk(child)


def columns_read(node: Expression, table: str) -> set[Source]:
    """Return the columns a node names, each with the table in whose rows it stands."""
    if isinstance(node, Column):
        return {(table, node.name)}
    below = node.table if isinstance(node, Aggregate) else table
    return {found for child in children(node) for found in columns_read(child, below)}


def dates_read(node: Expression, relations: Relations) -> set[Source]:
    """Return the as-of columns that an expression goes by without naming them.

    Those are the dates of ``last``, ``first``, ``trend``, ``time_since`` and of every window.
    """
    found = set()
    for part in walk(node):
        if isinstance(part, Aggregate) and (part.window is not None or part.kind in _DATED):
            as_of = relations.history(part.table).as_of
            if as_of is not None:
                found.add((part.table, as_of.columns[0]))
    return found


def use_of(source: Source, relations: Relations, *, is_named: bool) -> Use:
    """Return the use that a feature inherits from a column.

    Links and the decision date of the applications say nothing of the applicant: they count as
    usable. So does the date of a history that is only gone by and is monitored: no date is an
    input itself, so that is what every contract says of it. One that is prohibited counts.

    Args:
        source: The column.
        relations: All tables.
        is_named: Whether the expression names it, and does not only go by it.
    """
    entity = relations.entity
    roles = {(h.name, h.on) for h in relations.histories} | {(entity.table, entity.as_of)}
    column = relations.contract(source[0]).column(source[1])
    if column is None or source in roles:
        return Use.MODEL
    is_plain_date = column.type in _DATES and column.use is Use.MONITORING
    return Use.MODEL if is_plain_date and not is_named else column.use


def strictest(uses: Iterator[Use]) -> Use:
    """Return the strictest use; of none, ``model``."""
    return max(uses, key=_STRICTNESS.index, default=Use.MODEL)
