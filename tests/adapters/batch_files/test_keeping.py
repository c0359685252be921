"""What a batch gives out lies on the disk before it has its name."""

from __future__ import annotations

import os
from contextlib import closing
from pathlib import Path

import polars as pl
import pytest

from scorewright.adapters.batch_files import FolderKeep
from scorewright.core.errors import ScorewrightError

FRAME = pl.DataFrame({"row": [1, 2], "pd": [0.1, 0.2]})
FILES = ("result.csv", "result.parquet", "errors.csv", "errors.parquet")


def _keep(folder: Path) -> FolderKeep:
    keep = FolderKeep(folder)
    for _ in range(2):
        keep.add(FRAME, FRAME.select("row"), FRAME)
    return keep


def test_all_files_and_their_names_are_brought_to_disk(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Given somebody who writes down what is on the disk, and how much of it
    keep, synced, real = _keep(tmp_path), dict[int, int](), os.fsync

    def fsync(handle: int) -> None:
        status = os.fstat(handle)
        synced[status.st_ino] = status.st_size
        real(handle)

    monkeypatch.setattr(os, "fsync", fsync)
    # When the files get their names
    keep.publish()
    # Then all of each is on the disk, and so are the names
    for name in FILES:
        status = (tmp_path / name).stat()
        assert synced[status.st_ino] == status.st_size > 0, name
    assert tmp_path.stat().st_ino in synced
    assert pl.read_parquet(tmp_path / "result.parquet").height == 4


def test_what_does_not_come_to_disk_gets_no_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fsync(_: int) -> None:
        raise OSError(28, "No space left on device")

    keep = _keep(tmp_path)
    monkeypatch.setattr(os, "fsync", fsync)
    with closing(keep), pytest.raises(ScorewrightError) as caught:
        keep.publish()
    assert caught.value.code == "write-failed"
    assert not any((tmp_path / name).exists() for name in FILES)
