"""The shipped data sets are what they say they are."""

from __future__ import annotations

import runpy
from importlib.resources import files
from pathlib import Path

import polars as pl
import pytest

from scorewright.adapters.project_files import dataset, dataset_names
from scorewright.core.errors import UsageError

ROOT = Path(__file__).resolve().parents[3]
SHARED = ROOT / "../shared/data"


def test_there_are_two() -> None:
    assert dataset_names() == ("credit_data", "lending_club")


@pytest.mark.parametrize(
    ("name", "rows", "columns", "bad_share"),
    [("lending_club", 9857, 23, 0.0525), ("credit_data", 4454, 14, 0.282)],
)
def test_rows_columns_and_bads(name: str, rows: int, columns: int, bad_share: float) -> None:
    shipped = dataset(name)
    frame = pl.read_parquet(shipped.path)
    share = int((frame[shipped.target] == shipped.bad_value).sum()) / frame.height
    assert frame.shape == (rows, columns) == (shipped.rows, shipped.columns)
    assert share == pytest.approx(bad_share, abs=5e-4)
    assert share == pytest.approx(shipped.bad_rate, abs=5e-5)
    assert shipped.licence == "MIT"
    assert "modeldata" in shipped.source
    assert {entry.column for entry in shipped.accept} <= set(frame.columns)


def test_types_are_natural_and_missing_is_null() -> None:
    credit = pl.read_parquet(dataset("credit_data").path)
    assert credit.schema["Income"] == pl.Int64
    assert credit.schema["Home"] == pl.String
    assert credit["Income"].null_count() == 381
    lending = pl.read_parquet(dataset("lending_club").path)
    assert lending.schema["int_rate"] == pl.Float64
    assert sum(lending.null_count().row(0)) == 0


def test_the_licence_is_shipped() -> None:
    text = (files("scorewright.resources") / "datasets" / "LICENSE-modeldata").read_text()
    assert text.startswith("MIT License")
    assert "modeldata authors" in text


def test_an_unknown_name_lists_neighbours() -> None:
    with pytest.raises(UsageError) as caught:
        dataset("lendingclub")
    assert caught.value.code == "dataset-unknown"
    assert "lending_club" in caught.value.remedy


def test_the_tool_makes_the_same_frames_again(tmp_path: Path) -> None:
    if not SHARED.is_dir():
        pytest.skip("the source tables are not beside the repository (../shared/data)")
    tool = runpy.run_path(str(ROOT / "tools/make_datasets.py"))
    for name, source in tool["SOURCES"].items():
        made = tool["make"](SHARED / source, tmp_path / f"{name}.parquet")
        assert made.equals(pl.read_parquet(dataset(name).path))
