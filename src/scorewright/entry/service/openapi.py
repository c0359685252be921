"""The OpenAPI document, made from the deployed contract: its fields, not a guess of them."""

from __future__ import annotations

from typing import Any, assert_never

from scorewright.core.bundles import Bundle
from scorewright.core.contracts import (
    MAX_INTEGER,
    MAX_TEXT,
    Column,
    ColumnType,
    Contract,
    UnknownPolicy,
)
from scorewright.entry.service.body import MAX_BODY
from scorewright.entry.service.guard import IDENTIFIER

__all__ = ["openapi_document"]

Schema = dict[str, Any]

ID: Schema = {"type": "string", "pattern": f"^{IDENTIFIER.pattern}$"}
DIGEST: Schema = {"type": "string", "pattern": "^[0-9a-f]{64}$"}
TEXT: Schema = {"type": "string"}
MOMENT: Schema = {"type": "string", "format": "date-time"}
TEXT_FORMS: dict[ColumnType, Schema] = {
    ColumnType.TEXT: {"maxLength": MAX_TEXT},
    ColumnType.DATE: {"format": "date"},
    ColumnType.DATETIME: {"format": "date-time"},
}
PROBABILITY: Schema = {"type": "number", "minimum": 0, "maximum": 1}
TEXTS: Schema = {"type": "object", "additionalProperties": TEXT}


def openapi_document(bundle: Bundle, title: str, version: str) -> Schema:
    """Describe the service that answers from this bundle.

    Args:
        bundle: Its contract gives the fields, its first golden row the example.
        title: Of the service.
        version: Of the service.

    Returns:
        An OpenAPI 3.1 document, JSON-ready.
    """
    return {
        "openapi": "3.1.0",
        "info": {
            "title": title,
            "version": version,
            "description": f"Decisions by the model {bundle.name} (run {bundle.run_id}).",
        },
        "paths": {
            "/predict": {"post": _predict(bundle)},
            "/health": {"get": _get("health", "Whether the service lives", "Health")},
            "/version": {"get": _get("version", "Which model and policy answer", "Version")},
        },
        "components": {
            "schemas": {
                "Features": _features(bundle.contract),
                "Application": _application(),
                "Decision": _decision(),
                "Health": _health(),
                "Version": _version(),
                "Problem": _problem(),
            }
        },
    }


def _predict(bundle: Bundle) -> Schema:
    names = {column.name for column in bundle.contract.features}
    body: Schema = {"schema": _ref("Application")}
    if bundle.golden:
        values = {k: v for k, v in bundle.golden[0].values.items() if k in names}
        body["example"] = {"application_id": "example-1", "features": values}
    problems = {
        "400": "The body is not JSON in UTF-8.",
        "413": f"The body is longer than {MAX_BODY} bytes.",
        "415": "The body is not declared as plain application/json.",
        "422": "A field is missing, unknown or does not keep the contract.",
        "500": "The service could not answer.",
    }
    return {
        "operationId": "predict",
        "summary": "Score one application and decide",
        "parameters": [
            {
                "name": "X-Request-ID",
                "in": "header",
                "required": False,
                "description": "Returned in the answer if it has this form; otherwise one is made.",
                "schema": ID,
            }
        ],
        "requestBody": {"required": True, "content": {"application/json": body}},
        "responses": {
            "200": _content("The decision.", "Decision"),
            **{
                status: _content(text, "Problem", "application/problem+json")
                for status, text in problems.items()
            },
        },
    }


def _get(name: str, summary: str, schema: str) -> Schema:
    return {
        "operationId": name,
        "summary": summary,
        "responses": {"200": _content(f"{summary}.", schema)},
    }


def _content(text: str, schema: str, media: str = "application/json") -> Schema:
    return {"description": text, "content": {media: {"schema": _ref(schema)}}}


def _ref(name: str) -> Schema:
    return {"$ref": f"#/components/schemas/{name}"}


def _features(contract: Contract) -> Schema:
    return _object({column.name: _column(column) for column in contract.features})


def _column(column: Column) -> Schema:
    """Describe one field: type, range or values, whether null is allowed, meaning and unit."""
    schema = _typed(column)
    if column.nullable:
        schema = {"anyOf": [schema, {"type": "null"}]}
    about = [column.description, f"Unit: {column.unit}." if column.unit else ""]
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
            listed: Schema = {"type": "string", "enum": list(column.categories)}
            other: Schema = {"type": "string", "maxLength": MAX_TEXT}
            return listed if column.unknown is UnknownPolicy.REJECT else {"anyOf": [listed, other]}
        case ColumnType.TEXT | ColumnType.DATE | ColumnType.DATETIME:
            return {"type": "string", **TEXT_FORMS[column.type]}
        case _:
            assert_never(column.type)


def _range(column: Column, kind: str, lowest: float | None, highest: float | None) -> Schema:
    minimum = column.minimum if column.minimum is not None else lowest
    maximum = column.maximum if column.maximum is not None else highest
    bounds = {"minimum": minimum, "maximum": maximum}
    return {"type": kind, **{name: value for name, value in bounds.items() if value is not None}}


def _object(properties: Schema, optional: tuple[str, ...] = ()) -> Schema:
    return {
        "type": "object",
        "additionalProperties": False,
        "required": [name for name in properties if name not in optional],
        "properties": properties,
    }


def _application() -> Schema:
    identifier = {"anyOf": [ID, {"type": "null"}], "description": "Your own; returned as sent."}
    members = {"features": _ref("Features"), "application_id": identifier}
    return _object(members, ("application_id",))


def _model() -> Schema:
    return {"name": TEXT, "run_id": TEXT, "bundle": DIGEST, "model_digest": DIGEST}


def _policy() -> Schema:
    return {"id": TEXT, "version": {"type": "integer"}, "digest": DIGEST}


def _decision() -> Schema:
    names = {"type": "array", "items": TEXT}
    return _object(
        {
            "request_id": ID,
            "application_id": {"anyOf": [ID, {"type": "null"}]},
            "pd": {**PROBABILITY, "description": "Probability of default."},
            "decision": {"type": "string", "enum": ["approve", "decline"]},
            "threshold": {"type": "number", "description": "Declined where pd >= threshold."},
            "policy": _object(_policy()),
            "model": _object(_model()),
            "flags": _object({"unknown_category": names}),
        }
    )


def _health() -> Schema:
    uptime = {"type": "number", "minimum": 0}
    return _object({"status": TEXT, "bundle": DIGEST, "since": MOMENT, "uptime_seconds": uptime})


def _version() -> Schema:
    return _object(
        {
            "scorewright": TEXT,
            "model": _object({**_model(), "type": TEXT, "learner": TEXT, "created_at": MOMENT}),
            "policy": _object({**_policy(), "threshold": {"type": "number"}}),
            "data_version": TEXT,
            "libraries": _object({"training": TEXTS, "service": TEXTS}),
            "since": MOMENT,
        }
    )


def _problem() -> Schema:
    field = _object({"field": TEXT, "code": TEXT, "expected": TEXT})
    return _object(
        {
            "type": {"type": "string", "format": "uri"},
            "title": TEXT,
            "status": {"type": "integer"},
            "detail": TEXT,
            "code": TEXT,
            "request_id": TEXT,
            "errors": {"type": "array", "items": field},
        }
    )
