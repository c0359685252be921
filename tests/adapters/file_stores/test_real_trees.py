"""Trees that real MLflow wrote hold what its own client said of them."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from tests.adapters.file_stores.trees import fingerprint
from tests.stores.fixtures import VERSIONS, truth, unpacked

from scorewright.adapters.file_stores import FileStore
from scorewright.core.snapshot import Snapshot
from scorewright.flows.events import Event, StageDone, StageStarted


@pytest.fixture(params=VERSIONS)
def version(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def read(version: str, tmp_path: Path) -> Snapshot:
    folder = unpacked(version, "file", tmp_path).path
    before = fingerprint(folder)
    events: list[Event] = []
    found = FileStore(folder).read(events.append, history=True)
    assert fingerprint(folder) == before
    assert isinstance(events[0], StageStarted)
    assert isinstance(events[-1], StageDone)
    return found


def _keys(frame: pl.DataFrame, owner: str, owner_id: str) -> dict[str, str]:
    rows = frame.filter(pl.col(owner) == owner_id).select("key", "value").iter_rows()
    return dict(rows)


def test_experiments_are_the_same(read: Snapshot, version: str) -> None:
    expected = {one["experiment_id"]: one for one in truth(version, "file")["experiments"]}
    assert set(read.experiments["experiment_id"]) == set(expected)
    for row in read.experiments.iter_rows(named=True):
        said = expected[row["experiment_id"]]
        for name in ("name", "artifact_location", "lifecycle_stage", "creation_time"):
            assert row[name] == said[name]
        assert _keys(read.experiment_tags, "experiment_id", row["experiment_id"]) == said["tags"]


def test_runs_are_the_same(read: Snapshot, version: str) -> None:
    expected = truth(version, "file")["runs"]
    assert set(read.runs["run_id"]) == set(expected)
    for row in read.runs.iter_rows(named=True):
        run_id, said = row["run_id"], expected[row["run_id"]]
        assert row["name"] == said["run_name"]
        for name in ("experiment_id", "status", "start_time", "end_time", "lifecycle_stage"):
            assert row[name] == said[name]
        assert (row["user_id"], row["artifact_uri"]) == (said["user_id"], said["artifact_uri"])
        assert _keys(read.params, "run_id", run_id) == said["params"]
        assert _keys(read.tags, "run_id", run_id) == said["tags"]
    assert read.findings == ()


def test_histories_are_the_same(read: Snapshot, version: str) -> None:
    assert read.history is not None
    for run_id, run in truth(version, "file")["runs"].items():
        own = read.history.filter(pl.col("run_id") == run_id)
        assert set(own["key"]) == set(run["metrics"])
        for key, values in run["metrics"].items():
            rows = own.filter(pl.col("key") == key).select("value", "timestamp", "step", "is_nan")
            found = [(math.nan if nan else v, t, s) for v, t, s, nan in rows.iter_rows()]
            assert _comparable(found) == _comparable(values)
            last = read.metrics.filter((pl.col("run_id") == run_id) & (pl.col("key") == key))
            assert last["points"].item() == len(values)


def _comparable(values: list[tuple[float, int, int]]) -> list[tuple[Any, ...]]:
    # With a data set named on a line, the client of a tree says step 0 whatever was logged.
    return sorted((str(value), time) for value, time, _ in values)


def test_the_registry_is_the_same(read: Snapshot, version: str) -> None:
    for model in truth(version, "file")["registry"]:
        name = model["name"]
        own = read.registered_models.filter(pl.col("name") == name).row(0, named=True)
        assert own["description"] == model["description"]
        assert own["creation_time"] == model["creation_time"]
        assert _keys(read.registered_model_tags, "name", name) == model["tags"]
        aliases = read.registered_model_aliases.filter(pl.col("name") == name)
        found = dict(aliases.select("alias", pl.col("version").cast(pl.String)).iter_rows())
        assert found == model["aliases"]
        for said in model["versions"]:
            row = read.model_versions.filter(
                (pl.col("name") == name) & (pl.col("version") == int(said["version"]))
            ).row(0, named=True)
            for field in ("stage", "status", "source", "run_id", "description", "creation_time"):
                assert row[field] == said[field]


def test_logged_models_and_traces_are_the_same(read: Snapshot, version: str) -> None:
    said = truth(version, "file")
    alive = read.logged_models.filter(pl.col("lifecycle_stage") == "active")
    assert set(alive["model_id"]) == set(said["logged_models"])
    for row in alive.iter_rows(named=True):
        model = said["logged_models"][row["model_id"]]
        for name in ("name", "experiment_id", "status", "source_run_id", "artifact_location"):
            assert row[name] == model[name]
        assert _keys(read.logged_model_params, "model_id", row["model_id"]) == model["params"]
        metrics = read.logged_model_metrics.filter(pl.col("model_id") == row["model_id"])
        found = sorted(metrics.select("key", "value", "timestamp", "step").iter_rows())
        assert found == sorted(tuple(one[:4]) for one in model["metrics"])
    assert read.traces["traces"].sum() == len(said["traces"])


def test_inputs_are_the_same(read: Snapshot, version: str) -> None:
    joined = read.inputs.join(read.datasets, on="dataset_id", how="left")
    for run_id, run in truth(version, "file")["runs"].items():
        own = joined.filter(pl.col("run_id") == run_id)
        found = {
            (row["name"], row["digest"], row["schema"], row["profile"], row["context"])
            for row in own.iter_rows(named=True)
        }
        assert found == {
            (d["name"], d["digest"], d["schema"], d["profile"], d["tags"]["mlflow.data.context"])
            for d in run["inputs"]["datasets"]
        }
        models = read.run_models.filter(pl.col("run_id") == run_id)
        read_models = models.filter(pl.col("role") == "input")["model_id"]
        assert sorted(read_models) == run["inputs"]["models"]
        made = models.filter(pl.col("role") == "output").select("model_id", "step").rows()
        assert sorted(made) == sorted(tuple(one) for one in run["outputs"])


def test_the_layout_is_named(read: Snapshot, version: str) -> None:
    assert read.source.layout == f"tree of MLflow {version[0]}"
