"""Cells as people and programs write them: one value in JSON, in text, in Parquet, in pandas."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
from hypothesis import strategies as st

from scorewright.core.contracts import Column, ColumnType

__all__ = ["as_json", "as_pandas", "as_parquet", "as_text"]

Cell = float | int | str | bool | None

_SAFE = 2**53
_TRUE, _FALSE = ("true", "True", "yes", "1", "T"), ("false", "FALSE", "no", "0", "f")
#: Texts that a table in text form has for a missing value.
_NOTHING = ("", " ", "NaN", "NA", "null")
_TEXTS = (ColumnType.CATEGORY, ColumnType.TEXT)


def as_json(column: Column, value: Cell) -> st.SearchStrategy[Any]:
    """Draw a JSON value that means the same: 40.0 for 40, 1 for the code "1", " car " for "car"."""
    forms: list[Any] = [value]
    if value is None:
        forms += ["", "  "] if column.type in _TEXTS else []
    elif column.type is ColumnType.NUMBER:
        forms += [int(value)] if _is_whole(value) else []
    elif column.type is ColumnType.INTEGER:
        forms.append(float(value))
    elif column.type is ColumnType.CATEGORY:
        forms += [f" {value}\t", *_codes(column, [value])]
    return st.sampled_from(forms)


def as_text(column: Column, value: Cell) -> st.SearchStrategy[str]:
    """Draw the cell of a text table."""
    match column.type:
        case _ if value is None:
            forms: Sequence[str] = _NOTHING
        case ColumnType.NUMBER:
            # Beyond 2**53 a number written as a whole one is refused, by every way alike.
            long = [f"{value:.25g}"] if abs(float(value)) < _SAFE else []
            forms = (repr(value), f" {value!r} ", f"{value:.17e}", *long)
        case ColumnType.INTEGER:
            forms = (str(value), f"{value}.0", f" {value}")
        case ColumnType.BOOLEAN:
            forms = _TRUE if value else _FALSE
        case ColumnType.DATE:
            forms = (str(value), f"{value}T00:00:00", f"{value} 00:00")
        case _:
            forms = (str(value), f" {value} ")
    return st.sampled_from(forms)


def as_parquet(column: Column, values: Sequence[Cell]) -> st.SearchStrategy[pl.Series]:
    """Draw a typed column: the types that Parquet files come with for such values."""
    name, kind, series = column.name, column.type, pl.Series
    present = [value for value in values if value is not None]
    forms: list[pl.Series]
    if kind in (ColumnType.NUMBER, ColumnType.INTEGER):
        forms = [
            series(name, values, pl.Float64, strict=False),
            series(name, [np.nan if v is None else v for v in values], pl.Float64, strict=False),
            series(name, [None if v is None else repr(v) for v in values], pl.String),
        ]
        if all(map(_is_whole, present)):
            forms.append(series(name, values, pl.Int64, strict=False))
        if all(-_SAFE < float(v) < _SAFE and float(np.float32(v)) == v for v in present):
            forms.append(series(name, values, pl.Float32, strict=False))
    elif kind is ColumnType.BOOLEAN:
        words = [None if v is None else str(v).lower() for v in values]
        ones = [None if v is None else int(v) for v in values]
        forms = [series(name, values, pl.Boolean), series(name, words, pl.String)]
        forms += [series(name, ones, pl.Int8), series(name, ones, pl.Float64, strict=False)]
    elif kind is ColumnType.DATE:
        days = series(name, values, pl.String).str.to_date()
        forms = [days, days.cast(pl.Datetime("us")), series(name, values, pl.String)]
    else:
        forms = [series(name, values, pl.String), series(name, values, pl.Categorical)]
        if codes := _codes(column, present):
            given = iter(codes)
            numbers = [None if v is None else next(given) for v in values]
            forms += [series(name, numbers, t, strict=False) for t in (pl.Int64, pl.Float64)]
    return st.sampled_from(forms)


def as_pandas(column: Column, values: Sequence[Cell]) -> st.SearchStrategy[pd.Series[Any]]:
    """Draw a column of a data frame, as pandas has it after reading, merging and filling."""
    kind, made = column.type, pd.Series
    present = [value for value in values if value is not None]
    forms: list[Any] = [made(values, dtype=object)]
    if kind is ColumnType.NUMBER:
        forms.append(made(values, dtype="float64"))
    elif kind is ColumnType.INTEGER:
        forms += [made(values, dtype="float64"), made(values, dtype="Int64")]
    elif kind is ColumnType.BOOLEAN:
        forms.append(made(values, dtype="boolean"))
    elif kind is ColumnType.DATE:
        forms += [made(pd.to_datetime(values)), made([v and _day(v) for v in values], dtype=object)]
    else:
        forms += [made(values, dtype="category"), made(values, dtype="string")]
        if codes := _codes(column, present):
            given = iter(codes)
            forms.append(made([np.nan if v is None else next(given) for v in values]))
    return st.sampled_from(forms)


def _codes(column: Column, values: Sequence[Cell]) -> list[float]:
    """Return the numbers a category's values are, where it is one of codes; else nothing."""
    texts = [str(value) for value in values]
    is_coded = column.type is ColumnType.CATEGORY and any(c.isdigit() for c in column.categories)
    is_code = all(text.isdigit() and str(int(text)) == text for text in texts)
    return [float(text) for text in texts] if is_coded and is_code else []


def _is_whole(value: Cell) -> bool:
    return isinstance(value, int | float) and float(value).is_integer() and abs(value) < _SAFE


def _day(value: Cell) -> date:
    return datetime.fromisoformat(str(value)).date()
