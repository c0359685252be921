"""New applications come from elsewhere: their columns may be separated otherwise."""

from __future__ import annotations

import csv
from collections.abc import Collection
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import Final

from scorewright.adapters.tables.header import SEPARATORS
from scorewright.adapters.tables.locating import PARQUET
from scorewright.adapters.tables.parsing import separator_of
from scorewright.flows.ports import TableFile

__all__ = ["with_separator"]

_LONGEST: Final = 1 << 20


def with_separator(path: Path, table: TableFile, names: Collection[str]) -> TableFile:
    """Return how a file is written: as the table, but with the separator that gives its columns.

    The names decide, so that nothing is guessed: another separator is taken only where it gives
    more of them in the first two lines than the table's own. What cannot be read is left for the
    reader to say.

    Args:
        path: The file.
        table: How the training's table is written.
        names: Columns that are wanted.
    """
    if path.suffix.lower() in PARQUET:
        return table
    try:
        with path.open(encoding=table.encoding, errors="replace", newline="") as stream:
            heads = list(islice(iter(lambda: stream.readline(_LONGEST), ""), 2))
    except (OSError, LookupError, UnicodeError):
        return table
    wanted, own = set(names), separator_of(path, table)
    counts = {mark: _found(heads, mark, wanted) for mark in (own, *SEPARATORS)}
    best = max(counts, key=lambda mark: counts[mark])  # the first of equals: its own
    return replace(table, separator=best) if counts[best] > counts[own] else table


def _found(heads: list[str], separator: str, wanted: set[str]) -> int:
    return max((len(wanted & _fields(head, separator)) for head in heads), default=0)


def _fields(head: str, separator: str) -> set[str]:
    text = head.removeprefix("\ufeff").strip("\r\n")
    try:
        return set(next(csv.reader([text], delimiter=separator), []))
    except csv.Error:
        return set()
