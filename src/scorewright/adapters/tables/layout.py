"""The shape of a text table: header, fields per line, and where a line does not fit."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from scorewright.adapters.tables.header import read_header
from scorewright.adapters.tables.locating import unreadable
from scorewright.adapters.tables.records import QUOTE, Grammar, records, regular
from scorewright.adapters.tables.scanning import regular_rows
from scorewright.adapters.tables.wrapping import is_wrapped, unwrap

__all__ = ["Layout", "body_of", "examine", "squeeze_spaces"]


@dataclass(frozen=True, slots=True)
class Layout:
    """What `examine` found.

    Attributes:
        columns: Column names.
        body: Data lines as UTF-8 without the header and without empty lines.
        rows: Number of data rows in the body.
    """

    columns: tuple[str, ...]
    body: bytes
    rows: int


def squeeze_spaces(data: bytes) -> bytes:
    """Make runs of spaces one separator, for files whose columns are aligned with spaces."""
    if QUOTE in data:
        return data
    return b"\n".join(re.sub(rb" {2,}", b" ", line).strip(b" ") for line in data.split(b"\n"))


def examine(data: bytes, path: Path, separator: str, table: str) -> Layout:
    """Look at every line before anything is parsed, so that no row is quietly bent to fit.

    Quotes around every whole line are taken away. The names are taken from the second line where
    the first only numbers the columns (``X1, X2, ...``) above a line of names.

    Args:
        data: UTF-8 with LF line ends.
        path: File name, for messages.
        separator: One character.
        table: Table name, for the remedy.

    Raises:
        UsageError: ``data-file-empty``, ``data-ragged`` with line and field counts,
            ``data-duplicate-column``, ``data-unreadable`` (a quote that is never closed, some
            whole lines in quotes, another separator than the one named).
    """
    grammar = Grammar.of(separator)
    if is_wrapped(data, path, grammar):
        data = unwrap(data, path)
    header = read_header(records(data, path, grammar), path, separator, table)
    width = len(header.columns)
    first_line = 1 + data.count(b"\n", 0, header.end)
    body, rows = body_of(data[header.end :], path, width, grammar, first_line)
    if rows == 0:
        raise unreadable(
            path, "has a header and no rows.", "Give a file that holds data.", "data-file-empty"
        )
    return Layout(header.columns, body, rows)


def body_of(
    data: bytes, path: Path, width: int, grammar: Grammar, first_line: int
) -> tuple[bytes, int]:
    """Check whole records, and make them ones that polars cannot misread.

    Args:
        data: Records without the header; UTF-8 with LF line ends.
        path: File name, for messages.
        width: Number of columns.
        grammar: How fields are told apart.
        first_line: The line of the file in which ``data`` begins, counted from 1.

    Returns:
        The records, and how many there are.

    Raises:
        UsageError: ``data-ragged``, or ``data-unreadable`` for a quote that is never closed.
    """
    is_bare = data.endswith(b"\n") and not data.endswith(b"\n\n") and not data.startswith(b"\n")
    text = data if is_bare else data.strip(b"\n") + b"\n"  # a copy only where it must be
    rows = regular_rows(text, width, grammar.separator)
    if rows is not None:
        return text, rows
    kept = [*regular(records(data, path, grammar, first_line), path, width, grammar)]
    return b"".join(kept), len(kept)
