"""The stores the contract suite runs over (a file and a server), and a bundle to log."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
import uuid
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from mlflow import MlflowClient

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


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _wait_until_it_answers(url: str, process: subprocess.Popen[bytes], seconds: float) -> None:
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        assert process.poll() is None, f"the server ended with {process.returncode}"
        try:
            with urllib.request.urlopen(url, timeout=2):  # noqa: S310 - loopback
                return
        except (urllib.error.URLError, ConnectionError, TimeoutError):
            time.sleep(0.2)
    raise AssertionError(f"{url} did not answer within {seconds} s")


@pytest.fixture
def free_port() -> int:
    """A port nobody listens on."""
    return _free_port()


@pytest.fixture
def wait_for() -> Callable[[str, subprocess.Popen[bytes]], None]:
    """Return a function that waits until a process answers at an address."""
    return lambda url, process: _wait_until_it_answers(url, process, 120)


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A real MLflow server on loopback."""
    folder = tmp_path_factory.mktemp("server")
    port = _free_port()
    url = f"http://127.0.0.1:{port}"
    command = [
        sys.executable, "-m", "mlflow", "server", "--host", "127.0.0.1", "--port", str(port),
        "--backend-store-uri", f"sqlite:///{folder}/server.db",
        "--artifacts-destination", str(folder / "artifacts"), "--workers", "1",
    ]  # fmt: skip
    environment = {
        **os.environ,
        "MLFLOW_DISABLE_TELEMETRY": "true",
        "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false",
    }
    log = (folder / "server.log").open("wb")
    with (
        log,
        subprocess.Popen(
            command, stdout=log, stderr=log, env=environment, cwd=folder, start_new_session=True
        ) as process,
    ):
        try:
            _wait_until_it_answers(f"{url}/health", process, 120)
            yield url
        finally:
            os.killpg(process.pid, signal.SIGTERM)  # our own session: the server and its workers
            process.wait(30)


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
