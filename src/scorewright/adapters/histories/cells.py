"""One column of any source to the type of its contract, and the cells that are not of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

import polars as pl

from scorewright.core.contracts import MAX_INTEGER, MAX_TEXT, ColumnType
from scorewright.core.tables import clean_text, plain_text

__all__ = ["Cells", "dtype_of", "typed"]

_TRUE: Final = ("true", "yes", "t", "y", "1")
_FALSE: Final = ("false", "no", "f", "n", "0")
_WORDS: Final = dict.fromkeys(_TRUE, True) | dict.fromkeys(_FALSE, False)
_MIDNIGHT: Final = r"^(\d{4}-\d{2}-\d{2})(?:[T ]00:00(?::00(?:\.0+)?)?(?:Z|\+00:00)?)?$"
_NARROW: Final = (pl.Int8, pl.Int16, pl.Int32, pl.UInt8, pl.UInt16)
_DTYPES: Final[Mapping[ColumnType, pl.DataType]] = {
    ColumnType.INTEGER: pl.Int64(),
    ColumnType.NUMBER: pl.Float64(),
    ColumnType.BOOLEAN: pl.Boolean(),
    ColumnType.CATEGORY: pl.String(),
    ColumnType.TEXT: pl.String(),
    ColumnType.DATE: pl.Date(),
    ColumnType.DATETIME: pl.Datetime("us", "UTC"),
}


@dataclass(frozen=True, slots=True, eq=False)
class Cells:
    """A typed column.

    Attributes:
        values: The column; a cell that is not of the type is null.
        wrong: Mask of those cells; None where there is none.
    """

    values: pl.Series
    wrong: pl.Series | None = None


def dtype_of(kind: ColumnType, stored: pl.DataType) -> pl.DataType:
    """Return the type a column gets: integers that are stored in 32 bits or less stay narrow."""
    if kind is ColumnType.INTEGER and stored in _NARROW:
        return pl.Int32()
    return _DTYPES[kind]


def typed(series: pl.Series, kind: ColumnType, dtype: pl.DataType) -> Cells:
    """Read a column as a type of the contract.

    Numbers and dates are read in their plain and ISO form only: a spelling such as ``1.234,5``
    can be judged for a whole column, which is never at hand here.

    Args:
        series: Text or typed.
        kind: The contract's type.
        dtype: What `dtype_of` gave for the whole table.
    """
    if isinstance(series.dtype, pl.Categorical | pl.Enum):
        series = series.cast(pl.String)
    if series.dtype == pl.Null or series.null_count() == len(series):
        return Cells(pl.Series(series.name, [None], dtype=dtype).new_from_index(0, len(series)))
    cells = _READERS[kind](series)
    return Cells(cells.values.cast(dtype), cells.wrong)


def _checked(source: pl.Series, values: pl.Series) -> Cells:
    """Cells are wrong where something stood that the values do not have."""
    if values.null_count() == source.null_count():
        return Cells(values)
    return _marked(values, source.is_not_null() & values.is_null())


def _marked(values: pl.Series, wrong: pl.Series) -> Cells:
    return Cells(values.set(wrong, None), wrong) if wrong.any() else Cells(values)


def _none_of(source: pl.Series, dtype: pl.DataType) -> Cells:
    return _checked(
        source, pl.Series(source.name, [None], dtype=dtype).new_from_index(0, len(source))
    )


def _integer(source: pl.Series) -> Cells:
    if source.dtype.is_integer():
        if source.dtype in (*_NARROW, pl.UInt32):
            return Cells(source)
        return _marked(source.cast(pl.Int64, strict=False), _beyond(source))
    if source.dtype == pl.String:
        values = source.cast(pl.Int64, strict=False)
        if values.null_count() == source.null_count():
            return _marked(values, _beyond(values))
    number = _number(source)
    values = number.values.cast(pl.Int64, strict=False)
    given = number.values.is_not_null()
    wrong = given & (values.cast(pl.Float64) != number.values).fill_null(value=True)
    wrong |= _beyond(values)
    return _marked(values, wrong if number.wrong is None else wrong | number.wrong)


def _beyond(values: pl.Series) -> pl.Series:
    """Mark whole numbers that a float cannot hold apart."""
    wrong = values > MAX_INTEGER
    if values.dtype.is_signed_integer():
        wrong |= values < -MAX_INTEGER
    return wrong.fill_null(value=False)


def _number(source: pl.Series) -> Cells:
    if source.dtype == pl.String:
        values = source.cast(pl.Float64, strict=False)
        if values.null_count() != source.null_count():
            source = clean_text(source)
            values = source.cast(pl.Float64, strict=False)
        return _finite(_checked(source, values))
    if not source.dtype.is_numeric():
        return _none_of(source, pl.Float64())
    return _finite(_checked(source, source.cast(pl.Float64, strict=False)))


def _finite(cells: Cells) -> Cells:
    finite = cells.values.is_finite()
    if finite.all():
        return cells
    return Cells(cells.values.set(~finite.fill_null(value=True), None), cells.wrong)


def _boolean(source: pl.Series) -> Cells:
    if source.dtype == pl.Boolean:
        return Cells(source)
    if not (source.dtype.is_numeric() or source.dtype == pl.String):
        return _none_of(source, pl.Boolean())
    cleaned = clean_text(source)
    words = plain_text(cleaned).str.to_lowercase()
    values = words.replace_strict(_WORDS, default=None, return_dtype=pl.Boolean)
    return _checked(cleaned, values)


def _text(source: pl.Series) -> Cells:
    if source.dtype.is_nested() or source.dtype in (pl.Binary, pl.Object):
        return _none_of(source, pl.String())
    values = clean_text(plain_text(clean_text(source)) if source.dtype != pl.String else source)
    if int(str(values.str.len_bytes().max() or 0)) <= MAX_TEXT:
        return Cells(values)
    return _marked(values, (values.str.len_chars() > MAX_TEXT).fill_null(value=False))


def _date(source: pl.Series) -> Cells:
    if source.dtype == pl.Date:
        return Cells(source)
    if isinstance(source.dtype, pl.Datetime):
        return Cells(source.cast(pl.Date))
    if source.dtype != pl.String:
        return _none_of(source, pl.Date())
    values = source.str.to_date("%Y-%m-%d", strict=False)
    if values.null_count() != source.null_count():
        source = clean_text(source)
        values = source.str.extract(_MIDNIGHT, 1).str.to_date("%Y-%m-%d", strict=False)
    return _checked(source, values)


def _moment(source: pl.Series) -> Cells:
    utc = pl.Datetime("us", "UTC")
    if isinstance(source.dtype, pl.Datetime) and source.dtype.time_zone is not None:
        return Cells(source.dt.convert_time_zone("UTC").cast(utc))
    if source.dtype in (pl.Date, pl.Datetime):
        return Cells(source.cast(pl.Datetime("us")).dt.replace_time_zone("UTC"))
    if source.dtype != pl.String:
        return _none_of(source, utc)
    return _moment_text(clean_text(source))


def _moment_text(source: pl.Series) -> Cells:
    text = source.str.replace(r"^(\d{4}-\d{2}-\d{2}) ", "${1}T").str.replace("[Zz]$", "+00:00")
    aware = text.str.to_datetime("%Y-%m-%dT%H:%M:%S%.f%:z", strict=False, time_unit="us")
    found = aware.dt.convert_time_zone("UTC")
    for form in ("%Y-%m-%dT%H:%M:%S%.f", "%Y-%m-%dT%H:%M"):
        naive = text.str.to_datetime(form, strict=False, time_unit="us")
        found = found.zip_with(found.is_not_null(), naive.dt.replace_time_zone("UTC"))
    days = text.str.to_date("%Y-%m-%d", strict=False).cast(pl.Datetime("us"))
    found = found.zip_with(found.is_not_null(), days.dt.replace_time_zone("UTC"))
    return _checked(source, found)


_READERS: Final[Mapping[ColumnType, Callable[[pl.Series], Cells]]] = {
    ColumnType.INTEGER: _integer,
    ColumnType.NUMBER: _number,
    ColumnType.BOOLEAN: _boolean,
    ColumnType.CATEGORY: _text,
    ColumnType.TEXT: _text,
    ColumnType.DATE: _date,
    ColumnType.DATETIME: _moment,
}
