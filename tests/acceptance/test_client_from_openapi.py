"""A client written from ``/openapi.json`` alone can do everything the service does."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from tests.acceptance.openapi_client import Client
from tests.adapters.histories.servers import free_port
from tests.entry.cli.portfolio import loans

from scorewright import wiring
from scorewright.core.access import SCOPES

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]

PROGRAM = (sys.executable, "-m", "scorewright")


def run(root: Path, *arguments: str) -> str:
    command = [*PROGRAM, *arguments]
    return subprocess.run(command, cwd=root, check=True, capture_output=True, text=True).stdout


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project that was deployed twice, so that there is something to go back to."""
    root = tmp_path_factory.mktemp("openapi")
    loans().write_csv(root / "loans.csv")
    run(root, "init", "loans.csv")
    run(root, "-q", "train")
    bundles = wiring.project(root / "scorewright.toml").bundles()
    current = bundles.current()
    bundles.activate(current.bundle, current.policy_file, datetime.now(UTC))
    return root


@pytest.fixture(scope="module")
def address(project: Path) -> Iterator[str]:
    """The service in production mode."""
    port = free_port()
    environment = {**os.environ, "SCOREWRIGHT__SERVE__MODE": "production"}
    with (project / "serve.log").open("wb") as log:
        process = subprocess.Popen(
            [*PROGRAM, "serve", "--port", str(port)],
            cwd=project, env=environment, stdout=log, stderr=log,
        )  # fmt: skip
    url = f"http://127.0.0.1:{port}"
    try:
        until = time.monotonic() + 120
        while time.monotonic() < until:
            assert process.poll() is None, (project / "serve.log").read_text("utf-8")
            try:
                with urllib.request.urlopen(f"{url}/ready", timeout=2):  # noqa: S310
                    break
            except (urllib.error.URLError, ConnectionError, TimeoutError):
                time.sleep(0.2)
        yield url
    finally:
        process.terminate()
        process.wait(30)


@pytest.fixture(scope="module")
def key(project: Path) -> str:
    """A key that may do everything."""
    scopes = [word for scope in SCOPES for word in ("--scope", scope)]
    made = run(project, "keys", "create", "--name", "client", *scopes, "--json")
    return str(json.loads(made)["key"])


@pytest.fixture
def client(address: str, key: str) -> Client:
    with urllib.request.urlopen(f"{address}/openapi.json", timeout=30) as got:  # noqa: S310
        document: dict[str, Any] = json.load(got)
    return Client(document, address, key)


def test_every_operation_answers_as_the_document_says(
    client: Client, record_property: Callable[[str, object], None]
) -> None:
    # Given the document alone
    assert client.document["openapi"] == "3.1.0"
    wrong: list[str] = []
    called: set[str] = set()
    requests = 0
    # When every operation is asked, with its examples and with what its schemas make
    for operation in client.operations():
        for media, body in client.bodies(operation):
            answer = client.call(operation, media, body)
            requests += 1
            assert answer.status < 300, (operation.name, answer.body)
            wrong += client.wrong(operation, answer)
        called.add(operation.name)
    # Then each answer keeps its schema, and what the service is for was done
    assert wrong == []
    assert {
        "POST /predict", "POST /explain", "GET /decisions/{decision_id}",
        "POST /decisions/{decision_id}/replay", "POST /outcomes", "GET /health", "GET /ready",
        "GET /version", "GET /metrics", "POST /admin/reload", "POST /admin/rollback",
    } <= called  # fmt: skip
    record_property(
        "guarantee",
        f"client: {len(called)} operations, {requests} requests, 0 answers that break their schema",
    )


def test_the_examples_keep_their_schemas(client: Client) -> None:
    paths = client.document["paths"].values()
    assert sum("post" in item or "get" in item for item in paths) > 10
    # An id is needed to go on; any will do, as nothing is sent.
    client.known = dict.fromkeys(client.id_names(), "x")
    assert [w for operation in client.operations() for w in client.wrong_examples(operation)] == []


def test_what_is_wrong_is_answered_as_described(client: Client) -> None:
    wrong: list[str] = []
    asked = 0
    ids = dict.fromkeys(client.id_names(), "of-nobody")
    client.known = dict(ids)
    for operation in client.operations():
        for media, _ in list(client.bodies(operation)):
            bodies = (b"", b"{}", b"[]", b"\xff", b"{") if media == "application/json" else ()
            for body in bodies:
                answer = client.call(operation, media, body)
                asked += 1
                assert 400 <= answer.status < 500, (operation.name, body, answer)
                wrong += client.wrong(operation, answer)
        if operation.places:
            client.known = dict(ids)
            answer = client.call(operation)
            asked += 1
            assert answer.status == 404, (operation.name, answer)
            wrong += client.wrong(operation, answer)
    assert asked > 15
    assert wrong == []


def test_without_a_key_only_what_needs_none_answers(client: Client) -> None:
    client.key = ""
    client.known = dict.fromkeys(client.id_names(), "x")
    wrong: list[str] = []
    for operation in client.operations():
        media, body = next(client.bodies(operation))
        answer = client.call(operation, media, body)
        assert answer.status == (401 if operation.described["security"] else 200), operation.name
        wrong += client.wrong(operation, answer)
    assert wrong == []
