"""What the making of plans needs from the world besides the readers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Protocol

from scorewright.core.plans import Row, Scalar, StoreRef
from scorewright.core.rationalise import TableShape

__all__ = ["ArchivePlaces", "RawRowReader"]


class RawRowReader(Protocol):
    """Rows as the database has them; nothing is changed."""

    def shapes(self) -> Mapping[str, TableShape]:
        """Return every table of the store, without generated columns.

        Raises:
            ScorewrightError: ``store-invalid``, ``store-locked``, ``store-unreachable``.
        """
        ...

    def rows(self, table: str, column: str, values: Sequence[Scalar]) -> Iterable[Row]:
        """Return the rows that have one of the values in a column.

        Args:
            table: Of `shapes`.
            column: Of the table.
            values: As many as there are; a database may have to be asked in parts.
        """
        ...


class ArchivePlaces(Protocol):
    """Legacy stores on this machine, looked at before they are moved aside."""

    def reference(self, location: str) -> StoreRef:
        """Return the digests of a store as it is now."""
        ...

    def digest(self, path: str) -> str:
        """Return the SHA-256 of a file, or of the listing (path, size) of a folder."""
        ...

    def exists(self, path: str) -> bool:
        """Return whether anything has this path."""
        ...

    def has_journal(self, path: str) -> bool:
        """Return whether a database has rows, or what takes rows back, in files beside it."""
        ...
