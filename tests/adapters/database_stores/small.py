"""Small stores, made by hand: of MLflow 3.17, and of MLflow 1.0 and before."""

from __future__ import annotations

import sqlite3
from pathlib import Path

from tests.stores.database import DatabaseRun, write_database_experiment, write_database_run
from tests.stores.schema import create_database

__all__ = ["RUN", "old_store", "small_store"]

RUN = "0123456789abcdef0123456789abcdef"

_OLD = """
CREATE TABLE experiments (experiment_id INTEGER NOT NULL PRIMARY KEY, name VARCHAR(256) NOT NULL,
    artifact_location VARCHAR(256), lifecycle_stage VARCHAR(32));
CREATE TABLE runs (run_uuid VARCHAR(32) NOT NULL PRIMARY KEY, name VARCHAR(250),
    source_type VARCHAR(20), source_name VARCHAR(500), entry_point_name VARCHAR(50),
    user_id VARCHAR(256), status VARCHAR(20), start_time BIGINT, end_time BIGINT,
    source_version VARCHAR(50), lifecycle_stage VARCHAR(20), artifact_uri VARCHAR(200),
    experiment_id INTEGER);
CREATE TABLE tags (key VARCHAR(250) NOT NULL, value VARCHAR(250), run_uuid VARCHAR(32) NOT NULL,
    PRIMARY KEY (key, run_uuid));
CREATE TABLE params (key VARCHAR(250) NOT NULL, value VARCHAR(250) NOT NULL,
    run_uuid VARCHAR(32) NOT NULL, PRIMARY KEY (key, run_uuid));
CREATE TABLE metrics (key VARCHAR(250) NOT NULL, value FLOAT NOT NULL, timestamp BIGINT NOT NULL,
    run_uuid VARCHAR(32) NOT NULL{step}, PRIMARY KEY (key, timestamp, run_uuid, value));
INSERT INTO experiments VALUES (0, 'Default', './mlruns/0', 'active');
"""


def small_store(file: Path) -> sqlite3.Connection:
    """Make a store of MLflow 3.17: experiments 0 and 1, and one run with two metrics."""
    connection = create_database(file)
    write_database_experiment(connection, 0, "Default", "/gone/0")
    write_database_experiment(connection, 1, "credit", "/gone/1")
    run = DatabaseRun(
        RUN,
        1,
        "first",
        f"/gone/1/{RUN}/artifacts",
        1_709_287_200_000,
        1_709_287_300_000,
        params={"depth": "3"},
        tags={"owner": "risk"},
        metrics={"auc": [(1_709_287_200_001, 0.75, 0)], "loss": [(1, 0.5, 0), (2, 0.25, 1)]},
    )
    write_database_run(connection, run)
    connection.commit()
    return connection


def old_store(file: Path, *, revision: str = "", has_step: bool = True) -> sqlite3.Connection:
    """Make a store as MLflow 1.0 (or, without steps, one before it) made it."""
    connection = sqlite3.connect(file)
    connection.executescript(
        _OLD.format(step=", step BIGINT DEFAULT 0 NOT NULL" if has_step else "")
    )
    connection.execute(
        "INSERT INTO runs (run_uuid, name, status, lifecycle_stage, experiment_id) "
        "VALUES (?, '', 'FINISHED', 'active', 0)",
        (RUN,),
    )
    connection.execute("INSERT INTO tags VALUES ('mlflow.runName', 'from the tag', ?)", (RUN,))
    if revision:
        connection.execute("CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL)")
        connection.execute("INSERT INTO alembic_version VALUES (?)", (revision,))
    connection.commit()
    return connection
