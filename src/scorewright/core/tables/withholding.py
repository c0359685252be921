"""Why a column is kept from the model."""

from __future__ import annotations

import polars as pl

from scorewright.core.contracts import Column, ColumnType, Contract, Use
from scorewright.core.tables.names import is_identifier_name, is_protected_name
from scorewright.core.tables.parsing import clean_text
from scorewright.core.tables.regional import is_month_column, looks_like_dates

__all__ = ["withheld_because"]


def withheld_because(frame: pl.DataFrame, contract: Contract) -> dict[str, str]:
    """Say why an inferred contract keeps columns without a role from the model.

    Args:
        frame: The table the contract was inferred from.
        contract: The contract.

    Returns:
        Column name -> ``personal``, ``identifier``, ``date``, ``empty`` or ``free text``, in the
        order of the contract.
    """
    roles = {contract.key, contract.target, contract.as_of}
    return {
        column.name: _reason(clean_text(frame.get_column(column.name)), column)
        for column in contract.columns
        if column.use is not Use.MODEL and column.name not in roles
    }


def _reason(cells: pl.Series, column: Column) -> str:
    is_date = column.type in (ColumnType.DATE, ColumnType.DATETIME)
    if is_protected_name(column.name):
        return "personal"
    if cells.null_count() == len(cells):
        return "empty"
    if is_date or is_month_column(cells) or looks_like_dates(cells):
        return "date"
    if is_identifier_name(column.name) or column.type is not ColumnType.TEXT:
        return "identifier"
    return "free text"
