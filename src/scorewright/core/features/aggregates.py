"""The aggregates themselves, over the rows of one group."""

from __future__ import annotations

from typing import assert_never

import polars as pl

from scorewright.core.features.expressions import finite
from scorewright.core.features.frames import AGE
from scorewright.core.features.tree import AggregateKind

__all__ = ["aggregation"]


def aggregation(kind: AggregateKind, value: pl.Expr, *, is_text: bool) -> pl.Expr:  # noqa: PLR0911, C901 - one per kind
    """Return an aggregate of a column; its missing values are left out.

    Args:
        kind: Which.
        value: The column; for ``time_since`` the age of the rows.
        is_text: Whether its values are texts.

    Returns:
        An expression that gives one value per group: Float64 for mean, sum, std, share and
        trend, integers for counts, the column's own type otherwise.
    """
    match kind:
        case AggregateKind.COUNT:
            return value.count()
        case AggregateKind.MIN | AggregateKind.TIME_SINCE:
            return value.min()
        case AggregateKind.MAX:
            return value.max()
        case AggregateKind.MEAN | AggregateKind.SHARE:
            return finite(value.cast(pl.Float64).mean())
        case AggregateKind.SUM:
            total = value.cast(pl.Float64).sum()
            return finite(pl.when(value.count() > 0).then(total))
        case AggregateKind.STD:
            return finite(value.cast(pl.Float64).std(ddof=1))
        case AggregateKind.NUNIQUE:
            values = value if is_text else value.cast(pl.Float64) + 0.0  # -0.0 and 0.0 are one
            return values.drop_nulls().n_unique()
        case AggregateKind.LAST:
            return _at(value, _dated(value).min())
        case AggregateKind.FIRST:
            return _at(value, _dated(value).max())
        case AggregateKind.TREND:
            return _trend(value)
        case _:
            assert_never(kind)


def _dated(value: pl.Expr) -> pl.Expr:
    """Return the age of the rows that have a value."""
    return pl.when(value.is_not_null()).then(pl.col(AGE))


def _at(value: pl.Expr, age: pl.Expr) -> pl.Expr:
    """Return the value of that age; of several the greatest, whatever the order of the rows."""
    return value.filter(pl.col(AGE) == age).max()


def _trend(value: pl.Expr) -> pl.Expr:
    """Return the least-squares slope of the values over time, per unit of the table's time.

    Both are centred first, so that long histories lose no digits.
    """
    values = pl.when(pl.col(AGE).is_not_null()).then(value.cast(pl.Float64))
    times = -_dated(value)
    from_mean = times - times.mean()
    spread = (from_mean * from_mean).sum()
    slope = (from_mean * (values - values.mean())).sum() / spread
    return finite(pl.when(spread > 0).then(slope))
