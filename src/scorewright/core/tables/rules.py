"""The rules of a contract on typed columns, checked by pandera."""

from __future__ import annotations

import warnings
from collections.abc import Mapping

import polars as pl

from scorewright.core.contracts import Column, ColumnType, Contract, expectation
from scorewright.core.tables.failures import Failure

with warnings.catch_warnings():
    # Pandera looks whether Spark is there, and Spark complains of pandas; 'doctor' tells it.
    warnings.filterwarnings("ignore", "PySpark does not yet fully support", FutureWarning)
    import pandera.polars as pa
    from pandera.errors import SchemaError, SchemaErrors

__all__ = ["break_rules"]

_NUMBERS = (ColumnType.INTEGER, ColumnType.NUMBER)
_DUPLICATES = "field_uniqueness"
_NULLS = "not_nullable"


def break_rules(frame: pl.DataFrame, contract: Contract, *, unique_key: bool) -> list[Failure]:
    """Find the cells that break nullability, range, category and key rules.

    Args:
        frame: Typed columns, as `coerce` gives them.
        contract: The contract; columns the frame lacks are left out.
        unique_key: Whether a key that occurs twice is reported (as a warning).

    Returns:
        Failures with codes ``not-nullable``, ``range``, ``category`` and ``duplicate-key``.
    """
    present = [c for c in contract.columns if c.name in frame.columns]
    schema = pa.DataFrameSchema(
        {c.name: _rules(c, unique=unique_key and c.name == contract.key) for c in present}
    )
    try:
        schema.validate(frame, lazy=True)
    except SchemaErrors as errors:
        by_name = {c.name: c for c in present}
        found = [_failure(error, frame, by_name) for error in errors.schema_errors]
        return [failure for failure in found if len(failure.rows)]
    return []


def _rules(column: Column, *, unique: bool) -> pa.Column:
    checks: list[pa.Check] = []
    if column.type in _NUMBERS and column.minimum is not None:
        checks.append(pa.Check.ge(column.minimum, name="range"))
    if column.type in _NUMBERS and column.maximum is not None:
        checks.append(pa.Check.le(column.maximum, name="range"))
    if column.type is ColumnType.CATEGORY:
        checks.append(pa.Check.isin(list(column.categories), name="category"))
    return pa.Column(checks=checks, nullable=column.nullable, unique=unique)


def _failure(error: SchemaError, frame: pl.DataFrame, columns: Mapping[str, Column]) -> Failure:
    column = columns[str(error.schema.name)]
    series = frame.get_column(column.name)
    kept = error.check_output.to_series()
    if error.check == _NULLS:
        return Failure.where(column.name, ("not-nullable", expectation(column)), ~kept, series)
    if error.check == _DUPLICATES:
        repeated = ~kept & series.is_not_null()
        rule = ("duplicate-key", "a value of its own in every row")
        found = Failure.where(column.name, rule, repeated, series)
        return Failure(
            found.column, found.code, found.expected, found.rows, found.values, "warning"
        )
    rule = (error.check.name, expectation(column))
    return Failure.where(column.name, rule, ~kept & series.is_not_null(), series)
