"""What is said of the rows of a batch: a line for each, what is flagged, and what is wrong."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import polars as pl

from scorewright.core.tables import TableReport
from scorewright.flows.serve import Variant

__all__ = ["OURS", "OUTSIDE", "UNKNOWN", "all_rows", "flagged", "problems", "shown_flags"]

#: Stands before the names of columns that are ours, so that none of a file's own is hidden.
OURS: Final = "\x1f"
UNKNOWN, OUTSIDE = f"{OURS}unknown", f"{OURS}outside"
#: Problems that are listed of one row; more are counted.
MOST_PROBLEMS = 20
_PROBLEM_SCHEMA = {
    "row": pl.Int64,
    "column": pl.String,
    "code": pl.String,
    "expected": pl.String,
}


def flagged(report: TableReport, variant: Variant) -> pl.DataFrame:
    """Return for each row the columns that are flagged, joined by NUL; null where there are none.

    Args:
        report: Of the rows.
        variant: Knows the ranges of the rows the model was made on.
    """
    unknown: dict[int, list[str]] = {}
    for failure in report.failures:
        if failure.code == "unknown-category":
            for row in failure.rows.tolist():
                unknown.setdefault(row, []).append(failure.column)
    joined: list[str | None] = [None] * report.rows
    for row, names in unknown.items():
        joined[row] = "\0".join(names)
    return pl.DataFrame([pl.Series(UNKNOWN, joined, dtype=pl.String), _outside(report, variant)])


def _outside(report: TableReport, variant: Variant) -> pl.Series:
    """Return for each row the columns outside the model's rows, joined by NUL."""
    given = set(report.frame.columns)
    outside = {
        name: (pl.col(name) < lowest) | (pl.col(name) > highest)
        for name, lowest, highest in variant.ranges
        if name in given
    }
    frame = report.frame
    found = frame.select(wrong.any().alias(name) for name, wrong in outside.items())
    names = [
        pl.when(outside[name]).then(pl.lit(name)) for name in found.columns if found[name].item()
    ]
    if not names:
        return pl.Series(OUTSIDE, [None], dtype=pl.String).new_from_index(0, report.rows)
    joined = pl.concat_str(names, separator="\0", ignore_nulls=True)
    told = pl.when(joined != "").then(joined).alias(OUTSIDE)
    return frame.select(told).to_series()


def shown_flags(flagged: pl.DataFrame) -> pl.Series:
    """Return the flags of each row as a text; empty where there are none."""
    texts = [
        pl.format(f"{label}: {{}}", pl.col(name).str.replace_all("\0", " ", literal=True))
        for label, name in (("unknown_category", UNKNOWN), ("out_of_range", OUTSIDE))
    ]
    together = pl.concat_str(texts, separator="; ", ignore_nulls=True)
    return flagged.select(together.alias("flags")).to_series()


def all_rows(
    report: TableReport,
    bad: np.ndarray[Any, Any],
    scored: pl.DataFrame,
    key: str | None,
    before: int,
) -> pl.DataFrame:
    """Return a line for every row of the file, whether scored or rejected."""
    height = report.rows
    rows = pl.DataFrame({"row": pl.Series(np.arange(height) + 1 + before, dtype=pl.Int64)})
    if key is not None and key in report.frame.columns:
        # Whatever the key is called, it stands under one name and cannot hide another column.
        rows = rows.with_columns(application=report.frame[key].cast(pl.String))
    status = np.full(height, "scored", dtype=object)
    status[bad] = "rejected"
    rows = rows.with_columns(status=pl.Series(status.tolist(), dtype=pl.String))
    return rows.join(scored, on="row", how="left", maintain_order="left")


def problems(report: TableReport, before: int) -> pl.DataFrame:
    """Return the entries of the error report: row, column, code and what was expected."""
    found = [
        pl.DataFrame({"row": pl.Series(f.rows + 1 + before, dtype=pl.Int64)}).with_columns(
            column=pl.lit(f.column), code=pl.lit(f.code), expected=pl.lit(f.expected)
        )
        for f in report.failures
        if f.severity == "error" and len(f.rows)
    ]
    if not found:
        return pl.DataFrame(schema=_PROBLEM_SCHEMA)
    every = pl.concat(found).sort("row", maintain_order=True)
    place = every.with_columns(place=pl.int_range(pl.len()).over("row"))
    more = (
        place.filter(pl.col("place") >= MOST_PROBLEMS)
        .group_by("row", maintain_order=True)
        .agg(pl.len().alias("n"))
        .select(
            "row",
            column=pl.lit("*"),
            code=pl.lit("more-problems"),
            expected=pl.format("{} more columns to be mended", "n"),
        )
    )
    first = place.filter(pl.col("place") < MOST_PROBLEMS).drop("place")
    return pl.concat([first, more]).sort("row", maintain_order=True)
