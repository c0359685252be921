"""The tutorial on histories is run as it stands, and says what the program says."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import polars as pl
import pytest
from tests.docs.test_tutorial import ROOT, Shell, blocks, require_said

TUTORIAL = ROOT / "docs" / "tutorial" / "histories.md"

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        not (shutil.which("bash") and shutil.which("curl")), reason="bash or curl is missing"
    ),
]


@pytest.fixture
def shell(tmp_path: Path) -> Iterator[Shell]:
    folder = tmp_path / "walk"
    folder.mkdir()
    running = Shell(folder)
    yield running
    running.stop()


def test_the_tutorial_on_histories_runs_as_it_stands(shell: Shell) -> None:
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
    assert (ran, compared) == (9, 8)
    # The page says that file and service agree: to the last digit
    scored = pl.read_csv(shell.folder / "scored.csv")
    assert scored["decision"].to_list() == ["approve", "decline"]
    assert json.loads(output)["pd"] == scored["pd"][1]
