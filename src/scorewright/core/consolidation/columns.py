"""The columns of every table that is carried, as MLflow's newest schema has them."""

from __future__ import annotations

from typing import Final

__all__ = ["COLUMNS", "KEYS"]

#: Table, then its stored columns; those of the primary key have a star.
_SCHEMA: Final = """
experiments: *experiment_id name artifact_location lifecycle_stage creation_time
    last_update_time workspace
experiment_tags: *key value *experiment_id
runs: *run_uuid name source_type source_name entry_point_name user_id status start_time end_time
    source_version lifecycle_stage artifact_uri experiment_id deleted_time
params: *key value *run_uuid
tags: *key value *run_uuid
metrics: *key *value *timestamp *run_uuid *step *is_nan
latest_metrics: *key value timestamp step is_nan *run_uuid
datasets: dataset_uuid *experiment_id *name *digest dataset_source_type dataset_source
    dataset_schema dataset_profile
logged_models: *model_id experiment_id name artifact_location creation_timestamp_ms
    last_updated_timestamp_ms status lifecycle_stage model_type source_run_id status_message
logged_model_params: *model_id experiment_id *param_key param_value
logged_model_tags: *model_id experiment_id *tag_key tag_value
logged_model_metrics: *model_id *metric_name *metric_timestamp_ms *metric_step metric_value
    experiment_id *run_id dataset_uuid dataset_name dataset_digest
inputs: input_uuid *source_type *source_id *destination_type *destination_id step
input_tags: *input_uuid *name value
trace_info: *request_id experiment_id timestamp_ms execution_time_ms status client_request_id
    request_preview response_preview db_payload_generation trace_name session_id input_tokens
    output_tokens total_tokens cache_read_input_tokens cache_creation_input_tokens
    cache_creation_input_tokens_above_1hr input_cost output_cost total_cost
trace_tags: *key value *request_id
trace_request_metadata: *key value *request_id
trace_metrics: *request_id *key value
spans: *trace_id experiment_id *span_id parent_span_id name type status start_time_unix_nano
    end_time_unix_nano content input_cost output_cost total_cost model_name model_provider
span_metrics: *trace_id *span_id *key value
assessments: *assessment_id trace_id name assessment_type value error created_timestamp
    last_updated_timestamp source_type source_id run_id span_id rationale overrides valid
    assessment_metadata experiment_id trace_timestamp_ms aggregate_value is_numeric_value
registered_models: *name creation_time last_updated_time description *workspace
registered_model_tags: *key value *name *workspace
model_versions: *name *version creation_time last_updated_time description user_id current_stage
    source run_id status status_message run_link storage_location *workspace
model_version_tags: *key value *name *version *workspace
registered_model_aliases: *alias version *name *workspace
evaluation_datasets: *dataset_id name schema profile digest created_time last_update_time
    created_by last_updated_by workspace
evaluation_dataset_records: *dataset_record_id dataset_id inputs expectations tags source
    source_id source_type created_time last_update_time created_by last_updated_by input_hash
    outputs
evaluation_dataset_tags: *dataset_id *key value
entity_associations: association_id *source_type *source_id *destination_type *destination_id
    created_time
scorers: experiment_id scorer_name *scorer_id
scorer_versions: *scorer_id *scorer_version serialized_scorer creation_time
online_scoring_configs: *online_scoring_config_id scorer_id sample_rate experiment_id
    filter_string
label_schemas: *schema_id experiment_id name type instruction enable_comment input_type
    input_config created_by created_time last_update_time is_default
issues: *issue_id experiment_id name description status severity root_causes source_run_id
    categories created_timestamp last_updated_timestamp created_by
review_queues: *queue_id experiment_id name queue_type created_by creation_time_ms
    last_update_time_ms name_key
review_queue_items: *queue_id item_type *item_id status completed_by completed_time_ms
    creation_time_ms last_update_time_ms
review_queue_label_schemas: *queue_id *schema_id
review_queue_users: *queue_id *user_id
mcp_servers: *workspace *name display_name description icons created_by last_updated_by
    created_at last_updated_at
mcp_server_versions: *workspace *name *version version_major version_minor version_patch
    version_prerelease_sort_key server_json status tools source connect_options created_by
    last_updated_by created_at last_updated_at
mcp_server_tags: *workspace *name *key value
mcp_server_version_tags: *workspace *name *version *key value
mcp_server_aliases: *workspace *name *alias version
mcp_access_endpoints: *id workspace server_name server_version server_alias url transport_type
    created_by last_updated_by created_at last_updated_at
"""


def _parsed() -> dict[str, tuple[str, ...]]:
    found: dict[str, tuple[str, ...]] = {}
    for line in _SCHEMA.replace("\n    ", " ").strip().splitlines():
        table, _, columns = line.partition(": ")
        found[table] = tuple(columns.split())
    return found


_STARRED: Final = _parsed()
#: Table -> its columns.
COLUMNS: Final = {
    table: tuple(column.removeprefix("*") for column in columns)
    for table, columns in _STARRED.items()
}
#: Table -> columns of its primary key.
KEYS: Final = {
    table: tuple(column[1:] for column in columns if column.startswith("*"))
    for table, columns in _STARRED.items()
}
