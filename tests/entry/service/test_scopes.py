"""Every page names its scope, asks for it, and has an example."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from starlette.testclient import TestClient
from tests.fakes.serving import service_on

from scorewright.core.access import SCOPES, AccessError, Caller
from scorewright.entry.service import create_app
from scorewright.entry.service.front import Front
from scorewright.flows.ports import Clock
from scorewright.flows.verify_bundle import Deployment

#: The only pages that anybody may see.
OPEN = {("GET", "/health"), ("GET", "/ready")}
#: They say what there is, and nothing else; serve.docs leaves them out.
DOCUMENTATION = {"/openapi.json", "/docs", "/docs/oauth2-redirect", "/static-offline-docs"}


class Gate:
    """Knows keys that are lists of scopes."""

    def caller(self, authorization: str | None, api_key: str | None) -> Caller:
        if api_key is None:
            raise AccessError(401, "unauthorised", "No key.", remedy="Send one.")
        scopes = frozenset(scope for scope in SCOPES if scope in api_key.split())
        return Caller("k", "default", scopes)


@pytest.fixture
def app(deployment: Deployment, clock: Clock) -> Front:
    return create_app(service_on(deployment, clock, gatekeeper=Gate()))


@pytest.fixture
def client(app: Front) -> Iterator[TestClient]:
    with TestClient(app) as client:
        yield client


def _operations(client: TestClient) -> dict[tuple[str, str], dict[str, Any]]:
    paths = client.get("/openapi.json").json()["paths"]
    return {
        (method.upper(), path): operation
        for path, item in paths.items()
        for method, operation in item.items()
        if method != "parameters"
    }


def test_every_route_is_described_and_names_its_scope(app: Front, client: TestClient) -> None:
    # Given all routes there are
    inner: Any = app.inner
    routes = {
        (method, route.path)
        for route in inner.routes
        if route.path not in DOCUMENTATION
        for method in route.methods
    }
    described = _operations(client)
    # Then the document has each, with a scope that exists, and only two are open
    assert routes == set(described)
    for place, operation in described.items():
        assert "x-scope" in operation, place
        assert operation["x-scope"] in (*SCOPES, None), place
    assert {place for place, o in described.items() if o["x-scope"] is None} == OPEN


def test_a_key_without_the_scope_is_refused_everywhere(client: TestClient) -> None:
    for (method, path), operation in _operations(client).items():
        scope, page = operation["x-scope"], path.replace("{", "").replace("}", "")
        if scope is None:
            assert client.request(method, page).status_code == 200
            continue
        # Without a key, with all scopes but the one, and with the one
        nobody = client.request(method, page)
        assert (nobody.status_code, nobody.json()["code"]) == (401, "unauthorised"), page
        assert nobody.headers["WWW-Authenticate"] == "Bearer"
        others = " ".join(other for other in SCOPES if other != scope)
        lacking = client.request(method, page, headers={"X-API-Key": others})
        assert (lacking.status_code, lacking.json()["code"]) == (403, "forbidden"), page
        assert scope in lacking.json()["detail"]
        enough = client.request(method, page, headers={"X-API-Key": scope})
        assert enough.status_code not in (401, 403), page


def test_every_operation_has_examples(client: TestClient) -> None:
    for place, operation in _operations(client).items():
        contents = [operation.get("requestBody", {}).get("content", {})]
        contents += [answer.get("content", {}) for answer in operation["responses"].values()]
        for content in contents:
            for media in content.values():
                assert "example" in media, place
