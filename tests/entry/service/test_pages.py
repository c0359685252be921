"""The other pages: health, version, documentation, and what every answer carries."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from starlette.testclient import TestClient
from tests.fakes.serving import service_on

from scorewright import __version__
from scorewright.core.bundles import Bundle
from scorewright.entry.service import create_app
from scorewright.flows.ports import Clock
from scorewright.flows.verify_bundle import Deployment


def test_health(client: TestClient, bundle: Bundle) -> None:
    first, second = client.get("/health").json(), client.get("/health").json()
    assert first["status"] == "ok"
    assert first["bundle"] == bundle.manifest().digest
    assert first["since"] == "2026-11-21T12:00:00+00:00"
    assert second["uptime_seconds"] == first["uptime_seconds"] + 1


def test_since_is_the_start_where_nothing_was_deployed(
    deployment: Deployment, clock: Clock
) -> None:
    app = create_app(service_on(replace(deployment, since=None), clock))
    assert TestClient(app).get("/health").json()["since"] == "2026-11-21T13:00:00+00:00"


def test_version_names_everything(client: TestClient, deployment: Deployment) -> None:
    bundle = deployment.loaded.bundle
    assert client.get("/version").json() == {
        "scorewright": __version__,
        "model": {
            "name": bundle.name,
            "run_id": bundle.run_id,
            "bundle": bundle.manifest().digest,
            "model_digest": bundle.model_digest,
            "type": "logistic",
            "learner": "logistic",
            "created_at": bundle.created_at,
        },
        "policy": {
            "id": "demo_default",
            "version": 1,
            "digest": deployment.policy.digest,
            "threshold": 0.3,
        },
        "data_version": "demo@3f2a9c",
        "libraries": {
            "training": dict(bundle.library_versions),
            "service": {"fastapi": "0.165", "numpy": "2.3"},
        },
        "since": "2026-11-21T12:00:00+00:00",
    }


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", "/nothing", 404, "not-found"),
        ("GET", "/predict", 405, "method-not-allowed"),
        ("DELETE", "/health", 405, "method-not-allowed"),
        ("GET", "/%00", 404, "not-found"),
        ("GET", "/../../etc/passwd", 404, "not-found"),
        ("GET", "/redoc", 404, "not-found"),
    ],
)
def test_wrong_pages_are_problems(
    client: TestClient, method: str, path: str, status: int, code: str
) -> None:
    answer = client.request(method, path)
    assert answer.status_code == status
    assert answer.json()["code"] == code
    assert answer.headers["Content-Type"] == "application/problem+json"
    if status == 405:
        assert answer.headers["Allow"]


@pytest.mark.parametrize("path", ["/health", "/version", "/docs", "/openapi.json", "/nothing"])
def test_every_answer_carries_the_headers(client: TestClient, path: str) -> None:
    headers = client.get(path).headers
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Cache-Control"] == "no-store"
    assert headers["X-Frame-Options"] == "DENY"
    assert headers["X-Request-ID"]


def test_docs_page_is_there(client: TestClient) -> None:
    page = client.get("/docs")
    assert page.status_code == 200
    assert "/openapi.json" in page.text


@pytest.fixture
def document(client: TestClient) -> dict[str, Any]:
    found: dict[str, Any] = client.get("/openapi.json").json()
    return found


def test_fields_come_from_the_contract(document: dict[str, Any]) -> None:
    features = document["components"]["schemas"]["Features"]
    assert features["required"] == ["income", "age", "employed", "purpose", "channel"]
    assert features["additionalProperties"] is False
    fields = features["properties"]
    assert fields["income"] == {"type": "number", "minimum": 0.0, "description": "Unit: USD."}
    assert fields["age"] == {
        "anyOf": [{"type": "integer", "minimum": 18, "maximum": 100}, {"type": "null"}],
        "description": "At decision.",
    }
    assert fields["channel"] == {"type": "string", "enum": ["branch", "web"]}
    listed = fields["purpose"]["anyOf"][0]["anyOf"][0]
    assert listed == {"type": "string", "enum": ["car", "home", "study"]}


def test_the_example_works(client: TestClient, document: dict[str, Any], bundle: Bundle) -> None:
    # Given the example of the documentation
    operation = document["paths"]["/predict"]["post"]
    example = operation["requestBody"]["content"]["application/json"]["example"]
    # When it is sent, then it is answered, and it is nobody's
    answer = client.post("/predict", json=example).json()
    assert 0 < answer["pd"] < 1
    assert answer["flags"]["unknown_category"] == []
    assert all(dict(row.values) != example["features"] for row in bundle.golden)
    assert answer["application_id"] == example["application_id"]


@pytest.mark.parametrize(
    ("schema", "method", "path", "content"),
    [
        ("Health", "GET", "/health", None),
        ("Version", "GET", "/version", None),
        ("Decision", "POST", "/predict", "example"),
        ("Problem", "POST", "/predict", "{}"),
    ],
)
def test_answers_keep_their_schema(
    client: TestClient,
    document: dict[str, Any],
    schema: str,
    method: str,
    path: str,
    content: str | None,
) -> None:
    # Given an answer of each kind
    if content == "example":
        body = document["paths"]["/predict"]["post"]["requestBody"]["content"]
        content = json.dumps(body["application/json"]["example"])
    headers = {"Content-Type": "application/json"}
    answer = client.request(method, path, content=content, headers=headers).json()
    # When it is compared with what the document promises
    wrong = list(_differences(answer, document["components"]["schemas"][schema], schema))
    # Then every member is there, no other is, and the kinds are right
    assert wrong == []


def _differences(value: Any, schema: dict[str, Any], where: str) -> list[str]:
    kinds: dict[str, tuple[type, ...]] = {
        "object": (dict,),
        "string": (str,),
        "number": (int, float),
        "array": (list,),
        "integer": (int,),
    }
    if "anyOf" in schema:
        found = [_differences(value, option, where) for option in schema["anyOf"]]
        return [] if [] in found else found[0]
    if schema["type"] == "null":
        return [] if value is None else [where]
    kind: tuple[type, ...] = kinds[schema["type"]]
    if type(value) not in kind:
        return [where]
    out: list[str] = []
    if schema["type"] == "object" and "properties" in schema:
        if missing := set(schema["required"]) - set(value):
            out.append(f"{where} lacks {sorted(missing)}")
        if strange := set(value) - set(schema["properties"]):
            out.append(f"{where} has {sorted(strange)}")
        for name in set(value) & set(schema["properties"]):
            out += _differences(value[name], schema["properties"][name], f"{where}.{name}")
    if schema["type"] == "array":
        for item in value:
            out += _differences(item, schema["items"], where)
    return out
