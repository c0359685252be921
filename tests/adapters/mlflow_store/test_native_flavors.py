"""The logged model of each booster is one MLflow can read by the library's own flavour."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import yaml

from scorewright.adapters.learners import Learners
from scorewright.adapters.mlflow_store.model_directory import ModelIdentity, write_model_directory
from scorewright.core.bundles import Bundle
from scorewright.flows.ports import FitTask


@pytest.mark.parametrize(
    ("name", "rounds", "file"),
    [("xgboost", "n_estimators", "model.ubj"), ("catboost", "iterations", "model.cbm")],
)
def test_a_booster_has_its_flavor_and_its_pin(
    name: str, rounds: str, file: str, bundle: Bundle, tmp_path: Path
) -> None:
    # Given a bundle of that learner
    learner = Learners().get(name)
    rng = np.random.default_rng(0)
    x = rng.integers(0, 2, (80, len(bundle.space.features))).astype(np.float64)
    y = rng.integers(0, 2, 80).astype(np.int8)
    model = learner.fit(FitTask(x, y, bundle.space, learner.parameters({rounds: 3}, 1), threads=1))
    given = replace(bundle, learner=name, model_type=name, model_files=model.files())
    folder, target = tmp_path / "bundle", tmp_path / "model"
    for path, data in {**given.files(), "manifest.json": given.manifest().to_bytes()}.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(data)
    target.mkdir()
    # When
    identity = ModelIdentity("m-1", "0" * 32, str(target))
    write_model_directory(target, folder, given.manifest(), {}, identity)
    # Then
    flavor = yaml.safe_load((target / "MLmodel").read_text("utf-8"))["flavors"][name]
    assert flavor["data"] == f"bundle/model/{file}"
    assert (target / flavor["data"]).read_bytes() == model.files()[file]
    assert f"{name}==" in (target / "requirements.txt").read_text("utf-8")
