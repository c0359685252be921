"""Files are read in bounds, and what cannot be read is nothing."""

from __future__ import annotations

import hashlib
from pathlib import Path

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
