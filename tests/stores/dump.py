"""Says as JSON what a store holds, through the client of the MLflow that made it.

`make_fixtures.py` starts it as `python dump.py URI` in a process of its own, after the writing;
it keeps to what Python 3.8 and every MLflow from 1.8 know. Never imported by a test.
"""

from __future__ import annotations

import hashlib
import importlib
import json
import math
import os
import sys
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlparse


def number(value: float) -> Any:
    """A figure that strict JSON can hold."""
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "Infinity" if value > 0 else "-Infinity"
    return value


def local(uri: str) -> Path:
    """The folder of an artifact address."""
    return Path(unquote(urlparse(uri).path)) if uri.startswith("file:") else Path(uri)


def files(uri: str) -> dict[str, Any]:
    """Size and SHA-256 of every file under an artifact address."""
    folder = local(uri)
    return {
        path.relative_to(folder).as_posix(): {
            "size": path.stat().st_size,
            "sha256": hashlib.sha256(path.read_bytes()).hexdigest(),
        }
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


class Dump:
    """Everything the client tells of one store."""

    def __init__(self) -> None:
        self.mlflow: Any = importlib.import_module("mlflow")
        tracking: Any = importlib.import_module("mlflow.tracking")
        self.entities: Any = importlib.import_module("mlflow.entities")
        self.client: Any = tracking.MlflowClient()
        self.all = self.entities.ViewType.ALL
        self.refused: dict[str, str] = {}

    def attempt(self, name: str, act: Any, default: Any) -> Any:
        try:
            return act()
        except Exception as error:  # noqa: BLE001 - any refusal of an old version is the answer
            self.refused[name] = f"{type(error).__name__}: {error}"[:300]
            return default

    def experiments(self) -> list[dict[str, Any]]:
        if hasattr(self.client, "search_experiments"):
            found = self.client.search_experiments(view_type=self.all)
        else:
            found = self.client.list_experiments(view_type=self.all)
        return [
            {
                "experiment_id": e.experiment_id,
                "name": e.name,
                "artifact_location": e.artifact_location,
                "lifecycle_stage": e.lifecycle_stage,
                "creation_time": getattr(e, "creation_time", None),
                "last_update_time": getattr(e, "last_update_time", None),
                "tags": dict(e.tags),
            }
            for e in sorted(found, key=lambda e: int(e.experiment_id))
        ]

    def runs(self, experiments: list[str]) -> dict[str, Any]:
        found: list[Any] = []
        for experiment in experiments:
            found += self.client.search_runs([experiment], "", self.all, 100)
        return {r.info.run_id: self.run(r) for r in sorted(found, key=lambda r: r.info.run_id)}

    def run(self, run: Any) -> dict[str, Any]:
        info, data = run.info, run.data
        return {
            "experiment_id": info.experiment_id,
            "run_name": getattr(info, "run_name", None) or data.tags.get("mlflow.runName"),
            "status": str(info.status),
            "start_time": info.start_time,
            "end_time": info.end_time,
            "lifecycle_stage": info.lifecycle_stage,
            "user_id": info.user_id,
            "artifact_uri": info.artifact_uri,
            "params": dict(data.params),
            "tags": dict(data.tags),
            "metrics": {key: self.history(info.run_id, key) for key in sorted(data.metrics)},
            "inputs": self.inputs(run),
            "outputs": self.outputs(run),
            "artifacts": files(info.artifact_uri),
        }

    def history(self, run: str, key: str) -> list[list[Any]]:
        found = self.client.get_metric_history(run, key)
        return sorted(
            ([number(m.value), m.timestamp, m.step] for m in found), key=lambda m: (m[1], m[2])
        )

    def inputs(self, run: Any) -> dict[str, Any]:
        inputs = getattr(run, "inputs", None)
        datasets = getattr(inputs, "dataset_inputs", None) or []
        models = getattr(inputs, "model_inputs", None) or []
        return {
            "datasets": sorted(
                (
                    {
                        "name": i.dataset.name,
                        "digest": i.dataset.digest,
                        "source_type": i.dataset.source_type,
                        "source": i.dataset.source,
                        "schema": i.dataset.schema,
                        "profile": i.dataset.profile,
                        "tags": {t.key: t.value for t in i.tags},
                    }
                    for i in datasets
                ),
                key=lambda i: i["name"],
            ),
            "models": sorted(i.model_id for i in models),
        }

    def outputs(self, run: Any) -> list[list[Any]]:
        outputs = getattr(run, "outputs", None)
        return [[o.model_id, o.step] for o in getattr(outputs, "model_outputs", None) or []]

    def registry(self) -> list[dict[str, Any]]:
        if hasattr(self.client, "search_registered_models"):
            models = self.client.search_registered_models()
        else:
            models = self.client.list_registered_models()
        return [self.model(m) for m in sorted(models, key=lambda m: str(m.name))]

    def model(self, model: Any) -> dict[str, Any]:
        found = self.client.search_model_versions(f"name='{model.name}'")
        full = self.attempt(
            "get_registered_model", lambda: self.client.get_registered_model(model.name), model
        )
        return {
            "name": model.name,
            "description": model.description,
            "creation_time": model.creation_timestamp,
            "last_updated_time": model.last_updated_timestamp,
            "tags": dict(getattr(full, "tags", None) or {}),
            "aliases": {k: str(v) for k, v in (getattr(full, "aliases", None) or {}).items()},
            "versions": [
                self.model_version(v) for v in sorted(found, key=lambda v: int(v.version))
            ],
        }

    def model_version(self, version: Any) -> dict[str, Any]:
        return {
            "version": str(version.version),
            "stage": version.current_stage,
            "status": str(version.status),
            "source": version.source,
            "run_id": version.run_id,
            "description": version.description,
            "creation_time": version.creation_timestamp,
            "tags": dict(getattr(version, "tags", None) or {}),
        }

    def logged_models(self, experiments: list[str]) -> dict[str, Any]:
        found = self.client.search_logged_models(experiment_ids=experiments)
        return {m.model_id: self.logged_model(m) for m in sorted(found, key=lambda m: m.model_id)}

    def logged_model(self, model: Any) -> dict[str, Any]:
        return {
            "name": model.name,
            "experiment_id": model.experiment_id,
            "status": str(getattr(model.status, "value", model.status)),
            "source_run_id": model.source_run_id,
            "model_type": model.model_type,
            "artifact_location": model.artifact_location,
            "tags": dict(model.tags),
            "params": dict(model.params),
            "metrics": [
                [m.key, number(m.value), m.timestamp, m.step, m.dataset_name, m.dataset_digest]
                for m in model.metrics or []
            ],
            "artifacts": files(model.artifact_location),
        }

    def traces(self, experiments: list[str]) -> dict[str, Any]:
        result = {}
        for experiment in experiments:
            for trace in self.client.search_traces(experiment_ids=[experiment]):
                info = trace.info
                name = getattr(info, "trace_id", None) or info.request_id
                result[name] = {
                    "experiment_id": experiment,
                    "spans": len(trace.data.spans),
                    "assessments": len(getattr(info, "assessments", None) or []),
                    "tags": sorted(info.tags),
                }
        return result

    def whole(self) -> dict[str, Any]:
        experiments = self.experiments()
        ids = [e["experiment_id"] for e in experiments]
        alive = [e["experiment_id"] for e in experiments if e["lifecycle_stage"] == "active"]
        return {
            "experiments": experiments,
            "runs": self.runs(ids),
            "registry": self.attempt("registry", self.registry, []),
            "logged_models": self.attempt("logged_models", lambda: self.logged_models(alive), {}),
            "traces": self.attempt("traces", lambda: self.traces(alive), {}),
            "refused": self.refused,
        }


def main() -> None:
    """Write the dump of the store at the address given to the file named by `SAID`."""
    mlflow: Any = importlib.import_module("mlflow")
    mlflow.set_tracking_uri(sys.argv[1])
    Path(os.environ["SAID"]).write_text(json.dumps(Dump().whole()))


if __name__ == "__main__":
    main()
