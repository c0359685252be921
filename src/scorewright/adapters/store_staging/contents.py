"""What a copy, the target or the payload holds of one run, model or trace."""

# ruff: noqa: S608 - names of tables and columns are those of our own list

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from scorewright.adapters.store_staging.session import (
    Session,
    expression,
    is_place,
    quoted,
    without_places,
    written,
)
from scorewright.core.consolidation import Carried, Content

__all__ = ["content_of", "key_of", "part_rows", "values_of"]

_LAST = "latest_metrics"


def _selected(one: Carried, place: str) -> str:
    columns = [
        (f"{expression(one, c)} AS {quoted(c)}" if place == "src" else f"s.{quoted(c)}")
        for c in one.columns
    ]
    return ", ".join(columns)


def part_rows(session: Session, part: Carried, thing: str, place: str) -> list[dict[str, Any]]:
    """Read the rows of a part, without addresses.

    Args:
        session: With the source attached.
        part: Of a run, a model or a trace.
        thing: Id of its owner.
        place: ``src`` (with its new values), ``target`` or ``main``.
    """
    where = f" AND {written('s')}" if place == "main" else ""
    return list(
        session.rows(
            f"SELECT {_selected(part, place)} FROM {place}.{quoted(part.name)} s "
            f"WHERE s.{quoted(part.owner)} = ?{where} AND {without_places(part, 's')}",
            thing,
        )
    )


def _added_rows(session: Session, part: Carried, thing: str) -> Iterator[dict[str, Any]]:
    """Give what earlier sources add; by rowid, for the payload has no index of owners here."""
    for first, last in session.added.get((part.name, thing), ()):
        yield from session.rows(
            f"SELECT {_selected(part, 'main')} FROM main.{quoted(part.name)} s "
            f"WHERE s.rowid BETWEEN ? AND ? AND {without_places(part, 's')}",
            first,
            last,
        )


def content_of(
    session: Session, table: Carried, parts: Sequence[Carried], thing: str, place: str
) -> Content:
    """Read all there is of a run, a model or a trace; of the target, as earlier sources leave it.

    Args:
        session: With the source attached.
        table: ``runs``, ``logged_models`` or ``trace_info``.
        parts: Its parts.
        thing: Its id.
        place: ``src``, ``target`` or ``main``.
    """
    where = f" AND {written('s')}" if place == "main" else ""
    row = next(
        session.rows(
            f"SELECT {_selected(table, place)} FROM {place}.{quoted(table.name)} s "
            f"WHERE s.{quoted(table.key[0])} = ?{where}",
            thing,
        )
    )
    read = {
        part.name: {
            key_of(part, one): tuple(one[c] for c in values_of(part))
            for one in part_rows(session, part, thing, place)
        }
        for part in parts
    }
    if place == "target" and thing in session.grown:
        _grow(session, (table, parts), thing, row, read)
    return Content(
        {name: value for name, value in row.items() if not is_place(table, name)},
        {name: rows for name, rows in read.items() if name != _LAST},
        {name: rows for name, rows in read.items() if name == _LAST},
    )


def _grow(
    session: Session,
    tables: tuple[Carried, Sequence[Carried]],
    thing: str,
    row: dict[str, Any],
    read: dict[str, dict[tuple[Any, ...], tuple[Any, ...]]],
) -> None:
    """Add what an earlier source of the same plan adds and changes."""
    table, parts = tables
    for part in parts:
        for one in _added_rows(session, part, thing):
            read[part.name][key_of(part, one)] = tuple(one[c] for c in values_of(part))
    for change in session.changes.of_owner(table.name, thing):
        row.update(change.after or {})
    for part in parts:
        for change in session.changes.of_owner(part.name, thing):
            key = tuple(value for name, value in change.key.items() if name != part.owner)
            values = dict(zip(values_of(part), read[part.name][key], strict=True))
            read[part.name][key] = tuple({**values, **(change.after or {})}.values())


def key_of(part: Carried, row: dict[str, Any]) -> tuple[Any, ...]:
    """Return what tells a row from the others of its owner."""
    return tuple(row[column] for column in part.key if column != part.owner)


def values_of(part: Carried) -> list[str]:
    """Return the columns that are no key and are compared."""
    known = {*part.key, part.owner, *part.ignored}
    return [column for column in part.columns if column not in known]
