"""An application made up from the contract: an example must not be anybody's."""

from __future__ import annotations

import csv
import io
from typing import Any, assert_never

from scorewright.core.bundles import Bundle
from scorewright.core.contracts import Column, ColumnType
from scorewright.core.features import (
    AsOf,
    AsOfUnit,
    FeaturePlan,
    RequestContract,
    RequestTable,
)

__all__ = ["example_application", "example_file", "example_files"]

_DECISION = "2026-06-30"
_BEFORE = "2026-05-31"


def example_application(bundle: Bundle) -> dict[str, Any]:
    """Return a body that `POST /predict` takes, with one row per table.

    Args:
        bundle: Its contract gives names, types, limits and categories. Its golden rows are of
            people and are not looked at.
    """
    if bundle.features is None:
        features = {column.name: _value(column) for column in bundle.contract.features}
        return {"application_id": "example-1", "features": features}
    request = RequestContract(bundle.features, bundle.space.names)
    as_of = bundle.features.relations.entity.as_of
    features = {
        field.column.name: _DECISION if field.column.name == as_of else _value(field.column)
        for field in request.application
        if field.is_read
    }
    tables = {table.name: [_row(table)] for table in request.tables}
    return {"application_id": "example-1", "features": features, "tables": tables}


def example_file(bundle: Bundle) -> str:
    """Return a CSV file of one application that `POST /batch/predict` takes.

    Args:
        bundle: Of a model that reads no histories.
    """
    return _csv(example_application(bundle)["features"])


def example_files(bundle: Bundle, plan: FeaturePlan) -> dict[str, str]:
    """Return CSV files of one application and its histories, by table.

    Args:
        bundle: Of a model that reads histories.
        plan: Which ones.
    """
    relations, sent = plan.relations, {}
    for table in RequestContract(plan, bundle.space.names).tables:
        sent[table.name] = _row(table)
    sent[relations.entity.table] = example_application(bundle)["features"]
    rows: dict[str, dict[str, Any]] = {}
    for name in sorted(sent, key=lambda n: len(relations.path(n))):
        columns = {column.name: column for column in relations.contract(name).columns}
        row = {c: _value(columns[c]) for c in plan.columns_of(name)} | sent[name]
        if name != relations.entity.table:
            history = relations.history(name)
            is_direct = history.parent == relations.entity.table
            key = relations.key if is_direct else relations.history(history.parent).key
            row[history.on] = rows[history.parent][str(key)]
        rows[name] = row
    return {name: _csv(row) for name, row in rows.items()}


def _csv(row: dict[str, Any]) -> str:
    """Return a table of one row."""
    text = io.StringIO()
    table = csv.writer(text, lineterminator="\n")
    table.writerow(row)
    table.writerow(str(v).lower() if isinstance(v, bool) else v for v in row.values())
    return text.getvalue()


def _row(table: RequestTable) -> dict[str, Any]:
    history = table.history
    dates = () if history.as_of is None else history.as_of.columns
    row = {
        field.column.name: _value(field.column)
        for field in table.fields
        if field.is_read and field.column.name != (history.on if table.is_direct else None)
    }
    return {**row, **{name: _date(history.as_of) for name in dates if name in row}}


def _date(as_of: AsOf | None) -> str | int:
    """Return a date before the decision."""
    if as_of is not None and as_of.unit is AsOfUnit.DATE:
        return _BEFORE
    return -1


def _value(column: Column) -> Any:  # noqa: ANN401, PLR0911 - one per type
    match column.type:
        case ColumnType.INTEGER:
            return int(_number(column))
        case ColumnType.NUMBER:
            return _number(column)
        case ColumnType.BOOLEAN:
            return False
        case ColumnType.CATEGORY:
            return column.categories[0] if column.categories else "text"
        case ColumnType.TEXT:
            return "text"
        case ColumnType.DATE:
            return _BEFORE
        case ColumnType.DATETIME:
            return f"{_BEFORE}T12:00:00"
        case _:
            assert_never(column.type)


def _number(column: Column) -> float:
    """Return a number within the limits: the whole one nearest to 1."""
    low = column.minimum if column.minimum is not None else float("-inf")
    high = column.maximum if column.maximum is not None else float("inf")
    return float(min(max(1.0, low), high))
