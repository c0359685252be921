"""What others make of the reference model, each as its documentation starts it.

They get the categories as numbers, which is how LightGBM's own text names them, and answer the
model's PD: no contract, no calibration, no policy, no log. `CAREFUL` is what an expert writes by
hand for speed alone.
"""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import lightgbm as lgb
import numpy as np

from benchmarks.reference_model import Reference
from benchmarks.serving.client import Load, Server, free_port
from benchmarks.serving.environments import environment, version
from benchmarks.serving.process import run, surroundings

__all__ = ["PEERS", "Material", "Peer"]

OWN = Path(sys.executable)
# Its workers ask uvloop for a loop that newer ones no longer make unasked.
_MLSERVER = ("mlserver>=1.7,<2", "mlserver-lightgbm", "mlserver-mlflow", "uvloop<0.22")


@dataclass(frozen=True, slots=True)
class Material:
    """What peers are made of.

    Attributes:
        folder: Theirs.
        model: LightGBM's text.
        names: Its features.
        applications: JSON values by feature, categories as numbers.
        pds: What the model gives for them.
    """

    folder: Path
    model: Path
    names: Sequence[str]
    applications: Sequence[Mapping[str, Any]]
    pds: Sequence[float]

    @classmethod
    def of(cls, made: Reference, folder: Path) -> Material:
        """Make the material in an empty folder."""
        model = made.directory / "model" / "model.txt"
        booster = lgb.Booster(model_file=model)
        names = booster.feature_name()
        applications = [
            {name: _code(values.get(name)) for name in names} for values in made.requests
        ]
        x = np.array([list(row.values()) for row in applications], dtype=np.float64)
        pds = np.asarray(booster.predict(x, num_threads=1)).tolist()
        return cls(folder, model, names, applications, pds)

    def load(
        self,
        path: str,
        body: Callable[[Mapping[str, Any]], object],
        pd_of: Callable[[Any], float],
    ) -> Load:
        """Return what a peer is asked, in its own form."""
        bodies = [json.dumps(body(values)).encode() for values in self.applications]
        return Load("", path, bodies, self.pds, pd_of)

    def in_mlflow(self) -> Path:
        """Return the model as MLflow's users save it; made at the first call."""
        target = self.folder / "mlflow"
        if not target.is_dir():
            # In a process of its own: the import is heavy.
            run([str(OWN), "-c", _SAVE, str(self.model), str(target)])
        return target


@dataclass(frozen=True, slots=True)
class Peer:
    """Another server of the same model.

    Attributes:
        name: For the report.
        package: Whose version is told.
        server: Says how it is started; installs what is missing.
    """

    name: str
    package: str
    server: Callable[[Material], tuple[Path, Server]]

    def start(self, material: Material) -> tuple[str, Server]:
        """Return its name with the version, and how it is started.

        Raises:
            NotMeasuredError: It cannot be installed.
        """
        python, server = self.server(material)
        return f"{self.name} {version(python, self.package)}", server


def _fastapi(program: str) -> Callable[[Material], tuple[Path, Server]]:
    def server(made: Material) -> tuple[Path, Server]:
        folder = _folder(made, {"service.py": program})
        command = [
            str(OWN), "-m", "uvicorn", "service:app", "--port", "{port}", "--log-level", "warning",
        ]  # fmt: skip
        load = made.load("/predict", dict, lambda answer: float(answer["pd"]))
        return OWN, Server(command, _env(OWN, made), [load], free_port(), folder)

    return server


def _mlflow(made: Material) -> tuple[Path, Server]:
    command = [
        str(OWN), "-m", "mlflow", "models", "serve", "-m", str(made.in_mlflow()),
        "--env-manager", "local", "-h", "127.0.0.1", "-p", "{port}", "-w", "1",
    ]  # fmt: skip
    return OWN, Server(command, _env(OWN, made), [_invocations(made)], free_port())


def _invocations(made: Material) -> Load:
    def body(values: Mapping[str, Any]) -> object:
        return {"dataframe_split": {"columns": list(values), "data": [list(values.values())]}}

    return made.load("/invocations", body, lambda answer: float(answer["predictions"][0]))


def _mlserver(runtime: str) -> Callable[[Material], tuple[Path, Server]]:
    """Return MLServer with one of its runtimes; LightGBM's takes a tensor without names."""

    def server(made: Material) -> tuple[Path, Server]:
        python = environment("mlserver", _MLSERVER)
        named = runtime == "mlserver_mlflow.MLflowRuntime"
        uri = made.in_mlflow() if named else made.model
        settings = {"name": "reference", "implementation": runtime, "parameters": {"uri": str(uri)}}
        folder = _folder(made, {"model-settings.json": json.dumps(settings)})
        port = free_port()
        ports = {
            "MLSERVER_HOST": "127.0.0.1",
            "MLSERVER_HTTP_PORT": str(port),
            "MLSERVER_GRPC_PORT": str(free_port()),
            "MLSERVER_METRICS_PORT": str(free_port()),
        }
        load = _invocations(made) if named else made.load(
            "/v2/models/reference/infer", _tensor, lambda said: float(said["outputs"][0]["data"][0])
        )  # fmt: skip
        command = [str(python.parent / "mlserver"), "start", str(folder)]
        return python, Server(command, {**_env(python, made), **ports}, [load], port, folder)

    return server


def _tensor(values: Mapping[str, Any]) -> object:
    data = list(values.values())
    return {"inputs": [{"name": "x", "shape": [1, len(data)], "datatype": "FP64", "data": data}]}


def _bentoml(made: Material) -> tuple[Path, Server]:
    python = environment("bentoml", ["bentoml>=1.4,<2", "lightgbm", "pandas"])
    folder = _folder(made, {"service.py": _BENTO})
    command = [
        str(python.parent / "bentoml"), "serve", "service:Reference", "--host", "127.0.0.1",
        "--port", "{port}", "--working-dir", str(folder),
    ]  # fmt: skip
    home = {"BENTOML_HOME": str(folder / "home"), "BENTOML_DO_NOT_TRACK": "True"}
    load = made.load(
        "/predict", lambda values: {"application": values}, lambda answer: float(answer["pd"])
    )
    return python, Server(command, {**_env(python, made), **home}, [load], free_port(), folder)


def _env(python: Path, made: Material) -> dict[str, str]:
    return surroundings(python, MLFLOW_DISABLE_TELEMETRY="true", MODEL=str(made.model))


def _folder(made: Material, files: Mapping[str, str]) -> Path:
    """Return a fresh folder with some files."""
    folder = made.folder / "served"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    for name, text in files.items():
        (folder / name).write_text(text, encoding="utf-8")
    return folder


def _code(value: Any) -> Any:
    """Return the number of a category."""
    return int(value.removeprefix("level ")) if isinstance(value, str) else value


_SAVE = """
import sys
import lightgbm as lgb, mlflow.lightgbm, numpy as np
from mlflow.models import ModelSignature
from mlflow.types import ColSpec, Schema, TensorSpec
booster = lgb.Booster(model_file=sys.argv[1])
columns = [ColSpec("double", name, required=False) for name in booster.feature_name()]
answer = Schema([TensorSpec(np.dtype("float64"), (-1,))])
signature = ModelSignature(inputs=Schema(columns), outputs=answer)
mlflow.lightgbm.save_model(booster, sys.argv[2], signature=signature)
"""
_APPLICATION = """
import os

import lightgbm as lgb
import numpy as np
import pandas as pd
from fastapi import FastAPI
from pydantic import create_model

booster = lgb.Booster(model_file=os.environ["MODEL"])
names = booster.feature_name()
Application = create_model("Application", **{n: (float | None, None) for n in names})
app = FastAPI()
"""
# Most keep a pickled estimator; this one is made without a pickle and predicts as that does.
PLAIN = (
    _APPLICATION
    + """
some = pd.DataFrame(np.eye(4, len(names)), columns=names)
classifier = lgb.LGBMClassifier(n_estimators=1, verbose=-1).fit(some, [0, 1, 0, 1])
classifier._Booster = booster


@app.post("/predict")
def predict(application: Application):
    frame = pd.DataFrame([application.model_dump()])[names].astype("float64")
    pd_ = float(classifier.predict_proba(frame)[0, 1])
    return {"pd": pd_, "decision": "decline" if pd_ >= 0.2 else "approve"}
"""
)
CAREFUL = (
    _APPLICATION
    + """

@app.post("/predict")
async def predict(application: Application):
    row = np.array([[getattr(application, n) for n in names]], dtype=np.float64)
    pd_ = float(booster.predict(row, num_threads=1)[0])
    return {"pd": pd_, "decision": "decline" if pd_ >= 0.2 else "approve"}
"""
)
_BENTO = """
import os

import bentoml
import lightgbm as lgb
import pandas as pd


@bentoml.service
class Reference:
    def __init__(self) -> None:
        self.booster = lgb.Booster(model_file=os.environ["MODEL"])
        self.names = self.booster.feature_name()

    @bentoml.api
    def predict(self, application: dict[str, float | None]) -> dict[str, float | str]:
        frame = pd.DataFrame([application])[self.names].astype("float64")
        pd_ = float(self.booster.predict(frame)[0])
        return {"pd": pd_, "decision": "decline" if pd_ >= 0.2 else "approve"}
"""

#: In the order of the report.
PEERS: tuple[Peer, ...] = (
    Peer("FastAPI by an expert", "fastapi", _fastapi(CAREFUL)),
    Peer("plain FastAPI", "fastapi", _fastapi(PLAIN)),
    Peer("BentoML", "bentoml", _bentoml),
    Peer("MLServer, lightgbm runtime", "mlserver", _mlserver("mlserver_lightgbm.LightGBMModel")),
    Peer("MLServer, mlflow runtime", "mlserver", _mlserver("mlserver_mlflow.MLflowRuntime")),
    Peer("mlflow models serve", "mlflow", _mlflow),
)
