"""The service as a real process: over a socket, and without what it must not import."""

from __future__ import annotations

import http.client
import json
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from tests.fakes.raw_applications import raw

from scorewright.adapters.bundles import DiskBundles
from scorewright.core.bundles import Bundle
from scorewright.core.decision import Policy

SERVE = """
import sys
from datetime import UTC, datetime
from pathlib import Path
from scorewright.adapters.bundles import CanaryProver, DiskBundles, KeyRing
from scorewright.adapters.machine import SystemClock
from scorewright.entry.service import create_app
from tests.fakes.serving import service_on
from scorewright.flows.verify_bundle import load_for_serving
from scorewright import wiring
root = Path(sys.argv[1])
store = DiskBundles(root / "bundles", KeyRing(root / "keys"))
now = datetime(2026, 11, 21, 12, tzinfo=UTC)
deployment = load_for_serving(store, CanaryProver(60), wiring.learners(), "current", now=now)
app = create_app(service_on(deployment, SystemClock()))
"""


def test_service_starts_without_the_heavy_libraries(deployed_folder: Path) -> None:
    # Given a process that proves a bundle and makes the service
    code = SERVE + (
        "import json; heavy = ('mlflow', 'polars', 'pandas', 'pandera', 'altair', 'typer', 'rich',"
        " 'sqlalchemy'); print(json.dumps([name for name in heavy if name in sys.modules]))"
    )
    # When it is ready
    done = subprocess.run(
        [sys.executable, "-c", code, str(deployed_folder)],
        capture_output=True,
        check=True,
        text=True,
    )
    # Then none of them was imported
    assert json.loads(done.stdout.splitlines()[-1]) == []


def test_histories_need_none_of_them_either(
    store: DiskBundles, policy_for: Callable[..., Policy], tmp_path: Path
) -> None:
    # Given a deployed bundle that reads histories, and a process that serves it
    digest = store.publish(raw().bundle).name
    _, policy = store.publish_policy(policy_for(raw().bundle))
    store.activate(digest, policy.name, datetime(2026, 11, 21, tzinfo=UTC))
    code = SERVE + (
        "import json; from starlette.testclient import TestClient;"
        " row = deployment.loaded.bundle.golden[0];"
        " body = {'features': dict(row.values), 'tables': dict(row.tables)};"
        " pd = TestClient(app).post('/predict', json=body).json()['pd'];"
        " print(json.dumps([pd, [n for n in ('mlflow', 'polars') if n in sys.modules]]))"
    )
    # When it scores one application
    done = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path)], capture_output=True, check=True, text=True
    )
    # Then the PD is the promised one, and none of the heavy libraries was imported
    pd, heavy = json.loads(done.stdout.splitlines()[-1])
    assert pd == pytest.approx(raw().bundle.golden[0].pd, abs=1e-12)
    assert heavy == []


@pytest.fixture
def port(deployed_folder: Path) -> Iterator[int]:
    """The port of a real server."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    code = SERVE + (
        "import uvicorn; uvicorn.run(app, host='127.0.0.1', port=int(sys.argv[2]),"
        " log_level='warning')"
    )
    server = subprocess.Popen([sys.executable, "-c", code, str(deployed_folder), str(port)])
    try:
        until = time.monotonic() + 60
        while server.poll() is None and time.monotonic() < until:
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    break
            time.sleep(0.1)
        yield port
    finally:
        server.terminate()
        server.wait(20)


def test_real_server_answers_and_survives(port: int, dummy_bundle: Bundle) -> None:
    # Given a real server, when it gets an application, then it decides
    good = json.dumps({"features": dict(dummy_bundle.golden[0].values)})
    status, answer = _post(port, good.encode())
    assert status == 200
    assert json.loads(answer)["pd"] == dummy_bundle.golden[0].pd
    # When it gets garbage, a broken body and one that is too long
    assert _post(port, b"\xff")[0] == 400
    assert _post(port, b"{}")[0] == 422
    with socket.create_connection(("127.0.0.1", port)) as raw:
        raw.sendall(
            b"POST /predict HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
            b"Content-Length: 5000000\r\n\r\n{"
        )
        assert raw.recv(100).startswith(b"HTTP/1.1 413")
    with socket.create_connection(("127.0.0.1", port)) as raw:
        raw.sendall(
            b"POST /predict HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
            b"Content-Length: 500\r\n\r\n{"
        )
    # Then it still decides
    assert _post(port, good.encode())[0] == 200


def _post(port: int, body: bytes) -> tuple[int, bytes]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    try:
        connection.request("POST", "/predict", body, {"Content-Type": "application/json"})
        answer = connection.getresponse()
        return answer.status, answer.read()
    finally:
        connection.close()
