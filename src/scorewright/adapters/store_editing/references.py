"""Digests of stores as they are now: of every row, or of every file of a tree."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import polars as pl
from sqlalchemy.engine import Connection

from scorewright.adapters.database_stores import ServerStore, decoded, opened
from scorewright.adapters.store_editing.contents import sha256_of
from scorewright.adapters.store_editing.database import Database
from scorewright.adapters.store_editing.places import utf8
from scorewright.adapters.store_editing.quoting import quoted
from scorewright.adapters.store_editing.refusals import masked
from scorewright.adapters.store_editing.shapes import plain, shapes_of
from scorewright.core.digests import canonical_json, sha256_hex
from scorewright.core.plans import RowsDigest, StoreRef, TableRef
from scorewright.flows.events import ignore

__all__ = [
    "STATE_FOLDER",
    "encoding_of",
    "listing_digest",
    "reference_of",
    "seen_again",
    "source_reference_of",
    "walked",
]

STATE_FOLDER: Final = ".scorewright"
_CHUNK: Final = 5000
_READ_ONLY: Final = ("mysql", "mariadb")
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
    if location.partition("://")[0].partition("+")[0] in _READ_ONLY:
        return StoreRef(masked(location), _of_snapshot(location))
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
            tables, schema = _of_server(session, database.location)
    rows = [(table.name, table.rows, table.digest) for table in tables]
    filled = tuple(table for table in tables if table.rows)
    return StoreRef(database.location, sha256_hex(canonical_json([schema, rows])), tables=filled)


def encoding_of(location: str) -> str:
    """Return the encoding of a PostgreSQL database, such as "UTF8"; "" for every other store.

    Raises:
        ScorewrightError: ``store-unreachable``.
    """
    if location.partition("://")[0].partition("+")[0] not in ("postgresql", "postgres"):
        return ""
    with Database(location).reading() as connection:
        return str(connection.exec_driver_sql("SHOW server_encoding").scalar())


def source_reference_of(location: str) -> StoreRef:
    """Digest a store as `reference_of` does; with the SHA-256 of a SQLite file, to know it again.

    Raises:
        ScorewrightError: As `reference_of`.
    """
    whole = _whole_file(location)  # before the rows: what changes meanwhile only costs time
    return replace(reference_of(location), files=whole)


def seen_again(planned: StoreRef, location: str) -> StoreRef:
    """Digest a source once more; a file that is the same to the byte has the same rows.

    Args:
        planned: By `source_reference_of`.
        location: Of the same store, with its password.

    Raises:
        ScorewrightError: As `reference_of`.
    """
    if planned.files and planned.files == _whole_file(location):
        return planned
    return replace(reference_of(location), location=planned.location)


def _whole_file(location: str) -> str:
    """Return the SHA-256 of a SQLite file, "" for others and where SQLite keeps rows beside it."""
    file = Path(location.removeprefix("sqlite:///"))
    if any(os.path.lexists(f"{file}{ending}") for ending in ("-journal", "-wal")):
        return ""
    try:
        return sha256_of(file) or ""
    except OSError:
        return ""


def _of_snapshot(location: str) -> str:
    """Digest what a server holds of which plans only read: all that is read of it."""
    snapshot = ServerStore(location, "").read(ignore, history=True)
    frames = {**snapshot.tables(), "history": snapshot.history}
    return sha256_hex(
        canonical_json(
            [
                [name, sha256_hex(frame.sort(pl.all()).write_csv().encode())]
                for name, frame in sorted(frames.items())
                if frame is not None
            ]
        )
    )


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
            selected = ", ".join(map(quoted, columns))
            # Names come from the schema.
            cursor = connection.execute(f"SELECT {selected} FROM {quoted(name)}")  # noqa: S608
            tables.append(_digested(name, columns, _parts(cursor)))
    finally:
        connection.text_factory = str
        connection.execute("ROLLBACK")
    return tables, schema


def _parts(cursor: sqlite3.Cursor) -> Iterator[list[tuple[Any, ...]]]:
    while part := cursor.fetchmany(_CHUNK):
        yield part


def _stored(connection: sqlite3.Connection, table: str) -> tuple[str, ...]:
    found = connection.execute(f"PRAGMA table_xinfo({quoted(table)})").fetchall()
    return tuple(row[1] for row in found if row[6] not in _GENERATED)


def _of_server(
    connection: Connection, location: str
) -> tuple[list[TableRef], Mapping[str, Sequence[str]]]:
    shapes = dict(sorted(shapes_of(connection).items()))
    tables = []
    for name, shape in shapes.items():
        with (
            decoded(location, name),
            connection.execution_options(yield_per=_CHUNK).execute(
                shape.select(shape.columns)
            ) as result,
        ):
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
        [utf8(path), found.st_size, *([found.st_mtime_ns] if is_timed else [])]
        for root in sorted(set(map(str, roots)))
        for path, found in walked(root)
        if path not in left
    )
    # A file below two roots is one file.
    return sha256_hex(
        canonical_json([x for i, x in enumerate(lines) if not i or x != lines[i - 1]])
    )


def walked(root: str) -> Iterator[tuple[str, os.stat_result]]:
    """Give the files below a folder; links are not followed, our own state is left out.

    What goes while it is looked at, or may not be looked into, is passed over.
    """
    try:
        with os.scandir(root) as found:
            entries = list(found)
    except OSError:
        return
    for entry in entries:
        if entry.is_dir(follow_symlinks=False):
            if entry.name != STATE_FOLDER:
                yield from walked(entry.path)
            continue
        with suppress(OSError):
            yield entry.path, entry.stat(follow_symlinks=False)
