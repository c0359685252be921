"""What the serving benchmark counts, and what it says of a server it cannot measure."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest
from benchmarks.serving.client import Load, Server, free_port, measure
from benchmarks.serving.environments import environment
from benchmarks.serving.process import NotMeasuredError, surroundings, tree

BURN = "import time\nwhile time.process_time() < 0.3: pass\n"
#: Says when its child has ended, then stays.
PARENT = f"""
import subprocess, sys
subprocess.run([sys.executable, "-c", {BURN!r}], check=True)
print("ended", flush=True)
sys.stdin = open(sys.argv[1])
sys.stdin.read()
"""
#: Answers every connection with one fixed answer.
ANSWERS = """
import http.server, sys

class Fixed(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self):
        self.rfile.read(int(self.headers["Content-Length"]))
        body = b'{"pd": 0.25}'
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

http.server.ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Fixed).serve_forever()
"""


def server(program: str, pd: float) -> Server:
    port = free_port()
    load = Load("", "/predict", [b"{}"], [pd], lambda answer: float(answer["pd"]))
    python = Path(sys.executable)
    command = [sys.executable, "-c", program, str(port)]
    return Server(command, surroundings(python), [load], port)


def test_children_that_ended_are_counted(tmp_path: Path) -> None:
    # Given a process whose child used 0.3 s and ended
    gate = tmp_path / "gate"
    os.mkfifo(gate)
    command = [sys.executable, "-u", "-c", PARENT, str(gate)]
    with tree(command, surroundings(Path(sys.executable))) as running, gate.open("w"):
        # When its time is taken (it opens the gate only after the child)
        spent = running.cpu()
        pss, rss = running.memory()
    # Then the child's is in it
    assert spent > 0.3
    assert 0 < pss <= rss
    assert running.is_over()


def test_a_server_that_answers_as_its_model_is_measured() -> None:
    found = measure(server(ANSWERS, 0.25))
    costs = found.costs[""]
    assert 0 < costs.cpu < costs.p99
    assert found.start_cpu > 0


@pytest.mark.parametrize(
    ("program", "said"),
    [
        (ANSWERS, "answers 0.25 where the model gives 0.5"),
        ("raise SystemExit('no such runtime')", "it ended: no such runtime"),
    ],
)
def test_a_server_that_cannot_be_measured_says_why(program: str, said: str) -> None:
    with pytest.raises(NotMeasuredError, match=said):
        measure(server(program, 0.5))


def test_a_server_that_is_not_installed_says_why() -> None:
    absent = server("", 0.5)
    with pytest.raises(NotMeasuredError, match="FileNotFoundError"):
        measure(Server(["/no/such/program"], absent.environment, absent.loads, absent.port))


def test_without_uv_no_environment_is_made(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    monkeypatch.setattr("shutil.which", lambda *_, **__: None)
    with pytest.raises(NotMeasuredError, match="uv is not installed"):
        environment("absent", ["absent"])
