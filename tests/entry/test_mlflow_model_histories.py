"""MLflow's interface for a model that reads histories: rows may hold their tables."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from tests.fakes.raw_applications import raw

from scorewright.core.errors import UsageError
from scorewright.entry.mlflow_model import BundleModel, _load_pyfunc


@pytest.fixture(scope="module")
def loaded(tmp_path_factory: pytest.TempPathFactory) -> BundleModel:
    """The bundle as MLflow loads it from its artifacts."""
    folder: Path = tmp_path_factory.mktemp("bundle")
    bundle = raw().bundle
    for name, data in {**bundle.files(), "manifest.json": bundle.manifest().to_bytes()}.items():
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_bytes(data)
    return _load_pyfunc(str(folder))


def rows(count: int) -> list[dict[str, Any]]:
    return [{**own, "tables": below} for own, below in raw().applications[:count]]


def test_lists_frames_and_json_text_give_the_same(loaded: BundleModel) -> None:
    # Given the same applications in three forms
    plain = rows(40)
    as_text = [{**row, "tables": json.dumps(row["tables"])} for row in plain]
    frame = pd.DataFrame(as_text)
    frame["decided"] = pd.to_datetime(frame["decided"])
    # When each is scored, then the PDs are those of the batch
    for given in (plain, pd.DataFrame(plain), as_text, frame):
        found = loaded.predict(given)["pd"].to_numpy()
        np.testing.assert_allclose(found, raw().pds[:40], rtol=0, atol=1e-12)


@pytest.mark.parametrize("nothing", [None, math.nan, {}, "{}"])
def test_no_tables_are_no_rows(loaded: BundleModel, nothing: Any) -> None:
    row = rows(1)[0]
    bare = {name: value for name, value in row.items() if name != "tables"}
    expected = loaded.predict([bare])["pd"].tolist()
    assert loaded.predict([{**bare, "tables": nothing}])["pd"].tolist() == expected


@pytest.mark.parametrize("tables", ["x", "[1]", 7, [1], "[" * 100_000])
def test_what_are_no_tables_is_refused(loaded: BundleModel, tables: Any) -> None:
    with pytest.raises(UsageError) as caught:
        loaded.predict([{**rows(1)[0], "tables": tables}])
    assert caught.value.code == "rows-invalid"
    assert "row 0, tables: type" in caught.value.message


def test_faults_in_rows_are_named(loaded: BundleModel) -> None:
    row = rows(1)[0]
    row["tables"] = {"payments": [], "loans": [{"loan": 1, "granted": "2999-01-01"}]}
    with pytest.raises(UsageError) as caught:
        loaded.predict([row])
    assert "row 0, tables.loans[0].granted: future-row" in caught.value.message
    assert "2999" not in caught.value.message
