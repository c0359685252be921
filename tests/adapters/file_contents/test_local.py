"""Files are read in bounds, and what cannot be read is nothing."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from scorewright.adapters.file_contents import LocalContents


def test_a_file_is_read_and_digested(tmp_path: Path) -> None:
    file = tmp_path / "model.txt"
    file.write_bytes(b"tree\n")
    contents = LocalContents()
    assert contents.read(file) == b"tree\n"
    assert contents.sha256(file) == hashlib.sha256(b"tree\n").hexdigest()


def test_too_large_a_file_is_digested_alone(tmp_path: Path) -> None:
    file = tmp_path / "model.txt"
    file.write_bytes(b"12345")
    contents = LocalContents(max_bytes=4)
    assert contents.read(file) is None
    assert contents.sha256(file) is not None


def test_what_is_no_file_is_nothing(tmp_path: Path) -> None:
    contents = LocalContents()
    for path in (tmp_path, tmp_path / "absent"):
        assert contents.read(path) is None
        assert contents.sha256(path) is None


def test_the_working_directory_holds_nobodys_files(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "model.txt").write_bytes(b"tree\n")
    monkeypatch.chdir(tmp_path)
    contents, digest = LocalContents(), hashlib.sha256(b"tree\n").hexdigest()
    assert contents.has_digest(tmp_path / "model.txt", digest)
    for path in (Path("model.txt"), Path("./model.txt")):
        assert contents.read(path) is None
        assert contents.sha256(path) is None
        assert not contents.has_digest(path, digest)
