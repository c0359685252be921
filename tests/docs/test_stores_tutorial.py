"""The tutorial on stores is run as it stands, and says what the program says."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.docs.test_tutorial import ROOT, Shell, blocks, require_said

TUTORIAL = ROOT / "docs" / "tutorial" / "stores.md"

pytestmark = [
    pytest.mark.slow,
    pytest.mark.timeout(600),
    pytest.mark.skipif(not shutil.which("bash"), reason="bash is missing"),
]


@pytest.fixture
def shell(tmp_path: Path) -> Iterator[Shell]:
    folder = tmp_path / "walk"
    folder.mkdir()
    running = Shell(folder)
    yield running
    running.stop()


def test_the_tutorial_on_stores_runs_as_it_stands(shell: Shell) -> None:
    ran = compared = 0
    output = ""
    for block in blocks(TUTORIAL.read_text(encoding="utf-8")):
        if block.note.startswith("file: "):
            (shell.folder / block.note.removeprefix("file: ")).write_text(block.body, "utf-8")
        elif block.kind == "sh":
            output = shell.run(block.body)
            ran += 1
        elif block.kind == "text":
            require_said(block.body, output)
            compared += 1
    assert (ran, compared) == (8, 7)
