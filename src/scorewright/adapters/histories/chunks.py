"""What every kind of source gives: columns, rows in chunks, a digest and a size."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Protocol

import polars as pl

from scorewright.core.errors import UsageError

__all__ = ["Chunk", "Source", "failed", "refuse_missing", "refused"]


@dataclass(frozen=True, slots=True)
class Chunk:
    """Some rows as they were found.

    Attributes:
        place: The file, URL or relation they stand in, fit to be shown.
        first_row: The row of the place, counted from 1, that is the first of the frame.
        frame: The rows with the types of the place.
    """

    place: str
    first_row: int
    frame: pl.DataFrame


class Source(Protocol):
    """One table where it lies."""

    def schema(self) -> Mapping[str, pl.DataType]:
        """Return its columns; texts have the type String in text files, whatever they hold.

        Integers are of the widest type that any of the table's files has.
        """
        ...

    def chunks(self, columns: Sequence[str], budget: int) -> Iterator[Chunk]:
        """Yield the rows in order, about ``budget`` bytes at a time, with just these columns."""
        ...

    def digest(self) -> str:
        """Return a digest of the content, 64 hexadecimal characters."""
        ...

    def size(self) -> int:
        """Return about how many bytes the table takes in memory."""
        ...


def refuse_missing(table: str, place: str, wanted: Sequence[str], present: Sequence[str]) -> None:
    """Refuse a place without one of the wanted columns.

    Raises:
        UsageError: ``data-column-missing`` with near misses.
    """
    known = set(present)
    for name in wanted:
        if name not in known:
            near = _near(name, present)
            raise UsageError(
                f"Table '{table}' has no column '{name}' in {place}.",
                remedy=f"Near it are: {', '.join(near)}. Correct the name where it is declared, "
                "or give the data with the column."
                if near
                else "Give the data with the column, or take it out of the contract.",
                code="data-column-missing",
                details={"table": table, "column": name, "place": place, "near": near},
            )


def _near(name: str, present: Sequence[str]) -> list[str]:
    by_lower = {column.lower(): column for column in present}
    found = get_close_matches(name.lower(), list(by_lower), n=3)
    return [by_lower[lower] for lower in found]


def refused(place: str, what: str, remedy: str, code: str = "data-unreadable") -> UsageError:
    """Make the error for a file that cannot be read."""
    return UsageError(f"The file {place} {what}", remedy=remedy, code=code, details={"file": place})


def failed(table: str, place: str, reason: str, remedy: str) -> UsageError:
    """Make the error for a database or URL that does not answer; ``place`` without secrets."""
    return UsageError(
        f"Table '{table}' cannot be read from {place}: {reason}",
        remedy=remedy,
        code="data-source",
        details={"table": table, "place": place},
    )
