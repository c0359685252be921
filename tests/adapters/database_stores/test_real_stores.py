"""Databases that real MLflow of six versions wrote hold what their own clients said they hold."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from tests.adapters.database_stores.reading import HEAD, columns, read
from tests.stores.fixtures import VERSIONS, truth, unpacked

from scorewright.core.snapshot import Snapshot, SourceKind
from scorewright.flows.events import Event, StageDone, StageStarted, StepDone

_LAYOUTS = {
    "1.8.0": "MLflow 1.0 to 1.9",
    "1.30.1": "MLflow 1.30 to 2.2",
    "2.0.1": "MLflow 1.30 to 2.2",
    "2.22.2": "MLflow 2.3 to 2.22",
    "3.0.1": "MLflow 3.0",
    "3.17.2": "MLflow 3.17",
}
_Case = tuple[str, Snapshot, dict[str, Any]]


@pytest.fixture(scope="module", params=VERSIONS)
def case(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> _Case:
    """A version, what we read of its store, and the truth."""
    version = str(request.param)
    store = unpacked(version, "sqlite", tmp_path_factory.mktemp("store"))
    return version, read(store.path, history=True), truth(version, "sqlite")


def test_the_source_says_which_mlflow_wrote_it(case: _Case) -> None:
    version, snapshot, said = case
    source = snapshot.source
    assert source.kind is SourceKind.SQLITE
    assert source.revision == said["database"]["revision"]
    assert source.layout == _LAYOUTS[version]
    assert source.is_current == (version == "3.17.2")
    assert Path(source.location).parent == Path(source.folder)
    older = [] if version == "3.17.2" else ["STORE-022"]
    assert [finding.code for finding in snapshot.findings] == older


def test_experiments_are_those_of_the_client(case: _Case) -> None:
    _, snapshot, said = case
    names = ("experiment_id", "name", "artifact_location", "lifecycle_stage", "creation_time")
    expected = [tuple(e[name] for name in names) for e in said["experiments"]]
    assert columns(snapshot.experiments, *names) == sorted(expected, key=repr)
    tags = [
        (e["experiment_id"], key, value)
        for e in said["experiments"]
        for key, value in e["tags"].items()
    ]
    assert columns(snapshot.experiment_tags, "experiment_id", "key", "value") == sorted(tags)


def test_runs_with_params_and_tags_are_those_of_the_client(case: _Case) -> None:
    _, snapshot, said = case
    same = ("experiment_id", "status", "start_time", "end_time", "lifecycle_stage", "user_id")
    expected = [
        (run_id, run["run_name"], run["artifact_uri"], *(run[name] for name in same))
        for run_id, run in said["runs"].items()
    ]
    found = columns(snapshot.runs, "run_id", "name", "artifact_uri", *same)
    assert found == sorted(expected, key=repr)
    for table, name in ((snapshot.params, "params"), (snapshot.tags, "tags")):
        pairs = [
            (run_id, key, value)
            for run_id, run in said["runs"].items()
            for key, value in run[name].items()
        ]
        assert columns(table, "run_id", "key", "value") == sorted(pairs, key=repr)


def test_metrics_have_their_last_value_and_their_whole_history(case: _Case) -> None:
    _, snapshot, said = case
    expected, past = [], []
    for run_id, run in said["runs"].items():
        for key, points in run["metrics"].items():
            value, timestamp, step = max(points, key=lambda point: (point[2], point[1]))
            expected.append((run_id, key, repr(value), timestamp, step, len(points)))
            past += [(run_id, key, repr(v), t, s) for v, t, s in points]
    spelled = pl.col("value").map_elements(repr, pl.String)
    names = ("run_id", "key", "value", "timestamp", "step")
    found = columns(snapshot.metrics.with_columns(spelled), *names, "points")
    assert found == sorted(expected, key=repr)
    assert snapshot.history is not None
    assert columns(snapshot.history.with_columns(spelled), *names) == sorted(past, key=repr)
    assert snapshot.metrics["is_nan"].to_list() == [
        math.isnan(value) for value in snapshot.metrics["value"]
    ]
    assert snapshot.metrics["is_nan"].any()


def test_data_sets_and_models_are_linked_to_their_runs(case: _Case) -> None:
    _, snapshot, said = case
    joined = snapshot.inputs.join(snapshot.datasets, on="dataset_id")
    names = ("name", "digest", "source_type", "source", "schema", "profile")
    expected = [
        (run_id, dataset["tags"].get("mlflow.data.context", ""), *(dataset[n] for n in names))
        for run_id, run in said["runs"].items()
        for dataset in run["inputs"]["datasets"]
    ]
    assert columns(joined, "run_id", "context", *names) == sorted(expected, key=repr)
    # Searching runs, which is how the client was asked, leaves some of these out.
    links = {
        (run_id, model, "output", step)
        for run_id, run in said["runs"].items()
        for model, step in run["outputs"]
    }
    found = columns(snapshot.run_models, "run_id", "model_id", "role", "step")
    assert links <= set(found)
    models = set(snapshot.logged_models["model_id"])
    assert {(model in models, run in said["runs"]) for run, model, *_ in found} <= {(True, True)}
    assert {role for *_, role, _ in found} == ({"input", "output"} if models else set())


def test_logged_models_are_those_of_the_client(case: _Case) -> None:
    _, snapshot, said = case
    names = ("name", "experiment_id", "status", "source_run_id", "model_type", "artifact_location")
    expected = [(i, *(m[name] for name in names)) for i, m in said["logged_models"].items()]
    active = snapshot.logged_models.filter(pl.col("lifecycle_stage") == "active")
    assert columns(active, "model_id", *names) == sorted(expected, key=repr)
    for table, name in (
        (snapshot.logged_model_params, "params"),
        (snapshot.logged_model_tags, "tags"),
    ):
        pairs = [(i, k, v) for i, m in said["logged_models"].items() for k, v in m[name].items()]
        assert columns(table, "model_id", "key", "value") == sorted(pairs)
    figures = [(i, *m[:4]) for i, model in said["logged_models"].items() for m in model["metrics"]]
    found = columns(snapshot.logged_model_metrics, "model_id", "key", "value", "timestamp", "step")
    assert found == sorted(figures)


def test_the_registry_is_that_of_the_client(case: _Case) -> None:
    _, snapshot, said = case
    prompts = set(said["written"].get("prompts") or [])
    models = snapshot.registered_models.filter(
        pl.col("name").is_in([model["name"] for model in said["registry"]])
    )
    assert models.height == len(said["registry"])
    assert snapshot.registered_models.height == said["database"]["tables"]["registered_models"]
    assert not prompts & {model["name"] for model in said["registry"]}
    names = ("stage", "status", "source", "run_id", "description", "creation_time")
    versions = [
        (model["name"], int(version["version"]), *(version[name] for name in names))
        for model in said["registry"]
        for version in model["versions"]
    ]
    alive = snapshot.model_versions.filter(
        pl.col("stage") != "Deleted_Internal", pl.col("name").is_in(models["name"].implode())
    )
    # The client says "" where the database has nothing.
    alive = alive.with_columns(pl.col("description").replace("", None))
    versions = [(*v[:-2], v[-2] or None, v[-1]) for v in versions]
    assert columns(alive, "name", "version", *names) == sorted(versions, key=repr)
    aliases = [
        (model["name"], alias, int(version))
        for model in said["registry"]
        for alias, version in model["aliases"].items()
    ]
    found = columns(snapshot.registered_model_aliases, "name", "alias", "version")
    assert found == sorted(aliases)


def test_no_row_of_the_database_is_overlooked(case: _Case) -> None:
    _, snapshot, said = case
    rows = dict(snapshot.others.rows())
    renamed = {"trace_info": None, "input_tags": None, "latest_metrics": "metrics"}
    for table, count in said["database"]["tables"].items():
        if table in ("alembic_version", "trace_info", "metrics", "inputs", "input_tags"):
            continue
        frame = snapshot.tables().get(renamed.get(table) or table)
        assert count == (rows.get(table, 0) if frame is None else frame.height), table
    assert snapshot.history is not None
    assert snapshot.history.height == said["database"]["tables"]["metrics"]
    assert snapshot.traces["traces"].sum() == said["database"]["tables"].get("trace_info", 0)
    links = snapshot.inputs.height + snapshot.run_models.height
    assert links == said["database"]["tables"].get("inputs", 0)


def test_progress_is_told(tmp_path: Path) -> None:
    events: list[Event] = []
    read(unpacked("3.17.2", "sqlite", tmp_path).path, head=HEAD, events=events)
    assert isinstance(events[0], StageStarted)
    assert isinstance(events[-1], StageDone)
    steps = [event for event in events if isinstance(event, StepDone)]
    assert [step.done for step in steps] == list(range(1, events[0].steps + 1))
    assert "10 runs" in events[-1].summary
