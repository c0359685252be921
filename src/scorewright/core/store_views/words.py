"""Sizes, times and shares as people read them."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import polars as pl

__all__ = ["bytes_text", "figure_text", "moment", "plain", "state_of", "time_text"]

_STEP = 1024.0
_UNITS = ("B", "KiB", "MiB", "GiB", "TiB")


def bytes_text(size: int | None) -> str:
    """Return a size such as "1.4 MiB"; "" for none."""
    if size is None:
        return ""
    amount = float(size)
    for unit in _UNITS[:-1]:
        if amount < _STEP:
            return f"{amount:.0f} {unit}" if unit == "B" else f"{amount:.1f} {unit}"
        amount /= _STEP
    return f"{amount:.1f} {_UNITS[-1]}"


def figure_text(value: float | None) -> str:
    """Return a figure with six digits at most; "" for none."""
    return "" if value is None else f"{value:.6g}"


def time_text(value: datetime | None) -> str:
    """Return a time to the minute; "" for none."""
    return "" if value is None else f"{value:%Y-%m-%d %H:%M}"


def moment(column: str) -> pl.Expr:
    """Return milliseconds since 1970 as a time in UTC; what no calendar holds is null."""
    value = pl.col(column)
    # The years 1970 to 9999.
    held = pl.when(value.is_between(1, 253_402_300_799_999)).then(value)
    return held.cast(pl.Datetime("ms", "UTC"))


def state_of(column: str = "lifecycle_stage") -> pl.Expr:
    """Return "active" or "deleted"; a lacking one is active."""
    is_deleted = pl.col(column).fill_null("active") == "deleted"
    return pl.when(is_deleted).then(pl.lit("deleted")).otherwise(pl.lit("active"))


def plain(value: Any) -> Any:  # noqa: ANN401 - any value of a cell
    """Return a value of a cell as JSON may hold it: no times, no NaN, no infinity."""
    if isinstance(value, datetime):
        return value.isoformat().replace("+00:00", "Z")
    if isinstance(value, float) and (value != value or value in {float("inf"), -float("inf")}):  # noqa: PLR0124 - NaN
        return str(value)
    if isinstance(value, list):
        return [plain(one) for one in value]
    return value
