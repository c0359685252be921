"""Cells of the right type that their contract does not allow."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import polars as pl

from scorewright.core.contracts import Column, ColumnType, UnknownPolicy, expectation

__all__ = ["breaches"]

_NUMBERS: Final = (ColumnType.INTEGER, ColumnType.NUMBER)


def breaches(
    values: pl.Series, column: Column, wrong: pl.Series | None
) -> Iterator[tuple[str, pl.Series]]:
    """Yield what was expected, and where something else stands.

    Args:
        values: Typed cells; what is not finite is missing.
        column: Their rule.
        wrong: Mask of the cells that are not of the type, which are told as such; None without.

    Yields:
        Expectation and mask of the cells: missing where a value has to be, outside of minimum
        and maximum, or an unlisted category that is to be rejected.
    """
    if not column.nullable and values.null_count():
        missing = values.is_null() if wrong is None else values.is_null() & ~wrong
        if missing.any():
            yield f"{expectation(column)}, never missing", missing
    outside = _outside(values, column)
    if outside is not None:
        yield expectation(column), outside


def _outside(values: pl.Series, column: Column) -> pl.Series | None:
    """Return the mask of values that are not allowed, None where there are none."""
    if column.type is ColumnType.CATEGORY and column.unknown is UnknownPolicy.REJECT:
        unlisted = ~values.is_in(list(column.categories)) & values.is_not_null()
        return unlisted if unlisted.any() else None
    if column.type not in _NUMBERS or _is_within(values, column):
        return None
    outside = pl.repeat(value=False, n=len(values), dtype=pl.Boolean, eager=True)
    if column.minimum is not None:
        outside |= values < column.minimum
    if column.maximum is not None:
        outside |= values > column.maximum
    return outside.fill_null(value=False)


def _is_within(values: pl.Series, column: Column) -> bool:
    """Look at the two ends alone, which takes no memory: nearly every column is sound."""
    if column.minimum is None and column.maximum is None:
        return True
    low, high = values.min(), values.max()
    if not isinstance(low, int | float) or not isinstance(high, int | float):
        return True  # without any value
    is_above = column.minimum is None or low >= column.minimum
    return is_above and (column.maximum is None or high <= column.maximum)
