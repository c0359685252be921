"""Where a table lies, and how to name the place without what must stay secret."""

from __future__ import annotations

import re
from enum import StrEnum
from pathlib import PurePosixPath
from typing import Final
from urllib.parse import unquote, urlsplit, urlunsplit

from scorewright.core.errors import UsageError
from scorewright.flows.ports import TableFile

__all__ = ["Place", "place_of", "quoted", "redacted", "shown"]

_SCHEME: Final = re.compile(r"^([a-z][a-z0-9+.-]+)://", re.IGNORECASE)
_OBJECTS: Final = ("s3", "s3a", "gs", "gcs", "az", "azure", "abfs", "abfss", "adl")
_WEB: Final = ("http", "https")
_POSTGRES: Final = ("postgres", "postgresql")
_DUCKDB: Final = (".duckdb", ".ddb", ".db")
_PART: Final = re.compile(r'"(?:[^"]|"")+"|[^."]+')


class Place(StrEnum):
    """The kinds of places that rows are read from."""

    FILES = "files"
    REMOTE = "URLs"
    DUCKDB = "a DuckDB file"
    POSTGRES = "PostgreSQL"


def place_of(table: TableFile) -> Place:
    """Tell what kind of place a table's patterns name.

    Raises:
        UsageError: ``data-source`` for patterns of several kinds, an unknown scheme, several
            databases, or a database without a relation.
    """
    kinds = {_kind(table, pattern) for pattern in table.patterns}
    if len(kinds) > 1:
        raise _wrong(
            table,
            f"lies in {' and in '.join(sorted(kinds))} at once.",
            "Name one place for a table: files, URLs or a database.",
        )
    place = kinds.pop() if kinds else Place.FILES
    if place in (Place.DUCKDB, Place.POSTGRES):
        if len(table.patterns) > 1:
            raise _wrong(table, "names several databases.", "Name one.")
        if not table.relation:
            raise _wrong(
                table,
                f"lies in {shown(table.patterns[0])}, but not said in which table there.",
                f'Set relation = "schema.table" under [tables.{table.name}].',
            )
    return place


def _kind(table: TableFile, pattern: str) -> Place:
    match = _SCHEME.match(pattern)
    if match is None:
        suffix = PurePosixPath(pattern).suffix.lower()
        return Place.DUCKDB if suffix in _DUCKDB else Place.FILES
    scheme = match[1].lower()
    if scheme in (*_OBJECTS, *_WEB):
        return Place.REMOTE
    if scheme in _POSTGRES:
        return Place.POSTGRES
    raise _wrong(
        table,
        f"has an address with the unknown scheme '{scheme}'.",
        "Use a file, or one of: s3, gs, az, https, postgresql.",
    )


def shown(address: str) -> str:
    """Return an address without user, password and query, where keys and signatures stand."""
    if _SCHEME.match(address) is None:
        return address
    try:
        parts = urlsplit(address)
    except ValueError:
        return f"{address.split('://', 1)[0]}://..."
    place = parts.netloc.rpartition("@")[2]
    return urlunsplit((parts.scheme, place, parts.path, "", ""))


def redacted(text: str, address: str) -> str:
    """Return the first line of a vendor's message without the address and what is secret in it."""
    line = text.strip().splitlines()[0] if text.strip() else "no reason was given"
    line = line.replace(address, shown(address))
    try:
        parts = urlsplit(address)
        secrets = [parts.password, unquote(parts.password or ""), parts.query]
    except ValueError:
        return "the address cannot be read"
    for secret in secrets:
        if secret:
            line = line.replace(secret, "***")
    return line[:300]


def quoted(relation: str) -> str:
    """Quote a relation such as ``public.bureau`` part by part."""
    parts = _PART.findall(relation)
    bare = [p[1:-1].replace('""', '"') if p.startswith('"') else p.strip() for p in parts]
    return ".".join('"' + part.replace('"', '""') + '"' for part in bare)


def _wrong(table: TableFile, what: str, remedy: str) -> UsageError:
    return UsageError(
        f"Table '{table.name}' {what}",
        remedy=remedy,
        code="data-source",
        details={"table": table.name},
    )
