"""What a service takes stays bounded, whatever it is asked and however often."""

from __future__ import annotations

import http.client
import io
import json
import os
import re
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from tests.fakes.served_project import ServedProject

from scorewright.adapters.machine import ServiceProcess
from scorewright.core.bundles import Bundle
from scorewright.core.decision import Policy

#: One in fifty is a megabyte long: what such a body leaves behind shows after a few.
REQUESTS = int(os.environ.get("SCOREWRIGHT_REQUESTS", "1000"))
ROWS = 100_000
#: Bytes that may be kept for good, by caches that fill and by an allocator that keeps its pages.
KEPT = 40_000_000
#: Bytes that the child may take that scores a file: rows in work do not grow with the file's.
CHILD = 1_000_000_000


class Client:
    """One connection to a service."""

    def __init__(self, url: str) -> None:
        self._connection = http.client.HTTPConnection(url.removeprefix("http://"), timeout=300)

    def ask(self, method: str, page: str, body: bytes = b"", media: str = "") -> tuple[int, bytes]:
        self._connection.request(method, page, body, {"Content-Type": media} if media else {})
        answer = self._connection.getresponse()
        return answer.status, answer.read()

    def close(self) -> None:
        self._connection.close()

    def resident(self) -> int:
        """Return what the service says that it takes."""
        return int(json.loads(self.ask("GET", "/health/resources")[1])["memory_bytes"])


@pytest.fixture
def url(dummy_bundle: Bundle, policy_for: Callable[..., Policy], tmp_path: Path) -> Iterator[str]:
    project = ServedProject(tmp_path / "project", policy_for)
    project.deploy(project.publish(dummy_bundle))
    with ServiceProcess(project.file, tmp_path / "service.log") as service:
        yield service.url


@pytest.mark.timeout(900)
def test_memory_is_bounded(
    url: str,
    dummy_bundle: Bundle,
    request: pytest.FixtureRequest,
    record_property: Callable[[str, object], None],
) -> None:
    # Given a service that has seen every kind of request
    client, row = Client(url), dict(dummy_bundle.golden[0].values)
    request.addfinalizer(client.close)
    _requests(client, row, 500)
    _file(client, row, 2_000)
    before = client.resident()
    # When many come that are all different, and others are far too long
    _requests(client, row, REQUESTS)
    after_requests = client.resident() - before
    # And a file of many rows
    child = _file(client, row, ROWS)
    after_file = client.resident() - before
    # Then next to nothing is kept
    assert after_requests < KEPT
    assert after_file < KEPT
    assert child < CHILD
    said = f"{REQUESTS} requests and a file of {ROWS} rows: {after_file / 1e6:.1f} MB kept"
    record_property("guarantee", f"memory: {said}; the child took {child / 1e6:.0f} MB")


def _requests(client: Client, row: dict[str, Any], count: int) -> None:
    long = json.dumps({"features": {**row, **{f"x{n}": "y" * 90 for n in range(9_000)}}}).encode()
    for number in range(count):
        body = {"features": {**row, "income": 1_000.0 + number}, "application_id": f"a{number}"}
        said = client.ask("POST", "/predict", json.dumps(body).encode(), "application/json")
        assert said[0] == 200, said
        if number % 50 == 0:
            said = client.ask("POST", "/predict", long, "application/json")
            assert said[0] in (413, 422), said[0]


def _file(client: Client, row: dict[str, Any], rows: int) -> int:
    """Have a file scored and fetch its result; return the most its child took, in bytes."""
    one = pl.DataFrame({"application": ["a"], **{name: [value] for name, value in row.items()}})
    data = pl.concat([one] * rows).write_csv().encode()
    status, body = client.ask("POST", "/batch/predict", data, "text/csv")
    assert status in (200, 202), body
    if status == 200:
        return 0
    place, most = f"/batch/{json.loads(body)['id']}", 0
    until = time.monotonic() + 600
    while True:
        found = json.loads(client.ask("GET", place)[1])
        most = max(most, _largest_child())
        if found["state"] not in ("queued", "running"):
            break
        assert time.monotonic() < until, found
        time.sleep(0.02)
    assert found["state"] == "done", found
    result = client.ask("GET", f"{place}/result?format=csv")[1]
    assert pl.read_csv(io.BytesIO(result)).height == rows
    return most


def _largest_child() -> int:
    """Return the peak of the processes below this one that score a file."""
    most = 0
    for process in _below(os.getpid()):
        with suppress(OSError):  # it has just ended
            if b"batch_job" in (process / "cmdline").read_bytes():
                peak = re.search(r"VmHWM:\s+(\d+) kB", (process / "status").read_text())
                most = max(most, int(peak[1]) * 1024 if peak else 0)
    return most


def _below(pid: int) -> Iterator[Path]:
    for task in Path(f"/proc/{pid}/task").glob("*/children"):
        with suppress(OSError):
            for child in task.read_text().split():
                yield Path("/proc") / child
                yield from _below(int(child))
