"""One column to the type of its contract; what cannot be read is named and set aside."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import polars as pl

from scorewright.core.contracts import MAX_INTEGER, MAX_TEXT, ColumnType
from scorewright.core.tables.regional import iso_days, with_points

__all__ = [
    "FALSE_WORDS",
    "TRUE_WORDS",
    "Parsed",
    "clean_text",
    "dates",
    "moments",
    "parse",
    "plain_text",
]

TRUE_WORDS: Final = ("true", "yes", "t", "y", "1")
FALSE_WORDS: Final = ("false", "no", "f", "n", "0")

_MIDNIGHT = r"^(\d{4}-\d{2}-\d{2})(?:[T ]00:00(?::00(?:\.0+)?)?(?:Z|\+00:00)?)?$"
_MOMENT_FORMATS = ("%Y-%m-%dT%H:%M:%S%.f", "%Y-%m-%dT%H:%M", "%Y-%m-%d")


@dataclass(frozen=True, slots=True, eq=False)
class Parsed:
    """A column in its new type.

    Attributes:
        values: The typed column; cells that could not be read are null.
        wrong: Problem code -> mask of the cells that have it.
    """

    values: pl.Series
    wrong: dict[str, pl.Series]


def clean_text(series: pl.Series) -> pl.Series:
    """Trim texts and make empty ones missing; other types come back as they are."""
    if isinstance(series.dtype, pl.Categorical | pl.Enum):
        series = series.cast(pl.String)
    if series.dtype != pl.String:
        return series.fill_nan(None) if series.dtype.is_float() else series
    trimmed = series.str.strip_chars()
    return trimmed.set(trimmed == "", None)


def plain_text(series: pl.Series) -> pl.Series:
    """Write values the one way people write them: ``1`` for 1 and 1.0, ``true`` for True.

    A category stored as 1.0, because its column once held a missing value, is still ``1``.
    """
    if series.dtype.is_float():
        whole = series.cast(pl.Int64, strict=False)
        same = (whole.cast(pl.Float64) == series).fill_null(value=False)
        return whole.cast(pl.String).zip_with(same, series.cast(pl.String))
    text = series.cast(pl.String)
    return text.str.strip_chars() if series.dtype == pl.String else text


def parse(series: pl.Series, kind: ColumnType) -> Parsed:
    """Read a column as the given type.

    Args:
        series: Text (from CSV) or typed (from Parquet).
        kind: The contract's type.

    Returns:
        The typed column: Int64, Float64, Boolean, String, Date or Datetime (microseconds, UTC).
    """
    return _PARSERS[kind](clean_text(series))


def _unreadable(source: pl.Series, values: pl.Series) -> Parsed:
    return Parsed(values, {"type": source.is_not_null() & values.is_null()})


def _empty_like(source: pl.Series, dtype: pl.DataType) -> Parsed:
    return _unreadable(source, pl.Series(source.name, [None] * len(source), dtype=dtype))


def _number(source: pl.Series) -> Parsed:
    if not (source.dtype.is_numeric() or source.dtype in (pl.String, pl.Null)):
        return _empty_like(source, pl.Float64())
    source = with_points(source)
    values = source.cast(pl.Float64, strict=False)
    if _is_plain(source, values):
        return Parsed(values, {})
    # Text "NaN" means missing, as a NaN does; infinity is an error, not a number.
    given_nan = values.is_nan().fill_null(value=False)
    infinite = values.is_infinite().fill_null(value=False)
    too_large = _unsafe_integers(source, values)
    readable = values.is_not_null()
    kept = values.set(given_nan | infinite | too_large, None)
    wrong = {
        "type": source.is_not_null() & ~readable,
        "not-finite": infinite,
        "range": too_large,
    }
    return Parsed(kept, wrong)


def _is_plain(source: pl.Series, values: pl.Series) -> bool:
    """Tell whether every cell could be read and none is NaN, infinite or too large."""
    if values.null_count() != source.null_count() or values.is_nan().any():
        return False
    lowest, highest = values.min(), values.max()
    if not isinstance(lowest, float) or not isinstance(highest, float):
        return True  # not a single value
    return lowest > -MAX_INTEGER and highest < MAX_INTEGER


def _unsafe_integers(source: pl.Series, values: pl.Series) -> pl.Series:
    """Mark whole numbers, written as such, that a float cannot hold apart."""
    near = (values.abs() >= MAX_INTEGER).fill_null(value=False) & values.is_finite()
    if not near.any() or source.dtype.is_float():
        return pl.Series(values.name, [False] * len(values), dtype=pl.Boolean)
    exact = source.cast(pl.Int64, strict=False)
    safe = exact.is_between(-MAX_INTEGER, MAX_INTEGER).fill_null(value=False)
    whole = pl.Series([True]) if source.dtype != pl.String else source.str.contains(r"^[+-]?\d+$")
    return (near & ~safe & whole).fill_null(value=False)


def _integer(source: pl.Series) -> Parsed:
    number = _number(source)
    finite = number.values
    if not number.wrong and (finite == finite.round()).all():
        return Parsed(finite.cast(pl.Int64), {})
    whole = (finite == finite.round()).fill_null(value=False)
    large = (finite.abs() > MAX_INTEGER).fill_null(value=False)
    values = finite.set(~whole | large, None).cast(pl.Int64)
    none = pl.Series(source.name, [False], dtype=pl.Boolean).new_from_index(0, len(source))
    wrong = dict(number.wrong)
    wrong["type"] = wrong.get("type", none) | (finite.is_not_null() & ~whole)
    wrong["range"] = wrong.get("range", none) | (whole & large)
    return Parsed(values, wrong)


def _boolean(source: pl.Series) -> Parsed:
    if source.dtype == pl.Boolean:
        return _unreadable(source, source)
    if not (source.dtype.is_numeric() or source.dtype in (pl.String, pl.Null)):
        return _empty_like(source, pl.Boolean())
    words = plain_text(source).str.to_lowercase()
    meaning = dict.fromkeys(TRUE_WORDS, True) | dict.fromkeys(FALSE_WORDS, False)
    values = words.replace_strict(meaning, default=None, return_dtype=pl.Boolean)
    return _unreadable(source, values)


def _text(source: pl.Series) -> Parsed:
    if source.dtype.is_nested() or source.dtype in (pl.Binary, pl.Object):
        return _empty_like(source, pl.String())
    values = plain_text(source)
    long = (values.str.len_chars() > MAX_TEXT).fill_null(value=False)
    return Parsed(values.set(long, None), {"too-long": long})


def dates(source: pl.Series) -> pl.Series:
    """Read ISO dates, or those `iso_days` can make of the column; what is none becomes null."""
    day = iso_days(source).str.extract(_MIDNIGHT, 1)
    return day.str.to_date("%Y-%m-%d", strict=False)


def moments(source: pl.Series) -> pl.Series:
    """Read ISO moments as UTC; without an offset they are taken as UTC already."""
    text = source.str.replace(r"^(\d{4}-\d{2}-\d{2}) ", "${1}T").str.replace("[Zz]$", "+00:00")
    aware = text.str.to_datetime("%Y-%m-%dT%H:%M:%S%.f%:z", strict=False, time_unit="us")
    found = aware.dt.convert_time_zone("UTC")
    for form in _MOMENT_FORMATS:
        if form.endswith("%d"):
            naive = text.str.to_date(form, strict=False).cast(pl.Datetime("us"))
        else:
            naive = text.str.to_datetime(form, strict=False, time_unit="us")
        found = found.zip_with(found.is_not_null(), naive.dt.replace_time_zone("UTC"))
    return found


def _date(source: pl.Series) -> Parsed:
    if source.dtype == pl.String:
        return _unreadable(source, dates(source))
    if source.dtype in (pl.Date, pl.Datetime, pl.Null):
        return _unreadable(source, source.cast(pl.Date))
    return _empty_like(source, pl.Date())


def _moment(source: pl.Series) -> Parsed:
    utc = pl.Datetime("us", "UTC")
    if source.dtype == pl.String:
        return _unreadable(source, moments(source))
    if isinstance(source.dtype, pl.Datetime) and source.dtype.time_zone is not None:
        return _unreadable(source, source.dt.convert_time_zone("UTC").cast(utc))
    if source.dtype in (pl.Date, pl.Datetime, pl.Null):
        naive = source.cast(pl.Datetime("us"))
        return _unreadable(source, naive.dt.replace_time_zone("UTC"))
    return _empty_like(source, utc)


_PARSERS: Final[dict[ColumnType, Callable[[pl.Series], Parsed]]] = {
    ColumnType.INTEGER: _integer,
    ColumnType.NUMBER: _number,
    ColumnType.BOOLEAN: _boolean,
    ColumnType.CATEGORY: _text,
    ColumnType.TEXT: _text,
    ColumnType.DATE: _date,
    ColumnType.DATETIME: _moment,
}
