"""The names of a file's columns, without its rows."""

from __future__ import annotations

from pathlib import Path

import polars as pl

from scorewright.adapters.tables.locating import PARQUET, locate, unreadable
from scorewright.adapters.tables.streaming import TextStream
from scorewright.flows.ports import TableFile

__all__ = ["column_names"]


def column_names(table: TableFile) -> tuple[str, ...]:
    """Return the names of the columns of a table's first file; only its beginning is read.

    Args:
        table: Where the rows lie; text or Parquet.

    Raises:
        UsageError: See `scorewright.flows.ports.TableReader`.
    """
    path = locate(table, packed=True)[0]
    if path.suffix.lower() in PARQUET:
        return _of_parquet(path)
    return TextStream(path, table).columns


def _of_parquet(path: Path) -> tuple[str, ...]:
    try:
        return tuple(pl.read_parquet_schema(path))
    except (pl.exceptions.PolarsError, OSError) as error:
        raise unreadable(
            path, "is no Parquet file, or is damaged.", "Copy or export it again."
        ) from error
