"""No package of the lock file is one with a known hole."""

from __future__ import annotations

import runpy
import tomllib
from copy import deepcopy
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
TOOL = runpy.run_path(str(ROOT / "tools/check_floors.py"))
TEXT = (ROOT / "security/floors.toml").read_text(encoding="utf-8")
FLOORS = TOOL["read_floors"](TEXT)


@pytest.fixture(scope="module")
def lock() -> dict[str, Any]:
    return tomllib.loads((ROOT / "uv.lock").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def project() -> dict[str, Any]:
    return tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))


def faults(lock: dict[str, Any], project: dict[str, Any]) -> list[str]:
    return list(TOOL["faults"](FLOORS, lock, project))


def at(lock: dict[str, Any], name: str, version: str) -> dict[str, Any]:
    """Return a lock file that is the same but for the version of one package."""
    changed = deepcopy({"package": lock["package"]})
    for package in changed["package"]:
        if package["name"] == name:
            package["version"] = version
    return changed


def test_the_lock_file_keeps_every_floor(lock: dict[str, Any], project: dict[str, Any]) -> None:
    assert {floor.package for floor in FLOORS} >= {
        "mlflow",
        "starlette",
        "python-multipart",
        "skops",
    }
    assert faults(lock, project) == []


def test_every_floor_says_why_and_since_when() -> None:
    for floor in FLOORS:
        assert all(name.startswith(("CVE-", "GHSA-")) for name in floor.cves)
        assert floor.cves
        assert len(floor.why) > 20
        assert date(2026, 1, 1) <= floor.date <= datetime.now(UTC).date()
    assert len({floor.package for floor in FLOORS}) == len(FLOORS)


@pytest.mark.parametrize(
    ("package", "version"),
    [
        ("mlflow", "3.17.1"),
        ("starlette", "1.3.0"),
        ("python-multipart", "0.0.9"),  # as text it would be the greater one
        ("skops", "0.12.0"),
        ("streamlit", "1.53.9"),
    ],
)
def test_an_older_version_is_found(
    lock: dict[str, Any], project: dict[str, Any], package: str, version: str
) -> None:
    # Given a lock file with a version below the floor
    changed = at(lock, package, version)
    if package == "streamlit":  # not locked today
        changed["package"].append({"name": package, "version": version})
    # When it is checked, then the package, both versions and the holes are told
    (line,) = faults(changed, project)
    floor = next(floor for floor in FLOORS if floor.package == package)
    assert line.startswith(f"{package} {version} is locked, least is {floor.minimum}")
    assert all(name in line for name in floor.cves)


def test_one_old_version_among_several_is_found(
    lock: dict[str, Any], project: dict[str, Any]
) -> None:
    # A lock file may hold a package twice, for different systems.
    changed = {"package": [*lock["package"], {"name": "Starlette", "version": "0.49.0"}]}
    assert len(faults(changed, project)) == 1


def test_a_package_that_left_the_lock_file_is_told(
    lock: dict[str, Any], project: dict[str, Any]
) -> None:
    rest = {"package": [p for p in lock["package"] if p["name"] != "skops"]}
    assert faults(rest, project) == ["skops is not in uv.lock: drop its floor, or say optional"]


def test_what_others_may_install_is_checked_too(
    lock: dict[str, Any], project: dict[str, Any]
) -> None:
    # Given a project that would be content with an old version, or with any
    changed = deepcopy(project)
    changed["project"]["dependencies"] = ["mlflow>=3.10"]
    changed["project"]["optional-dependencies"] = {"serve": ["starlette", "python-multipart>=1"]}
    # Then those are told
    lines = faults(lock, changed)
    assert len(lines) == 2
    assert "'mlflow>=3.10'" in lines[0]
    assert "'starlette'" in lines[1]


def test_the_program_tells_and_counts(capsys: pytest.CaptureFixture[str]) -> None:
    assert TOOL["main"]() == 0
    assert capsys.readouterr().out == ""
