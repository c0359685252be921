"""The two small programs of the image: the health check, and what copies key files."""

from __future__ import annotations

import runpy
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest
from tests.deploy.linters import DEPLOY

from scorewright.adapters.bundles import KeyRing
from scorewright.core.errors import ScorewrightError

PROBE = DEPLOY / "container/probe.py"
HOLD = DEPLOY / "container/hold.py"


class Answers(BaseHTTPRequestHandler):
    """200 for /health, 503 for anything else."""

    def do_GET(self) -> None:
        self.send_response(200 if self.path == "/health" else 503)
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - its name there
        """Say nothing."""


@pytest.fixture
def port() -> Iterator[int]:
    server = HTTPServer(("127.0.0.1", 0), Answers)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield server.server_port
    server.shutdown()
    thread.join()
    server.server_close()


def probe(*arguments: str) -> int:
    # -I: nothing of this environment, as in a container whose health is asked.
    return subprocess.run([sys.executable, "-I", str(PROBE), *arguments], check=False).returncode


def test_a_healthy_service_is_told_from_one_that_is_not(port: int) -> None:
    assert probe("health", str(port)) == 0
    assert probe("ready", str(port)) == 1


def test_nobody_there_is_not_healthy() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # bound, but nobody listens
        assert probe("health", str(taken.getsockname()[1])) == 1


def test_a_service_that_says_nothing_is_not_healthy_in_time() -> None:
    answers = runpy.run_path(str(PROBE))["answers"]
    with socket.create_server(("127.0.0.1", 0)) as silent:
        assert answers("health", str(silent.getsockname()[1]), 0.2) is False


def test_a_service_that_answers_nonsense_is_not_healthy() -> None:
    answers = runpy.run_path(str(PROBE))["answers"]
    with socket.create_server(("127.0.0.1", 0)) as server:

        def babble() -> None:
            connection, _ = server.accept()
            with connection:
                connection.recv(1000)
                connection.sendall(b"nonsense\r\n\r\n")

        thread = threading.Thread(target=babble)
        thread.start()
        assert answers("health", str(server.getsockname()[1])) is False
        thread.join()


def mounted(folder: Path, files: dict[str, bytes]) -> Path:
    """Lay files out as the kubelet does: links to links, readable by a group."""
    data = folder / "..2026_11_21"
    data.mkdir(parents=True)
    (folder / "..data").symlink_to(data.name)
    for name, content in files.items():
        (data / name).write_bytes(content)
        (data / name).chmod(0o440)
        (folder / name).symlink_to(f"..data/{name}")
    return folder


def hold(target: Path, *sources: Path) -> str:
    command = [sys.executable, "-I", str(HOLD), str(target), *(str(s) for s in sources)]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    return done.stdout


def test_key_files_become_the_users_own(tmp_path: Path, keys: KeyRing) -> None:
    # Given a project's trusted keys as a ConfigMap shows them: a key ring will not have it
    keys.signing_key()
    trusted = (tmp_path / "keys/trusted.json").read_bytes()
    project = mounted(tmp_path / "project", {"trusted.json": trusted})
    secrets = mounted(tmp_path / "secrets", {"api_keys.pepper": b"ab" * 32})
    with pytest.raises(ScorewrightError, match=r"not a plain small file"):
        KeyRing(project).trusted()
    # When they are held
    said = hold(tmp_path / "held", project, secrets)
    # Then they are plain files of nobody else, and the ring reads them
    assert said == "holding api_keys.pepper, trusted.json\n"
    files = sorted((tmp_path / "held").iterdir())
    assert [path.name for path in files] == ["api_keys.pepper", "trusted.json"]
    assert not any(path.is_symlink() for path in files)
    assert {path.stat().st_mode & 0o777 for path in files} == {0o600}
    assert (tmp_path / "held").stat().st_mode & 0o777 == 0o700
    assert KeyRing(tmp_path / "held").trusted() == keys.trusted()


def test_a_pod_that_begins_again_holds_what_is_mounted_now(tmp_path: Path) -> None:
    before = mounted(tmp_path / "before", {"a": b"old", "b": b"old"})
    after = mounted(tmp_path / "after", {"a": b"new"})
    hold(tmp_path / "held", before)
    hold(tmp_path / "held", after)
    assert [p.read_bytes() for p in (tmp_path / "held").iterdir()] == [b"new"]
