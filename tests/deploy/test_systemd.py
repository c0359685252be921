"""The systemd units are units, and lend their processes next to nothing."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from tests.deploy.linters import DEPLOY, broken

from scorewright.core.bundles import Bundle

FOLDER = DEPLOY / "systemd"
SERVICES = sorted(path.name for path in FOLDER.glob("*.service"))
LIMIT = 2.0

pytestmark = pytest.mark.skipif(
    shutil.which("systemd-analyze") is None, reason="systemd-analyze is not installed"
)


def judge(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    command = ["systemd-analyze", *(str(argument) for argument in arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)


def exposure(unit: Path) -> float:
    """Return the exposure systemd gives a unit, from 0 to 10."""
    done = judge("security", "--offline=true", "--no-pager", unit)
    (level,) = re.findall(r"Overall exposure level for \S+: ([\d.]+)", done.stdout)
    return float(level)


@pytest.fixture
def units(tmp_path: Path) -> Path:
    """A copy of the units whose program exists here."""
    program = tmp_path / "scorewright"
    program.write_text("#!/bin/true\n", encoding="utf-8")
    program.chmod(0o755)
    folder = tmp_path / "units"
    shutil.copytree(FOLDER, folder)
    for unit in folder.glob("*.service"):
        broken(unit, unit, "/opt/scorewright/bin/scorewright", str(program))
    return folder


def test_there_is_a_unit_for_every_process() -> None:
    assert SERVICES == [
        "scorewright-api.service",
        "scorewright-sync.service",
        "scorewright-verify.service",
    ]


def test_the_units_are_units(units: Path) -> None:
    done = judge("verify", *sorted(units.glob("*.service")), *sorted(units.glob("*.timer")))
    assert done.stdout + done.stderr == ""
    assert done.returncode == 0


@pytest.mark.parametrize(
    ("unit", "old", "new"),
    [
        ("scorewright-api.service", "ExecStart=", "ExecStrat="),
        ("scorewright-sync.service", "Type=exec", "Type=forever"),
        ("scorewright-verify.timer", "OnCalendar=*-*-* 03:30:00", "OnCalendar=at night"),
        ("scorewright-.service.d/hardening.conf", "ProtectSystem=strict", "ProtectSytem=strict"),
    ],
)
def test_a_broken_unit_is_found(units: Path, unit: str, old: str, new: str) -> None:
    # Given a copy with one thing wrong, when the units are verified, then it is told
    broken(units / unit, units / unit, old, new)
    done = judge("verify", *sorted(units.glob("*.service")), *sorted(units.glob("*.timer")))
    assert Path(unit).stem in done.stderr


@pytest.mark.parametrize("name", SERVICES)
def test_exposure_is_small(name: str) -> None:
    assert exposure(FOLDER / name) <= LIMIT


def test_without_the_hardening_it_would_not_be(units: Path) -> None:
    (units / "scorewright-.service.d/hardening.conf").unlink()
    assert exposure(units / "scorewright-api.service") > 2 * LIMIT


@pytest.mark.parametrize(
    "line",
    ["NoNewPrivileges=yes", "ProtectSystem=strict", "SystemCallFilter=@system-service"],
)
def test_every_line_of_the_hardening_counts(units: Path, line: str) -> None:
    name = "scorewright-api.service"
    before = exposure(units / name)
    drop_in = units / "scorewright-.service.d/hardening.conf"
    broken(drop_in, drop_in, f"{line}\n", "")
    assert exposure(units / name) > before


@pytest.mark.skipif(os.geteuid() != 0, reason="only root makes users, in another folder too")
def test_user_and_folders_are_made(tmp_path: Path) -> None:
    (tmp_path / "etc").mkdir()
    # When user and folders are made in another root folder, in this order
    for program, *arguments in (
        ("systemd-sysusers", FOLDER / "scorewright.sysusers.conf"),
        ("systemd-tmpfiles", "--create", FOLDER / "scorewright.tmpfiles.conf"),
    ):
        command = [program, f"--root={tmp_path}", *(str(a) for a in arguments)]
        subprocess.run(command, check=True, capture_output=True, timeout=60)
    # Then the folders key files lie in are the user's alone
    line = (tmp_path / "etc/passwd").read_text(encoding="utf-8").splitlines()[-1].split(":")
    assert (line[0], line[5], line[6]) == ("scorewright", "/srv/scorewright", "/usr/sbin/nologin")
    for name in ("keys", "bundles", ".scorewright"):
        status = (tmp_path / "srv/scorewright" / name).stat()
        assert (status.st_uid, status.st_mode & 0o777) == (int(line[2]), 0o700)
    # And every path a unit may write to is one of them
    for name in SERVICES:
        text = (FOLDER / name).read_text(encoding="utf-8")
        for path in re.findall(r"^ReadWritePaths=(\S+)$", text, flags=re.MULTILINE):
            assert (tmp_path / path.lstrip("/")).is_dir()


#: What MemoryDenyWriteExecute does (PR_SET_MDWE), then the command.
NO_WRITTEN_CODE = """
import ctypes, os, sys
if ctypes.CDLL(None).prctl(65, 1, 0, 0, 0) != 0:
    sys.exit(77)
os.execv(sys.executable, [sys.executable, *sys.argv[1:]])
"""


def test_what_the_units_run_needs_no_memory_that_is_written_and_run(
    deployed_folder: Path, dummy_bundle: Bundle
) -> None:
    # Given a project, a file to score, and the environment of the units
    shutil.copy(DEPLOY / "kubernetes/project/scorewright.toml", deployed_folder)
    values = {"application": "A-1", **dummy_bundle.golden[0].values}
    row = ["" if value is None else str(value) for value in values.values()]
    (deployed_folder / "new.csv").write_text(
        f"{','.join(values)}\n{','.join(row)}\n", encoding="utf-8"
    )
    text = (FOLDER / "scorewright-.service.d/hardening.conf").read_text(encoding="utf-8")
    assert "MemoryDenyWriteExecute=yes" in text
    lines = re.findall(r"^Environment=(.+)$", text, flags=re.MULTILINE)
    given = dict(word.split("=", 1) for line in lines for word in line.split())
    given |= {"PATH": os.environ["PATH"], "SCOREWRIGHT__BUNDLES__KEYS": "keys"}
    given["SCOREWRIGHT__TRACKING__URI"] = "http://127.0.0.1:1"
    follow = ["sync", "--once", "--json", "--model-uri", "models:/nobody@champion"]
    # When a bundle is proved, MLflow asked, a file scored (as the API does in batches)
    for words, code in (
        (["bundle", "verify"], 0),
        (follow, 3),
        (["score", "new.csv", "--output", "scored.csv"], 0),
    ):
        command = [sys.executable, "-c", NO_WRITTEN_CODE, "-m", "scorewright", *words]
        done = subprocess.run(
            command, cwd=deployed_folder, env=given, capture_output=True, text=True, check=False
        )
        if done.returncode == 77:
            pytest.skip("this kernel knows no PR_SET_MDWE")
        # Then each of them gets as far as it would without
        assert done.returncode == code, done.stderr
        if words == follow:
            assert '"code": "store-unreachable"' in done.stdout
