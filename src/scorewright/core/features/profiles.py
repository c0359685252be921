"""What came out: per feature the share that is missing, the range and the mean."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import polars as pl

__all__ = ["ColumnProfile", "merge_profiles", "profile"]


@dataclass(frozen=True, slots=True)
class ColumnProfile:
    """One feature of the result.

    Attributes:
        name: Of the feature.
        rows: Number of applications.
        missing: How many of them have no value.
        minimum, maximum: Of the others; None for categories and where there are none.
    """

    name: str
    rows: int
    missing: int
    minimum: float | None
    maximum: float | None

    @property
    def missing_rate(self) -> float:
        """Share of the applications without a value, from 0 to 1."""
        return self.missing / self.rows if self.rows else 0.0

    def to_dict(self) -> dict[str, Any]:
        """Return a JSON-ready form."""
        return {
            "name": self.name,
            "rows": self.rows,
            "missing": self.missing,
            "minimum": self.minimum,
            "maximum": self.maximum,
        }

    @classmethod
    def from_dict(cls, document: Mapping[str, Any]) -> ColumnProfile:
        """Read the form written by `to_dict`."""
        return cls(**document)


def profile(frame: pl.DataFrame, names: Sequence[str]) -> tuple[ColumnProfile, ...]:
    """Profile columns.

    Args:
        frame: The result of `scorewright.core.features.compute`, or a part of it.
        names: The features.
    """
    return tuple(_column(frame.get_column(name)) for name in names)


def _column(values: pl.Series) -> ColumnProfile:
    missing = values.null_count()
    low = high = None
    if values.dtype != pl.String and missing < len(values):
        numbers = values.cast(pl.Float64)
        low, high = numbers.min(), numbers.max()
    return ColumnProfile(values.name, len(values), missing, _float(low), _float(high))


def _float(value: object) -> float | None:
    return float(value) if isinstance(value, int | float) else None


def merge_profiles(parts: Sequence[Sequence[ColumnProfile]]) -> tuple[ColumnProfile, ...]:
    """Put the profiles of buckets together, feature by feature."""
    merged: dict[str, ColumnProfile] = {}
    for column in (column for part in parts for column in part):
        so_far = merged.get(column.name)
        merged[column.name] = column if so_far is None else _merged(so_far, column)
    return tuple(merged.values())


def _merged(a: ColumnProfile, b: ColumnProfile) -> ColumnProfile:
    lows = [v for v in (a.minimum, b.minimum) if v is not None]
    highs = [v for v in (a.maximum, b.maximum) if v is not None]
    return ColumnProfile(
        a.name,
        a.rows + b.rows,
        a.missing + b.missing,
        min(lows) if lows else None,
        max(highs) if highs else None,
    )
