"""A page of the documents, walked block by block as a reader would."""

from __future__ import annotations

import os
import re
import socket
import subprocess
import sys
import time
import urllib.request
from dataclasses import dataclass
from pathlib import Path

import pytest

__all__ = ["ROOT", "Block", "Shell", "Walk", "blocks", "require_said", "walk"]

ROOT = Path(__file__).resolve().parents[2]

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
        """End what was started; what ended already stays so."""
        for child in self._services:
            child.terminate()
            child.wait(timeout=20)

    def _local(self, script: str) -> str:
        return script.replace(PORT, self.port)


def _free_port() -> str:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return str(probe.getsockname()[1])


def require_said(shown: str, output: str) -> None:
    """Require every line that the text shows, piece by piece where it leaves some out."""
    said = loosely(output)
    for line in shown.splitlines():
        for piece in line.split("..."):
            assert loosely(piece) in said, f"{line!r} is not in:\n{output}"


@dataclass(frozen=True, slots=True)
class Walk:
    """What a walk came by.

    Attributes:
        ran: Blocks that were run to their end.
        compared: Blocks that were held against what the one before said.
        served: Services that were started.
        output: What the last block that was run said.
    """

    ran: int
    compared: int
    served: int
    output: str


def walk(page: str, shell: Shell) -> Walk:
    """Write, run and compare every block of a tutorial, as the comments above them say."""
    ran = compared = served = 0
    output = ""
    for block in blocks((ROOT / "docs" / "tutorial" / page).read_text(encoding="utf-8")):
        if block.note.startswith("file: "):
            (shell.folder / block.note.removeprefix("file: ")).write_text(block.body, "utf-8")
        elif block.note in ("background", "restart"):
            shell.stop()
            shell.serve(block.body)
            served += 1
        elif block.kind == "sh":
            output = shell.run(block.body, int(block.note.removeprefix("exit: ") or 0))
            ran += 1
        elif block.note == "exactly":
            assert output.startswith(block.body), f"{output!r} is not\n{block.body!r}"
            compared += 1
        elif block.kind == "text":
            require_said(block.body, output)
            compared += 1
    return Walk(ran, compared, served, output)
