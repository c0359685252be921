"""The fields of an application as OpenAPI schemas: from the contract, not a guess of it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import assert_never

from scorewright.core.bundles import Bundle
from scorewright.core.contracts import (
    MAX_INTEGER,
    MAX_TEXT,
    Column,
    ColumnType,
    UnknownPolicy,
    codes,
)
from scorewright.core.features import (
    MAX_ROWS,
    RequestContract,
    RequestField,
    RequestTable,
)
from scorewright.entry.service.schema import ID, Schema, object_of, ref

__all__ = ["application_schemas"]

TEXT_FORMS: dict[ColumnType, Schema] = {
    ColumnType.TEXT: {"maxLength": MAX_TEXT},
    ColumnType.DATE: {"format": "date"},
    ColumnType.DATETIME: {"format": "date-time"},
}
NOT_READ = "Not read by this model."


def application_schemas(bundle: Bundle) -> dict[str, Schema]:
    """Describe an application: ``Application``, ``Features``, and ``Tables`` where there are any.

    Args:
        bundle: Its contract gives names, types, limits and meanings.
    """
    if bundle.features is None:
        features = object_of({c.name: _column(c) for c in bundle.contract.features})
        return {"Features": features, "Application": _application({})}
    request = RequestContract(bundle.features, bundle.space.names)
    return {
        "Features": _fields(request.application),
        "Tables": _tables(request),
        "Application": _application({"tables": ref("Tables")}),
    }


def _fields(fields: Sequence[RequestField]) -> Schema:
    optional = tuple(f.column.name for f in fields if not f.is_required)
    return object_of(
        {f.column.name: _column(f.column, "" if f.is_read else NOT_READ) for f in fields}, optional
    )


def _tables(request: RequestContract) -> Schema:
    """Describe the histories; a table left out has no rows."""
    tables: Schema = {
        table.name: {
            "type": "array",
            "maxItems": MAX_ROWS,
            "description": _about(table),
            "items": _fields(table.fields),
        }
        for table in request.tables
    }
    return object_of(tables, tuple(tables))


def _about(table: RequestTable) -> str:
    history, as_of = table.history, table.history.as_of
    about = f"Rows of {history.name} below {history.parent}, by {history.on}."
    if table.is_direct:
        about += f" {history.on} may be left out."
    return about if as_of is None else f"{about} {as_of.columns[0]} says when a row became known."


def _column(column: Column, note: str = "") -> Schema:
    """Describe one field: type, range or values, whether null is allowed, meaning and unit."""
    schema = _typed(column)
    if column.nullable:
        schema = {"anyOf": [schema, {"type": "null"}]}
    about = [column.description, f"Unit: {column.unit}." if column.unit else "", note]
    if column.type is ColumnType.CATEGORY and column.unknown is UnknownPolicy.OTHER:
        about.append("Another value is taken as missing and flagged.")
    if text := " ".join(part for part in about if part):
        schema["description"] = text
    return schema


def _typed(column: Column) -> Schema:
    match column.type:
        case ColumnType.INTEGER:
            return _range(column, "integer", -MAX_INTEGER, MAX_INTEGER)
        case ColumnType.NUMBER:
            return _range(column, "number", None, None)
        case ColumnType.BOOLEAN:
            return {"type": "boolean"}
        case ColumnType.CATEGORY:
            return _category(column)
        case ColumnType.TEXT | ColumnType.DATE | ColumnType.DATETIME:
            return {"type": "string", **TEXT_FORMS[column.type]}
        case _:
            assert_never(column.type)


def _category(column: Column) -> Schema:
    """Describe a category: what is listed, as text and, where it is a code, as a number."""
    listed: list[Schema] = [{"type": "string", "enum": list(column.categories)}]
    other: list[Schema] = [{"type": "string", "maxLength": MAX_TEXT}]
    if numbers := codes(column):
        listed.append({"type": "integer", "enum": list(numbers)})
        other.append({"type": "integer"})
    forms = listed if column.unknown is UnknownPolicy.REJECT else [*listed, *other]
    return forms[0] if len(forms) == 1 else {"anyOf": forms}


def _range(column: Column, kind: str, lowest: float | None, highest: float | None) -> Schema:
    minimum = column.minimum if column.minimum is not None else lowest
    maximum = column.maximum if column.maximum is not None else highest
    bounds = {"minimum": minimum, "maximum": maximum}
    return {"type": kind, **{name: value for name, value in bounds.items() if value is not None}}


def _application(more: Schema) -> Schema:
    identifier = {"anyOf": [ID, {"type": "null"}], "description": "Your own; returned as sent."}
    optional = {**more, "application_id": identifier}
    return object_of({"features": ref("Features"), **optional}, tuple(optional))
