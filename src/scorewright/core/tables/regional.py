"""Numbers and dates as people write them outside ISO: ``12345,67`` and ``31.12.2024``.

A spelling is judged for a whole column, never for one cell: ``1,234`` and ``01/02/2020`` can be
read in two ways, and only their neighbours tell which. What stays open is not read at all.
"""

from __future__ import annotations

from typing import Final

import polars as pl

from scorewright.core.tables.names import words

__all__ = ["holds_comma_numbers", "is_month_column", "iso_days", "looks_like_dates", "with_points"]

_COMMA: Final = r"^([+-]?\d+),(\d+)$"
_THOUSANDS: Final = r"^[+-]?[1-9]\d{0,2},\d{3}$"
_POINT: Final = r"^[+-]?(?:\d+\.\d*|\.\d+)(?:[eE][+-]?\d+)?$"
_NUMBER_LIKE: Final = r"^[+-]?\d[\d.,]*$"
_MOSTLY: Final = 0.95
_SOME: Final = 0.05

_ISO: Final = r"^\d{4}-\d{2}-\d{2}"
_DOTTED: Final = r"^(\d{1,2})\.(\d{1,2})\.(\d{4})$"
_SLASHED: Final = r"^(\d{1,2})/(\d{1,2})/(\d{4})$"
_DATE_LIKE: Final = r"^(?:\d{1,2}[./-]\d{1,2}[./-]\d{4}|\d{4}[./-]\d{1,2}[./-]\d{1,2})(?:[T ].*)?$"
_MONTHS: Final = 12
_YEAR_MONTH: Final = r"^(?:(?:19|20)\d{2}(?:0[1-9]|1[0-2])|2100(?:0[1-9]|1[0-2]))$"
_DATE_WORDS: Final = frozenset({"date", "dt", "issue", "issued", "month", "ym", "yyyymm"})


def with_points(texts: pl.Series) -> pl.Series:
    """Write decimal commas as points, where the column clearly has decimal commas.

    It has them where no number is written with a point and some of its commas, 5 % at least,
    cannot group thousands, as that of ``1,234`` can. Else the column is left as it is: one typing
    error among thousands must not divide them all by 1,000.

    Args:
        texts: Trimmed texts; other types come back unchanged.
    """
    if texts.dtype != pl.String:
        return texts
    commas = texts.str.contains(_COMMA)
    # No comma at all is the common case, and the cheap one.
    if not commas.any() or texts.str.contains(_POINT).any():
        return texts
    thousands = texts.filter(commas.fill_null(value=False)).str.contains(_THOUSANDS)
    if (~thousands).sum() < _SOME * len(thousands):
        return texts
    return texts.str.replace(_COMMA, "${1}.${2}")


def holds_comma_numbers(texts: pl.Series) -> bool:
    """Tell whether nearly all texts are numbers, some of them with a comma."""
    if texts.dtype != pl.String:
        return False
    filled = texts.drop_nulls()
    numbers = filled.str.contains(_NUMBER_LIKE)
    if len(filled) == 0 or int(numbers.sum()) < _MOSTLY * len(filled):
        return False
    return bool(filled.filter(numbers).str.contains(",", literal=True).any())


def iso_days(texts: pl.Series) -> pl.Series:
    """Write ``31.12.2024`` and unambiguous ``31/12/2024`` as ISO dates.

    With slashes the order of day and month must show: somewhere one of the two exceeds 12, and
    nowhere the other. A column that holds ISO dates already is left as it is.

    Args:
        texts: Trimmed texts.
    """
    if texts.str.contains(_ISO).any():
        return texts
    if texts.str.contains(_DOTTED).any():
        return _rewritten(texts, _DOTTED, day=1, month=2)
    first, second = (
        texts.str.extract(_SLASHED, group).cast(pl.Int64).drop_nulls() for group in (1, 2)
    )
    if len(first) == 0:
        return texts
    day_first, month_first = bool((first > _MONTHS).any()), bool((second > _MONTHS).any())
    if day_first == month_first:
        return texts
    return _rewritten(texts, _SLASHED, day=1 if day_first else 2, month=2 if day_first else 1)


def _rewritten(texts: pl.Series, pattern: str, *, day: int, month: int) -> pl.Series:
    year = texts.str.extract(pattern, 3)
    parts = [texts.str.extract(pattern, group).str.zfill(2) for group in (month, day)]
    iso = year + "-" + parts[0] + "-" + parts[1]
    return iso.zip_with(iso.is_not_null(), texts)


def looks_like_dates(texts: pl.Series) -> bool:
    """Tell whether every text is written like a date, readable or not."""
    filled = texts.drop_nulls()
    if filled.dtype != pl.String or len(filled) == 0:
        return False
    return bool(filled.str.contains(_DATE_LIKE).all())


def is_month_column(cells: pl.Series) -> bool:
    """Tell whether whole numbers are months such as 202401, under a name that says so.

    Args:
        cells: Texts or integers; the months run from 190001 to 210012.
    """
    if not _DATE_WORDS.intersection(words(cells.name)):
        return False
    filled = cells.drop_nulls().cast(pl.String).str.strip_suffix(".0")
    return len(filled) > 0 and bool(filled.str.contains(_YEAR_MONTH).all())
