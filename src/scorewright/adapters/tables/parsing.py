"""Checked records of a text table to a frame of texts."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import polars as pl

from scorewright.adapters.tables.locating import unreadable
from scorewright.flows.ports import TableFile

__all__ = ["first_line_of", "parsed", "separator_of"]


def separator_of(path: Path, table: TableFile) -> str:
    """Return the separator of a file: that of the table, or a tab where the suffix says so."""
    is_tabbed = path.name.lower().removesuffix(".gz").endswith(".tsv") and table.separator == ","
    return "\t" if is_tabbed else table.separator


def parsed(
    body: bytes,
    rows: int,
    columns: tuple[str, ...],
    source: tuple[Path, TableFile],
    wanted: Sequence[str] | None = None,
) -> pl.DataFrame:
    """Parse records that were looked at before.

    Args:
        body: Records without header, as `scorewright.adapters.tables.layout.body_of` gives them.
        rows: How many there are.
        columns: Names of all columns.
        source: The file, for messages, and its table.
        wanted: Names of the columns to keep, in this order; all when None.

    Returns:
        Columns of text; missing where a cell is empty or one of the table's null values.

    Raises:
        UsageError: ``data-unreadable`` where polars finds other rows or fields than were counted.
    """
    path, table = source
    places = None if wanted is None else sorted(columns.index(name) for name in wanted)
    try:
        frame = pl.read_csv(
            body,
            has_header=False,
            columns=places,
            new_columns=list(columns),
            separator=separator_of(path, table),
            infer_schema=False,
            null_values=list(table.null_values),
        )
    except pl.exceptions.PolarsError as error:
        raise unreadable(
            path,
            f"cannot be parsed: {first_line_of(error)}.",
            "Check the quotes near that place; a quote inside a text is written twice.",
        ) from error
    if frame.shape != (rows, len(columns) if places is None else len(places)):
        raise unreadable(
            path,
            f"has {rows} rows of {len(columns)} fields, but parses as {frame.height} rows of "
            f"{frame.width}.",
            "Check the quotes; a quote inside a text is written twice, in a text in quotes.",
        )
    return frame if wanted is None else frame.select(wanted)


def first_line_of(error: Exception) -> str:
    """Return the first line of a vendor's message, shortened."""
    return (str(error).splitlines() or ["no reason given"])[0][:200].rstrip(".")
