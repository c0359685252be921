"""What a settings model expects, in words: read from its JSON schema."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel

from scorewright.adapters.project_files.locate import KeyPath

__all__ = ["Schema"]

_TYPES = {
    "string": "text",
    "integer": "a whole number",
    "number": "a number",
    "boolean": "true or false",
    "object": "a table",
}
_PATTERNS = {
    r"^[a-z][a-z0-9_]*$": "lower-case letters, digits and _ (a letter first)",
}


class Schema:
    """The JSON schema of a pydantic model, walked by key path."""

    def __init__(self, model: type[BaseModel]) -> None:
        self._root = model.model_json_schema()

    def at(self, path: KeyPath) -> Mapping[str, Any] | None:
        """Return the schema of a key path, or None where the model knows no such key."""
        node = self._resolve(self._root)
        for part in path:
            child = self._child(node, part)
            if child is None:
                return None
            node = self._resolve(child)
        return node

    def keys(self, path: KeyPath) -> tuple[str, ...]:
        """Return the names a table may hold; empty where any name is allowed."""
        return tuple((self.at(path) or {}).get("properties", ()))

    def expected(self, path: KeyPath) -> str:
        """Say what the value of a key path should be: ``a whole number from 1 to 256``."""
        node = self.at(path)
        return "something else" if node is None else self.describe(node)

    def name_rule(self, path: KeyPath) -> str:
        """Say what the names in a table of free names should look like."""
        node = self.at(path) or {}
        patterns = [{"pattern": pattern} for pattern in node.get("patternProperties", ())]
        rule = {"type": "string", **node.get("propertyNames", {}), **(patterns or [{}])[0]}
        return self.describe(rule)

    def describe(self, node: Mapping[str, Any]) -> str:
        """Say what a schema allows, in words."""
        node = self._resolve(node)
        if "anyOf" in node:
            parts = [self.describe(part) for part in node["anyOf"] if part.get("type") != "null"]
            return " or ".join(dict.fromkeys(parts))
        if "enum" in node or "const" in node:
            values = node.get("enum", [node.get("const")])
            return " or ".join(f'"{v}"' if isinstance(v, str) else str(v) for v in values)
        kind = str(node.get("type", ""))
        if node.get("format") == "date":
            return "a date, such as 2026-06-30"
        if kind == "array":
            return f"a list of {self.describe(node.get('items', {}))}"
        return f"{_TYPES.get(kind, 'a value')}{_bounds(node)}{_length(node)}"

    def _resolve(self, node: Mapping[str, Any]) -> Mapping[str, Any]:
        while "$ref" in node:
            node = self._root["$defs"][str(node["$ref"]).rsplit("/", 1)[-1]]
        return node

    def _child(self, node: Mapping[str, Any], part: str | int) -> Mapping[str, Any] | None:
        if isinstance(part, int):
            found = node.get("items")
        else:
            free = next(iter(node.get("patternProperties", {}).values()), None)
            found = node.get("properties", {}).get(part, node.get("additionalProperties", free))
            if found is True:
                return {}
        return found if isinstance(found, Mapping) else None


def _bounds(node: Mapping[str, Any]) -> str:
    low, high = node.get("minimum"), node.get("maximum")
    if low is not None and high is not None:
        return f" from {low:g} to {high:g}"
    words = {
        "minimum": "of at least",
        "exclusiveMinimum": "above",
        "maximum": "of at most",
        "exclusiveMaximum": "below",
    }
    parts = [f"{word} {node[key]:g}" for key, word in words.items() if key in node]
    return " " + " and ".join(parts) if parts else ""


def _length(node: Mapping[str, Any]) -> str:
    low, high = node.get("minLength"), node.get("maxLength")
    parts = []
    if "pattern" in node:
        parts.append(f" of {_PATTERNS.get(node['pattern'], 'the form ' + node['pattern'])}")
    if low is not None and low == high:
        parts.append(f" of exactly {low} character{'s' if low > 1 else ''}")
    elif low is not None:
        parts.append(f" of at least {low} characters")
    elif high is not None:
        parts.append(f", at most {high} characters")
    if node.get("minProperties"):
        parts.append(" with at least one entry")
    return "".join(parts)
