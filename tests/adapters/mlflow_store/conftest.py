"""The stores the contract suite runs over (a file and a server), and a bundle to log."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from mlflow import MlflowClient
from tests.stores.serving import serving

from scorewright.adapters.bundles import DiskBundles, KeyRing
from scorewright.adapters.learners import Learners
from scorewright.adapters.mlflow_store import MlflowRunLog
from scorewright.core.bundles import Bundle, GoldenRow
from scorewright.core.matrix import FeatureSpace
from scorewright.core.scoring import Scorer
from scorewright.flows.ports import FitTask, RunStart


@pytest.fixture(scope="session")
def lgbm_bundle(bundle: Bundle, space: FeatureSpace, rows: list[dict[str, Any]]) -> Bundle:
    """The small bundle with ten trees instead of a regression."""
    x = np.vstack([space.row(row) for row in rows])
    y = (np.nan_to_num(x[:, 1], nan=40.0) < 35).astype(np.int8)
    learner = Learners().get("lgbm")
    task = FitTask(x, y, space, learner.parameters({"n_estimators": 10}, 42), threads=1)
    model = learner.fit(task)
    scorer = Scorer(model, space, bundle.calibration, bundle.contract)
    golden = tuple(GoldenRow(row, scorer.score_row(row)) for row in rows[:8])
    return replace(
        bundle,
        name="demo_lgbm",
        learner="lgbm",
        model_type="lgbm",
        model_files=model.files(),
        golden=golden,
    )


@pytest.fixture(scope="session")
def bundle_directory(lgbm_bundle: Bundle, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """It again, signed and on disk."""
    folder = tmp_path_factory.mktemp("published")
    return DiskBundles(folder, KeyRing(folder / "keys")).publish(lgbm_bundle)


@pytest.fixture
def start() -> RunStart:
    """A run in an experiment of its own: the server outlives the test."""
    return RunStart(
        experiment=f"demo_{uuid.uuid4().hex}",
        name="train_lgbm_5features",
        description="Five features.",
        tags={"project": "demo", "model_type": "lgbm", "git_commit": "a" * 40 + "-dirty"},
    )


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A real MLflow server on loopback."""
    folder = tmp_path_factory.mktemp("server")
    with serving(f"sqlite:///{folder}/server.db", folder) as url:
        yield url


@pytest.fixture(params=["sqlite", "http"])
def tracking_uri(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A SQLite file that is not there yet, and a server."""
    if request.param == "http":
        return str(request.getfixturevalue("server"))
    return f"sqlite:///{tmp_path}/mlruns/mlflow.db"


@pytest.fixture
def run_log(tracking_uri: str, tmp_path: Path) -> MlflowRunLog:
    """The run log over it."""
    return MlflowRunLog(tracking_uri, tmp_path / "mlruns")


@pytest.fixture
def fresh_client(tracking_uri: str) -> Callable[[], MlflowClient]:
    """Return a maker of clients that know nothing of the run log.

    Made after the store: MLflow would otherwise make it, with the artifacts elsewhere.
    """
    return lambda: MlflowClient(tracking_uri, tracking_uri)
