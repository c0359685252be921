"""The canary's program on a bundle that reads histories."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

from tests.fakes.raw_applications import raw

from scorewright.core.bundles import Bundle


def _prove(bundle: Bundle, folder: Path) -> tuple[int, dict[str, Any]]:
    for name, data in {**bundle.files(), "manifest.json": bundle.manifest().to_bytes()}.items():
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_bytes(data)
    command = [sys.executable, "-m", "scorewright.entry.prove", str(folder)]
    done = subprocess.run(command, capture_output=True, check=False, text=True)
    return done.returncode, json.loads(done.stdout)


def test_golden_rows_are_scored_from_their_rows(tmp_path: Path) -> None:
    code, report = _prove(raw().bundle, tmp_path)
    assert code == 0
    assert report["rows"] == 8
    assert report["largest_difference"] <= 1e-12


def test_a_lightgbm_model_is_proved_without_its_python_package(
    tree_bundle: Bundle, tmp_path: Path
) -> None:
    # Given a bundle with a model of the library that costs most to import
    other = tree_bundle
    for name, data in {**other.files(), "manifest.json": other.manifest().to_bytes()}.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(data)
    # When it is proved
    command = [sys.executable, "-X", "importtime", "-m", "scorewright.entry.prove", str(tmp_path)]
    done = subprocess.run(command, capture_output=True, check=True, text=True)
    # Then nothing heavy was imported, and nothing but the report was printed
    imported = {line.rpartition("|")[2].strip() for line in done.stderr.splitlines()}
    assert not imported & {"lightgbm", "scipy", "sklearn", "pandas", "polars", "pyarrow", "mlflow"}
    assert json.loads(done.stdout)["largest_difference"] == 0.0


def test_another_definition_of_a_feature_is_found(tmp_path: Path) -> None:
    # Given a bundle whose plan computes something else under the same name
    bundle = raw().bundle
    assert bundle.features is not None
    document = bundle.features.to_dict()
    other = [
        {**f, "value": "share(payments, not late)" if f["name"] == "late_share" else f["value"]}
        for f in document["features"]
    ]
    plan = type(bundle.features).from_dict({**document, "features": other})
    # When it is proved, then the golden rows tell
    code, report = _prove(replace(bundle, features=plan), tmp_path)
    assert code == 1
    assert report["code"] == "bundle-golden-mismatch"
