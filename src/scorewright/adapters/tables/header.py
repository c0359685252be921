"""The names of a text table's columns, from its first line or its second."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from scorewright.adapters.tables.locating import unreadable
from scorewright.adapters.tables.records import Record, fields

__all__ = ["SEPARATORS", "Header", "read_header"]

SEPARATORS: Final = (",", ";", "\t", "|", " ")
_GENERIC: Final = re.compile(r"^(?:|[A-Za-z]|[A-Za-z_.]+\d+)$")
_NUMBER: Final = re.compile(r"^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$")


@dataclass(frozen=True, slots=True)
class Header:
    """The column names, and where the rows begin.

    Attributes:
        columns: Column names.
        end: First byte after the header.
        line: Line of the names, counted from 1.
    """

    columns: tuple[str, ...]
    end: int
    line: int


def read_header(found: Iterator[Record], path: Path, separator: str, table: str) -> Header:
    """Read the names of the columns.

    They are taken from the second line where the first only numbers the columns
    (``X1, X2, ...``) above a line of names, as in spreadsheets saved with both.

    Args:
        found: The records from the start of the file; at most three are taken.
        path: File name, for messages.
        separator: One character.
        table: Table name, for the remedy.

    Raises:
        UsageError: ``data-file-empty``, ``data-duplicate-column``, ``data-unreadable`` (the
            separator seems to be another one).
    """
    head = next(found, None)
    if head is None:
        raise unreadable(path, "is empty.", "Export the file again.", "data-file-empty")
    names = fields(head, separator)
    _refuse_separator(names, path, separator, table)
    ahead = [record for record in (next(found, None), next(found, None)) if record]
    if _is_numbering(names, ahead, separator):
        head = ahead[0]
        names = fields(head, separator)
    return Header(_columns(names, path), head.end, head.line)


def _refuse_separator(names: list[str], path: Path, separator: str, table: str) -> None:
    if len(names) != 1:
        return
    header = names[0]
    if separator in header:
        raise unreadable(
            path,
            "has each whole line in quotes twice over, so that it holds one column only.",
            "Take the quotes around the lines away, or export the file again without them.",
        )
    counts = {other: header.count(other) for other in SEPARATORS if other != separator}
    likely = max(counts, key=lambda other: counts[other])
    if counts[likely] > 0 and (likely != " " or counts[likely] > 1):
        shown = {"\t": "\\t"}.get(likely, likely)
        raise unreadable(
            path,
            f"has one column only when separated by '{separator}'; its separator is probably "
            f"'{shown}'.",
            f'Set separator = "{shown}" under [tables.{table}] in scorewright.toml.',
        )


def _is_numbering(names: list[str], ahead: list[Record], separator: str) -> bool:
    """Tell whether the first line only numbers the columns and the second one names them."""
    if len(ahead) < 2 or len(names) < 2:  # noqa: PLR2004 - a header, a header, a row
        return False
    if not all(_GENERIC.match(name) for name in names):
        return False
    second, third = (fields(record, separator) for record in ahead)
    is_names = len(set(second)) == len(names) and all(second)
    has_numbers = any(_NUMBER.match(field) for field in third)
    return is_names and has_numbers and not any(_NUMBER.match(field) for field in second)


def _columns(names: list[str], path: Path) -> tuple[str, ...]:
    columns = tuple(
        name.strip() or f"column_{position}" for position, name in enumerate(names, start=1)
    )
    twice = [name for name, count in Counter(columns).items() if count > 1]
    if twice:
        looks_like_data = sum(bool(_NUMBER.match(name)) for name in columns) > 1
        raise unreadable(
            path,
            f"names the column '{twice[0][:60]}' more than once in its header.",
            "The first line looks like data: put a line with the column names above it."
            if looks_like_data
            else "Rename one of the two columns.",
            "data-duplicate-column",
        )
    return columns
