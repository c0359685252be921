"""The tables of a snapshot: names and types of their columns.

Words are those of MLflow's newest schema, but for ``run_id``, which its database calls
``run_uuid``. Ids are text, whatever the store keeps; times are milliseconds since 1970 in UTC.
"""

from __future__ import annotations

import polars as pl

__all__ = ["FILES", "HISTORY", "TABLES", "empty", "shaped"]

_TEXT, _INT, _FLOAT, _BOOL = pl.String(), pl.Int64(), pl.Float64(), pl.Boolean()
_WORD = pl.Categorical()


def _schema(**columns: pl.DataType) -> pl.Schema:
    return pl.Schema(columns)


#: Attribute of `Snapshot` -> columns.
TABLES: dict[str, pl.Schema] = {
    "experiments": _schema(
        experiment_id=_TEXT,
        name=_TEXT,
        artifact_location=_TEXT,
        lifecycle_stage=_TEXT,
        creation_time=_INT,
        last_update_time=_INT,
    ),
    "experiment_tags": _schema(experiment_id=_TEXT, key=_TEXT, value=_TEXT),
    "runs": _schema(
        run_id=_TEXT,
        experiment_id=_TEXT,
        name=_TEXT,
        user_id=_TEXT,
        status=_TEXT,
        start_time=_INT,
        end_time=_INT,
        deleted_time=_INT,
        lifecycle_stage=_TEXT,
        artifact_uri=_TEXT,
        source_type=_TEXT,
        source_name=_TEXT,
        source_version=_TEXT,
        entry_point_name=_TEXT,
    ),
    "params": _schema(run_id=_TEXT, key=_TEXT, value=_TEXT),
    "tags": _schema(run_id=_TEXT, key=_TEXT, value=_TEXT),
    # The last value of each metric, and how many were logged.
    "metrics": _schema(
        run_id=_TEXT,
        key=_TEXT,
        value=_FLOAT,
        timestamp=_INT,
        step=_INT,
        is_nan=_BOOL,
        points=_INT,
    ),
    "datasets": _schema(
        dataset_id=_TEXT,
        experiment_id=_TEXT,
        name=_TEXT,
        digest=_TEXT,
        source_type=_TEXT,
        source=_TEXT,
        schema=_TEXT,
        profile=_TEXT,
    ),
    # A data set that a run read, with its role ("" where none was given); models are below.
    "inputs": _schema(run_id=_TEXT, dataset_id=_TEXT, context=_TEXT),
    # Everything else that was noted down about such a reading.
    "input_tags": _schema(run_id=_TEXT, dataset_id=_TEXT, key=_TEXT, value=_TEXT),
    "logged_models": _schema(
        model_id=_TEXT,
        experiment_id=_TEXT,
        source_run_id=_TEXT,
        name=_TEXT,
        status=_TEXT,
        status_message=_TEXT,
        model_type=_TEXT,
        artifact_location=_TEXT,
        lifecycle_stage=_TEXT,
        creation_time=_INT,
        last_update_time=_INT,
    ),
    "logged_model_params": _schema(model_id=_TEXT, key=_TEXT, value=_TEXT),
    "logged_model_tags": _schema(model_id=_TEXT, key=_TEXT, value=_TEXT),
    "logged_model_metrics": _schema(
        model_id=_TEXT,
        run_id=_TEXT,
        key=_TEXT,
        value=_FLOAT,
        timestamp=_INT,
        step=_INT,
        dataset_name=_TEXT,
        dataset_digest=_TEXT,
    ),
    # role is "input" or "output".
    "run_models": _schema(run_id=_TEXT, model_id=_TEXT, role=_TEXT, step=_INT),
    "registered_models": _schema(
        name=_TEXT, description=_TEXT, creation_time=_INT, last_update_time=_INT
    ),
    "registered_model_tags": _schema(name=_TEXT, key=_TEXT, value=_TEXT),
    "registered_model_aliases": _schema(name=_TEXT, alias=_TEXT, version=_INT),
    "model_versions": _schema(
        name=_TEXT,
        version=_INT,
        stage=_TEXT,
        status=_TEXT,
        status_message=_TEXT,
        description=_TEXT,
        source=_TEXT,
        storage_location=_TEXT,
        run_id=_TEXT,
        run_link=_TEXT,
        user_id=_TEXT,
        creation_time=_INT,
        last_update_time=_INT,
    ),
    "model_version_tags": _schema(name=_TEXT, version=_INT, key=_TEXT, value=_TEXT),
    "traces": _schema(experiment_id=_TEXT, status=_TEXT, traces=_INT),
    # Rows of every other table, so that nothing is overlooked.
    "others": _schema(table=_TEXT, rows=_INT),
}

#: Every value of every metric; asked for apart, for it may have millions of rows. Texts that stand
#: in many of them are kept once: a third of the memory.
HISTORY: pl.Schema = _schema(
    run_id=_WORD, key=_WORD, value=_FLOAT, timestamp=_INT, step=_INT, is_nan=_BOOL
)

#: Files of artifacts. ``owner`` is "run", "model", "version", "trace" or "" (nobody's);
#: ``folder`` is the owner's folder on this machine, ``path`` relative to it with slashes;
#: ``modified`` is in nanoseconds; ``inode`` is "device:inode", equal for hard links.
FILES: pl.Schema = _schema(
    owner=_TEXT,
    owner_id=_TEXT,
    folder=_TEXT,
    path=_TEXT,
    size=_INT,
    modified=_INT,
    inode=_TEXT,
    sha256=_TEXT,
)


def empty(schema: pl.Schema) -> pl.DataFrame:
    """Return a table without rows."""
    return pl.DataFrame(schema=schema)


def shaped(frame: pl.DataFrame, schema: pl.Schema) -> pl.DataFrame:
    """Bring a table into its shape: missing columns are null, further ones dropped.

    Args:
        frame: Of any columns, shape (n, k).
        schema: The wished columns.

    Returns:
        Shape (n, len(schema)), columns in the schema's order and of its types.
    """
    lacking = [pl.lit(None).alias(name) for name in schema if name not in frame.columns]
    return frame.with_columns(lacking).select(
        pl.col(name).cast(dtype) for name, dtype in schema.items()
    )
