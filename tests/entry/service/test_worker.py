"""Real workers on a real socket: bad clients, draining, several of them."""

from __future__ import annotations

import http.client
import json
import os
import resource
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from scorewright.core.bundles import Bundle

HEAD = b"POST /predict HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"


@pytest.fixture
def body(dummy_bundle: Bundle) -> bytes:
    return json.dumps({"features": dict(dummy_bundle.golden[0].values)}).encode()


@contextmanager
def _started(
    deployed_folder: Path,
    *options: str,
    before: Callable[[], None] | None = None,
    stderr: int | None = None,
) -> Iterator[tuple[subprocess.Popen[bytes], int]]:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port, number = int(listener.getsockname()[1]), listener.fileno()
        command = [sys.executable, "-m", "tests.entry.service.worker_program"]
        process = subprocess.Popen(
            [*command, f"--root={deployed_folder}", f"--listener={number}", *options],
            pass_fds=(number,),
            preexec_fn=before,  # noqa: PLW1509 - no threads here
            stderr=stderr,
            cwd=Path(__file__).parents[3],
        )
    try:
        yield process, port
    finally:
        if process.poll() is None:
            process.terminate()
        process.wait(30)


def _ask(
    port: int, method: str, page: str, body: bytes | None = None, name: str = "r"
) -> tuple[int, Any]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    try:
        headers = {"Content-Type": "application/json", "X-Request-ID": name}
        connection.request(method, page, body, headers)
        answer = connection.getresponse()
        content = answer.read()
        is_json = "json" in (answer.getheader("Content-Type") or "")
        return answer.status, json.loads(content) if is_json else content.decode()
    finally:
        connection.close()


def _until(found: Callable[[], object], seconds: float = 60.0) -> None:
    until = time.monotonic() + seconds
    while not found():
        assert time.monotonic() < until
        time.sleep(0.02)


def _raw(port: int, *pieces: bytes) -> bytes:
    """Send pieces and return everything that comes back until the other side closes."""
    with socket.create_connection(("127.0.0.1", port), timeout=60) as connection:
        try:
            for piece in pieces:
                connection.sendall(piece)
        except OSError:
            pass  # refused before all of it was sent
        got = b""
        try:
            while piece := connection.recv(65_536):
                got += piece
        except ConnectionResetError:
            pass
        return got


def test_bad_clients_cost_little_and_others_are_answered(
    deployed_folder: Path, body: bytes, record_property: Callable[[str, object], None]
) -> None:
    with _started(deployed_folder, "--deadline=1") as (process, port):
        assert _ask(port, "GET", "/ready")[0] == 200
        before = _used(process.pid)
        # Given a head of 10,000 headers, one that never ends, and one that is none
        many = b"".join(b"X-%d: y\r\n" % number for number in range(10_000))
        assert b" 431 " in _raw(port, HEAD + many)[:20]
        assert b" 431 " in _raw(port, HEAD + b"X: " + b"y" * 1_000_000)[:20]
        endless = _raw(port, HEAD + b"X: ", *[b"y" * 50_000] * 400)
        assert endless == b"" or b" 431 " in endless[:20]
        garbage = _raw(port, b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"z" * 300)
        assert garbage.startswith(b"HTTP/1.1 400")
        assert json.loads(garbage.partition(b"\r\n\r\n")[2])["code"] == "http-malformed"
        for head in (
            b"GET / HTTP/1.1\r\nContent-Length: -1\r\n\r\n",
            b"GET / HTTP/9.9\r\n\r\n",
            b"GET /health HTTP/1.1\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
            b"\x00" * 500,
        ):
            assert _raw(port, head).startswith(b"HTTP/1.1 400")
        # When half a body comes, then it is waited for as long as the settings say
        half = _raw(port, HEAD + b"Content-Length: 500\r\n\r\n{")
        assert half.startswith(b"HTTP/1.1 408")
        assert json.loads(half.partition(b"\r\n\r\n")[2])["code"] == "body-too-slow"
        chunked = _raw(port, HEAD + b"Transfer-Encoding: chunked\r\n\r\n5\r\n{    \r\n")
        assert chunked.startswith(b"HTTP/1.1 408")
        # When a body in pieces never ends, then it is refused at its limit
        piece = b"10000\r\n" + b" " * 65_536 + b"\r\n"
        endless = _raw(port, HEAD + b"Transfer-Encoding: chunked\r\n\r\n", *[piece] * 200)
        assert endless == b"" or endless.startswith(b"HTTP/1.1 413")
        # When a hundred go away in the middle
        for _ in range(100):
            with socket.create_connection(("127.0.0.1", port)) as connection:
                connection.sendall(HEAD + b"Content-Length: 500\r\n\r\n{")
        # When three requests come at once, then three answers come in their order
        one = HEAD + b"Content-Length: %d\r\n\r\n" % len(body) + body
        last = one.replace(b"Host: ", b"Connection: close\r\nHost: ", 1)
        assert _raw(port, one + one + last).count(b"HTTP/1.1 200") == 3
        # Then the others are answered, and nothing was kept of all this
        assert _ask(port, "POST", "/predict", body)[0] == 200
        _until(lambda: _used(process.pid)[0] <= before[0] + 5)
        assert _used(process.pid)[1] < before[1] + 30_000_000
        record_property(
            "guarantee",
            "bad-clients: 100 that go away, endless heads and bodies: at most 30 MB kept",
        )


def test_a_development_service_is_not_reached_by_another_name(
    deployed_folder: Path, body: bytes
) -> None:
    # Given a page whose name its owner made lead to this machine: a browser calls that its own
    rebound = b"Host: evil.example:80\r\nSec-Fetch-Site: same-origin\r\nConnection: close"
    length = b"Content-Length: %d\r\n\r\n" % len(body) + body
    with _started(deployed_folder) as (_, port):
        for head in (HEAD + length, b"GET /openapi.json HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"):
            refused = _raw(port, head.replace(b"Host: 127.0.0.1", rebound))
            assert refused.startswith(b"HTTP/1.1 403")
            assert b'"code":"forbidden"' in refused
        # Then only this machine's names for itself are answered
        for name in (b"localhost", b"LOCALHOST:8000", b"127.0.0.1:1", b"[::1]:8000"):
            own = b"Host: " + name + b"\r\nConnection: close"
            answer = _raw(port, (HEAD + length).replace(b"Host: 127.0.0.1", own))
            assert answer.startswith(b"HTTP/1.1 200")
    # And whoever asks for keys stands behind a proxy, which may be called anything
    with _started(deployed_folder, "--mode=production") as (_, port):
        answer = _raw(port, (HEAD + length).replace(b"Host: 127.0.0.1", rebound))
        assert answer.startswith(b"HTTP/1.1 200")


def test_the_servers_log_tells_where_and_not_with_what(
    deployed_folder: Path, dummy_bundle: Bundle
) -> None:
    document = {"features": dict(dummy_bundle.golden[0].values), "application_id": "applicant-4711"}
    with _started(deployed_folder, "--breaks", stderr=subprocess.PIPE) as (process, port):
        assert _ask(port, "POST", "/predict", json.dumps(document).encode())[0] == 500
        assert _ask(port, "GET", "/health")[0] == 200
        process.terminate()
        assert process.stderr is not None
        with process.stderr:
            said = process.stderr.read().decode()
    assert "builtins.RuntimeError" in said
    assert "builtins.ValueError" in said
    assert "worker_program.py" in said
    assert "applicant-4711" not in said


def test_everything_that_ends_shares_one_period(deployed_folder: Path) -> None:
    # Given a request that is never done, and something to close that takes all the time it is given
    with _started(deployed_folder, "--log-seconds=60", "--drain=3", "--slow-close") as (
        process,
        port,
    ):
        with socket.create_connection(("127.0.0.1", port)) as connection:
            connection.sendall(HEAD + b"Content-Length: 500\r\n\r\n{")
            assert _ask(port, "GET", "/ready")[0] == 200
            process.send_signal(signal.SIGTERM)
            assert process.wait(60) == 0
        # Then what comes last is given what is left, not the whole period again
        assert float((deployed_folder / "closed").read_text()) < 3.0


def _used(pid: int) -> tuple[int, int]:
    """Return open files and resident bytes."""
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return sum(1 for _ in Path(f"/proc/{pid}/fd").iterdir()), pages * os.sysconf("SC_PAGE_SIZE")


def test_more_connections_than_it_can_keep_are_refused(deployed_folder: Path, body: bytes) -> None:
    # Given a worker that may have 64 files open, 32 of them connections
    limit = (64, 64)
    with _started(
        deployed_folder, before=lambda: resource.setrlimit(resource.RLIMIT_NOFILE, limit)
    ) as (
        _,
        port,
    ):
        assert _ask(port, "GET", "/ready")[0] == 200
        idle = [socket.create_connection(("127.0.0.1", port)) for _ in range(32)]
        # When one more comes than it keeps, then it is told to come again
        time.sleep(0.5)
        refused = _raw(port)
        assert refused.startswith(b"HTTP/1.1 503")
        assert b"retry-after: 1" in refused
        # And when the others are gone, it is answered
        for one in idle:
            one.close()
        _until(lambda: _ask(port, "POST", "/predict", body)[0] == 200, 5)


def test_what_is_in_work_is_answered_and_kept_before_it_ends(
    deployed_folder: Path, body: bytes, record_property: Callable[[str, object], None]
) -> None:
    with _started(deployed_folder, "--log-seconds=2", "--mode=production") as (process, port):
        assert _ask(port, "GET", "/ready")[0] == 200
        # Given requests whose decisions are on the way to the log
        answers: dict[str, int] = {}

        def ask(name: str) -> None:
            answers[name] = _ask(port, "POST", "/predict", body, name)[0]

        waiting = [Thread(target=ask, args=(f"w{number}",)) for number in range(5)]
        for one in waiting:
            one.start()
        _until(lambda: len(list(deployed_folder.glob("w*.begun"))) == 5)
        # When it is told to stop
        process.send_signal(signal.SIGTERM)
        # Then it says so on /ready while it still lives
        _until(lambda: _ask(port, "GET", "/ready")[0] == 503, 0.9)
        assert _ask(port, "GET", "/ready")[1]["causes"] == ["stopping"]
        # And all are answered, all are kept, the log is closed, and it ends well
        for one in waiting:
            one.join()
        assert answers == {f"w{number}": 200 for number in range(5)}
        assert len(list(deployed_folder.glob("w*.kept"))) == 5
        assert process.wait(30) == 0
        assert (deployed_folder / "closed").exists()
        record_property(
            "guarantee",
            f"drain: {len(answers)} in work when it was stopped, {len(answers)} answered and kept",
        )


def test_several_workers_share_a_socket_and_are_replaced(
    deployed_folder: Path, body: bytes
) -> None:
    with _started(deployed_folder, "--count=2", "--log-seconds=0.05") as (process, port):
        assert _ask(port, "GET", "/ready")[0] == 200
        _until(lambda: len(_children(process.pid)) == 2)
        # Given enough at once that both answer
        threads = [
            Thread(target=_ask, args=(port, "POST", "/predict", body, f"w{number}"))
            for number in range(40)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        # Then both count together
        time.sleep(1.5)
        text = _ask(port, "GET", "/metrics")[1]
        assert 'scorewright_requests_total{path="/predict",status="200"} 40.0' in text
        # When one is killed, then the other answers, and another one comes
        first = _children(process.pid)
        os.kill(first[0], signal.SIGKILL)
        for number in range(10):
            assert _ask(port, "POST", "/predict", body, f"x{number}")[0] == 200
        _until(lambda: len(_children(process.pid)) == 2 and _children(process.pid) != first)
        # When they are told to stop, then all end
        second = _children(process.pid)
        process.send_signal(signal.SIGTERM)
        assert process.wait(30) == 0
        assert not any(Path(f"/proc/{pid}").exists() for pid in second)


def test_workers_end_with_who_started_them(deployed_folder: Path) -> None:
    with _started(deployed_folder, "--count=2") as (process, port):
        assert _ask(port, "GET", "/ready")[0] == 200
        _until(lambda: len(_children(process.pid)) == 2)
        time.sleep(1)
        workers = _children(process.pid)
        process.kill()
        process.wait()
        _until(lambda: not any(_lives(pid) for pid in workers))


def test_a_start_that_fails_ends_all_with_its_code(deployed_folder: Path) -> None:
    (deployed_folder / "broken").touch()
    with _started(deployed_folder, "--count=2") as (process, _):
        assert process.wait(60) == 3


def _children(pid: int) -> list[int]:
    tasks = Path(f"/proc/{pid}/task").glob("*/children")
    return [int(child) for task in tasks for child in task.read_text().split()]


def _lives(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False
