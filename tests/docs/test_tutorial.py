"""The tutorial and the README are run as they stand, and say what the program says."""

from __future__ import annotations

import json
import os
import re
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
TUTORIAL = ROOT / "docs" / "tutorial" / "own-data.md"
README = ROOT / "README.md"
SOUTH_GERMAN = ROOT.parent / "shared" / "data" / "south_german" / "SouthGermanCredit.asc"

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        not (shutil.which("bash") and shutil.which("curl")), reason="bash or curl is missing"
    ),
]

#: The port that the texts name, because it is the default.
PORT = "8800"
START_SECONDS = 60.0

_BLOCK = re.compile(
    r"(?:<!-- (?P<note>[^>]*) -->\n)?^```(?P<kind>\w*)\n(?P<body>.*?)^```$",
    re.DOTALL | re.MULTILINE,
)
_FRAME = re.compile(r"[\u2500-\u257f]+")
_DIGEST = re.compile(r"\b(?=[0-9a-f-]*\d)[0-9a-f]{8,}(?:-[0-9a-f]{4,})*\b")
_FIGURE = re.compile(r"\d[\d,.]*\d|\d")


@dataclass(frozen=True, slots=True)
class Block:
    """A fenced block: what the comment above it says, its language, its text."""

    note: str
    kind: str
    body: str


def blocks(text: str) -> list[Block]:
    return [Block(m["note"] or "", m["kind"], m["body"]) for m in _BLOCK.finditer(text)]


def loosely(text: str) -> str:
    """Take out frames of tables, layout, digests and figures: what stays is what is said."""
    plain = " ".join(_FRAME.sub(" ", text).split())
    return _FIGURE.sub("#", _DIGEST.sub("#", plain))


class Shell:
    """Runs blocks one after the other, each where the one before ended."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.port = _free_port()
        self._services: list[subprocess.Popen[bytes]] = []
        self._environment = {
            **os.environ,
            "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
            "SCOREWRIGHT__SERVE__PORT": self.port,
            "COLUMNS": "100",
            "NO_COLOR": "1",
        }

    def run(self, script: str, exit_code: int = 0) -> str:
        """Run a block and return its standard output."""
        where = self.folder.parent / f"{self.folder.name}.pwd"
        done = subprocess.run(
            ["bash", "-eu", "-c", f"{self._local(script)}\npwd > '{where}'"],
            cwd=self.folder,
            env=self._environment,
            capture_output=True,
            text=True,
            timeout=240,
            check=False,
        )
        assert done.returncode == exit_code, f"{script}\n{done.stdout}\n{done.stderr}"
        if exit_code == 0:
            self.folder = Path(where.read_text(encoding="utf-8").strip())
        return done.stdout

    def serve(self, script: str) -> None:
        """Start a service and wait until it answers."""
        child = subprocess.Popen(
            ["bash", "-eu", "-c", f"exec {self._local(script).strip()}"],
            cwd=self.folder,
            env=self._environment,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        self._services.append(child)
        until = time.monotonic() + START_SECONDS
        while time.monotonic() < until and child.poll() is None:
            try:
                with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/health", timeout=2):
                    return
            except OSError:
                time.sleep(0.1)
        pytest.fail(f"the service did not start: {script}")

    def stop(self) -> None:
        for child in self._services:
            child.terminate()
            child.wait(timeout=20)

    def _local(self, script: str) -> str:
        return script.replace(PORT, self.port)


def _free_port() -> str:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return str(probe.getsockname()[1])


@pytest.fixture
def shell(tmp_path: Path) -> Iterator[Shell]:
    folder = tmp_path / "walk"
    folder.mkdir()
    running = Shell(folder)
    yield running
    running.stop()


def require_said(shown: str, output: str) -> None:
    """Require every line that the text shows, piece by piece where it leaves some out."""
    said = loosely(output)
    for line in shown.splitlines():
        for piece in line.split("..."):
            assert loosely(piece) in said, f"{line!r} is not in:\n{output}"


def test_the_tutorial_runs_as_it_stands(shell: Shell) -> None:
    ran = compared = 0
    output = ""
    for block in blocks(TUTORIAL.read_text(encoding="utf-8")):
        if block.note.startswith("file: "):
            (shell.folder / block.note.removeprefix("file: ")).write_text(block.body, "utf-8")
        elif block.kind == "sh" and block.note == "background":
            shell.serve(block.body)
        elif block.kind == "sh":
            output = shell.run(block.body, int(block.note.removeprefix("exit: ") or 0))
            ran += 1
        elif block.kind == "text":
            require_said(block.body, output)
            compared += 1
    assert (ran, compared) == (10, 9)


def own_data_section(text: str) -> str:
    """Return what the README says between this heading and the next."""
    return text.split("\n## Five minutes with your own data\n")[1].partition("\n## ")[0]


def readme_commands() -> Iterator[str]:
    """Yield the README's commands; those that make the environment are the reader's."""
    for block in blocks(own_data_section(README.read_text(encoding="utf-8"))):
        lines = [line for line in block.body.splitlines() if not line.startswith(("source", "pip"))]
        if not block.kind and lines and lines[0].startswith(("scorewright", "curl")):
            whole = lines[0].startswith("curl")
            yield from ["\n".join(lines)] if whole else lines


@pytest.mark.skipif(not SOUTH_GERMAN.exists(), reason="the South German set is not beside the repo")
def test_the_readme_runs_as_it_stands(shell: Shell) -> None:
    shutil.copy(SOUTH_GERMAN, shell.folder)
    shown = [
        block.body
        for block in blocks(own_data_section(README.read_text(encoding="utf-8")))
        if block.body.startswith("LEAK-")
    ]
    answer = ""
    for command in readme_commands():
        if command.startswith("scorewright serve"):
            shell.serve(command)
        elif command == "scorewright data check":
            output = shell.run(f"{command} --json", exit_code=1)
            for finding in json.loads(output)["leakage"]["open"]:
                said = [finding["code"], finding["severity"], finding["subject"]]
                require_said("\n".join([*said, finding["message"]]), shown.pop(0))
        else:
            answer = shell.run(command)
    assert shown == []
    promised = next(
        block.body
        for block in blocks(own_data_section(README.read_text(encoding="utf-8")))
        if block.kind == "json"
    )
    assert json.loads(promised).keys() == json.loads(answer).keys()
    assert json.loads(promised)["decision"] == json.loads(answer)["decision"]
    assert json.loads(promised)["pd"] == pytest.approx(json.loads(answer)["pd"], abs=0.02)
