"""Writes `file:` stores as MLflow 2.x lays them out, without MLflow."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

__all__ = ["STATUS", "TreeRun", "meta", "write_experiment", "write_run"]

STATUS = {"RUNNING": 1, "SCHEDULED": 2, "FINISHED": 3, "FAILED": 4, "KILLED": 5}


@dataclass(frozen=True, slots=True)
class TreeRun:
    """One run of a file store; metrics as key -> lines of (timestamp, value, step)."""

    run_id: str
    experiment_id: str
    name: str
    artifact_uri: str
    start: int
    end: int | None
    status: str = "FINISHED"
    lifecycle: str = "active"
    params: Mapping[str, str] = field(default_factory=dict)
    tags: Mapping[str, str] = field(default_factory=dict)
    metrics: Mapping[str, Iterable[tuple[int, float, int]]] = field(default_factory=dict)
    user: str = "ana"


def meta(**values: object) -> str:
    """The text of a `meta.yaml`: one scalar a line, texts in JSON's quotes (YAML reads them)."""
    lines = []
    for key, value in sorted(values.items()):
        text = "null" if value is None else json.dumps(value, ensure_ascii=False)
        lines.append(f"{key}: {text}\n")
    return "".join(lines)


def write_experiment(
    root: Path,
    experiment_id: str,
    name: str,
    location: str,
    *,
    tags: Mapping[str, str] | None = None,
    lifecycle: str = "active",
) -> Path:
    """Write an experiment's folder; return it."""
    folder = root / experiment_id
    folder.mkdir(parents=True)
    text = meta(
        artifact_location=location,
        creation_time=1_709_287_200_000,
        experiment_id=experiment_id,
        last_update_time=1_709_287_200_000,
        lifecycle_stage=lifecycle,
        name=name,
    )
    (folder / "meta.yaml").write_text(text, encoding="utf-8")
    _write_values(folder / "tags", tags or {})
    return folder


def write_run(root: Path, run: TreeRun) -> Path:
    """Write a run's folder (no artifacts but the empty folder); return it."""
    folder = root / run.experiment_id / run.run_id
    for name in ("artifacts", "metrics", "params", "tags"):
        (folder / name).mkdir(parents=True)
    deleted = {"deleted_time": run.start + 86_400_000} if run.lifecycle == "deleted" else {}
    text = meta(
        artifact_uri=run.artifact_uri,
        end_time=run.end,
        entry_point_name="",
        experiment_id=run.experiment_id,
        lifecycle_stage=run.lifecycle,
        run_id=run.run_id,
        run_name=run.name,
        run_uuid=run.run_id,
        source_name="",
        source_type=4,
        source_version="",
        start_time=run.start,
        status=STATUS[run.status],
        tags=[],
        user_id=run.user,
        **deleted,
    )
    (folder / "meta.yaml").write_text(text, encoding="utf-8")
    _write_values(folder / "params", run.params)
    _write_values(folder / "tags", {"mlflow.runName": run.name, **run.tags})
    for key, points in run.metrics.items():
        lines = "".join(f"{timestamp} {value} {step}\n" for timestamp, value, step in points)
        (folder / "metrics" / key).write_text(lines, encoding="utf-8")
    return folder


def _write_values(folder: Path, values: Mapping[str, str]) -> None:
    if values:
        folder.mkdir(exist_ok=True)
    for key, value in values.items():
        path = folder / key
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(value, encoding="utf-8", newline="")
