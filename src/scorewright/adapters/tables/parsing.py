"""Checked records of a text table to a frame of texts."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from pathlib import Path

import polars as pl

from scorewright.adapters.tables.locating import unreadable
from scorewright.core.contracts import MAX_INTEGER
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
    numbers: Collection[str] = (),
) -> pl.DataFrame:
    """Parse records that were looked at before.

    Args:
        body: Records without header, as `scorewright.adapters.tables.layout.body_of` gives them.
        rows: How many there are.
        columns: Names of all columns.
        source: The file, for messages, and its table.
        wanted: Names of the columns to keep, in this order; all when None.
        numbers: Columns to read as numbers at once, where each of them can be: a third of the
            time of reading them as texts first.

    Returns:
        Columns of text, or Float64 for ``numbers``; missing where a cell is empty or one of the
        table's null values. All columns are texts where a cell of ``numbers`` is no plain number.

    Raises:
        UsageError: ``data-unreadable`` where polars finds other rows or fields than were counted.
    """
    path = source[0]
    places = None if wanted is None else sorted(columns.index(name) for name in wanted)
    try:
        frame = _plain_numbers(body, columns, source, places, numbers) if numbers else None
        if frame is None:
            frame = _read(body, columns, source, places)
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


def _plain_numbers(
    body: bytes,
    columns: tuple[str, ...],
    source: tuple[Path, TableFile],
    places: list[int] | None,
    numbers: Collection[str],
) -> pl.DataFrame | None:
    """Read numbers as such; None where a cell is none, or one that only its text tells apart."""
    try:
        frame = _read(body, columns, source, places, numbers)
    except pl.exceptions.PolarsError:
        return None
    # NaN is larger than everything here.
    found = [name for name in frame.columns if name in numbers]
    if not found:
        return frame
    odd = (~(pl.col(found).abs() < MAX_INTEGER)).any()
    return None if any(frame.select(odd).row(0)) else frame


def _read(
    body: bytes,
    columns: tuple[str, ...],
    source: tuple[Path, TableFile],
    places: list[int] | None,
    numbers: Collection[str] = (),
) -> pl.DataFrame:
    path, table = source
    return pl.read_csv(
        body,
        has_header=False,
        columns=places,
        schema={name: pl.Float64 if name in numbers else pl.String for name in columns},
        separator=separator_of(path, table),
        null_values=list(table.null_values),
    )


def first_line_of(error: Exception) -> str:
    """Return the first line of a vendor's message, shortened."""
    return (str(error).splitlines() or ["no reason given"])[0][:200].rstrip(".")
