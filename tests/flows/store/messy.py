"""A database with every fault that a plan can mend, at the schema of MLflow 3.17."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

from tests.stores.database import DatabaseRun, write_database_experiment, write_database_run
from tests.stores.schema import create_database, insert
from tests.stores.story import NOW

__all__ = ["DAY", "OLD_ROOT", "build_messy", "run_id"]

DAY = 86_400_000
OLD_ROOT = "file:///C:/Users/ana/mlruns"
EXPERIMENTS = {
    0: "Default",
    1: "credit_scoring_model_selection",
    3: "credit_scoring_optimization_fbeta",
    4: "credit_scoring_final_delivery",
    5: "credit-scoring-production",
    6: "Test",
}
_WORDS = ("spiffy-loon", "gentle-hare", "burly-finch")
MODEL = "m-" + "a" * 32


def run_id(experiment: int, number: int) -> str:
    """Id of a run: its experiment and number, readable."""
    return f"{experiment:x}{number:031x}"


def build_messy(folder: Path) -> Path:
    """Write the database and its artifacts; return the file."""
    root = folder / "mlruns"
    with closing(create_database(root / "mlflow.db")) as connection:
        for number, name in EXPERIMENTS.items():
            write_database_experiment(connection, number, name, f"{OLD_ROOT}/{number}")
        for number in range(5):
            _model_selection(connection, number)
        for number in range(21):
            # Ids are not in the order of the start.
            _write(
                connection,
                3,
                number,
                f"{_WORDS[number % 3]}-{number}",
                params={"num_leaves": str(15 + number)},
                metrics={"fbeta_score": [(NOW, 0.3, 0)]},
                start=NOW - 30 * DAY - number,
            )
        production = {"stage": "production", "project": "credit_scoring"}
        _write(connection, 4, 0, "production_lightgbm_189features",
               params={"cost_fn": "10", "num_leaves": "31"},
               tags={**production, "status": "deployed", "team": "risk"},
               metrics={"optimal_threshold": [(NOW, 0.4542, 0)]})  # fmt: skip
        folds = [(NOW + i, 0.7 + i / 100, i) for i in range(3)]
        _write(connection, 5, 0, "LightGBM", start=NOW - 2 * DAY,
               params={"cost_fn": "5", "n_features": "189"},
               tags={**production, "data_owner": "ana"},
               metrics={"optimal_threshold": [(NOW, 0.48, 0)],
                        "fold_roc_auc": folds})  # fmt: skip
        for number in range(3):
            _write(connection, 6, number, "test" if number else "run_1")
        _registry(connection)
        _inputs(connection)
        connection.commit()
    for experiment, number in ((1, 0), (4, 0)):
        place = root / str(experiment) / run_id(experiment, number) / "artifacts" / "model"
        place.mkdir(parents=True)
        (place / "MLmodel").write_text("flavors: {}\n")
        (place / "model.txt").write_text(f"tree {experiment}\n" * 900)
    return root / "mlflow.db"


def _write(
    connection: sqlite3.Connection,
    experiment: int,
    number: int,
    name: str,
    *,
    start: int = NOW - 40 * DAY,
    status: str = "FINISHED",
    **more: Any,
) -> None:
    run = run_id(experiment, number)
    end = None if status == "RUNNING" else start + 600_000
    uri = f"{OLD_ROOT}/{experiment}/{run}/artifacts"
    given = DatabaseRun(run, experiment, name, uri, start, end, status, **more)
    write_database_run(connection, given)


def _model_selection(connection: sqlite3.Connection, number: int) -> None:
    start = NOW - 60 * DAY + number * 3_600_000
    metrics = {"mean_roc_auc": [(start + 7_000, 0.75, 0)]}
    tags = {"mlflow.source.git.commit": "8d1c8f30d1c5a8ed0123456789abcdef01234567"}
    if number == 3:
        tags["mlflow.parentRunId"] = "f" * 32
    if number == 4:
        tags["mlflow.parentRunId"] = run_id(1, 0)
    status = {1: "RUNNING", 2: "FAILED"}.get(number, "FINISHED")
    params = {"cv_folds": "5", "feature_strategy": "domain", "sampling": "smote"}
    history: list[Any] = [{"flavors": {"lightgbm": {}}}] if number == 0 else []
    tags["mlflow.log-model.history"] = json.dumps(history)
    _write(connection, 1, number, f"{_WORDS[0]}-{number}", start=start, status=status,
           params=params, tags=tags, metrics=metrics)  # fmt: skip


def _registry(connection: sqlite3.Connection) -> None:
    insert(connection, "registered_models", name="credit_scoring_lgbm", description="")
    for version, stage in ((1, "Archived"), (2, "Production"), (3, "Staging")):
        source = f"{OLD_ROOT}/4/{run_id(4, 0)}/artifacts/model"
        insert(connection, "model_versions", name="credit_scoring_lgbm", version=version,
               current_stage=stage, source=source, storage_location=source,
               run_id=run_id(4, 0), status="READY")  # fmt: skip
    insert(connection, "registered_model_aliases", alias="old", version=9,
           name="credit_scoring_lgbm")  # fmt: skip
    insert(connection, "logged_models", model_id=MODEL, experiment_id=5, name="model",
           artifact_location=f"{OLD_ROOT}/5/models/{MODEL}/artifacts", creation_timestamp_ms=NOW,
           last_updated_timestamp_ms=NOW, status=2, lifecycle_stage="active",
           source_run_id=run_id(5, 0))  # fmt: skip
    insert(connection, "logged_model_tags", model_id=MODEL, experiment_id=5, tag_key="a",
           tag_value="b")  # fmt: skip


def _inputs(connection: sqlite3.Connection) -> None:
    """The same data set in two experiments, a trace, an association and a prompt."""
    for experiment, names in ((4, ("loans",)), (5, ("loans", "bureau"))):
        for name in names:
            uuid = f"{experiment}-{name}"
            insert(connection, "datasets", dataset_uuid=uuid, experiment_id=experiment, name=name,
                   digest="3f2a9c01", dataset_source_type="local", dataset_source="{}")  # fmt: skip
            insert(connection, "inputs", input_uuid=f"i-{uuid}", source_type="DATASET",
                   source_id=uuid, destination_type="RUN",
                   destination_id=run_id(experiment, 0))  # fmt: skip
            insert(connection, "input_tags", input_uuid=f"i-{uuid}", name="mlflow.data.context",
                   value="training")  # fmt: skip
    insert(connection, "trace_info", request_id="tr-1", experiment_id=5, timestamp_ms=NOW,
           status="OK")  # fmt: skip
    insert(connection, "trace_tags", request_id="tr-1", key="mlflow.artifactLocation",
           value=f"{OLD_ROOT}/5/traces/tr-1/artifacts")  # fmt: skip
    insert(connection, "entity_associations", association_id="a-1",
           source_type="evaluation_dataset", source_id="d-1", destination_type="experiment",
           destination_id="5", created_time=NOW)  # fmt: skip
    insert(connection, "registered_models", name="prompt", description="")
    insert(connection, "registered_model_tags", name="prompt", key="mlflow.prompt.is_prompt",
           value="true")  # fmt: skip
    insert(connection, "registered_model_tags", name="prompt", key="_mlflow_experiment_ids",
           value=",4,5,")  # fmt: skip
