"""A command line to call, and a small project that has been trained with it."""

from __future__ import annotations

import json
import os
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.entry.cli.newcomer import Demo
from tests.entry.cli.portfolio import Answer, Cli, loans

from scorewright.entry.cli import main


@pytest.fixture
def cli(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> Cli:
    """Call the command line in this process; the working directory is ``tmp_path``."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.setenv("COLUMNS", "200")

    def call(*arguments: str | Path) -> Answer:
        monkeypatch.setattr(sys, "argv", ["scorewright", *map(str, arguments)])
        capsys.readouterr()
        try:
            main()
            code = 0
        except SystemExit as end:
            code = int(end.code or 0)
        said = capsys.readouterr()
        assert "Traceback" not in said.out + said.err
        return Answer(code, said.out, said.err)

    return call


@pytest.fixture(scope="session")
def trained_once(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project that was trained once; copy it before you change it."""
    import subprocess

    root = tmp_path_factory.mktemp("trained")
    loans().write_csv(root / "loans.csv")
    command = [sys.executable, "-m", "scorewright"]
    for arguments in (["init", "loans.csv"], ["-q", "train"]):
        subprocess.run([*command, *arguments], cwd=root, check=True, capture_output=True)
    return root


@pytest.fixture
def trained(trained_once: Path, tmp_path: Path) -> Path:
    """A trained project of the test's own."""
    root = tmp_path / "project"
    shutil.copytree(trained_once, root)
    return root


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Demo:
    """``scorewright demo`` in a process of its own, on a machine set up for other stores."""
    import subprocess

    folder = tmp_path_factory.mktemp("newcomer")
    elsewhere = folder / "elsewhere"
    environment = {
        **os.environ,
        "NO_COLOR": "1",
        "MLFLOW_TRACKING_URI": f"sqlite:///{elsewhere}/mlflow.db",
        "MLFLOW_EXPERIMENT_NAME": "of_somebody_else",
    }
    done = subprocess.run(
        [sys.executable, "-m", "scorewright", "demo", "--directory", "demo", "--json"],
        cwd=folder, env=environment, capture_output=True, text=True, check=False, timeout=280,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return Demo(folder / "demo", json.loads(done.stdout), elsewhere)


@pytest.fixture
def full_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system with no room left; needs root, else the test is skipped and says so."""
    import subprocess

    place = tmp_path / "full"
    place.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=128k", "tmpfs", str(place)]
    if subprocess.run(mount, check=False, capture_output=True).returncode != 0:
        pytest.skip("a small file system cannot be mounted here (needs root)")
    try:
        (place / "ballast").write_bytes(b"0" * 100_000)
        yield place
    finally:
        subprocess.run(["umount", str(place)], check=True)
