"""The aggregates themselves, over the rows of one group."""

from __future__ import annotations

from typing import Literal, assert_never

import polars as pl

from scorewright.core.features.expressions import finite
from scorewright.core.features.frames import AGE
from scorewright.core.features.tree import AggregateKind

__all__ = ["aggregation", "trend", "trend_terms"]

#: Aggregates that need nothing beyond their column.
Plain = Literal[
    AggregateKind.COUNT,
    AggregateKind.MIN,
    AggregateKind.MAX,
    AggregateKind.MEAN,
    AggregateKind.SUM,
    AggregateKind.STD,
    AggregateKind.NUNIQUE,
    AggregateKind.SHARE,
    AggregateKind.LAST,
    AggregateKind.FIRST,
    AggregateKind.TIME_SINCE,
]


def aggregation(kind: Plain, value: pl.Expr, *, is_text: bool) -> pl.Expr:  # noqa: PLR0911 - one per kind
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
        case _:
            assert_never(kind)


def _dated(value: pl.Expr) -> pl.Expr:
    """Return the age of the rows that have a value."""
    return pl.when(value.is_not_null()).then(pl.col(AGE))


def _at(value: pl.Expr, age: pl.Expr) -> pl.Expr:
    """Return the value of that age; of several the greatest, whatever the order of the rows."""
    return value.filter(pl.col(AGE) == age).max()


def trend_terms(value: pl.Expr, name: str, group: str) -> tuple[list[pl.Expr], list[pl.Expr]]:
    """Return the columns of which `trend` is made, in two steps.

    Times and values are shifted by their least one in each group: long histories lose no
    digits, and values that never change have a slope of exactly 0.

    Args:
        value: The column, missing where a row does not count.
        name: Beginning of the new columns' names.
        group: The column of the groups.
    """
    is_there = value.is_not_null() & pl.col(AGE).is_not_null()
    time = pl.when(is_there).then(-pl.col(AGE))
    number = pl.when(is_there).then(value.cast(pl.Float64))
    first = [
        (time - time.min().over(group)).alias(f"{name}_t"),
        (number - number.min().over(group)).alias(f"{name}_v"),
    ]
    t, v = pl.col(f"{name}_t"), pl.col(f"{name}_v")
    return first, [(t * v).alias(f"{name}_tv"), (t * t).alias(f"{name}_tt")]


def trend(name: str) -> pl.Expr:
    """Return the least-squares slope over time, per unit of the table's time.

    Args:
        name: As given to `trend_terms`.
    """
    t, v, tv, tt = (pl.col(f"{name}_{part}").sum() for part in ("t", "v", "tv", "tt"))
    count = pl.col(f"{name}_t").count()
    spread = tt - t * t / count
    # Several times, or there is no slope: their spread alone could be an error of rounding.
    is_spread = pl.col(f"{name}_t").max() > 0
    return finite(pl.when(is_spread).then((tv - t * v / count) / spread))
