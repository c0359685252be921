"""Whole tables from any place, untyped: what inferring and enforcing a contract needs."""

from __future__ import annotations

from collections.abc import Mapping

import polars as pl

from scorewright.adapters.histories.chunks import refused
from scorewright.adapters.histories.places import Place, place_of, shown
from scorewright.adapters.histories.rows import Rows
from scorewright.flows.ports import TableFile, TableReader

__all__ = ["AnyTableReader"]


class AnyTableReader:
    """`TableReader` that reads databases and URLs besides files.

    Args:
        files: Reads files.
        environment: Credentials; see `Rows`.
    """

    def __init__(self, files: TableReader, environment: Mapping[str, str] | None = None) -> None:
        self._files = files
        self._rows = Rows(environment)

    def read(self, table: TableFile) -> pl.DataFrame:
        """Return all rows.

        Raises:
            UsageError: See `TableReader`, and ``data-source`` for a database or URL that does not
                answer.
        """
        if place_of(table) is Place.FILES:
            return self._files.read(table)
        frame = pl.concat(self._rows.raw(table), how="vertical_relaxed")
        if frame.height == 0:
            place = shown(table.patterns[0])
            raise refused(place, "has no rows.", "Give a table that holds data.", "data-file-empty")
        return frame
