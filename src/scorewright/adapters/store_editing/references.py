"""Digests of stores as they are now: of every row, or of every file of a tree."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from sqlalchemy.engine import Connection

from scorewright.adapters.database_stores import opened
from scorewright.adapters.store_editing.database import Database
from scorewright.adapters.store_editing.refusals import masked
from scorewright.adapters.store_editing.shapes import plain, shapes_of
from scorewright.core.digests import canonical_json, sha256_hex
from scorewright.core.plans import RowsDigest, StoreRef, TableRef
from scorewright.flows.events import ignore

__all__ = ["STATE_FOLDER", "listing_digest", "reference_of", "walked"]

STATE_FOLDER: Final = ".scorewright"
_CHUNK: Final = 5000
_TABLES: Final = (
    "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite~_%' ESCAPE '~'"
)
_GENERATED: Final = (2, 3)
"""What ``table_xinfo`` says of generated columns."""


def reference_of(location: str) -> StoreRef:
    """Digest a store without changing it: all rows of a database, or all files of a tree.

    Args:
        location: As `OpenedStore.location` or a plan has it. A server that is no database
            cannot be digested: its digest is "".

    Raises:
        ScorewrightError: ``store-invalid``, ``store-locked``, ``store-unreachable``.
    """
    if location.startswith(("http://", "https://")):
        return StoreRef(masked(location), "")
    path = Path(location.removeprefix("file://"))
    if "://" not in location.removeprefix("file://") and path.is_dir():
        return StoreRef(str(path), listing_digest([path], is_timed=True))
    database = Database(location)
    if not database.is_there():
        return StoreRef(database.location, "")
    if database.file is not None:
        with opened(database.file, ignore) as connection:
            tables, schema = _of_sqlite(connection)
    else:
        with database.reading() as session:
            tables, schema = _of_server(session)
    rows = [(table.name, table.rows, table.digest) for table in tables]
    filled = tuple(table for table in tables if table.rows)
    return StoreRef(database.location, sha256_hex(canonical_json([schema, rows])), tables=filled)


def _of_sqlite(
    connection: sqlite3.Connection,
) -> tuple[list[TableRef], Mapping[str, Sequence[str]]]:
    connection.execute("BEGIN")
    names = sorted(name for (name,) in connection.execute(_TABLES).fetchall())
    schema = {name: _stored(connection, name) for name in names}
    connection.text_factory = bytes  # nothing has to be UTF-8, and it is faster
    try:
        tables = []
        for name, columns in schema.items():
            selected = ", ".join(f'"{column}"' for column in columns)
            # Names come from the schema.
            cursor = connection.execute(f'SELECT {selected} FROM "{name}"')  # noqa: S608
            tables.append(_digested(name, columns, _parts(cursor)))
    finally:
        connection.text_factory = str
        connection.execute("ROLLBACK")
    return tables, schema


def _parts(cursor: sqlite3.Cursor) -> Iterator[list[tuple[Any, ...]]]:
    while part := cursor.fetchmany(_CHUNK):
        yield part


def _stored(connection: sqlite3.Connection, table: str) -> tuple[str, ...]:
    found = connection.execute(f'PRAGMA table_xinfo("{table}")').fetchall()
    return tuple(row[1] for row in found if row[6] not in _GENERATED)


def _of_server(connection: Connection) -> tuple[list[TableRef], Mapping[str, Sequence[str]]]:
    shapes = dict(sorted(shapes_of(connection).items()))
    tables = []
    for name, shape in shapes.items():
        with connection.execution_options(yield_per=_CHUNK).execute(
            shape.select(shape.columns)
        ) as result:
            parts = ([tuple(map(plain, row)) for row in part] for part in result.partitions())
            tables.append(_digested(name, shape.columns, parts))
    return tables, {name: shape.columns for name, shape in shapes.items()}


def _digested(
    name: str, columns: Sequence[str], parts: Iterable[Sequence[Sequence[Any]]]
) -> TableRef:
    digest = RowsDigest(columns)
    for part in parts:
        digest.add(part)
    return TableRef(name, digest.rows, digest.hexdigest())


def listing_digest(
    roots: Iterable[Path], *, without: Iterable[Path] = (), is_timed: bool = False
) -> str:
    """Digest paths and sizes of all files below folders.

    Args:
        roots: Absolute; one that is not there holds nothing.
        without: Files that are left out.
        is_timed: Take the times of the last change too, for trees whose text files are rows.
    """
    left = {str(path) for path in without}
    lines = sorted(
        [path, found.st_size, *([found.st_mtime_ns] if is_timed else [])]
        for root in sorted(set(map(str, roots)))
        for path, found in walked(root)
        if path not in left
    )
    # A file below two roots is one file.
    return sha256_hex(
        canonical_json([x for i, x in enumerate(lines) if not i or x != lines[i - 1]])
    )


def walked(root: str) -> Iterator[tuple[str, os.stat_result]]:
    """Give the files below a folder; links are not followed, our own state is left out."""
    try:
        entries = list(os.scandir(root))
    except FileNotFoundError:
        return
    for entry in entries:
        if entry.is_dir(follow_symlinks=False):
            if entry.name != STATE_FOLDER:
                yield from walked(entry.path)
        else:
            yield entry.path, entry.stat(follow_symlinks=False)
