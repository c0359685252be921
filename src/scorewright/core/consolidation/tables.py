"""Every table of MLflow's newest schema: carried into a consolidated store, or left with a reason.

What is in neither list stops a plan as soon as it holds a row: nothing is lost in silence.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from scorewright.core.consolidation.columns import COLUMNS, KEYS

__all__ = [
    "CARRIED",
    "GENERATED",
    "LEFT",
    "NEEDED",
    "TRIGGERS",
    "WORKSPACE",
    "Carried",
    "Parent",
    "carried",
]


@dataclass(frozen=True, slots=True)
class Parent:
    """A row of another table without which a row makes no sense.

    Attributes:
        column: Of the row.
        table: Of the other.
        key: Its column there.
        when: Column and value under which the row points there; None for always.
    """

    column: str
    table: str
    key: str
    when: tuple[str, str] | None = None


@dataclass(frozen=True, slots=True)
class Carried:
    """A table whose rows arrive.

    Attributes:
        name: As the schema calls it.
        what: Line of the balance its rows are counted in.
        part_of: Table of the runs, logged models or traces whose parts the rows are; "" for none.
        owner: Column with the id of that run, model or trace.
        parents: Rows that must be there.
        ignored: Columns that are given anew and never compared.
        unique: Further columns that tell rows apart.
        loose: Columns, beside the key, in which two rows of one `unique` may differ and are still
            one: what names the other's key follows. Empty where such rows are never one.
    """

    name: str
    what: str = "other rows"
    part_of: str = ""
    owner: str = ""
    parents: tuple[Parent, ...] = ()
    ignored: frozenset[str] = frozenset()
    unique: tuple[tuple[str, ...], ...] = ()
    loose: frozenset[str] = frozenset()

    @property
    def columns(self) -> tuple[str, ...]:
        """All that are stored."""
        return COLUMNS[self.name]

    @property
    def key(self) -> tuple[str, ...]:
        """Columns of the primary key."""
        return KEYS[self.name]


_EXPERIMENT: Final = Parent("experiment_id", "experiments", "experiment_id")

#: Parents before what needs them.
CARRIED: Final = (
    Carried("experiments", "experiments"),
    Carried("experiment_tags", parents=(_EXPERIMENT,)),
    Carried("runs", "runs", parents=(_EXPERIMENT,)),
    Carried("params", "params", part_of="runs", owner="run_uuid"),
    Carried("tags", "tags", part_of="runs", owner="run_uuid"),
    Carried("metrics", "metric values", part_of="runs", owner="run_uuid"),
    Carried("latest_metrics", "last metric values", part_of="runs", owner="run_uuid"),
    Carried("datasets", "data sets", parents=(_EXPERIMENT,), ignored=frozenset(["dataset_uuid"])),
    Carried("logged_models", "logged models", parents=(_EXPERIMENT,)),
    Carried("logged_model_params", part_of="logged_models", owner="model_id"),
    Carried("logged_model_tags", part_of="logged_models", owner="model_id"),
    Carried("logged_model_metrics", part_of="logged_models", owner="model_id"),
    Carried(
        "inputs",
        "inputs",
        parents=(
            Parent("destination_id", "runs", "run_uuid", ("destination_type", "RUN")),
            Parent("source_id", "runs", "run_uuid", ("source_type", "RUN_INPUT")),
            Parent("source_id", "runs", "run_uuid", ("source_type", "RUN_OUTPUT")),
            Parent("source_id", "datasets", "dataset_uuid", ("source_type", "DATASET")),
            Parent(
                "destination_id", "logged_models", "model_id", ("destination_type", "MODEL_INPUT")
            ),
            Parent(
                "destination_id", "logged_models", "model_id", ("destination_type", "MODEL_OUTPUT")
            ),
        ),
        ignored=frozenset({"input_uuid"}),
    ),
    Carried("input_tags", parents=(Parent("input_uuid", "inputs", "input_uuid"),)),
    Carried("trace_info", "traces", parents=(_EXPERIMENT,)),
    Carried("trace_tags", part_of="trace_info", owner="request_id"),
    Carried("trace_request_metadata", part_of="trace_info", owner="request_id"),
    Carried("trace_metrics", part_of="trace_info", owner="request_id"),
    Carried("spans", part_of="trace_info", owner="trace_id"),
    Carried("span_metrics", part_of="trace_info", owner="trace_id"),
    Carried("assessments", part_of="trace_info", owner="trace_id"),
    Carried("registered_models", "registered models"),
    Carried("registered_model_tags"),
    Carried("model_versions", "versions"),
    Carried("model_version_tags"),
    Carried("registered_model_aliases", "aliases"),
    Carried("evaluation_datasets"),
    Carried(
        "evaluation_dataset_records",
        parents=(Parent("dataset_id", "evaluation_datasets", "dataset_id"),),
        unique=(("dataset_id", "input_hash"),),
    ),
    Carried(
        "evaluation_dataset_tags",
        parents=(Parent("dataset_id", "evaluation_datasets", "dataset_id"),),
    ),
    Carried(
        "entity_associations",
        parents=(
            Parent(
                "source_id",
                "evaluation_datasets",
                "dataset_id",
                ("source_type", "evaluation_dataset"),
            ),
            Parent(
                "destination_id", "experiments", "experiment_id", ("destination_type", "experiment")
            ),
        ),
        ignored=frozenset(["association_id"]),
    ),
    Carried("scorers", parents=(_EXPERIMENT,), unique=(("experiment_id", "scorer_name"),)),
    Carried("scorer_versions", parents=(Parent("scorer_id", "scorers", "scorer_id"),)),
    Carried("online_scoring_configs", parents=(Parent("scorer_id", "scorers", "scorer_id"),)),
    # MLflow makes the same one, with an id and times of its own, in every experiment.
    Carried(
        "label_schemas",
        parents=(_EXPERIMENT,),
        unique=(("experiment_id", "name"),),
        loose=frozenset({"created_by", "created_time", "last_update_time"}),
    ),
    Carried("issues", parents=(Parent("source_run_id", "runs", "run_uuid"), _EXPERIMENT)),
    Carried("review_queues", parents=(_EXPERIMENT,), unique=(("experiment_id", "name_key"),)),
    Carried("review_queue_items", parents=(Parent("queue_id", "review_queues", "queue_id"),)),
    Carried(
        "review_queue_label_schemas",
        parents=(
            Parent("queue_id", "review_queues", "queue_id"),
            Parent("schema_id", "label_schemas", "schema_id"),
        ),
    ),
    Carried("review_queue_users", parents=(Parent("queue_id", "review_queues", "queue_id"),)),
    Carried("mcp_servers"),
    Carried("mcp_server_versions", parents=(Parent("name", "mcp_servers", "name"),)),
    Carried("mcp_server_tags", parents=(Parent("name", "mcp_servers", "name"),)),
    Carried("mcp_server_version_tags", parents=(Parent("name", "mcp_servers", "name"),)),
    Carried("mcp_server_aliases", parents=(Parent("name", "mcp_servers", "name"),)),
    Carried("mcp_access_endpoints", parents=(Parent("server_name", "mcp_servers", "name"),)),
)

#: Columns that the database computes: (table, column).
GENERATED: Final = frozenset({("spans", "duration_ns")})

_GATEWAY: Final = "configuration of a gateway server, bound to that server's secrets"
_WORK: Final = "passing state of a running server"
_DERIVED: Final = "derived from traces; MLflow computes it again"

#: The row of ``workspaces`` that MLflow makes, as far as it says anything.
WORKSPACE: Final = {"name": "default", "description": "Default workspace for legacy resources"}

#: Objects of MLflow's schema beside tables and indexes.
TRIGGERS: Final = frozenset({"prevent_secrets_aad_mutation"})

#: Column of ``runs`` that may be NULL, though MLflow shows no such run -> what stands for it.
NEEDED: Final[Mapping[str, str | int]] = {
    "status": "FAILED",
    "user_id": "",
    "start_time": 0,
    "lifecycle_stage": "active",
}

#: Table -> why its rows stay behind.
LEFT: Final = {
    "alembic_version": "the revision of the target's own schema",
    "budget_policies": _GATEWAY,
    "endpoint_bindings": _GATEWAY,
    "endpoint_model_mappings": _GATEWAY,
    "endpoint_tags": _GATEWAY,
    "endpoints": _GATEWAY,
    "guardrail_configs": _GATEWAY,
    "guardrails": _GATEWAY,
    "job_locks": _WORK,
    "jobs": _WORK,
    "model_definitions": _GATEWAY,
    "scheduler_leases": _WORK,
    "secrets": "encrypted with a key that only the old server has",
    "sql_assessment_daily_rollups": _DERIVED,
    "sql_span_cost_daily_rollups": _DERIVED,
    "sql_trace_metric_daily_rollups": _DERIVED,
    "sql_trace_rollup_rebuild_queue": _DERIVED,
    "webhook_events": "webhooks stay behind",
    "webhooks": "a second server would send every event twice; secrets are of the old server",
    "workspaces": "settings of the old server; a new store has its own",
}

_BY_NAME: Final = {table.name: table for table in CARRIED}


def carried(name: str) -> Carried:
    """Return a carried table by name."""
    return _BY_NAME[name]
