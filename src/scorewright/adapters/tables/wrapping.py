"""Exports in which every whole line stands in quotes: ``"a,b"`` above ``"1,2"``."""

from __future__ import annotations

from pathlib import Path

from scorewright.adapters.tables.locating import unreadable
from scorewright.adapters.tables.records import QUOTE, Grammar, fields, records
from scorewright.adapters.tables.scanning import unwrapped

__all__ = ["is_wrapped", "unwrap"]


def is_wrapped(data: bytes, path: Path, grammar: Grammar) -> bool:
    """Tell whether the header is one field in quotes that holds the separator.

    Args:
        data: UTF-8 with LF line ends, from the start of the file; at least one record.
        path: File name, for messages.
        grammar: How fields are told apart.
    """
    if not data.lstrip().startswith(QUOTE):
        return False
    head = next(records(data, path, grammar))
    names = fields(head, grammar.separator)
    return len(names) == 1 and grammar.separator in names[0]


def unwrap(data: bytes, path: Path, first_line: int = 1) -> bytes:
    """Take away the quotes around whole lines, and the doubling of the quotes within.

    Args:
        data: UTF-8 with LF line ends; whole records.
        path: File name, for messages.
        first_line: The line of the file in which ``data`` begins, counted from 1.

    Raises:
        UsageError: ``data-unreadable`` with the first line that is not wholly in quotes.
    """
    text = data if data.endswith(b"\n") else data + b"\n"
    found = unwrapped(text)
    if isinstance(found, bytes):
        return found
    line = first_line + text.count(b"\n", 0, found)
    raise unreadable(
        path,
        f"has its header line in quotes as a whole, but line {line} is not.",
        "Export the file again with quotes around every whole line, or better around none.",
    )
