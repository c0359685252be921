"""MLflow itself shows, loads and serves the logged model, without a pickle."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml
from mlflow import MlflowClient
from tests.adapters.histories.servers import free_port
from tests.stores.serving import wait_for

from scorewright.adapters.mlflow_store import MlflowRunLog
from scorewright.core.bundles import Bundle
from scorewright.flows.ports import RunStart

pytestmark = pytest.mark.filterwarnings(
    "ignore:The ``noload`` loader strategy is deprecated:DeprecationWarning"
)

LOAD = """
import json, sys
import mlflow
mlflow.set_tracking_uri(sys.argv[1])
answers = {}
for uri in sys.argv[3:]:
    model = mlflow.pyfunc.load_model(uri)
    rows = json.loads(sys.argv[2])
    import pandas as pd
    frame = pd.DataFrame(rows)[list(rows[0])[::-1]]
    answers[uri] = model.predict(frame)["pd"].tolist()
    answers["example"] = model.predict(model.input_example)["pd"].tolist()
    answers["trees"] = mlflow.lightgbm.load_model(uri).num_trees()
print(json.dumps(answers))
"""


@dataclass(frozen=True, slots=True)
class Logged:
    """A logged model and where it is."""

    tracking_uri: str
    run_id: str
    model_uri: str


@pytest.fixture(scope="module")
def logged(
    tmp_path_factory: pytest.TempPathFactory, lgbm_bundle: Bundle, bundle_directory: Path
) -> Logged:
    """The small bundle as a logged model in a store of its own."""
    uri = f"sqlite:///{tmp_path_factory.mktemp('logged')}/mlflow.db"
    start = RunStart("demo_model_selection", "train_lgbm_5features", "Five features.", {})
    with MlflowRunLog(uri).start(start) as run:
        manifest, example = lgbm_bundle.manifest(), lgbm_bundle.golden[0].values
        model_uri = run.log_model("demo_lgbm", bundle_directory, manifest, dict(example))
    return Logged(uri, run.run_id, model_uri)


@pytest.fixture(scope="module")
def environment() -> Mapping[str, str]:
    """A process that unpickles nothing."""
    return {
        **os.environ,
        "MLFLOW_ALLOW_PICKLE_DESERIALIZATION": "false",
        "MLFLOW_DISABLE_TELEMETRY": "true",
        # MLflow starts uvicorn by its name.
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
    }


def test_every_uri_of_the_model_loads_without_a_pickle(
    logged: Logged, lgbm_bundle: Bundle, environment: Mapping[str, str]
) -> None:
    # Given the URIs MLflow 3 and MLflow 2 know a model by
    run = f"runs:/{logged.run_id}"
    uris = [logged.model_uri, f"{run}/demo_lgbm", f"{run}/model"]
    rows = [dict(row.values) for row in lgbm_bundle.golden]
    # When
    command = [sys.executable, "-c", LOAD, logged.tracking_uri, json.dumps(rows), *uris]
    done = subprocess.run(command, env=environment, capture_output=True, timeout=120, check=False)
    # Then each gives the PDs of the bundle
    assert done.returncode == 0, done.stderr.decode()
    answers = json.loads(done.stdout.splitlines()[-1])
    expected = [row.pd for row in lgbm_bundle.golden]
    for uri in uris:
        assert answers[uri] == pytest.approx(expected, abs=1e-12)
    assert answers["example"] == pytest.approx(expected[:1], abs=1e-12)
    assert answers["trees"] == 10


def _folder(logged: Logged, tmp_path: Path) -> Path:
    client = MlflowClient(logged.tracking_uri, logged.tracking_uri)
    return Path(client.download_artifacts(logged.run_id, "model", str(tmp_path)))


def test_the_model_describes_itself(logged: Logged, lgbm_bundle: Bundle, tmp_path: Path) -> None:
    # Given
    folder = _folder(logged, tmp_path)
    document = yaml.safe_load((folder / "MLmodel").read_text("utf-8"))
    # Then it says who made it
    model_id = logged.model_uri.removeprefix("models:/")
    assert (document["run_id"], document["model_id"]) == (logged.run_id, model_id)
    # And what goes in and out, in the order of the contract, without key and target
    inputs = [entry["name"] for entry in json.loads(document["signature"]["inputs"])]
    assert inputs == ["income", "age", "employed", "purpose", "channel"]
    outputs = json.loads(document["signature"]["outputs"])
    assert [(entry["name"], entry["type"]) for entry in outputs] == [("pd", "double")]
    # And how it is loaded
    flavors = document["flavors"]
    assert flavors["python_function"]["loader_module"] == "scorewright.entry.mlflow_model"
    assert "code" not in flavors["python_function"]
    assert flavors["lightgbm"]["model_class"] == "lightgbm.basic.Booster"
    assert flavors["scorewright"]["bundle"] == lgbm_bundle.manifest().digest
    requirements = (folder / "requirements.txt").read_text("utf-8")
    assert "scorewright==" in requirements
    assert "lightgbm==" in requirements
    assert "requirements.txt" in (folder / "python_env.yaml").read_text("utf-8")


def test_no_file_of_the_model_is_a_pickle(logged: Logged, tmp_path: Path) -> None:
    files = [path for path in _folder(logged, tmp_path).rglob("*") if path.is_file()]
    assert len(files) > 8
    for file in files:
        assert file.suffix not in {".pkl", ".pickle", ".joblib"}
        file.read_bytes().decode("utf-8")  # every file is text


def test_a_learner_without_a_booster_has_no_lightgbm_flavor(
    bundle: Bundle, run_log: MlflowRunLog, start: RunStart, tmp_path: Path,
    fresh_client: Callable[[], MlflowClient],
) -> None:  # fmt: skip
    # Given a logistic bundle
    folder = tmp_path / "bundle"
    for name, data in {**bundle.files(), "manifest.json": bundle.manifest().to_bytes()}.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(data)
    # When
    with run_log.start(start) as run:
        run.log_model("demo_logistic", folder, bundle.manifest(), {})
    # Then
    file = fresh_client().download_artifacts(run.run_id, "model/MLmodel", str(tmp_path))
    flavors = yaml.safe_load(Path(file).read_text("utf-8"))["flavors"]
    assert set(flavors) == {"python_function", "scorewright"}


def _post(url: str, document: object) -> tuple[int, Any]:
    data = json.dumps(document).encode()
    headers = {"Content-Type": "application/json"}
    request = urllib.request.Request(url, data, headers)  # noqa: S310 - loopback
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:  # noqa: S310 - loopback
            return answer.status, json.load(answer)
    except urllib.error.HTTPError as error:
        with error:
            return error.code, json.load(error)


@pytest.mark.slow
def test_mlflow_serves_the_model(
    logged: Logged,
    lgbm_bundle: Bundle,
    environment: Mapping[str, str],
    tmp_path: Path,
) -> None:
    # Given a real scoring server of MLflow's
    port = free_port()
    command = [
        sys.executable, "-m", "mlflow", "models", "serve", "-m", logged.model_uri,
        "--env-manager", "local", "--host", "127.0.0.1", "--port", str(port),
    ]  # fmt: skip
    env = {**environment, "MLFLOW_TRACKING_URI": logged.tracking_uri}
    url = f"http://127.0.0.1:{port}"
    with (
        (tmp_path / "log").open("wb") as log,
        subprocess.Popen(
            command, stdout=log, stderr=log, env=env, cwd=tmp_path, start_new_session=True
        ) as process,
    ):
        try:
            wait_for(f"{url}/health", process)
            # When asked with missing values among the golden rows
            rows = [dict(row.values) for row in lgbm_bundle.golden]
            status, answer = _post(f"{url}/invocations", {"dataframe_records": rows})
            # Then it answers with the PDs of the bundle
            assert status == 200, answer
            got = [prediction["pd"] for prediction in answer["predictions"]]
            assert got == pytest.approx([row.pd for row in lgbm_bundle.golden], abs=1e-12)
            # And does not guess: a text is no number, a broken row is refused by name
            wrong = {**rows[0], "income": "51000"}
            status, answer = _post(f"{url}/invocations", {"dataframe_records": [wrong]})
            assert status == 400
            assert "income: type" in json.dumps(answer)
        finally:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGTERM)  # our own session
            process.wait(30)
