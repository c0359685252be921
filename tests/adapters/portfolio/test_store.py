"""The folder of a portfolio: whole files, its own and nobody else's."""

from __future__ import annotations

import errno
import json
import os
from collections.abc import Callable
from dataclasses import replace
from hashlib import sha256
from pathlib import Path

import polars as pl
import pytest

from scorewright.adapters.portfolio import ParquetPortfolioStore
from scorewright.core.errors import ScorewrightError, UsageError
from scorewright.core.portfolio import TABLES, PortfolioSpec, generate_chunk
from scorewright.flows.generate import GenerateResult

Make = Callable[..., GenerateResult]


def _bytes(folder: Path) -> dict[str, bytes]:
    files = (file for file in folder.rglob("*") if file.is_file() and file.name != "lock")
    return {str(file.relative_to(folder)): file.read_bytes() for file in files}


def test_every_table_is_a_folder_of_parts_that_read_back_equal(
    make: Make, spec: PortfolioSpec, tmp_path: Path
) -> None:
    result = make(tmp_path / "book")
    for table, schema in TABLES.items():
        names = sorted(file.name for file in (tmp_path / "book" / table).iterdir())
        assert names == [f"part-{index:05d}.parquet" for index in range(5)]
        read = pl.read_parquet(tmp_path / "book" / table / "*.parquet")
        assert dict(read.schema) == schema
        parts = [generate_chunk(spec, index)[table] for index in range(spec.chunks)]
        assert read.equals(pl.concat(parts))
        assert result.manifest["rows"][table] == read.height


def test_the_manifest_lies_beside_the_tables(make: Make, tmp_path: Path) -> None:
    result = make(tmp_path / "book")
    saved = json.loads((tmp_path / "book" / "portfolio.json").read_text(encoding="utf-8"))
    assert saved == result.manifest
    assert saved["synthetic"] is True


def test_records_hold_the_digest_of_each_file(make: Make, tmp_path: Path) -> None:
    make(tmp_path / "book")
    record = json.loads((tmp_path / "book" / ".parts" / "00003.json").read_text(encoding="utf-8"))
    for table, file in record["files"].items():
        data = (tmp_path / "book" / table / "part-00003.parquet").read_bytes()
        assert file["sha256"] == sha256(data).hexdigest()
        assert file["size"] == len(data)


def test_the_same_portfolio_twice_has_the_same_bytes(make: Make, tmp_path: Path) -> None:
    make(tmp_path / "one")
    make(tmp_path / "other")
    assert _bytes(tmp_path / "one") == _bytes(tmp_path / "other")


@pytest.mark.parametrize(
    "damage",
    [
        pytest.param(lambda folder: (folder / "bureau/part-00001.parquet").unlink(), id="lost"),
        pytest.param(
            lambda folder: os.truncate(folder / "application/part-00001.parquet", 100), id="cut"
        ),
        pytest.param(lambda folder: (folder / ".parts/00001.json").unlink(), id="no record"),
        pytest.param(
            lambda folder: (folder / ".parts/00001.json").write_text("{"), id="broken record"
        ),
        pytest.param(
            lambda folder: (folder / ".parts/00001.json").write_text("[]"), id="other record"
        ),
        pytest.param(lambda folder: (folder / "portfolio.json").unlink(), id="no manifest"),
    ],
)
def test_what_is_incomplete_is_made_again(
    make: Make, tmp_path: Path, damage: Callable[[Path], object]
) -> None:
    make(tmp_path / "whole")
    make(tmp_path / "book")
    damage(tmp_path / "book")
    result = make(tmp_path / "book")
    assert result.parts_made <= 1
    assert _bytes(tmp_path / "book") == _bytes(tmp_path / "whole")


def test_what_a_killed_run_left_aside_is_swept_away(make: Make, tmp_path: Path) -> None:
    make(tmp_path / "book")
    left = tmp_path / "book" / "bureau" / ".part-00002.parquet.0123456789ab.part"
    left.write_bytes(b"half a file")
    make(tmp_path / "book")
    assert not left.exists()


def test_a_folder_that_holds_something_else_is_refused_and_left_alone(
    make: Make, tmp_path: Path
) -> None:
    folder = tmp_path / "mine"
    folder.mkdir()
    (folder / "thesis.txt").write_text("years of work", encoding="utf-8")
    with pytest.raises(UsageError) as refused:
        make(folder)
    assert refused.value.code == "portfolio-other"
    assert str(folder) in refused.value.message
    assert [entry.name for entry in folder.iterdir()] == ["thesis.txt"]


def test_a_portfolio_of_another_specification_is_refused(
    make: Make, spec: PortfolioSpec, tmp_path: Path
) -> None:
    make(tmp_path / "book")
    before = _bytes(tmp_path / "book")
    with pytest.raises(UsageError) as refused:
        make(tmp_path / "book", of=replace(spec, seed=9))
    assert refused.value.code == "portfolio-other"
    assert "another specification" in refused.value.message
    assert _bytes(tmp_path / "book") == before


def test_a_file_where_the_folder_should_be_is_refused(make: Make, tmp_path: Path) -> None:
    (tmp_path / "book").write_text("a file", encoding="utf-8")
    with pytest.raises(UsageError) as refused:
        make(tmp_path / "book")
    assert refused.value.code == "portfolio-other"


def test_an_empty_folder_is_as_good_as_none(make: Make, tmp_path: Path) -> None:
    (tmp_path / "book").mkdir()
    assert make(tmp_path / "book").parts_made == 5


def test_two_runs_do_not_write_one_folder_at_a_time(make: Make, tmp_path: Path) -> None:
    make(tmp_path / "book")
    document = json.loads((tmp_path / "book/.parts/portfolio.json").read_text(encoding="utf-8"))
    with (
        ParquetPortfolioStore(tmp_path / "book").reserve(document),
        pytest.raises(ScorewrightError) as busy,
    ):
        make(tmp_path / "book")
    assert busy.value.code == "portfolio-busy"


def test_a_full_disk_is_told_and_a_rerun_goes_on(
    make: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    make(tmp_path / "whole")
    flush = os.fsync
    calls = 0

    def full(handle: int) -> None:
        nonlocal calls
        calls += 1
        if calls > 20:
            raise OSError(errno.ENOSPC, "No space left on device")
        flush(handle)

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(ScorewrightError) as failed:
        make(tmp_path / "book")
    assert failed.value.code == "write-failed"
    assert "No space left" in failed.value.message
    assert not list((tmp_path / "book").rglob("*.part"))
    assert not (tmp_path / "book" / "portfolio.json").exists()
    monkeypatch.undo()
    assert make(tmp_path / "book").parts_made == 3
    assert _bytes(tmp_path / "book") == _bytes(tmp_path / "whole")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_folder_one_may_not_write_to_is_told(make: Make, tmp_path: Path) -> None:
    (tmp_path / "closed").mkdir(mode=0o500)
    with pytest.raises(ScorewrightError) as failed:
        make(tmp_path / "closed" / "book")
    assert failed.value.code == "write-failed"


def test_a_folder_below_a_file_is_told(make: Make, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("a file", encoding="utf-8")
    with pytest.raises(ScorewrightError) as failed:
        make(tmp_path / "file" / "book")
    assert failed.value.code == "write-failed"
