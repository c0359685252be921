"""What reading needs of a database, be it a file or a server."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Protocol

__all__ = ["CHUNK", "Row", "Session", "UndecodableError"]

#: Rows that are fetched at once: few enough to stay in the processor's cache as Python objects.
CHUNK = 1024

Row = Sequence[Any]


class UndecodableError(Exception):
    """A text is not UTF-8: the rows have to be asked for again, as bytes."""


class Session(Protocol):
    """One transaction that only reads. Statements are SQL with identifiers in double quotes."""

    @property
    def columns(self) -> Mapping[str, frozenset[str]]:
        """Table -> its columns."""
        ...

    @property
    def has_group_concat(self) -> bool:
        """Whether ``group_concat(text, separator)`` gives texts of any length."""
        ...

    def chunks(self, sql: str, *, raw: bool = False) -> Iterator[Sequence[Row]]:
        """Give the rows of a statement, `CHUNK` at a time.

        Args:
            sql: A statement without parameters.
            raw: Give texts as bytes.

        Raises:
            UndecodableError: A text is not UTF-8.
        """
        ...
