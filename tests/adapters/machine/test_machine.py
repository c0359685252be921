"""The machine adapters, over the real machine."""

from __future__ import annotations

import socket
import subprocess
from datetime import UTC
from pathlib import Path

import pytest

from scorewright.adapters.machine import (
    GitVersion,
    ServiceProcess,
    SystemClock,
    SystemMachine,
    library_versions,
)
from scorewright.core.errors import ScorewrightError


def git(root: Path, *arguments: str) -> str:
    command = ["git", "-C", str(root), "-c", "user.name=t", "-c", "user.email=t@t", *arguments]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()


def test_clock_is_utc_and_never_runs_backwards() -> None:
    clock = SystemClock()
    assert clock.now().tzinfo is UTC
    assert clock.elapsed() <= clock.elapsed()


def test_git_tells_commit_and_dirt(tmp_path: Path) -> None:
    assert GitVersion(tmp_path).commit() == "unknown"
    git(tmp_path, "init", "-q")
    assert GitVersion(tmp_path).commit() == "unknown"
    (tmp_path / "a").write_text("a", encoding="utf-8")
    git(tmp_path, "add", "a")
    git(tmp_path, "commit", "-q", "-m", "a")

    clean = GitVersion(tmp_path).commit()
    (tmp_path / "a").write_text("b", encoding="utf-8")

    assert clean == git(tmp_path, "rev-parse", "HEAD")
    assert GitVersion(tmp_path).commit() == f"{clean}-dirty"


def test_packages_that_are_not_installed_are_left_out() -> None:
    versions = library_versions(("numpy", "no-such-package"))
    assert set(versions) == {"python", "numpy"}


def test_a_taken_port_is_seen() -> None:
    machine = SystemMachine()
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        port = listener.getsockname()[1]
        assert not machine.is_port_free("127.0.0.1", port)
    assert machine.is_port_free("127.0.0.1", port)


def test_folders_and_disk(tmp_path: Path) -> None:
    machine = SystemMachine()
    assert machine.is_writable(tmp_path / "not" / "yet")
    assert not machine.is_writable(Path("/proc/1"))
    assert machine.free_bytes(tmp_path / "not" / "yet") > 0
    assert list(tmp_path.iterdir()) == []


def test_a_service_that_cannot_start_says_where_to_read(tmp_path: Path) -> None:
    service = ServiceProcess(tmp_path / "scorewright.toml", tmp_path / "service.log")
    with pytest.raises(ScorewrightError) as caught, service:
        pass
    assert caught.value.code == "service-not-started"
    assert "config-missing" in (tmp_path / "service.log").read_text(encoding="utf-8")
