"""Many rows at once: those of a plan's payload, put in or taken out."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from scorewright.adapters.store_editing.payload import Payload
from scorewright.adapters.store_editing.refusals import conflict, invalid
from scorewright.adapters.store_editing.shapes import Shape, plain, shape_of
from scorewright.adapters.store_editing.written_rows import write_rows
from scorewright.core.errors import ScorewrightError
from scorewright.core.plans import RowsChange
from scorewright.flows.store.editing import State

__all__ = ["move_rows", "rows_state"]

_LOOKED_UP: Final = 500
"""Keys that are looked up in one statement."""


def rows_state(
    connection: Connection, shapes: Mapping[str, Shape], payload: Payload, change: RowsChange
) -> State:
    """Compare all rows of a change with the store.

    Raises:
        UsageError: ``plan-invalid``.
        IntegrityError: ``payload-changed``.
    """
    there = 0
    for rows, found in _compared(connection, shapes, payload, change):
        equal = sum(key in found and found[key] == row for key, row in rows)
        if equal != len(found):
            return State.NEITHER
        there += equal
    if there not in (0, change.rows):
        return State.NEITHER
    is_there = bool(there) or not change.rows
    return State.AFTER if is_there is change.is_there else State.BEFORE


def move_rows(
    connection: Connection, shapes: Mapping[str, Shape], payload: Payload, change: RowsChange
) -> None:
    """Insert the rows of a change, or delete them where each is as the payload says.

    Raises:
        ScorewrightError: ``apply-conflict``, ``store-invalid``.
        UsageError: ``plan-invalid``.
        IntegrityError: ``payload-changed``.
    """
    shape, columns = _shape(shapes, payload, change)
    is_new = change.is_there and not _first_is_there(connection, shape, payload, change)
    if is_new and change.rows and connection.dialect.name == "sqlite":
        _write(connection, shapes, payload, change)
        return
    payload.prove(change)
    state = State.BEFORE if is_new else rows_state(connection, shapes, payload, change)
    if state is State.AFTER or not change.rows:
        return
    if state is State.NEITHER:
        raise _differs(change)
    if change.is_there:
        _insert(connection, shape, payload, change, columns)
    else:
        _delete(connection, shape, payload, change)


def _shape(
    shapes: Mapping[str, Shape], payload: Payload, change: RowsChange
) -> tuple[Shape, tuple[str, ...]]:
    columns = payload.columns(change.table)
    shape = shape_of(shapes, change.table, columns)
    return shape_of(shapes, change.table, shape.key), columns


def _write(
    connection: Connection, shapes: Mapping[str, Shape], payload: Payload, change: RowsChange
) -> None:
    """Write and read back; the digest of the change proves both at once, else each is proved."""
    shape, columns = _shape(shapes, payload, change)
    try:
        is_proved = write_rows(connection, shape, payload, change, columns)
    except sqlite3.IntegrityError as error:
        payload.prove(change)
        raise _differs(change, str(error).strip().partition("\n")[0]) from error
    if is_proved:
        return
    payload.prove(change)
    if rows_state(connection, shapes, payload, change) is not State.AFTER:
        raise _differs(change, "what was written is not what is read back")


def _insert(
    connection: Connection,
    shape: Shape,
    payload: Payload,
    change: RowsChange,
    columns: tuple[str, ...],
) -> None:
    names = ", ".join(_quoted(connection, name) for name in columns)
    marks = ", ".join([_mark(connection)] * len(columns))
    # Names come from the schema. What is written is given back: looking it up takes far longer.
    sql = (
        f"INSERT INTO {_quoted(connection, shape.name)} ({names}) VALUES ({marks}) "  # noqa: S608
        f"RETURNING {_read(connection, shape, columns)}"
    )
    try:
        for rows in payload.chunks(change.table, change.unit, columns):
            if _each(connection, sql, shape.rows(columns, rows)) != rows:
                raise _differs(change, "what was written is not what is read back")
    except sa.exc.IntegrityError as error:
        raise _differs(change, str(error.orig).strip().partition("\n")[0]) from error


def _read(connection: Connection, shape: Shape, columns: Sequence[str]) -> str:
    """Return the SQL of columns; JSON as text."""
    names = [(column in shape.documents, _quoted(connection, column)) for column in columns]
    return ", ".join(f"CAST({name} AS TEXT)" if is_json else name for is_json, name in names)


def _each(
    connection: Connection, sql: str, rows: Sequence[tuple[Any, ...]]
) -> list[tuple[Any, ...] | None]:
    """Run a statement on a server once per row; return the row that each gives, or None.

    The driver is asked directly: it sends many statements at once.

    Raises:
        sqlalchemy.exc.DBAPIError: As SQLAlchemy raises it.
        ScorewrightError: ``store-invalid``: the encoding of the database lacks a letter.
    """
    vendor = connection.dialect.loaded_dbapi.Error
    there: list[tuple[Any, ...] | None] = []
    with closing(connection.connection.cursor()) as opened:
        cursor: Any = opened  # ``returning`` and several results are psycopg's
        try:
            cursor.executemany(sql, rows, returning=True)
            there.append(cursor.fetchone())
            while cursor.nextset():
                there.append(cursor.fetchone())
        except vendor as error:
            raise sa.exc.DBAPIError.instance(
                sql, None, error, vendor, hide_parameters=True, dialect=connection.dialect
            ) from error
        except UnicodeEncodeError as error:
            raise _unwritable(connection, error) from error
    return there


def _unwritable(connection: Connection, error: UnicodeEncodeError) -> ScorewrightError:
    letter = ascii(error.object[error.start])
    what = f"it keeps texts in {error.encoding}, which has no {letter}: it needs the encoding UTF8"
    return invalid(what, connection.engine.url.render_as_string(hide_password=True))


def _delete(connection: Connection, shape: Shape, payload: Payload, change: RowsChange) -> None:
    # Names come from the schema.
    sql = f"DELETE FROM {_quoted(connection, shape.name)} WHERE {_named(connection, shape)}"  # noqa: S608
    gone = 0
    for rows in payload.chunks(change.table, change.unit, shape.key):
        gone += connection.exec_driver_sql(sql, shape.rows(shape.key, rows)).rowcount
    if gone != change.rows:
        raise _differs(change, f"{gone:,} of {change.rows:,} rows could be taken out")


def _first_is_there(
    connection: Connection, shape: Shape, payload: Payload, change: RowsChange
) -> bool:
    """Look for one row: a unit is in the store whole or not at all."""
    for rows in payload.chunks(change.table, change.unit, shape.key):
        return bool(_found(connection, shape, shape.key, rows[:1]))
    return False


def _compared(
    connection: Connection, shapes: Mapping[str, Shape], payload: Payload, change: RowsChange
) -> Iterator[tuple[list[tuple[tuple[Any, ...], tuple[Any, ...]]], dict[Any, Any]]]:
    """Give (key, row) of the payload and the rows that the store has under these keys."""
    shape, columns = _shape(shapes, payload, change)
    size = len(shape.key)
    for rows in payload.chunks(change.table, change.unit, (*shape.key, *columns)):
        for start in range(0, len(rows), _LOOKED_UP):
            part = [(row[:size], row[size:]) for row in rows[start : start + _LOOKED_UP]]
            yield part, _found(connection, shape, columns, [key for key, _ in part])


def _found(
    connection: Connection, shape: Shape, columns: Sequence[str], keys: Sequence[tuple[Any, ...]]
) -> dict[tuple[Any, ...], tuple[Any, ...]]:
    size = len(shape.key)
    rows: Iterable[tuple[Any, ...]]
    if connection.dialect.name == "sqlite":  # gives plain values, and none of another kind
        rows = map(tuple, _joined(connection, shape, (*shape.key, *columns), keys))
    else:
        # One by one in the index: of a new table PostgreSQL has no statistics, and would scan it.
        sql = (
            f"SELECT {_read(connection, shape, (*shape.key, *columns))} "  # noqa: S608 - as above
            f"FROM {_quoted(connection, shape.name)} WHERE {_named(connection, shape)}"
        )
        answers = _each(connection, sql, shape.rows(shape.key, list(keys)))
        rows = (tuple(map(plain, row)) for row in answers if row is not None)
    return {row[:size]: row[size:] for row in rows}


def _differs(change: RowsChange, why: str = "") -> ScorewrightError:
    verb = "put in" if change.is_there else "taken out"
    said = why or "some are there and some are not, or are not as the plan says"
    return conflict(f"{change.table} ({change.unit}): rows to be {verb}: {said}.")


def _joined(
    connection: Connection, shape: Shape, columns: Sequence[str], keys: Sequence[tuple[Any, ...]]
) -> sa.CursorResult[Any]:
    """Look keys up one by one in the index: SQLite scans the table for tuples in a list."""
    selected = ", ".join(f"t.{_quoted(connection, name)}" for name in columns)
    given = ", ".join(f"k{place}" for place in range(len(shape.key)))
    matched = " AND ".join(
        f"t.{_quoted(connection, name)} = k{place}" for place, name in enumerate(shape.key)
    )
    marks = ", ".join([f"({', '.join('?' * len(shape.key))})"] * len(keys))
    # Names come from the schema; CROSS JOIN fixes the order of the two.
    sql = (
        f"WITH w({given}) AS (VALUES {marks}) SELECT {selected} FROM w "  # noqa: S608
        f"CROSS JOIN {_quoted(connection, shape.name)} AS t ON {matched}"
    )
    return connection.exec_driver_sql(sql, tuple(value for key in keys for value in key))


def _named(connection: Connection, shape: Shape) -> str:
    """Return the condition that finds one row by its key."""
    return " AND ".join(f"{_quoted(connection, n)} = {_mark(connection)}" for n in shape.key)


def _quoted(connection: Connection, name: str) -> str:
    quoted: str = connection.dialect.identifier_preparer.quote(name)
    return quoted


def _mark(connection: Connection) -> str:
    return "?" if connection.dialect.paramstyle == "qmark" else "%s"
