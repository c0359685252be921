"""Tables written whole or not at all."""

from __future__ import annotations

import errno
import os
from pathlib import Path
from typing import IO, Any

import polars as pl
import pytest

from scorewright.adapters.tables import FileTableReader, FileTableWriter
from scorewright.core.errors import ScorewrightError, UsageError
from scorewright.flows.ports import TableFile, TableWriter

FRAME = pl.DataFrame({"key": ["a", "b"], "pd": [0.125, -0.5], "n": [-1, 2]})


@pytest.fixture
def writer() -> TableWriter:
    return FileTableWriter()


@pytest.mark.parametrize("name", ["out.parquet", "out.pq"])
def test_parquet_comes_back_equal(tmp_path: Path, writer: TableWriter, name: str) -> None:
    writer.write(FRAME, tmp_path / name)

    read = FileTableReader().read(TableFile("t", (str(tmp_path / name),)))
    assert read.equals(FRAME)
    assert [p.name for p in tmp_path.iterdir()] == [name]


def test_csv_leaves_numbers_alone(tmp_path: Path, writer: TableWriter) -> None:
    writer.write(FRAME, tmp_path / "out.csv")
    writer.write(FRAME, tmp_path / "out.tsv")

    assert (tmp_path / "out.csv").read_text() == "key,pd,n\na,0.125,-1\nb,-0.5,2\n"
    assert (tmp_path / "out.tsv").read_text() == "key\tpd\tn\na\t0.125\t-1\nb\t-0.5\t2\n"


@pytest.mark.parametrize("cell", ["=1+1", "+1", "-1", "@SUM(A1)", "\tx", "\rx", "=\n=2"])
def test_texts_a_spreadsheet_would_run_are_escaped(
    tmp_path: Path, writer: TableWriter, cell: str
) -> None:
    frame = pl.DataFrame(
        {
            "=name": [cell, None, "a=b"],
            "kind": pl.Series([cell, "x", "x"], dtype=pl.Categorical),
        }
    )

    writer.write(frame, tmp_path / "out.csv")

    back = pl.read_csv(tmp_path / "out.csv", infer_schema=False)
    assert back.columns == ["'=name", "kind"]
    assert back["'=name"].to_list() == [f"'{cell}", None, "a=b"]
    assert back["kind"].to_list() == [f"'{cell}", "x", "x"]


def test_an_existing_file_is_replaced(tmp_path: Path, writer: TableWriter) -> None:
    path = tmp_path / "out.csv"
    path.write_text("old")

    writer.write(FRAME, path)

    assert path.read_text().startswith("key")


def test_an_unknown_suffix_is_refused(tmp_path: Path, writer: TableWriter) -> None:
    with pytest.raises(UsageError, match="neither CSV nor Parquet") as caught:
        writer.write(FRAME, tmp_path / "out.xlsx")

    assert caught.value.code == "output-format"
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_is_not_there_is_named(tmp_path: Path, writer: TableWriter) -> None:
    with pytest.raises(ScorewrightError, match="No such file or directory") as caught:
        writer.write(FRAME, tmp_path / "none" / "out.csv")

    assert caught.value.code == "write-failed"


@pytest.mark.parametrize("name", ["out.csv", "out.parquet"])
def test_a_full_disk_leaves_the_old_file_and_nothing_else(
    tmp_path: Path, writer: TableWriter, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    # Given a disk that is full by the time the bytes are flushed to it
    path = tmp_path / name
    path.write_bytes(b"old")

    def full(handle: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", full)

    # When a table is written
    with pytest.raises(ScorewrightError, match="No space left on device") as caught:
        writer.write(FRAME, path)

    # Then the error says so, and the folder is as before
    assert caught.value.code == "write-failed"
    assert path.read_bytes() == b"old"
    assert [p.name for p in tmp_path.iterdir()] == [name]


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs the device /dev/full")
@pytest.mark.parametrize("name", ["out.csv", "out.parquet"])
def test_a_device_that_is_really_full_is_translated(
    tmp_path: Path, writer: TableWriter, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    # Given an aside file that is a device without any room
    opened = Path.open

    def aside(path: Path, mode: str) -> IO[Any]:
        return opened(Path("/dev/full"), "wb") if path.suffix == ".part" else opened(path, mode)

    monkeypatch.setattr(Path, "open", aside)

    # When a table larger than any buffer is written
    large = pl.DataFrame({"x": list(range(300_000))})
    with pytest.raises(ScorewrightError) as caught:
        writer.write(large, tmp_path / name)

    # Then polars' own error is translated
    assert caught.value.code == "write-failed"
    assert "No space left" in caught.value.message
    assert list(tmp_path.iterdir()) == []


def test_an_interrupt_leaves_nothing_half_written(
    tmp_path: Path, writer: TableWriter, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(handle: int) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(os, "fsync", interrupted)

    with pytest.raises(KeyboardInterrupt):
        writer.write(FRAME, tmp_path / "out.csv")

    assert list(tmp_path.iterdir()) == []
