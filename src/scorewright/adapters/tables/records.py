"""The records of a text table, one by one: exact for every odd quote, and slow."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from scorewright.adapters.tables.locating import unreadable
from scorewright.core.errors import UsageError

__all__ = [
    "QUOTE",
    "Grammar",
    "Record",
    "end_of_records",
    "fields",
    "records",
    "regular",
    "unclosed",
]

QUOTE: Final = b'"'
_BLANK: Final = b" \t\n\r\x0b\x0c"
_LARGEST_FIELD: Final = 16 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Record:
    """One record as it stands in the file.

    Attributes:
        line: Its first line, counted from 1.
        raw: Its bytes, with the line end if there is one.
        end: Where the next record begins, in bytes from the start of the text.
    """

    line: int
    raw: bytes
    end: int


@dataclass(frozen=True, slots=True)
class Grammar:
    """How fields are told apart; a quote counts only where a field begins, as polars has it."""

    separator: str
    quoted: re.Pattern[bytes]
    opening: re.Pattern[bytes]

    @classmethod
    def of(cls, separator: str) -> Grammar:
        """Make the grammar of a separator, one character."""
        begin = rb"(?:^|(?<=" + re.escape(separator.encode()) + rb"))"
        return cls(
            separator,
            re.compile(begin + rb'"(?:[^"]|"")*"'),
            re.compile(begin + rb'"'),
        )

    @property
    def blank(self) -> bytes:
        """What an empty line may hold: white space that separates nothing."""
        return _BLANK.replace(self.separator.encode(), b"")

    def bare(self, raw: bytes) -> bytes:
        """Take out fields in quotes: what stands in them cannot separate."""
        return self.quoted.sub(b"", raw) if QUOTE in raw else raw

    def is_open(self, raw: bytes) -> bool:
        """Tell whether the text ends inside a quoted field."""
        return QUOTE in raw and self.opening.search(self.bare(raw)) is not None

    def count(self, raw: bytes) -> int:
        """Count the fields of a record without splitting it."""
        return self.bare(raw).count(self.separator.encode()) + 1


def records(data: bytes, path: Path, grammar: Grammar, first_line: int = 1) -> Iterator[Record]:
    """Yield the records, several lines where a quoted field holds line breaks; skip empty lines.

    Args:
        data: UTF-8 with LF line ends, from the start of a record.
        path: File name, for messages.
        grammar: How fields are told apart.
        first_line: The line of the file in which ``data`` begins, counted from 1.

    Raises:
        UsageError: ``data-unreadable`` for a quote that is never closed.
    """
    opened: list[bytes] = []
    start = end = 0
    for number, line in enumerate(io.BytesIO(data), start=first_line):
        end += len(line)
        if opened:
            opened.append(line)
            # Only a line with an odd number of quotes can end the field: looked at no oftener.
            if line.count(QUOTE) % 2 == 1 and not grammar.is_open(b"".join(opened)):
                yield Record(start, b"".join(opened), end)
                opened = []
        elif grammar.is_open(line):
            opened, start = [line], number
        elif line.strip(grammar.blank):
            yield Record(number, line, end)
    if opened:
        raise unclosed(path, start)


def end_of_records(data: bytes, path: Path, grammar: Grammar) -> int:
    """Find the end of the last whole record of a text cut anywhere; 0 where no record ends."""
    end = 0
    # A quote that is open at the end may be closed in what follows.
    with suppress(UsageError):
        for record in records(data, path, grammar):
            if record.raw.endswith(b"\n"):
                end = record.end
    return end


def fields(record: Record, separator: str) -> list[str]:
    """Split a record into its fields."""
    csv.field_size_limit(_LARGEST_FIELD)
    text = record.raw.decode().removesuffix("\n")
    return next(csv.reader(io.StringIO(text, newline=""), delimiter=separator), [])


def regular(found: Iterator[Record], path: Path, wanted: int, grammar: Grammar) -> Iterator[bytes]:
    """Yield each record as a text polars cannot misread.

    Args:
        found: The records.
        path: File name, for messages.
        wanted: Number of columns.
        grammar: How fields are told apart.

    Raises:
        UsageError: ``data-ragged`` with the line and the counts.
    """
    for record in found:
        count = grammar.count(record.raw)
        if count != wanted:
            raise unreadable(
                path,
                f"has {count} field{'s' if count != 1 else ''} in line {record.line}, but "
                f"{wanted} columns in its header.",
                "Mend that line: a separator inside a text needs quotes around the text.",
                "data-ragged",
            )
        raw = record.raw if record.raw.endswith(b"\n") else record.raw + b"\n"
        # A quote that is a letter of a bare text confuses polars' search for the line ends.
        yield _quoted(record, grammar.separator) if QUOTE in grammar.bare(raw) else raw


def unclosed(path: Path, line: int) -> UsageError:
    """Make the error for a quote that is never closed."""
    return unreadable(
        path,
        f"opens a quote in line {line} that is never closed.",
        "Close the quote, or double a quote that belongs to the text.",
    )


def _quoted(record: Record, separator: str) -> bytes:
    line = io.StringIO()
    writer = csv.writer(line, delimiter=separator, lineterminator="\n")
    writer.writerow(fields(record, separator))
    return line.getvalue().encode()
