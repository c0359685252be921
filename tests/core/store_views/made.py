"""A small store as values: two experiments, six runs, a registered model."""

from __future__ import annotations

from typing import Any

import polars as pl

from scorewright.core.snapshot import FILES, Snapshot, Source, SourceKind, snapshot_of

__all__ = ["made_files", "made_store", "point"]

START = 1_700_000_000_000
_HOUR = 3_600_000


def made_store(**changed: list[dict[str, Any]]) -> Snapshot:
    """Return the store, with other rows for the tables that are named."""
    runs = [
        _run("parent", "1", 0, name="study"),
        _run("child1", "1", 1, name="trial_1"),
        _run("child2", "1", 2, name="trial_2", status="RUNNING", end_time=None),
        _run("gone", "1", 3, name="trial_3", lifecycle_stage="deleted"),
        _run("best", "2", 4, name=None, user_id="=cmd()"),
        _run("failed", "2", 5, name="broken", status="FAILED"),
    ]
    tables = {
        "experiments": [
            {"experiment_id": "1", "name": "credit_tuning", "lifecycle_stage": "active"},
            {"experiment_id": "2", "name": "credit_final", "lifecycle_stage": "active"},
            {"experiment_id": "3", "name": "Test", "lifecycle_stage": "deleted"},
        ],
        "runs": runs,
        "params": [{"run_id": "best", "key": "max_depth", "value": "6"}],
        "tags": [
            {"run_id": "child1", "key": "mlflow.parentRunId", "value": "parent"},
            {"run_id": "child2", "key": "mlflow.parentRunId", "value": "parent"},
            {"run_id": "best", "key": "mlflow.runName", "value": "named_by_tag"},
            {"run_id": "best", "key": "stage", "value": "production"},
        ],
        "metrics": [
            point("child1", "roc_auc", 0.71),
            point("child2", "mean_roc_auc", 0.73),
            point("gone", "roc_auc", 0.99),
            point("best", "roc_auc", 0.75, points=3),
            point("failed", "roc_auc", 0.0, is_nan=True),
        ],
        "registered_models": [{"name": "credit_lgbm"}],
        "registered_model_aliases": [{"name": "credit_lgbm", "alias": "champion", "version": 2}],
        "model_versions": [
            {"name": "credit_lgbm", "version": 1, "run_id": "lost", "stage": "None"},
            {"name": "credit_lgbm", "version": 2, "run_id": "best", "stage": "Production"},
            {"name": "credit_lgbm", "version": 3, "run_id": "best", "stage": "Deleted_Internal"},
        ],
        "logged_models": [
            {"model_id": "m-1", "experiment_id": "2", "source_run_id": "best", "name": "model"}
        ],
        **changed,
    }
    source = Source("made.db", SourceKind.SQLITE, layout="MLflow 3")
    frames = {name: pl.DataFrame(rows, infer_schema_length=None) for name, rows in tables.items()}
    return snapshot_of(source, {name: f for name, f in frames.items() if f.width})


def made_files() -> pl.DataFrame:
    """Return a file of a run, one of a logged model, and one of nobody."""
    rows = [
        ("run", "best", "/a", "roc.png", 1000, 1, "1:1", None),
        ("model", "m-1", "/m", "MLmodel", 500, 1, "1:2", None),
        ("", "orphan", "/o", "x.bin", 24, 1, "1:3", None),
    ]
    return pl.DataFrame(rows, schema=FILES, orient="row")


def point(
    run: str, key: str, value: float, *, points: int = 1, is_nan: bool = False
) -> dict[str, Any]:
    """Return the last value of a metric."""
    return {
        "run_id": run, "key": key, "value": value, "timestamp": START, "step": 0,
        "is_nan": is_nan, "points": points,
    }  # fmt: skip


def _run(run: str, experiment: str, hours: int, **more: Any) -> dict[str, Any]:
    start = START + hours * _HOUR
    plain = {
        "run_id": run, "experiment_id": experiment, "user_id": "ana", "status": "FINISHED",
        "start_time": start, "end_time": start + 60_000, "lifecycle_stage": "active",
        "artifact_uri": f"/old/{run}",
    }  # fmt: skip
    return {**plain, **more}
