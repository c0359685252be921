"""How many rows make a chunk of a given size."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

import polars as pl

__all__ = ["row_bytes", "rows_within"]

_TEXT_BYTES: Final = 24  # a view of 16 bytes, and a short text
_LEAST: Final = 4096
_MOST: Final = 1_000_000


def row_bytes(types: Iterable[pl.DataType]) -> int:
    """Return about how many bytes a row takes in memory."""
    return sum(_bytes(dtype) for dtype in types) or 1


def rows_within(budget: int, types: Iterable[pl.DataType]) -> int:
    """Return how many rows fit into a budget of bytes, between 4,096 and a million."""
    return max(_LEAST, min(_MOST, budget // row_bytes(types)))


def _bytes(dtype: pl.DataType) -> int:
    if dtype.is_numeric() or dtype.is_temporal():
        return 4 if dtype in (pl.Int32, pl.Float32, pl.Date, pl.UInt32) else 8
    return 1 if dtype == pl.Boolean else _TEXT_BYTES
