"""The bundle behind MLflow's pyfunc interface."""

from __future__ import annotations

import json
import math
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from scorewright.adapters.bundles import DiskBundles
from scorewright.core.bundles import Bundle
from scorewright.core.errors import IntegrityError, UsageError
from scorewright.core.scoring import Scorer
from scorewright.entry.mlflow_model import BundleModel, _load_pyfunc
from scorewright.flows.ports import FittedModel

Row = dict[str, Any]


@pytest.fixture
def directory(store: DiskBundles, bundle: Bundle) -> Path:
    return store.publish(bundle)


@pytest.fixture
def loaded(directory: Path) -> BundleModel:
    return _load_pyfunc(str(directory))


@pytest.fixture
def scorer(bundle: Bundle, model: FittedModel) -> Scorer:
    return Scorer(model, bundle.space, bundle.calibration, bundle.contract)


def test_a_frame_gives_the_same_pds_as_the_bundle(
    loaded: BundleModel, scorer: Scorer, rows: list[Row]
) -> None:
    # Given rows with missing values, as a frame with an index of its own
    frame = pd.DataFrame(rows, index=[f"a{i}" for i in range(len(rows))])
    # When
    answer = loaded.predict(frame)
    # Then
    assert list(answer.columns) == ["pd"]
    assert list(answer.index) == list(frame.index)
    expected = [scorer.score_row(row) for row in rows]
    np.testing.assert_allclose(answer["pd"].to_numpy(), expected, rtol=0, atol=1e-12)


def test_the_order_of_the_columns_does_not_matter(loaded: BundleModel, rows: list[Row]) -> None:
    frame = pd.DataFrame(rows)
    turned = frame[list(frame.columns)[::-1]]
    pd.testing.assert_frame_equal(loaded.predict(turned), loaded.predict(frame))


def test_one_application_and_a_list_are_taken_too(
    loaded: BundleModel, scorer: Scorer, rows: list[Row]
) -> None:
    assert loaded.predict(rows[0])["pd"].tolist() == [scorer.score_row(rows[0])]
    assert len(loaded.predict(rows[:3], params={})) == 3
    assert loaded.predict([]).empty


@pytest.mark.parametrize(
    "missing",
    [None, math.nan, pd.NA, pd.NaT, np.float64("nan")],
    ids=["None", "nan", "NA", "NaT", "numpy nan"],
)
def test_every_kind_of_missing_is_missing(
    loaded: BundleModel, scorer: Scorer, rows: list[Row], missing: Any
) -> None:
    row = {**rows[0], "age": None, "purpose": None}
    frame = pd.DataFrame([{**row, "age": missing, "purpose": missing}])
    assert loaded.predict(frame)["pd"].tolist() == [scorer.score_row(row)]


def test_numpy_and_nullable_types_are_taken(
    loaded: BundleModel, scorer: Scorer, rows: list[Row]
) -> None:
    # Given what pandas makes of a file: nullable integers and booleans, categoricals
    frame = pd.DataFrame(rows[:50]).astype(
        {"age": "Int64", "employed": "boolean", "purpose": "category", "income": "float32"}
    )
    expected = [
        scorer.score_row({**r, "income": float(np.float32(r["income"]))}) for r in rows[:50]
    ]
    assert loaded.predict(frame)["pd"].tolist() == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"age": 17}, "age: range"),
        ({"age": 30.5}, "age: type"),
        ({"income": "51000"}, "income: type"),
        ({"income": None}, "income: not-nullable"),
        ({"income": math.inf}, "income: not-finite"),
        ({"channel": "fax"}, "channel: category"),
        ({"zodiac": "leo"}, "zodiac: unknown-column"),
    ],
)
def test_a_row_that_breaks_the_contract_is_named_without_its_value(
    loaded: BundleModel, rows: list[Row], change: Mapping[str, Any], named: str
) -> None:
    with pytest.raises(UsageError) as caught:
        loaded.predict([rows[0], {**rows[1], **change}])
    assert caught.value.code == "rows-invalid"
    assert f"row 1, {named}" in caught.value.message
    for value in change.values():
        assert value is None or str(value) not in caught.value.message.split(":", 2)[2]


def test_a_missing_column_is_named(loaded: BundleModel, rows: list[Row]) -> None:
    frame = pd.DataFrame(rows[:2]).drop(columns="channel")
    with pytest.raises(UsageError) as caught:
        loaded.predict(frame)
    assert "row 0, channel: missing" in caught.value.message


def test_many_problems_are_counted(loaded: BundleModel, rows: list[Row]) -> None:
    with pytest.raises(UsageError) as caught:
        loaded.predict([{**row, "age": 7} for row in rows[:30]])
    assert "and 20 more" in caught.value.message


def test_a_changed_file_is_refused_before_it_is_parsed(directory: Path) -> None:
    file = next((directory / "model").iterdir())
    file.write_bytes(file.read_bytes() + b" ")
    with pytest.raises(IntegrityError) as caught:
        _load_pyfunc(str(directory))
    assert caught.value.code == "bundle-file-changed"


@pytest.mark.parametrize("name", ["manifest.json", "calibration.json"])
def test_a_missing_file_is_named(directory: Path, name: str) -> None:
    (directory / name).unlink()
    with pytest.raises(IntegrityError) as caught:
        _load_pyfunc(str(directory))
    assert caught.value.code == "bundle-file-missing"
    assert name in caught.value.message


def test_a_model_that_disagrees_with_its_golden_rows_is_refused(
    store: DiskBundles, bundle: Bundle, tmp_path: Path
) -> None:
    # Given a bundle whose manifest is true to its files, but whose golden rows are another model's
    from dataclasses import replace

    golden = tuple(replace(row, pd=row.pd / 2) for row in bundle.golden)
    folder = store.publish(replace(bundle, golden=golden))
    with pytest.raises(IntegrityError) as caught:
        _load_pyfunc(str(folder))
    assert caught.value.code == "bundle-golden-mismatch"


def test_a_manifest_cannot_reach_out_of_its_folder(directory: Path, tmp_path: Path) -> None:
    # Given a manifest that lists a file outside
    outside = directory.parent / "outside.json"
    outside.write_bytes(b"{}")
    document = json.loads((directory / "manifest.json").read_bytes())
    document["files"].append({"path": "../outside.json", "size": 2, "sha256": "0" * 64})
    copy = tmp_path / "copy"
    shutil.copytree(directory, copy)
    (copy / "manifest.json").write_bytes(json.dumps(document).encode())
    # Then it is refused
    with pytest.raises(IntegrityError) as caught:
        _load_pyfunc(str(copy))
    assert caught.value.code == "bundle-manifest"
