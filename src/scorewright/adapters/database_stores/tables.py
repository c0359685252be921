"""Which table and columns of MLflow's schema stand behind a table of a snapshot."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

import polars as pl

from scorewright.adapters.database_stores.session import Session
from scorewright.core.snapshot import TABLES

__all__ = ["PLAIN", "TableSource", "statement"]


@dataclass(frozen=True, slots=True)
class TableSource:
    """A table of the database.

    Attributes:
        table: Its name there.
        renamed: Column of the snapshot -> its name there; all others have the same.
        further: Columns that are read for the checks and not kept.
    """

    table: str
    renamed: Mapping[str, str] = field(default_factory=dict)
    further: tuple[str, ...] = ()


_RUN: Final = {"run_id": "run_uuid"}
_UPDATED: Final = {"last_update_time": "last_updated_time"}

#: Table of a snapshot -> table of the database, where one is a selection of the other's columns.
PLAIN: Final[Mapping[str, TableSource]] = {
    "experiments": TableSource("experiments", further=("workspace",)),
    "experiment_tags": TableSource("experiment_tags"),
    "runs": TableSource("runs", _RUN),
    "params": TableSource("params", _RUN),
    "tags": TableSource("tags", _RUN),
    "datasets": TableSource(
        "datasets",
        {
            "dataset_id": "dataset_uuid",
            "source_type": "dataset_source_type",
            "source": "dataset_source",
            "schema": "dataset_schema",
            "profile": "dataset_profile",
        },
    ),
    "logged_models": TableSource(
        "logged_models",
        {
            "creation_time": "creation_timestamp_ms",
            "last_update_time": "last_updated_timestamp_ms",
        },
    ),
    "logged_model_params": TableSource(
        "logged_model_params", {"key": "param_key", "value": "param_value"}
    ),
    "logged_model_tags": TableSource("logged_model_tags", {"key": "tag_key", "value": "tag_value"}),
    "logged_model_metrics": TableSource(
        "logged_model_metrics",
        {
            "key": "metric_name",
            "value": "metric_value",
            "timestamp": "metric_timestamp_ms",
            "step": "metric_step",
        },
    ),
    "registered_models": TableSource("registered_models", _UPDATED, ("workspace",)),
    "registered_model_tags": TableSource("registered_model_tags"),
    "registered_model_aliases": TableSource("registered_model_aliases"),
    "model_versions": TableSource("model_versions", {"stage": "current_stage", **_UPDATED}),
    "model_version_tags": TableSource("model_version_tags"),
}


def statement(session: Session, name: str) -> tuple[str, dict[str, pl.DataType]]:
    """Return the SQL that selects what there is of a table of `PLAIN`, and the types it gives.

    Args:
        session: The open store.
        name: Table of the snapshot.
    """
    source, shape = PLAIN[name], TABLES[name]
    there = session.columns[source.table]
    wanted = {column: source.renamed.get(column, column) for column in shape}
    wanted |= {column: column for column in source.further}
    found = {column: stored for column, stored in wanted.items() if stored in there}
    selected = ", ".join(f'"{stored}"' for stored in found.values())
    schema = {column: _stored_type(shape.get(column, pl.String())) for column in found}
    # Names come from the tables above and from the schema.
    return f'SELECT {selected} FROM "{source.table}"', schema  # noqa: S608


def _stored_type(dtype: pl.DataType) -> pl.DataType:
    return pl.Int64() if dtype == pl.Boolean else dtype
