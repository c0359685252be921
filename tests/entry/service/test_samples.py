"""What `/docs` shows: every operation in a group, with an example that could have been sent."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest
from starlette.testclient import TestClient

from scorewright.entry.service.schema import TAGS

ERRORS = Path(__file__).parents[3] / "docs/reference/errors.md"


@pytest.fixture(scope="module")
def document(client: TestClient) -> Any:
    return client.get("/openapi.json").json()


def _operations(document: Any) -> Iterator[Any]:
    for item in document["paths"].values():
        yield from (part for part in item.values() if "operationId" in part)


def _contents(document: Any) -> Iterator[tuple[str, str, Any]]:
    """Yield place, media type and content of every body and answer."""
    for operation in _operations(document):
        parts = {"body": operation.get("requestBody", {}), **operation["responses"]}
        for name, part in parts.items():
            for media, content in part.get("content", {}).items():
                yield f"{operation['operationId']} {name}", media, content


def test_every_operation_stands_in_a_group_that_is_described(document: Any) -> None:
    used = {tag for operation in _operations(document) for tag in operation["tags"]}
    assert used == set(TAGS)
    assert {tag["name"]: tag["description"] for tag in document["tags"]} == TAGS
    assert all(len(operation["tags"]) == 1 for operation in _operations(document))


def test_examples_keep_their_schema_and_say_something(document: Any) -> None:
    for place, media, content in _contents(document):
        if not media.endswith("json"):
            assert content["example"] not in ("", "text"), place
            continue
        schema = {**content["schema"], "components": document["components"]}
        jsonschema_rs.validate(schema, content["example"])
        assert "text" not in _leaves(content["example"]), place


def test_problems_are_those_the_reference_explains(document: Any) -> None:
    known = ERRORS.read_text("utf-8")
    for place, media, content in _contents(document):
        if media == "application/problem+json":
            told = content["example"]
            assert f"\n### {told['code']}\n" in known, place
            assert told["type"].endswith(f":{told['code']}"), place


def _leaves(value: Any) -> list[Any]:
    if isinstance(value, dict):
        return [leaf for part in value.values() for leaf in _leaves(part)]
    if isinstance(value, list):
        return [leaf for part in value for leaf in _leaves(part)]
    return [value]
