"""Places are found as the system finds them, with and without links on the way."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from scorewright.adapters.artifact_files.disk import Disk


@pytest.mark.parametrize(
    "place",
    [
        "plain/run/artifacts",
        "plain/run/artifacts/",
        "plain/./run",
        "plain/run/../run/artifacts",
        "plain//run",
        "plain/file",
        "plain/file/below",
        "linked/run/artifacts",
        "linked",
        "broken",
        "broken/below",
        "ring",
        "ring/below",
        "nothing",
        "x" * 300,
        "zero\0byte",
    ],
)
def test_place_without_links_as_the_system_has_it(tmp_path: Path, place: str) -> None:
    (tmp_path / "plain/run/artifacts").mkdir(parents=True)
    (tmp_path / "plain/file").touch()
    (tmp_path / "linked").symlink_to("plain")
    (tmp_path / "broken").symlink_to("nowhere")
    (tmp_path / "ring").symlink_to("ring")
    whole = f"{tmp_path}/{place}"
    disk = Disk()

    found = [disk.real(whole), disk.real(whole)]

    is_there = os.path.exists(whole)  # noqa: PTH110 - a path may end in a slash
    assert found == [os.path.realpath(whole) if is_there else None] * 2


def test_root_and_relative_places(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path)

    assert Disk().real("/") == "/"
    assert Disk().real("here") == os.path.realpath(tmp_path / "here")
    assert Disk().real("") is None
