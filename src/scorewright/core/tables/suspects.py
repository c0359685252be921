"""Which columns may break a rule: one pass that nearly always finds none."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import polars as pl

from scorewright.core.contracts import Column, ColumnType, Contract

__all__ = ["suspects"]

_NUMBERS = (ColumnType.INTEGER, ColumnType.NUMBER)


def suspects(frame: pl.DataFrame, contract: Contract) -> list[str]:
    """Name the columns with a cell that may break nullability, range, category or key rules.

    Args:
        frame: Typed columns, as `coerce` gives them.
        contract: The contract; columns the frame lacks are left out.

    Returns:
        Every column that `break_rules` finds a failure in; the others need no closer look.
    """
    given = set(frame.columns)
    present = [c for c in contract.columns if c.name in given]
    found = {
        *_out_of_range(frame, present),
        *_with_nulls(frame, [c.name for c in present if not c.nullable]),
        *_unlisted(frame, [c for c in present if c.type is ColumnType.CATEGORY]),
    }
    key = contract.key
    if key in given and key is not None and frame.get_column(key).is_duplicated().any():
        found.add(key)
    return [column.name for column in present if column.name in found]


def _out_of_range(frame: pl.DataFrame, columns: Sequence[Column]) -> Iterator[str]:
    limited = [c for c in columns if c.type in _NUMBERS and (c.minimum, c.maximum) != (None, None)]
    if not limited:
        return
    cells = pl.col([column.name for column in limited])
    # Two passes over everything take less time than to name a test for each column.
    lowest, highest = frame.select(cells.min()).row(0), frame.select(cells.max()).row(0)
    for column, low, high in zip(limited, lowest, highest, strict=True):
        is_low = column.minimum is not None and low is not None and low < column.minimum
        if is_low or (column.maximum is not None and high is not None and high > column.maximum):
            yield column.name


def _with_nulls(frame: pl.DataFrame, names: Sequence[str]) -> Iterator[str]:
    counts = frame.select(pl.col(names).null_count()).row(0) if names else ()
    return (name for name, count in zip(names, counts, strict=True) if count)


def _unlisted(frame: pl.DataFrame, columns: Sequence[Column]) -> Iterator[str]:
    listed = (pl.Series(column.categories, dtype=pl.String).implode() for column in columns)
    names = [column.name for column in columns]
    known = (pl.col(n).is_in(found).all() for n, found in zip(names, listed, strict=True))
    told = frame.select(known).row(0) if names else ()
    return (name for name, is_known in zip(names, told, strict=True) if not is_known)
