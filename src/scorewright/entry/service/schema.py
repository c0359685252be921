"""The pieces OpenAPI documents are made of."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from scorewright.core.access import Scope
from scorewright.entry.service.guard import IDENTIFIER

__all__ = [
    "DIGEST",
    "ID",
    "MOMENT",
    "PROBABILITY",
    "TAGS",
    "TEXT",
    "TEXTS",
    "Described",
    "Schema",
    "content",
    "object_of",
    "operation",
    "ref",
]

Schema = dict[str, Any]

ID: Schema = {"type": "string", "pattern": f"^{IDENTIFIER.pattern}$"}
DIGEST: Schema = {"type": "string", "pattern": "^[0-9a-f]{64}$"}
TEXT: Schema = {"type": "string"}
MOMENT: Schema = {"type": "string", "format": "date-time"}
PROBABILITY: Schema = {"type": "number", "minimum": 0, "maximum": 1}
TEXTS: Schema = {"type": "object", "additionalProperties": TEXT}

#: Groups of operations, in the order in which they are shown.
TAGS = {
    "Decisions": "Score an application and decide; look a decision up, replay it, say what became "
    "of it.",
    "Explanations": "What a score is made of; nothing is decided.",
    "Batches": "Files of applications.",
    "Health": "Whether the service lives and takes requests, how its parts are, what it runs.",
    "Figures": "Counts and times, and the curve of the thresholds.",
    "Administration": "Which bundle answers.",
}

#: What every operation may answer beside its own problems.
_COMMON = {
    "401": "No key, or one that is not known.",
    "403": "The key lacks the scope.",
    "429": "Too many requests; see Retry-After.",
    "500": "The service could not answer.",
    "503": "The service is too busy, is stopping, or cannot keep the decision; see Retry-After.",
}


@dataclass(frozen=True, slots=True)
class Described:
    """What a part of the service adds to the OpenAPI document.

    Attributes:
        tag: Group of its operations, of `TAGS`.
        paths: Path -> path item.
        schemas: Name -> schema, for ``#/components/schemas``.
    """

    tag: str
    paths: Mapping[str, Schema]
    schemas: Mapping[str, Schema] = field(default_factory=dict)


def object_of(properties: Mapping[str, Schema], optional: tuple[str, ...] = ()) -> Schema:
    """Describe an object that has these members and no others."""
    return {
        "type": "object",
        "additionalProperties": False,
        "required": [name for name in properties if name not in optional],
        "properties": dict(properties),
    }


def ref(name: str) -> Schema:
    """Refer to a schema of the document."""
    return {"$ref": f"#/components/schemas/{name}"}


def content(text: str, schema: str, media: str = "application/json") -> Schema:
    """Describe an answer."""
    return {"description": text, "content": {media: {"schema": ref(schema)}}}


def operation(
    name: str,
    summary: str,
    schema: str,
    *,
    scope: Scope | None,
    problems: Mapping[str, str] | None = None,
) -> Schema:
    """Describe an operation that answers 200 with a schema.

    Args:
        name: ``operationId``.
        summary: One line.
        schema: Name of the schema of its answer.
        scope: What a caller needs; None for what is open to all.
        problems: Status -> when, beside those every operation has.
    """
    described = {**(problems or {}), **(_COMMON if scope else {"500": _COMMON["500"]})}
    return {
        "operationId": name,
        "summary": summary,
        "x-scope": scope,
        **({"security": [{"key": []}, {"token": []}]} if scope else {"security": []}),
        "responses": {
            "200": content(f"{summary}.", schema),
            **{
                status: content(text, "Problem", "application/problem+json")
                for status, text in sorted(described.items())
            },
        },
    }
