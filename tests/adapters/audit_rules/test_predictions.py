"""Stored predictions are read without trust."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

from scorewright.adapters.audit_rules import PredictionTables

FRAME = pl.DataFrame({"y": [0, 1], "p": [0.25, 0.5]})


def test_tables_are_read(tmp_path: Path) -> None:
    FRAME.write_parquet(tmp_path / "a.parquet")
    FRAME.write_csv(tmp_path / "[a]*.CSV")
    for name in ("a.parquet", "[a]*.CSV"):
        read = PredictionTables().read(tmp_path / name)
        assert read is not None
        assert read.equals(FRAME)


def test_what_is_too_large_is_left_alone(tmp_path: Path) -> None:
    FRAME.write_parquet(tmp_path / "a.parquet")
    size = (tmp_path / "a.parquet").stat().st_size
    assert PredictionTables(size).read(tmp_path / "a.parquet") is not None
    assert PredictionTables(size - 1).read(tmp_path / "a.parquet") is None


@pytest.mark.parametrize("name", ["absent.parquet", "cut.parquet", "empty.csv", "a.pkl", "d.csv"])
def test_what_is_no_table_is_no_evidence(tmp_path: Path, name: str) -> None:
    (tmp_path / "cut.parquet").write_bytes(b"PAR1 and no more")
    (tmp_path / "empty.csv").write_bytes(b"")
    (tmp_path / "a.pkl").write_bytes(b"cos\nsystem\n")
    (tmp_path / "d.csv").mkdir()
    assert PredictionTables().read(tmp_path / name) is None


@pytest.mark.parametrize(
    ("text", "document"),
    [('{"method": "bayes"}', {"method": "bayes"}), ("[1]", None), ("{", None), ("[" * 10**5, None)],
)
def test_documents_are_read(tmp_path: Path, text: str, document: object) -> None:
    (tmp_path / "threshold_analysis.json").write_text(text)
    assert PredictionTables().document(tmp_path / "threshold_analysis.json") == document
    assert PredictionTables().document(tmp_path / "absent.json") is None


def test_the_working_directory_holds_nobodys_files(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    FRAME.write_parquet(tmp_path / "a.parquet")
    (tmp_path / "a.json").write_text("{}")
    monkeypatch.chdir(tmp_path)
    tables = PredictionTables()
    assert tables.document(tmp_path / "a.json") == {}
    assert tables.read(Path("a.parquet")) is None
    assert tables.document(Path("a.json")) is None
