"""The image, built and run: as a container would run it, without a container engine.

It is built on a base that is made here of Debian's packages. ``SCOREWRIGHT_IMAGE_BASE`` names
another one that buildah has; ``SCOREWRIGHT_IMAGE`` names a built image, which is then run as it is.
See docs/how-to/deploy.md.
"""

from __future__ import annotations

import http.client
import json
import os
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from secrets import token_hex
from typing import Any

import pytest
from tests.deploy.boxes import Box, base, opened, removed

from scorewright.adapters.bundles import DiskBundles
from scorewright.core.bundles import Bundle
from scorewright.core.decision import Policy

ROOT = Path(__file__).resolve().parents[2]
USER = 10001
#: Of this run alone: two may build at a time.
BUILT = f"localhost/scorewright:under-test-{os.getpid()}"
#: Those of deploy/, but for the database: the log is the SQLite file of the folder .scorewright.
SETTINGS = {
    "SCOREWRIGHT__BUNDLES__KEYS": "keys",
    "SCOREWRIGHT__SERVE__MODE": "production",
    "SCOREWRIGHT__SERVE__WORKERS": "2",
    "SCOREWRIGHT__SERVE__ACCESS__KEYS": "keys/api_keys.json",
    "SCOREWRIGHT__SERVE__ACCESS__PEPPER_FILE": "keys/api_keys.pepper",
    "SCOREWRIGHT__SERVE__LOG__SUBJECT_KEY_FILE": "keys/subject.key",
}

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1500), pytest.mark.xdist_group("image")]


def built(on: str) -> str:
    """Build the image on a base and return its name."""
    certificates = "/etc/ssl/certs:/etc/ssl/certs:ro"
    done = subprocess.run(
        [
            *("buildah", "bud", "--isolation", "chroot", "--format", "docker"),
            *("--build-arg", f"BASE={on}", "--volume", certificates),
            *("--file", "deploy/container/Dockerfile", "--tag", BUILT, "."),
        ],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return BUILT


@pytest.fixture(scope="module")
def box(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Box]:
    """The files of the image."""
    if shutil.which("buildah") is None:
        pytest.skip("buildah is not installed: apt-get install buildah")
    if os.geteuid() != 0 or shutil.which("setpriv") is None:
        pytest.skip("only root can lock a command into an image's files")
    if image := os.environ.get("SCOREWRIGHT_IMAGE"):
        with opened(image) as box:
            yield box
        return
    on = os.environ.get("SCOREWRIGHT_IMAGE_BASE") or base(tmp_path_factory.mktemp("base"))
    with opened(built(on)) as box:
        yield box
    removed(BUILT)


@pytest.fixture
def project(
    store: DiskBundles,
    bundle: Bundle,
    policy_for: Callable[..., Policy],
    tmp_path: Path,
) -> Path:
    """A project folder as it is mounted: its own bundle, no signing key, owned by the user."""
    digest = store.publish(bundle).name
    _, policy = store.publish_policy(policy_for(bundle))
    store.activate(digest, policy.name, datetime(2026, 11, 21, tzinfo=UTC))
    (tmp_path / "keys/signing.key").unlink()
    (tmp_path / "state").mkdir()
    shutil.copy(ROOT / "deploy/kubernetes/project/scorewright.toml", tmp_path)
    for name in ("api_keys.pepper", "subject.key"):
        (tmp_path / "keys" / name).write_text(f"{token_hex(32)}\n", encoding="ascii")
        (tmp_path / "keys" / name).chmod(0o600)
    return tmp_path


@pytest.fixture
def api_key(project: Path) -> str:
    """A key that may predict; the project then belongs to the user of the image."""
    command = [sys.executable, "-m", "scorewright", "keys", "create", "--name", "test", "--json"]
    command += ["--scope", "predict", "--scope", "predict:batch"]
    done = subprocess.run(
        command, cwd=project, env={**os.environ, **SETTINGS}, capture_output=True, check=True
    )
    for path in [project, *project.rglob("*")]:
        os.chown(path, USER, USER)
    return str(json.loads(done.stdout)["key"])


@dataclass(frozen=True)
class Running:
    """A service in the image."""

    process: subprocess.Popen[bytes]
    port: int
    log: Path

    def ask(self, method: str, path: str, body: Any = None, key: str = "") -> tuple[int, Any]:
        """Ask with a document; a text is sent as CSV."""
        kind, sent = "application/json", None if body is None else json.dumps(body)
        if isinstance(body, str):
            kind, sent = "text/csv", body
        headers = {"Content-Type": kind, **({"X-API-Key": key} if key else {})}
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        try:
            connection.request(method, path, sent, headers)
            answer = connection.getresponse()
            told = answer.read().decode("utf-8")
            is_json = "json" in answer.getheader("Content-Type", "")
            return answer.status, json.loads(told) if is_json else told
        finally:
            connection.close()

    def batch(self, file: str, key: str) -> str:
        """Have a file decided; a slow machine makes a job of it."""
        code, answer = self.ask("POST", "/batch/predict", file, key)
        if code == 200:
            return str(answer)
        assert code == 202, answer
        page, until = f"/batch/{answer['id']}", time.monotonic() + 240
        while (job := self.ask("GET", page, None, key)[1])["state"] in {"queued", "running"}:
            assert time.monotonic() < until, job
            time.sleep(0.2)
        assert job["state"] == "done", job
        return str(self.ask("GET", f"{page}/result", None, key)[1])


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture
def running(box: Box, project: Path, api_key: str) -> Iterator[Running]:
    """The command the image runs, on the loopback address and a free port."""
    log, port = project / "log", free_port()
    shipped = [*box.config["Entrypoint"], *box.config["Cmd"]]
    command = ["127.0.0.1" if part == "0.0.0.0" else part for part in shipped]  # noqa: S104 - replaced
    command = [str(port) if part == "8800" else part for part in command]
    process = box.start(project, command, log, **SETTINGS)
    service = Running(process, port, log)
    try:
        until = time.monotonic() + 120
        while not healthy(box, project, port):
            assert process.poll() is None, log.read_text(encoding="utf-8")
            assert time.monotonic() < until, log.read_text(encoding="utf-8")
            time.sleep(0.5)
        yield service
    finally:
        process.kill()
        process.wait(20)


def healthy(box: Box, project: Path, port: int) -> bool:
    """Ask with the image's own health check, in the image."""
    command = [*box.health_command, "health", str(port)]
    return box.start(project, command, project / "probe.log").wait(30) == 0


def test_the_image_says_how_it_is_run(box: Box) -> None:
    assert box.config["User"] == f"{USER}:{USER}"
    assert box.config["StopSignal"] == "SIGTERM"
    assert list(box.config["ExposedPorts"]) == ["8800/tcp"]
    assert "Volumes" not in box.config or not box.config["Volumes"]


def test_nothing_of_the_build_or_the_tests_is_in_it(box: Box) -> None:
    site = next((box.root / "opt/scorewright/lib").glob("python3*")) / "site-packages"
    names = {path.name for path in site.iterdir()}
    assert "scorewright" in names
    assert not names & {"pytest", "hypothesis", "ruff", "mypy", "sphinx", "schemathesis"}
    assert not (box.root / "build").exists()
    assert not list(box.root.glob("opt/uv*"))


def test_no_file_of_it_can_be_changed_by_its_user_or_lends_privileges(box: Box) -> None:
    exposed = []
    for path in (box.root / "opt/scorewright").rglob("*"):
        status = path.lstat()
        if not path.is_symlink() and (status.st_uid == USER or status.st_mode & 0o6022):
            exposed.append(str(path))
    assert exposed == []


def test_it_decides_locked_in_and_stops_when_told(
    running: Running, bundle: Bundle, api_key: str, project: Path
) -> None:
    # Given the service, healthy by its own health check, in a read-only image without a shell
    pid = running.process.pid
    workers = Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii").split()
    assert len(workers) == 2
    for process in (pid, *workers):
        status = Path(f"/proc/{process}/status").read_text(encoding="utf-8")
        facts = dict(line.split(":\t", 1) for line in status.splitlines() if ":\t" in line)
        assert set(facts["Uid"].split()) == {str(USER)}
        assert {facts[name] for name in ("CapEff", "CapPrm", "CapInh")} == {"0" * 16}
        assert facts["NoNewPrivs"] == "1"
    # When it is asked by nobody it knows, then it says so
    row = bundle.golden[3]
    asked = {"application_id": "A-17", "features": dict(row.values)}
    assert running.ask("POST", "/predict", asked)[0] == 401
    # When it is asked with a key, then it is ready and decides as the bundle promises
    assert running.ask("GET", "/ready")[0] == 200
    code, answer = running.ask("POST", "/predict", asked, api_key)
    assert code == 200
    assert answer["pd"] == pytest.approx(row.pd, abs=1e-9)
    # And the decision is in the log, on the one volume it may write to
    with sqlite3.connect(project / "state/decisions.db") as log:
        assert log.execute("SELECT count(*) FROM decisions").fetchone() == (1,)
    # And a file of applications is decided too, in a process of its own
    values = {"application": "A-18", **row.values}
    file = f"{','.join(values)}\n{','.join('' if v is None else str(v) for v in values.values())}\n"
    assert f"{row.pd:.6f}"[:7] in running.batch(file, api_key)
    # And when it is told to end, then it does, in time
    running.process.send_signal(signal.SIGTERM)
    assert running.process.wait(40) in {0, 143, -signal.SIGTERM}
    assert "Traceback" not in running.log.read_text(encoding="utf-8")


@pytest.mark.usefixtures("api_key")
@pytest.mark.parametrize("command", ["mlflow --version", "scorewright bundle verify"])
def test_the_other_programs_of_the_image_start(box: Box, project: Path, command: str) -> None:
    program, *words = command.split()
    log = project / "log"
    process = box.start(project, [f"/opt/scorewright/bin/{program}", *words], log, **SETTINGS)
    assert process.wait(120) == 0, log.read_text(encoding="utf-8")
