"""The OpenAPI document: what the parts of the service say of themselves, put together."""

from __future__ import annotations

from collections.abc import Sequence

from scorewright.entry.service.samples import with_examples
from scorewright.entry.service.schema import TAGS, TEXT, Described, Schema, object_of

__all__ = ["openapi_document"]


def openapi_document(model: str, title: str, version: str, parts: Sequence[Described]) -> Schema:
    """Put the document together.

    Args:
        model: What answers, in words.
        title: Of the service.
        version: Of the service.
        parts: What each part says.

    Returns:
        An OpenAPI 3.1 document, JSON-ready.
    """
    paths = {path: _tagged(item, part.tag) for part in parts for path, item in part.paths.items()}
    schemas = {name: schema for part in parts for name, schema in part.schemas.items()}
    schemas["Problem"] = _problem()
    return {
        "openapi": "3.1.0",
        "info": {"title": title, "version": version, "description": f"Decisions by {model}."},
        "tags": [{"name": name, "description": about} for name, about in TAGS.items()],
        "paths": with_examples(paths, schemas),
        "components": {
            "schemas": schemas,
            "securitySchemes": {
                "key": {"type": "apiKey", "in": "header", "name": "X-API-Key"},
                "token": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"},
            },
        },
    }


def _tagged(item: Schema, tag: str) -> Schema:
    """Return a path item whose operations stand under a tag."""
    return {
        name: {"tags": [tag], **part} if "operationId" in part else part
        for name, part in item.items()
    }


def _problem() -> Schema:
    field = object_of({"field": TEXT, "code": TEXT, "expected": TEXT})
    return object_of(
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
