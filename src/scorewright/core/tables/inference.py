"""A first contract for a table that has none, guessed from its rows and names."""

from __future__ import annotations

from dataclasses import dataclass
from difflib import get_close_matches
from typing import Final

import polars as pl

from scorewright.core.contracts import (
    MAX_INTEGER,
    MAX_TEXT,
    Column,
    ColumnType,
    Contract,
    UnknownPolicy,
    Use,
)
from scorewright.core.errors import UsageError
from scorewright.core.tables.names import is_identifier_name, is_protected_name
from scorewright.core.tables.parsing import clean_text, dates, moments, plain_text
from scorewright.core.tables.regional import is_month_column, looks_like_dates, with_points

__all__ = ["infer_contract", "infer_type"]

MAX_CATEGORIES: Final = 200
"""Most values a text column may have to be taken as a category."""

_FEW: Final = 20
_NEARLY_UNIQUE: Final = 0.5
_MOSTLY: Final = 0.95
_ROWS_FOR_BOUND: Final = 100
_WORD_PAIRS: Final = ({"true", "false"}, {"yes", "no"})
_NUMBERS: Final = (ColumnType.INTEGER, ColumnType.NUMBER)
_MOMENTS: Final = (ColumnType.DATE, ColumnType.DATETIME)


@dataclass(frozen=True, slots=True)
class _Given:
    key: str | None
    target: str | None
    as_of: str | None


def infer_contract(
    frame: pl.DataFrame,
    *,
    table: str,
    key: str | None = None,
    target: str | None = None,
    bad_value: str | None = None,
    as_of: str | None = None,
) -> Contract:
    """Guess the contract of a table.

    Rules, each of them for people to correct in the file that is written:

    - Type: from the column's own type, or from its texts (whole numbers, numbers, dates,
      ``true``/``false`` or ``yes``/``no`` where both occur). Decimal commas and dates that are
      not ISO count where the column leaves no doubt, see `with_points` and `iso_days`. Digits
      with a leading zero are codes, not numbers. Text with at most 200 values that are not nearly
      all different is a category, any other text is for monitoring only.
    - Missing values are allowed where some are seen, never in key and target.
    - Range: the smallest and largest value seen are no limits, or the first production row
      outside the sample would be refused. Only a natural bound is taken: a minimum of 0 where
      at least 100 values are seen and none is negative (fewer than 3 % negatives then, with
      95 % confidence: the rule of three).
    - Use: protected attributes, identifiers, dates and months (202401) are for monitoring only.

    Args:
        frame: Columns as text (CSV) or typed (Parquet).
        table: Name of the table.
        key: Column that identifies the applicant.
        target: Column that holds the outcome.
        bad_value: Value of the target that means default.
        as_of: Column with the date of the decision.

    Returns:
        A contract with the frame's columns in order.

    Raises:
        UsageError: ``column-unknown`` when a role names no column of the frame.
    """
    given = _Given(key, target, as_of)
    for role, name in (("key", key), ("target", target), ("decision date", as_of)):
        _refuse_unknown(frame, table, role, name)
    return Contract(
        table=table,
        columns=tuple(_column(series, given) for series in frame),
        key=key,
        target=target,
        bad_value=bad_value,
        as_of=as_of,
    )


def _refuse_unknown(frame: pl.DataFrame, table: str, role: str, name: str | None) -> None:
    if name is None or name in frame.columns:
        return
    near = get_close_matches(name, frame.columns, n=3, cutoff=0.5)
    shown = near or frame.columns[:10]
    raise UsageError(
        f"The table '{table}' has no column '{name}', which is named as its {role}.",
        remedy=f"Correct the name under [data] in scorewright.toml"
        f"{'; did you mean' if near else '; the columns are'}: {', '.join(shown)}"
        f"{'' if near or len(frame.columns) <= len(shown) else ', ...'}{'?' if near else '.'}",
        code="column-unknown",
        details={"table": table, "column": name, "role": role},
    )


def _column(series: pl.Series, given: _Given) -> Column:
    name = series.name
    cells = clean_text(series)
    kind = infer_type(cells)
    if name == given.target:
        kind = _target_type(cells, kind)
    elif kind in _NUMBERS:
        cells = with_points(cells)
    elif name == given.as_of and kind not in _MOMENTS:
        # Said to be a date: then what cannot be read as one is an error, not a category.
        kind = ColumnType.DATE
    role = name in (given.key, given.target)
    use = Use.MODEL if name == given.target else _use(cells, kind)
    return Column(
        name=name,
        type=kind,
        nullable=not role and cells.null_count() > 0,
        use=Use.MONITORING if name in (given.key, given.as_of) else use,
        minimum=None if role else _minimum(cells, kind),
        categories=_categories(cells) if kind is ColumnType.CATEGORY else (),
        unknown=UnknownPolicy.REJECT if name == given.target else UnknownPolicy.OTHER,
    )


def infer_type(series: pl.Series) -> ColumnType:
    """Guess the type of a column, see `infer_contract`.

    Args:
        series: Text or typed; empty texts already null.
    """
    dtype = series.dtype
    if dtype == pl.Boolean:
        return ColumnType.BOOLEAN
    if dtype.is_integer():
        return ColumnType.INTEGER if _is_safe(series) else ColumnType.TEXT
    if dtype.is_numeric():
        return ColumnType.NUMBER
    if dtype == pl.Date:
        return ColumnType.DATE
    if dtype == pl.Datetime:
        return ColumnType.DATETIME
    return _text_type(series.drop_nulls()) if dtype == pl.String else ColumnType.TEXT


def _is_safe(series: pl.Series) -> bool:
    return bool(series.drop_nulls().is_between(-MAX_INTEGER, MAX_INTEGER).all())


def _text_type(texts: pl.Series) -> ColumnType:
    if len(texts) == 0:
        return ColumnType.TEXT
    distinct = texts.unique()
    if set(distinct.head(3).str.to_lowercase().to_list()) in _WORD_PAIRS:
        return ColumnType.BOOLEAN
    number = _number_type(with_points(texts), with_points(distinct))
    if number is not None:
        return number
    if dates(distinct).null_count() == 0:
        return ColumnType.DATE
    if moments(distinct).null_count() == 0:
        return ColumnType.DATETIME
    is_category = _is_category(texts, distinct) and not looks_like_dates(distinct)
    return ColumnType.CATEGORY if is_category else ColumnType.TEXT


def _number_type(texts: pl.Series, distinct: pl.Series) -> ColumnType | None:
    """Return the numeric type, or None where the texts are no numbers.

    A column of many numbers with a few cells that are none ("?", "unknown") is a number column
    with faulty cells, which the check then names; taken as text it would quietly be lost.
    """
    if distinct.str.contains(r"^[+-]?0\d").any():
        return None
    parsed = distinct.cast(pl.Float64, strict=False)
    readable = parsed.is_not_null()
    if not readable.all():
        share = texts.is_in(distinct.filter(readable).implode()).mean()
        if readable.sum() <= _FEW or not isinstance(share, float) or share < _MOSTLY:
            return None
    whole = distinct.filter(readable).cast(pl.Int64, strict=False)
    if whole.null_count() > 0:
        digits = distinct.str.contains(r"^[+-]?\d{16,}$").any()
        return ColumnType.TEXT if digits else ColumnType.NUMBER
    return ColumnType.INTEGER if _is_safe(whole) else ColumnType.TEXT


def _is_category(texts: pl.Series, distinct: pl.Series) -> bool:
    few = len(distinct) <= _FEW or len(distinct) <= _NEARLY_UNIQUE * len(texts)
    short = not (distinct.str.len_chars() > MAX_TEXT).any()
    return len(distinct) <= MAX_CATEGORIES and few and short


def _target_type(cells: pl.Series, kind: ColumnType) -> ColumnType:
    """Keep an outcome in the words of the file: ``yes`` stays ``yes``, and 1.0 is 1."""
    is_text = cells.dtype == pl.String
    if is_text and (kind not in _NUMBERS or cells.str.contains(",", literal=True).any()):
        return ColumnType.CATEGORY
    if kind is ColumnType.NUMBER:
        numbers = cells.cast(pl.Float64, strict=False).drop_nulls().drop_nans()
        whole = (numbers == numbers.round()).all() and numbers.is_finite().all()
        return ColumnType.INTEGER if whole else kind
    return kind


def _use(cells: pl.Series, kind: ColumnType) -> Use:
    name = cells.name
    is_usable = kind in (*_NUMBERS, ColumnType.BOOLEAN, ColumnType.CATEGORY)
    if not is_usable or is_protected_name(name) or _is_identifier(cells, kind):
        return Use.MONITORING
    if kind in _NUMBERS and is_month_column(cells):
        return Use.MONITORING
    return Use.MODEL


def _is_identifier(cells: pl.Series, kind: ColumnType) -> bool:
    """Tell identifiers: by name and many values, or whole numbers that just count the rows."""
    filled = cells.drop_nulls()
    distinct = filled.n_unique()
    if is_identifier_name(cells.name):
        return distinct > max(_FEW, _NEARLY_UNIQUE * len(filled)) or distinct == len(filled) > 1
    if kind is not ColumnType.INTEGER or distinct < max(len(cells), _FEW):
        return False
    numbers = filled.cast(pl.Float64, strict=False)
    span = float(numbers.max() or 0) - float(numbers.min() or 0)  # type: ignore[arg-type]
    return span == distinct - 1


def _minimum(cells: pl.Series, kind: ColumnType) -> float | None:
    if kind not in _NUMBERS:
        return None
    numbers = cells.cast(pl.Float64, strict=False).drop_nulls().drop_nans()
    enough = len(numbers) >= _ROWS_FOR_BOUND
    return 0.0 if enough and bool((numbers >= 0).all()) else None


def _categories(cells: pl.Series) -> tuple[str, ...]:
    return tuple(plain_text(cells).drop_nulls().unique().sort().to_list())
