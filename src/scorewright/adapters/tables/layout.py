"""The shape of a text table: header, fields per line, and where a line does not fit."""

from __future__ import annotations

import csv
import io
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from scorewright.adapters.tables.locating import unreadable

__all__ = ["Layout", "examine", "squeeze_spaces"]

_QUOTE: Final = b'"'
_OTHERS: Final = (",", ";", "\t", "|", " ")
_GENERIC: Final = re.compile(r"^(?:|[A-Za-z]|[A-Za-z_.]+\d+)$")
_NUMBER: Final = re.compile(r"^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$")
_LARGEST_FIELD: Final = 16 * 1024 * 1024


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


@dataclass(frozen=True, slots=True)
class _Record:
    line: int
    raw: bytes


@dataclass(frozen=True, slots=True)
class _Grammar:
    """How fields are told apart; a quote counts only where a field begins, as polars has it."""

    separator: str
    quoted: re.Pattern[bytes]
    opening: re.Pattern[bytes]

    @classmethod
    def of(cls, separator: str) -> _Grammar:
        begin = rb"(?:^|(?<=" + re.escape(separator.encode()) + rb"))"
        return cls(
            separator,
            re.compile(begin + rb'"(?:[^"]|"")*"'),
            re.compile(begin + rb'"'),
        )

    def bare(self, raw: bytes) -> bytes:
        """Take out fields in quotes: what stands in them cannot separate."""
        return self.quoted.sub(b"", raw) if _QUOTE in raw else raw

    def is_open(self, raw: bytes) -> bool:
        """Tell whether the text ends inside a quoted field."""
        return _QUOTE in raw and self.opening.search(self.bare(raw)) is not None

    def count(self, raw: bytes) -> int:
        """Count the fields of a record without splitting it."""
        return self.bare(raw).count(self.separator.encode()) + 1


def squeeze_spaces(data: bytes) -> bytes:
    """Make runs of spaces one separator, for files whose columns are aligned with spaces."""
    if _QUOTE in data:
        return data
    return b"\n".join(re.sub(rb" {2,}", b" ", line).strip(b" ") for line in data.split(b"\n"))


def examine(data: bytes, path: Path, separator: str, table: str) -> Layout:
    """Look at every line before anything is parsed, so that no row is quietly bent to fit.

    The names are taken from the second line where the first only numbers the columns
    (``X1, X2, ...``) above a line of names, as in spreadsheets saved with both.

    Args:
        data: UTF-8 with LF line ends.
        path: File name, for messages.
        separator: One character.
        table: Table name, for the remedy.

    Raises:
        UsageError: ``data-file-empty``, ``data-ragged`` with line and field counts,
            ``data-duplicate-column``, ``data-unreadable`` (a quote that is never closed, whole
            lines in quotes, another separator than the one named).
    """
    grammar = _Grammar.of(separator)
    records = _records(data, path, grammar)
    head = next(records, None)
    if head is None:
        raise unreadable(path, "is empty.", "Export the file again.", "data-file-empty")
    names = _fields(head, separator)
    _refuse_separator(names, path, separator, table)
    ahead = [record for record in (next(records, None), next(records, None)) if record]
    if _is_numbering(names, ahead, separator):
        names, ahead = _fields(ahead[0], separator), ahead[1:]
    columns = _columns(names, path)
    kept = [*_checked(iter(ahead), path, len(columns), grammar)]
    kept += _checked(records, path, len(columns), grammar)
    if not kept:
        raise unreadable(
            path, "has a header and no rows.", "Give a file that holds data.", "data-file-empty"
        )
    return Layout(columns, b"".join(kept), len(kept))


def _records(data: bytes, path: Path, grammar: _Grammar) -> Iterator[_Record]:
    """Yield the records, several lines where a quoted field holds line breaks; skip empty lines."""
    opened: list[bytes] = []
    start = 0
    for number, line in enumerate(io.BytesIO(data), start=1):
        if opened:
            opened.append(line)
            # Only a line with an odd number of quotes can end the field: looked at no oftener.
            if line.count(_QUOTE) % 2 == 1 and not grammar.is_open(b"".join(opened)):
                yield _Record(start, b"".join(opened))
                opened = []
        elif grammar.is_open(line):
            opened, start = [line], number
        elif line.strip():
            yield _Record(number, line)
    if opened:
        raise unreadable(
            path,
            f"opens a quote in line {start} that is never closed.",
            "Close the quote, or double a quote that belongs to the text.",
        )


def _fields(record: _Record, separator: str) -> list[str]:
    csv.field_size_limit(_LARGEST_FIELD)
    text = record.raw.decode().removesuffix("\n")
    return next(csv.reader(io.StringIO(text, newline=""), delimiter=separator), [])


def _checked(
    records: Iterator[_Record], path: Path, wanted: int, grammar: _Grammar
) -> Iterator[bytes]:
    for record in records:
        found = grammar.count(record.raw)
        if found != wanted:
            raise unreadable(
                path,
                f"has {found} field{'s' if found != 1 else ''} in line {record.line}, but "
                f"{wanted} columns in its header.",
                "Mend that line: a separator inside a text needs quotes around the text.",
                "data-ragged",
            )
        raw = record.raw if record.raw.endswith(b"\n") else record.raw + b"\n"
        # A quote that is a letter of a bare text confuses polars' search for the line ends.
        yield _quoted(record, grammar.separator) if _QUOTE in grammar.bare(raw) else raw


def _quoted(record: _Record, separator: str) -> bytes:
    line = io.StringIO()
    writer = csv.writer(line, delimiter=separator, lineterminator="\n")
    writer.writerow(_fields(record, separator))
    return line.getvalue().encode()


def _refuse_separator(names: list[str], path: Path, separator: str, table: str) -> None:
    if len(names) != 1:
        return
    header = names[0]
    if separator in header:
        raise unreadable(
            path,
            "has each whole line in quotes, so that it holds one column only.",
            "Take the quotes around the lines away, or export the file again without them.",
        )
    counts = {other: header.count(other) for other in _OTHERS if other != separator}
    likely = max(counts, key=lambda other: counts[other])
    if counts[likely] > 0 and (likely != " " or counts[likely] > 1):
        shown = {"\t": "\\t"}.get(likely, likely)
        raise unreadable(
            path,
            f"has one column only when separated by '{separator}'; its separator is probably "
            f"'{shown}'.",
            f'Set separator = "{shown}" under [tables.{table}] in scorewright.toml.',
        )


def _is_numbering(names: list[str], ahead: list[_Record], separator: str) -> bool:
    """Tell whether the first line only numbers the columns and the second one names them."""
    if len(ahead) < 2 or len(names) < 2:  # noqa: PLR2004 - a header, a header, a row
        return False
    if not all(_GENERIC.match(name) for name in names):
        return False
    second, third = (_fields(record, separator) for record in ahead)
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
