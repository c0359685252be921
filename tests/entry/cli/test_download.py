"""``data download``: what it says to people and to programs."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from scorewright import wiring
from scorewright.core.errors import UsageError
from scorewright.entry.cli import download
from scorewright.flows.download import Download, DownloadedFile
from scorewright.flows.events import Notify

FILES = (
    DownloadedFile("bureau.csv", 170_016_717, "ab" * 32, is_new=True),
    DownloadedFile("bureau_balance.csv", 375_592_889, "cd" * 32, is_new=False),
)


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, Path]]:
    """Answer with two files, and remember what was asked."""
    calls: list[tuple[str, Path]] = []

    def answer(name: str, out: Path, notify: Notify) -> Download:
        if name == "nothing":
            raise UsageError("no", remedy="yes", code="dataset-unknown")
        calls.append((name, out))
        url = "https://www.kaggle.com/competitions/home-credit-default-risk"
        when = "2026-11-21T12:00:00+00:00"
        return Download(name, "Home Credit Default Risk", url, str(out), when, FILES)

    monkeypatch.setattr(wiring, "download", answer, raising=False)
    return calls


def run(*arguments: str) -> str:
    app = typer.Typer()
    app.command()(download.command)
    done = CliRunner().invoke(app, arguments, env={"COLUMNS": "160"}, catch_exceptions=False)
    assert done.exit_code == 0, done.output
    return done.stdout


def test_people_see_the_files_and_the_next_command(asked: list[tuple[str, Path]]) -> None:
    said = run("home-credit", "--out", "raw")

    assert asked == [("home-credit", Path("raw"))]
    assert "bureau.csv" in said
    assert "170.0 MB" in said
    assert "fetched" in said
    assert "kept" in said
    assert "scorewright init --template home-credit --data raw" in said


def test_programs_get_one_document(asked: list[tuple[str, Path]]) -> None:
    document = json.loads(run("home-credit", "--json"))

    assert asked == [("home-credit", Path("data"))]
    assert document["schema_version"] == 1
    assert document["folder"] == "data"
    assert [file["is_new"] for file in document["files"]] == [True, False]


@pytest.mark.usefixtures("asked")
def test_errors_go_up_to_the_edge() -> None:
    with pytest.raises(UsageError):
        run("nothing")
