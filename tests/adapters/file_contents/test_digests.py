"""Digests of data files, and MLflow's of the tables in them."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pandas as pd
import pytest
from mlflow.data.digest_utils import compute_pandas_digest

from scorewright.adapters.file_contents import LocalContents


@pytest.mark.filterwarnings("ignore:Starting with pandas")  # MLflow's own
@pytest.mark.parametrize("rows", [3, 10_001])
def test_a_table_has_the_digest_mlflow_gives_it(tmp_path: Path, rows: int) -> None:
    table = pd.DataFrame(
        {"income": [float(i) for i in range(rows)], "town": ["a", *["b"] * (rows - 1)],
         "mixed": [None, *["x"] * (rows - 1)], "age": list(range(rows))}
    )  # fmt: skip
    table.to_parquet(tmp_path / "t.parquet")
    digest = compute_pandas_digest(pd.read_parquet(tmp_path / "t.parquet"))
    assert LocalContents().has_digest(tmp_path / "t.parquet", digest)
    table.iloc[0, 0] = 99.0
    table.to_parquet(tmp_path / "u.parquet")
    assert not LocalContents().has_digest(tmp_path / "u.parquet", digest)


@pytest.mark.parametrize("name", ["sha256", "sha1", "md5"])
def test_a_file_has_the_digest_of_its_bytes(tmp_path: Path, name: str) -> None:
    file = tmp_path / "x.csv"
    file.write_bytes(b"a,b\n1,2\n")
    digest = hashlib.new(name, file.read_bytes()).hexdigest()
    contents = LocalContents()
    assert contents.has_digest(file, digest)
    assert contents.has_digest(file, digest[:8].upper())
    # Fewer digits are found by chance.
    assert not contents.has_digest(file, digest[:3])
    assert not contents.has_digest(tmp_path / "absent", digest)
