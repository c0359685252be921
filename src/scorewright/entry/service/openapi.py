"""The OpenAPI document, made from the deployed contract: its fields, not a guess of them."""

from __future__ import annotations

from collections.abc import Sequence
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
from scorewright.core.decision import Policy
from scorewright.core.features import (
    MAX_ROWS,
    RequestContract,
    RequestField,
    RequestTable,
)
from scorewright.entry.service.body import MAX_BODY, MAX_BODY_WITH_TABLES
from scorewright.entry.service.example import example_application
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
#: Only where the policy has a band, or rules of its own for segments.
REFER: Schema = {
    "type": "object",
    "additionalProperties": False,
    "required": ["from", "to"],
    "properties": {"from": {"type": "number"}, "to": {"type": "number"}},
    "description": "Referred where pd is in this band; its upper end is declined.",
}
SEGMENT: Schema = {
    "type": "object",
    "additionalProperties": False,
    "required": ["column", "value"],
    "properties": {"column": TEXT, "value": {"anyOf": [TEXT, {"type": "null"}]}},
    "description": "What the rule was chosen by.",
}
NOT_READ = "Not read by this model."
RELATIONAL_FLAGS: Schema = {
    "orphan_rows": {
        "type": "object",
        "additionalProperties": {"type": "integer"},
        "description": "Table -> rows left out because what they hang on was not sent.",
    },
    "assumed_decision_date": {
        "anyOf": [{"type": "string", "format": "date"}, {"type": "null"}],
        "description": "The date taken for the decision because none was sent.",
    },
}


def openapi_document(
    bundle: Bundle, title: str, version: str, policy: Policy | None = None
) -> Schema:
    """Describe the service that answers from this bundle.

    Args:
        bundle: Its contract gives the fields and a made-up example.
        title: Of the service.
        version: Of the service.
        policy: What decides; one with a band, or with rules of segments, says more.

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
        "components": {"schemas": _schemas(bundle, _policy_members(policy))},
    }


def _policy_members(policy: Policy | None) -> Schema:
    """Return the members of an answer that only some policies have."""
    members: Schema = {}
    if policy is not None and policy.has_referrals:
        members["refer"] = REFER
    if policy is not None and policy.segments:
        members["segment"] = SEGMENT
    return members


def _schemas(bundle: Bundle, policy: Schema) -> Schema:
    schemas: Schema = {
        "Features": _features(bundle.contract),
        "Application": _application(),
        "Decision": _decision({}, policy),
        "Health": _health(),
        "Version": _version({}),
        "Problem": _problem(),
    }
    if bundle.features is None:
        return schemas
    request = RequestContract(bundle.features, bundle.space.names)
    return {
        **schemas,
        "Features": _fields(request.application),
        "Tables": _tables(request),
        "Application": _application({"tables": _ref("Tables")}),
        "Decision": _decision(RELATIONAL_FLAGS, policy),
        "Version": _version({"feature_plan": DIGEST}),
    }


def _predict(bundle: Bundle) -> Schema:
    body: Schema = {"schema": _ref("Application"), "example": example_application(bundle)}
    longest = MAX_BODY if bundle.features is None else MAX_BODY_WITH_TABLES
    problems = {
        "400": "The body is not JSON in UTF-8.",
        "413": f"The body is longer than {longest} bytes.",
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


def _fields(fields: Sequence[RequestField]) -> Schema:
    optional = tuple(f.column.name for f in fields if not f.is_required)
    return _object(
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
    return _object(tables, tuple(tables))


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


def _application(more: Schema | None = None) -> Schema:
    identifier = {"anyOf": [ID, {"type": "null"}], "description": "Your own; returned as sent."}
    optional = {**(more or {}), "application_id": identifier}
    return _object({"features": _ref("Features"), **optional}, tuple(optional))


def _model() -> Schema:
    return {"name": TEXT, "run_id": TEXT, "bundle": DIGEST, "model_digest": DIGEST}


def _policy() -> Schema:
    return {"id": TEXT, "version": {"type": "integer"}, "digest": DIGEST}


def _decision(flags: Schema, policy: Schema) -> Schema:
    names = {"type": "array", "items": TEXT}
    return _object(
        {
            "request_id": ID,
            "application_id": {"anyOf": [ID, {"type": "null"}]},
            "pd": {**PROBABILITY, "description": "Probability of default."},
            "decision": {
                "type": "string",
                "enum": ["approve", "refer", "decline"],
                "description": "refer: a person decides.",
            },
            "threshold": {
                "type": "number",
                "description": "Declined where pd >= threshold, unless the policy refers.",
            },
            **policy,
            "policy": _object(_policy()),
            "model": _object(_model()),
            "flags": _object({"unknown_category": names, **flags}),
        },
        optional=tuple(policy),
    )


def _health() -> Schema:
    uptime = {"type": "number", "minimum": 0}
    return _object({"status": TEXT, "bundle": DIGEST, "since": MOMENT, "uptime_seconds": uptime})


def _version(more: Schema) -> Schema:
    model = {**_model(), **more, "type": TEXT, "learner": TEXT, "created_at": MOMENT}
    return _object(
        {
            "scorewright": TEXT,
            "model": _object(model),
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
