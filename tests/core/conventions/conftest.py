"""The default conventions, and a run that keeps every line of them."""

from __future__ import annotations

import tomllib
from importlib import resources

import pytest

from scorewright.core.conventions import Conventions, RunRecord


@pytest.fixture(scope="session")
def conventions() -> Conventions:
    text = resources.files("scorewright.resources").joinpath("conventions.toml").read_text("utf-8")
    return Conventions.from_dict(tomllib.loads(text))


@pytest.fixture(scope="session")
def complete(conventions: Conventions) -> RunRecord:
    figures = [
        f for group in ("ranking", "calibration") for f in conventions.metrics.groups()[group]
    ]
    metrics = [name for names in conventions.metrics.groups().values() for name in names]
    metrics += [f"{form}_{f}" for f in figures for form in ("mean", "std", "train")]
    params = conventions.params.common + conventions.params.models["lgbm"]
    return RunRecord(
        name="exp05_cv_domain_balanced",
        experiment="credit_scoring_model_selection",
        status="FINISHED",
        metrics=dict.fromkeys(metrics, 0.5),
        histories={f"fold_{f}": [0.1, 0.2] for f in figures} | {"train_loss": [0.3]},
        params={name.split("|")[-1]: "1" for name in params},
        tags={
            "project": "credit_scoring",
            "stage": "candidate",
            "status": "active",
            "feature_strategy": "domain",
            "sampling_strategy": "balanced",
            "model_type": "lgbm",
            "validation": "5-fold CV",
            "data_version": "home_credit@3f2a9c",
            "git_commit": "8d1c8f30d1c5a8ed38a5b3e9f0c5b7f2d1c5a8ed-dirty",
            "mlflow.runName": "exp05_cv_domain_balanced",
            "mlflow.note.content": "Domain features with balanced weights.",
        },
        artifacts=frozenset(conventions.artifacts.required),
        has_model=True,
        inputs=1,
        model_type="lgbm",
    )
