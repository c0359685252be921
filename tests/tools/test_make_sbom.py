"""The bill of materials names what is in an environment, and is what it says it is."""

from __future__ import annotations

import json
import runpy
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
TOOL = runpy.run_path(str(ROOT / "tools/make_sbom.py"))

METADATA = """\
Metadata-Version: 2.4
Name: {name}
Version: {version}
License-Expression: MIT
"""


@pytest.fixture
def environment(tmp_path: Path) -> Path:
    """A virtual environment with two packages of two files each."""
    folder = tmp_path / "environment"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(folder)], check=True)
    (site,) = folder.glob("lib/python3*/site-packages")
    for name, version in (("alpha", "1.2.3"), ("beta", "4.5")):
        place = site / f"{name}-{version}.dist-info"
        place.mkdir()
        (place / "METADATA").write_text(METADATA.format(name=name, version=version), "utf-8")
        (place / "RECORD").write_text("", "utf-8")
    return folder


def test_the_document_names_everything(environment: Path, tmp_path: Path) -> None:
    # When the bill of the environment is written
    target = tmp_path / "dist/sbom.cdx.json"
    count = TOOL["make"](environment, target)
    # Then it names what is there, with version and licence, and what it is a part of
    bill = json.loads(target.read_text("utf-8"))
    assert (bill["bomFormat"], bill["specVersion"]) == ("CycloneDX", "1.6")
    assert count == 2
    named = {(c["name"], c["version"], c["purl"]) for c in bill["components"]}
    assert named == {
        ("alpha", "1.2.3", "pkg:pypi/alpha@1.2.3"),
        ("beta", "4.5", "pkg:pypi/beta@4.5"),
    }
    assert all(c["licenses"][0]["license"]["id"] == "MIT" for c in bill["components"])
    assert bill["metadata"]["component"]["name"] == "scorewright"
    # And neither time nor chance is in it: the same environment gives the same bytes
    assert "timestamp" not in bill["metadata"]
    assert "serialNumber" not in bill


def test_an_environment_that_is_none_stops_it(tmp_path: Path) -> None:
    with pytest.raises(subprocess.CalledProcessError):
        TOOL["make"](tmp_path / "nothing", tmp_path / "sbom.json")
    assert list(tmp_path.iterdir()) == []
