"""What points at nothing: references that the schema declares, and those it does not."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from scorewright.adapters.store_editing.shapes import Shape, shapes_of

__all__ = ["dangling", "without_soft"]

#: Table, column -> table, column. What the schema declares is here too: SQLite does not enforce it.
_REFERENCES: Final = (
    *(
        (table, "experiment_id", "experiments", "experiment_id")
        for table in ("runs", "experiment_tags", "datasets", "logged_models", "trace_info")
    ),
    *(
        (table, "run_uuid", "runs", "run_uuid")
        for table in ("params", "tags", "metrics", "latest_metrics")
    ),
    *(
        (table, "model_id", "logged_models", "model_id")
        for table in ("logged_model_params", "logged_model_tags", "logged_model_metrics")
    ),
    *(
        (table, "name", "registered_models", "name")
        for table in ("registered_model_tags", "registered_model_aliases", "model_versions")
    ),
    ("logged_models", "source_run_id", "runs", "run_uuid"),
    ("model_versions", "run_id", "runs", "run_uuid"),
    ("assessments", "run_id", "runs", "run_uuid"),
    ("input_tags", "input_uuid", "inputs", "input_uuid"),
    ("trace_tags", "request_id", "trace_info", "request_id"),
    ("spans", "trace_id", "trace_info", "request_id"),
)
#: A consolidation carries none of these that leads nowhere.
_OWNED: Final = (
    *(
        (table, "experiment_id", "experiments", "experiment_id")
        for table in ("scorers", "label_schemas", "review_queues")
    ),
    *(
        (table, "queue_id", "review_queues", "queue_id")
        for table in ("review_queue_items", "review_queue_label_schemas", "review_queue_users")
    ),
    *(
        (table, "scorer_id", "scorers", "scorer_id")
        for table in ("scorer_versions", "online_scoring_configs")
    ),
    *(
        (table, "dataset_id", "evaluation_datasets", "dataset_id")
        for table in ("evaluation_dataset_records", "evaluation_dataset_tags")
    ),
)
#: MLflow deletes a label schema and leaves these; they must lead somewhere when they are written.
_SOFT: Final = (("review_queue_label_schemas", "schema_id", "label_schemas", "schema_id"),)
#: The same where another column says what the first one names.
_TYPED: Final = (
    ("inputs", "source_id", "source_type", "DATASET", "datasets", "dataset_uuid"),
    ("inputs", "source_id", "source_type", "RUN_INPUT", "runs", "run_uuid"),
    ("inputs", "source_id", "source_type", "RUN_OUTPUT", "runs", "run_uuid"),
    ("inputs", "destination_id", "destination_type", "RUN", "runs", "run_uuid"),
    ("inputs", "destination_id", "destination_type", "MODEL_INPUT", "logged_models", "model_id"),
    ("inputs", "destination_id", "destination_type", "MODEL_OUTPUT", "logged_models", "model_id"),
    ("tags", "value", "key", "mlflow.parentRunId", "runs", "run_uuid"),
)
_VERSIONS: Final = ("registered_model_aliases", "model_version_tags")


def dangling(connection: Connection, *, is_payload: bool = False) -> frozenset[str]:
    """Return what points at nothing, each as "table.column: value".

    Args:
        connection: To a store of any schema, or to a backup of one.
        is_payload: It holds the rows of a plan, whose owners may be in the store: only what a
            plan may carry though it leads nowhere is looked at.
    """
    shapes = shapes_of(connection)
    found: set[str] = set()
    for table, column, target, key in (*_REFERENCES, *(() if is_payload else (*_OWNED, *_SOFT))):
        found |= _lost(connection, shapes, (table, column, target, key))
    for table, column, said, kind, target, key in _TYPED:
        found |= _lost(connection, shapes, (table, column, target, key), {said: kind})
    for table in _VERSIONS:
        found |= _lost_versions(connection, shapes, table)
    return frozenset(found)


def without_soft(found: frozenset[str]) -> frozenset[str]:
    """Leave out what MLflow itself lets lead nowhere once its aim is deleted."""
    soft = tuple(f"{table}.{column}: " for table, column, _, _ in _SOFT)
    return frozenset(one for one in found if not one.startswith(soft))


def _lost(
    connection: Connection,
    shapes: Mapping[str, Shape],
    reference: tuple[str, str, str, str],
    only: Mapping[str, str] | None = None,
) -> set[str]:
    table, column, target, key = reference
    if not _has(shapes, table, column, *(only or ())) or not _has(shapes, target, key):
        return set()
    one, other = shapes[table].table, shapes[target].table.alias()
    value = one.c[column]
    statement = (
        sa.select(value)
        .distinct()
        .where(value.is_not(None), value != "" if key != "experiment_id" else sa.true())
        .where(*(one.c[name] == kind for name, kind in (only or {}).items()))
        .where(value.not_in(sa.select(other.c[key]).where(other.c[key].is_not(None))))
    )
    name = f"{table}.{column}" if only is None else f"{table}.{next(iter(only.values()))}"
    return {f"{name}: {value}" for (value,) in connection.execute(statement)}


def _lost_versions(connection: Connection, shapes: Mapping[str, Shape], table: str) -> set[str]:
    target = "model_versions"
    if not _has(shapes, table, "name", "version") or not _has(shapes, target, "name", "version"):
        return set()
    one, other = shapes[table].table, shapes[target].table
    joined = sa.and_(one.c["name"] == other.c["name"], one.c["version"] == other.c["version"])
    statement = sa.select(one.c["name"], one.c["version"]).where(
        ~sa.exists(sa.select(sa.literal(1)).select_from(other).where(joined))
    )
    rows = connection.execute(statement)
    return {f"{table}.version: {name} {version}" for name, version in rows}


def _has(shapes: Mapping[str, Shape], table: str, *columns: str) -> bool:
    return table in shapes and set(columns) <= set(shapes[table].columns)
