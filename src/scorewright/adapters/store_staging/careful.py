"""Rows from files that nobody checked: what a database does not take is counted, never dropped."""

# ruff: noqa: S608 - names of tables and columns are those of our own list

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from typing import Any, Final

from scorewright.core.consolidation import KEYS
from scorewright.core.counting import counted

__all__ = ["REFUSED", "Refused", "savepoint", "write_rows"]

#: What SQLite and its driver raise for a value that they do not take. A full disk is none of them.
REFUSED: Final = (
    sqlite3.IntegrityError,
    sqlite3.ProgrammingError,
    sqlite3.InterfaceError,
    sqlite3.DataError,
    OverflowError,
    UnicodeEncodeError,
)
_CHUNK: Final = 5000
_SHOWN: Final = 8
_TAKEN: Final = "an earlier row has the key"


@dataclass(frozen=True, slots=True)
class Refused:
    """Rows that were not written: how many, and what a reader should know."""

    rows: int
    notes: tuple[str, ...]


@contextmanager
def savepoint(connection: sqlite3.Connection) -> Iterator[None]:
    """Write everything that is written within, or nothing of it.

    Args:
        connection: If no transaction is open, one is begun; it stays open.
    """
    if not connection.in_transaction:
        connection.execute("BEGIN")
    connection.execute("SAVEPOINT careful")
    try:
        yield
    except BaseException:  # an interrupt, too
        # A full disk has ended the transaction.
        if connection.in_transaction:
            connection.execute("ROLLBACK TO careful")
            connection.execute("RELEASE careful")
        raise
    connection.execute("RELEASE careful")


def write_rows(
    connection: sqlite3.Connection,
    table: str,
    columns: Sequence[str],
    rows: Iterable[Sequence[Any]],
) -> Refused:
    """Write rows; of several with one key the first, for a tree may say a thing twice.

    Args:
        connection: Where to.
        table: Of it.
        columns: Of the table.
        rows: In the order of the columns.

    Returns:
        Those whose key is taken, and those that break another rule of the schema.
    """
    names, marks = ", ".join(columns), ", ".join("?" * len(columns))
    # Rules other than those of keys still raise.
    sql = f"INSERT INTO {table} ({names}) VALUES ({marks}) ON CONFLICT DO NOTHING"
    places = [columns.index(name) for name in KEYS[table] if name in columns]
    found = iter(rows)
    refused: dict[str, list[str]] = {}
    while chunk := list(islice(found, _CHUNK)):
        if _are_written(connection, sql, chunk):
            continue
        for row in chunk:
            if reason := _reason(connection, sql, row):
                shown = "/".join(str(row[place]) for place in places)
                refused.setdefault(reason, []).append(shown)
    return Refused(
        sum(map(len, refused.values())),
        tuple(_note(table, reason, keys) for reason, keys in sorted(refused.items())),
    )


def _are_written(connection: sqlite3.Connection, sql: str, chunk: list[Sequence[Any]]) -> bool:
    """Write all of some rows or, where one of them is refused, none."""
    before = connection.total_changes
    try:
        with savepoint(connection):
            connection.executemany(sql, chunk)
            if connection.total_changes - before < len(chunk):
                raise sqlite3.IntegrityError(_TAKEN)
    except REFUSED:
        return False
    return True


def _reason(connection: sqlite3.Connection, sql: str, row: Sequence[Any]) -> str:
    """Write a row, or return why it is refused."""
    try:
        with savepoint(connection):
            done = connection.execute(sql, row)
    except REFUSED as error:
        return f"the schema of MLflow does not allow it ({error})"
    return "" if done.rowcount else _TAKEN


def _note(table: str, reason: str, keys: Sequence[str]) -> str:
    more = len(keys) - _SHOWN
    ending = f" and {more:,} more" if more > 0 else ""
    shown = ", ".join(keys[:_SHOWN])
    return f"{counted(len(keys), 'row')} of '{table}' left, {reason}: {shown}{ending}."
