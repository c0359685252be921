"""What a target's database refuses stops a plan before anything is written."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from tests.adapters.store_staging.test_odd_cases import both, experiment, run, store
from tests.adapters.store_staging.world import consolidated, tools

from scorewright.adapters.store_staging import SqlMerger
from scorewright.core.errors import FindingsError
from scorewright.flows.events import ignore
from scorewright.flows.store.consolidate_ports import Merged, Request, Stage

RUN, GONE = "a" * 32, "f" * 32
RECORD = (
    "INSERT INTO evaluation_datasets (dataset_id, name, workspace) VALUES ('d', 'ds', 'default'); "
    "INSERT INTO evaluation_dataset_records (dataset_record_id, dataset_id, inputs, input_hash) "
    "VALUES ('r1', 'd', '{inputs}', 'h');"
)
MODEL = (
    "INSERT INTO logged_models (model_id, experiment_id, name, artifact_location, "
    "creation_timestamp_ms, last_updated_timestamp_ms, status, lifecycle_stage) "
    "VALUES ('m-1', 1, 'm', '', 1, 2, 1, 'active');"
)
POINT = (
    "INSERT INTO logged_model_metrics (model_id, metric_name, metric_timestamp_ms, metric_step, "
    "metric_value, experiment_id, run_id) VALUES ('m-1', 'auc', 1, 0, 0.5, {experiment}, '{run}');"
)
TRACE = (
    "INSERT INTO trace_info (request_id, experiment_id, timestamp_ms, status) "
    "VALUES ('tr-1', 1, 1, 'OK');"
)
SPAN_METRIC = (
    "INSERT INTO span_metrics (trace_id, span_id, key, value) VALUES ('tr-1', 's', 'k', 1);"
)
SERVER = (
    "INSERT INTO mcp_servers (workspace, name, created_at, last_updated_at) "
    "VALUES ('default', 'srv', 1, 1);"
    "INSERT INTO mcp_server_version_tags (workspace, name, version, key) "
    "VALUES ('default', 'srv', '1', 'k');"
)
SCORER = (
    "INSERT INTO scorers (experiment_id, scorer_name, scorer_id) VALUES (1, 'sc', 's1');"
    "INSERT INTO online_scoring_configs (online_scoring_config_id, scorer_id, sample_rate, "
    "experiment_id) VALUES ('c', 's1', 1.0, 77);"
)
SPAN = (
    "INSERT INTO spans (trace_id, experiment_id, span_id, status, start_time_unix_nano, content) "
    "VALUES ('tr-1', {experiment}, 's', 'OK', 1, '{{}}');"
)
METRIC = (
    "INSERT INTO metrics (key, value, timestamp, run_uuid, step, is_nan) "
    "SELECT 'auc', {value}, 1, run_uuid, 0, 0 FROM runs;"
)


def damaged(folder: Path, script: str) -> Path:
    """Make a store with one run, and change it as an old or careless database lets one."""
    path = store(folder, both(experiment(1, "x"), run(RUN, 1, params={"a": "b"})))
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA ignore_check_constraints = ON")
        connection.executescript(script)
        connection.commit()
    return path


def merged(folder: Path, source: Path, target: Path | None = None, *, is_server: bool) -> Merged:
    """Merge a store into an empty target, or into a copy of one that is there."""
    stages = folder / "stages"
    stages.mkdir()
    copy = stages / "stage-0.db"
    copy.write_bytes(source.read_bytes())
    aim = tools().staging.empty(stages, "/srv/artifacts")
    if target is not None:
        aim.write_bytes(target.read_bytes())
    stage = Stage(str(source), "s", copy)
    request = Request([stage], aim, "/srv/artifacts", is_server, "merge", folder / "p")
    return SqlMerger().merge(request, ignore)


def refused(
    folder: Path, source: Path, target: Path | None = None, *, is_server: bool = True
) -> list[str]:
    """Return what of a store is refused."""
    with pytest.raises(FindingsError) as caught:
        merged(folder, source, target, is_server=is_server)
    assert caught.value.code == "consolidate-limits"
    found = caught.value.details["limits"]
    assert isinstance(found, list)
    return found


@pytest.mark.parametrize(
    ("script", "said"),
    [
        pytest.param(
            RECORD.format(inputs='{"income": NaN}'),
            "evaluation_dataset_records.inputs: 1 rows with a value that is no valid JSON (r1)",
            id="NaN in JSON",
        ),
        pytest.param(
            RECORD.format(inputs='{"pd": [-Infinity]}'),
            "evaluation_dataset_records.inputs: 1 rows with a value that is no valid JSON (r1)",
            id="Infinity in JSON",
        ),
        pytest.param(
            RECORD.format(inputs="{cut"),
            "evaluation_dataset_records.inputs: 1 rows with a value that is no valid JSON (r1)",
            id="broken JSON",
        ),
        pytest.param(
            RECORD.format(inputs="1.0"),
            "evaluation_dataset_records.inputs: 1 rows with a value that is no valid JSON (r1)",
            id="JSON that became a number",
        ),
        pytest.param(
            MODEL + POINT.format(experiment=1, run=GONE),
            f"logged_model_metrics.run_id: 1 rows with nothing to point at in 'runs' "
            f"(m-1/auc/1/0/{GONE})",
            id="metric of a lost run",
        ),
        pytest.param(
            MODEL + POINT.format(experiment=77, run=RUN),
            "logged_model_metrics.experiment_id: 1 rows with nothing to point at in 'experiments' "
            f"(m-1/auc/1/0/{RUN})",
            id="metric of a lost experiment",
        ),
        pytest.param(
            TRACE + SPAN_METRIC,
            "span_metrics.trace_id, span_id: 1 rows with nothing to point at in 'spans' (tr-1/s/k)",
            id="metric of a lost span",
        ),
        pytest.param(
            TRACE + SPAN.format(experiment=77),
            "spans.experiment_id: 1 rows with nothing to point at in 'experiments' (tr-1/s)",
            id="span of a lost experiment",
        ),
        pytest.param(
            SERVER,
            "mcp_server_version_tags.workspace, name, version: 1 rows with nothing to point at in "
            "'mcp_server_versions' (default/srv/1/k)",
            id="tag of a lost version",
        ),
        pytest.param(
            SCORER,
            "online_scoring_configs.experiment_id: 1 rows with nothing to point at in "
            "'experiments' (c)",
            id="settings of a lost experiment",
        ),
        pytest.param(
            "UPDATE runs SET end_time = ''",
            f"runs.end_time: 1 rows with a value that is no whole number ({RUN})",
            id="text in a time",
        ),
        pytest.param(
            "UPDATE runs SET start_time = 1.5",
            f"runs.start_time: 1 rows with a value that is no whole number ({RUN})",
            id="fraction in a time",
        ),
        pytest.param(
            "UPDATE params SET value = CAST('hello' AS BLOB)",
            f"params.value: 1 rows with bytes instead of a text (a/{RUN})",
            id="bytes in a text",
        ),
        pytest.param(
            METRIC.format(value="'abc'"),
            f"metrics.value: 1 rows with a value that is no number (auc/abc/1/{RUN}/0/0)",
            id="text in a metric",
        ),
    ],
)
def test_a_server_is_not_given_what_it_refuses_or_alters(
    script: str, said: str, tmp_path: Path
) -> None:
    source = damaged(tmp_path / "a", script)
    assert said in refused(tmp_path, source)


@pytest.mark.parametrize("is_server", [True, False])
@pytest.mark.parametrize(
    ("script", "said"),
    [
        (
            "UPDATE experiments SET lifecycle_stage = 'archived' WHERE experiment_id = 1",
            (
                "experiments.lifecycle_stage: 1 rows with a value against the rule "
                "lifecycle_stage IN ('active', 'deleted') (1)"
            ),
        ),
        (
            METRIC.format(value="0.5").replace("0, 0 FROM", "0, 2 FROM"),
            (
                "metrics.is_nan: 1 rows with a value against the rule is_nan IN (0, 1) "
                f"(auc/0.5/1/{RUN}/0/2)"
            ),
        ),
    ],
)
def test_no_database_is_given_what_its_schema_forbids(
    script: str, said: str, is_server: bool, tmp_path: Path
) -> None:
    source = damaged(tmp_path / "a", script)
    assert refused(tmp_path, source, is_server=is_server) == [said]


def test_a_server_is_given_all_that_it_takes(tmp_path: Path) -> None:
    script = (
        RECORD.format(inputs='{"a": [1.5, null, "\\u0000"]}')
        + MODEL
        + POINT.format(experiment=1, run=RUN)
        + TRACE
        + SPAN.format(experiment=1)
        + SPAN_METRIC
        + METRIC.format(value="9e999")
    )
    source = damaged(tmp_path / "a", script)
    found = merged(tmp_path, source, is_server=True)
    copied = {line.what: line.copied for line in found.balance}
    assert (copied["runs"], copied["logged models"], copied["traces"]) == (1, 1, 1)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ("status_message = :long", "logged_models.status_message: 1 rows with more than 1000"),
        ("status_message = 'x' || CHAR(0)", "logged_models.status_message: 1 rows with a zero"),
    ],
)
def test_a_row_that_changes_obeys_the_same_rules(change: str, said: str, tmp_path: Path) -> None:
    source = damaged(tmp_path / "a", MODEL)
    target = tmp_path / "new" / "m.db"
    consolidated([source], target)
    long = "x" * 1500
    sql = f"UPDATE logged_models SET status = 3, last_updated_timestamp_ms = 9, {change}"  # noqa: S608 - of the test
    with closing(sqlite3.connect(source)) as connection, connection:
        connection.execute(sql, {"long": long})
    (line,) = refused(tmp_path, source, target)
    assert line.startswith(said)
    assert "(m-1)" in line


def test_a_run_that_goes_on_obeys_the_same_rules(tmp_path: Path) -> None:
    source = damaged(tmp_path / "a", "UPDATE runs SET end_time = NULL, status = 'RUNNING'")
    target = tmp_path / "new" / "m.db"
    consolidated([source], target)
    with closing(sqlite3.connect(source)) as connection, connection:
        connection.execute(
            "UPDATE runs SET end_time = 99, status = 'FINISHED', source_version = ?", ("v" * 80,)
        )
    (line,) = refused(tmp_path, source, target)
    assert line == f"runs.source_version: 1 rows with more than 50 characters ({RUN})"
