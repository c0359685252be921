"""Examples for the OpenAPI document, made from the schemas where a part gives none."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from scorewright.entry.service import sample_values as values
from scorewright.entry.service.schema import DIGEST, ID, Schema

__all__ = ["with_examples"]

_OPERATIONS = frozenset({"get", "put", "post", "delete", "patch"})


def with_examples(paths: Mapping[str, Schema], schemas: Mapping[str, Schema]) -> Schema:
    """Return paths in which every body and answer has an example.

    Args:
        paths: Path -> path item; left as it is.
        schemas: Name -> schema that is referred to.
    """
    samples = _Samples(schemas)
    return {
        path: {
            name: _operation(part, samples) if name in _OPERATIONS else part
            for name, part in item.items()
        }
        for path, item in paths.items()
    }


@dataclass(frozen=True, slots=True)
class _Samples:
    """Values that keep a schema, the same each time.

    Attributes:
        schemas: Name -> schema that is referred to.
    """

    schemas: Mapping[str, Schema]

    def of(self, schema: Schema, name: str = "") -> Any:  # noqa: ANN401 - JSON
        """Return a value.

        Args:
            schema: One this service writes: of objects, arrays, texts, numbers and choices.
            name: Of the member that holds it.
        """
        if "$ref" in schema:
            return self.of(self.schemas.get(str(schema["$ref"]).rpartition("/")[2], {}), name)
        for key in ("example", "const"):
            if key in schema:
                return schema[key]
        if name in values.NAMED and _keeps(value := _said(values.NAMED[name], schema), schema):
            return value
        if "default" in schema or "enum" in schema:
            return schema["default"] if "default" in schema else schema["enum"][0]
        if "anyOf" in schema:
            return self.of(schema["anyOf"][0], name)
        return self._of_type(schema, name)

    def _of_type(self, schema: Schema, name: str) -> Any:  # noqa: ANN401 - JSON
        match schema.get("type"):
            case "object":
                members = schema.get("properties", {})
                return {member: self.of(s, member) for member, s in members.items()}
            case "array":
                return [self.of(schema["items"], name)] if schema.get("items") else []
            case "string":
                return _text(schema)
            case "integer" | "number":
                return _number(schema)
            case "boolean":
                return True
            case _:
                return None


def _said(value: Any, schema: Schema) -> Any:  # noqa: ANN401 - JSON
    """Return a version as the text that some parts give for it."""
    is_text = schema.get("type") == "string" and isinstance(value, int)
    return str(value) if is_text else value


def _keeps(value: Any, schema: Schema) -> bool:  # noqa: ANN401 - JSON
    """Tell whether a value of its own may stand for a schema."""
    if value is None:
        return {"type": "null"} in schema.get("anyOf", ())
    if "enum" in schema:
        return value in schema["enum"]
    kinds: dict[str, type | tuple[type, ...]] = {
        "string": str, "number": (int, float), "integer": int, "boolean": bool, "array": list,
    }  # fmt: skip
    if isinstance(value, dict):
        return schema.get("type") == "object" and "properties" not in schema
    kind = kinds.get(str(schema.get("type")), ())
    return isinstance(value, kind) and isinstance(value, bool) == (kind is bool)


def _operation(operation: Schema, samples: _Samples) -> Schema:
    answers = {
        status: _problem(_filled(answer, samples), status, operation["operationId"])
        for status, answer in operation["responses"].items()
    }
    filled = {**operation, "responses": answers}
    if "requestBody" in operation:
        filled["requestBody"] = _filled(operation["requestBody"], samples)
    return filled


def _filled(part: Schema, samples: _Samples) -> Schema:
    """Return a body or an answer whose contents have examples."""
    if "content" not in part:
        return part
    contents = {
        media: content
        if "example" in content or "examples" in content
        else {**content, "example": samples.of(content.get("schema", {}))}
        for media, content in part["content"].items()
    }
    return {**part, "content": contents}


def _problem(answer: Schema, status: str, operation: str) -> Schema:
    """Let the example of a problem be one that this operation tells with this status."""
    content = answer.get("content", {}).get("application/problem+json")
    if content is not None:
        code = values.OWN_CODES.get((operation, status), values.CODES[status])
        content["example"] = {
            "type": f"urn:scorewright:problem:{code}",
            "title": HTTPStatus(int(status)).phrase,
            "status": int(status),
            "detail": answer["description"],
            "code": code,
            "request_id": values.REQUEST,
            "errors": [dict(values.FIELDS[code])] if code in values.FIELDS else [],
        }
    return answer


def _text(schema: Schema) -> str:
    formats = {"date-time": values.MOMENT, "date": values.MOMENT[:10], "binary": "PAR1"}
    if "format" in schema:
        return formats.get(schema["format"], "text")
    patterns = {ID["pattern"]: "example-1", DIGEST["pattern"]: values.DIGEST}
    return patterns.get(schema.get("pattern", ""), "text")


def _number(schema: Schema) -> float:
    low: float = schema.get("minimum", float("-inf"))
    high: float = schema.get("maximum", float("inf"))
    return min(max(1 if schema.get("type") == "integer" else 0.25, low), high)
