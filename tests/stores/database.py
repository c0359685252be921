"""Writes experiments and runs into a database at the schema of MLflow 3.17, without MLflow."""

from __future__ import annotations

import math
import sqlite3
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from tests.stores.schema import insert

__all__ = ["DatabaseRun", "write_database_experiment", "write_database_run"]


@dataclass(frozen=True, slots=True)
class DatabaseRun:
    """One run; metrics as key -> points of (timestamp, value, step)."""

    run_id: str
    experiment_id: int
    name: str
    artifact_uri: str
    start: int
    end: int | None
    status: str = "FINISHED"
    lifecycle: str = "active"
    params: Mapping[str, str] = field(default_factory=dict)
    tags: Mapping[str, str] = field(default_factory=dict)
    metrics: Mapping[str, Iterable[tuple[int, float, int]]] = field(default_factory=dict)


def write_database_experiment(
    connection: sqlite3.Connection, experiment_id: int, name: str, location: str
) -> None:
    """Insert an active experiment."""
    insert(
        connection,
        "experiments",
        experiment_id=experiment_id,
        name=name,
        artifact_location=location,
        lifecycle_stage="active",
        creation_time=1_709_287_200_000,
        last_update_time=1_709_287_200_000,
    )


def write_database_run(connection: sqlite3.Connection, run: DatabaseRun) -> None:
    """Insert a run with its params, tags, metrics and latest metrics."""
    insert(
        connection,
        "runs",
        run_uuid=run.run_id,
        name=run.name,
        source_type="UNKNOWN",
        source_name="",
        entry_point_name="",
        user_id="ana",
        status=run.status,
        start_time=run.start,
        end_time=run.end,
        source_version="",
        lifecycle_stage=run.lifecycle,
        artifact_uri=run.artifact_uri,
        experiment_id=run.experiment_id,
    )
    for key, value in run.params.items():
        insert(connection, "params", key=key, value=value, run_uuid=run.run_id)
    for key, value in {"mlflow.runName": run.name, **run.tags}.items():
        insert(connection, "tags", key=key, value=value, run_uuid=run.run_id)
    for key, points in run.metrics.items():
        _write_metric(connection, run.run_id, key, list(points))


def _write_metric(
    connection: sqlite3.Connection, run_id: str, key: str, points: list[tuple[int, float, int]]
) -> None:
    for timestamp, value, step in points:
        insert(connection, "metrics", **_point(run_id, key, timestamp, value, step))
    timestamp, value, step = max(points, key=lambda point: (point[2], point[0], point[1]))
    insert(connection, "latest_metrics", **_point(run_id, key, timestamp, value, step))


def _point(run_id: str, key: str, timestamp: int, value: float, step: int) -> dict[str, object]:
    """The row as MLflow stores it: NaN is a flag and 0."""
    nan = math.isnan(value)
    return {
        "key": key,
        "value": 0.0 if nan else value,
        "timestamp": timestamp,
        "run_uuid": run_id,
        "step": step,
        "is_nan": nan,
    }
