"""Stores that real MLflow of six versions wrote become one, and every field arrives."""

# ruff: noqa: S608 - names of the schema

from __future__ import annotations

import hashlib
import json
import math
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from tests.adapters.store_staging.world import consolidated, planned, rows_of
from tests.stores.fixtures import CASES, truth, unpacked


def _runs(target: Path) -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = {}
    columns = "run_uuid, name, user_id, status, start_time, end_time, lifecycle_stage, artifact_uri"
    for run, *row in rows_of(target, f"SELECT {columns}, experiment_id FROM runs"):
        found[str(run)] = {"row": row, "params": {}, "tags": {}, "metrics": {}}
    for table in ("params", "tags"):
        for run, key, value in rows_of(target, f"SELECT run_uuid, key, value FROM {table}"):
            found[str(run)][table][key] = value
    points = "run_uuid, key, value, timestamp, step, is_nan"
    for run, key, value, timestamp, step, is_nan in rows_of(
        target, f"SELECT {points} FROM metrics"
    ):
        point = ("NaN" if is_nan else repr(value), timestamp, step)
        found[str(run)]["metrics"].setdefault(key, []).append(point)
    return found


@pytest.mark.parametrize(("version", "kind"), CASES)
def test_every_field_of_a_real_store_arrives(version: str, kind: str, tmp_path: Path) -> None:
    store = unpacked(version, kind, tmp_path / "old")
    before = _listing(store.folder)
    told = truth(version, kind)
    target = tmp_path / "new" / "mlflow.db"
    change = consolidated([store.path], target)
    assert _listing(store.folder) == before
    names = dict(rows_of(target, "SELECT name, experiment_id FROM experiments"))
    assert set(names) == {"Default", *(one["name"] for one in told["experiments"])}
    for one in told["experiments"]:
        (row,) = rows_of(
            target,
            "SELECT lifecycle_stage, artifact_location FROM experiments WHERE name = ?",
            one["name"],
        )
        root = target.parent / "mlartifacts"
        assert row == (one["lifecycle_stage"], f"{root}/{names[one['name']]}")
    assert names["Default"] == 0
    runs = _runs(target)
    assert runs.keys() == told["runs"].keys()
    old_names = {one["experiment_id"]: one["name"] for one in told["experiments"]}
    for run, said in told["runs"].items():
        number = names[old_names[said["experiment_id"]]]
        _, _, status, start, end, lifecycle, uri, experiment = runs[run]["row"]
        assert (status, start, lifecycle) == (
            said["status"],
            said["start_time"],
            said["lifecycle_stage"],
        )
        assert (end or None) == (said["end_time"] or None)
        assert experiment == number
        assert uri == f"{target.parent}/mlartifacts/{number}/{run}/artifacts"
        assert runs[run]["params"] == said["params"]
        assert runs[run]["tags"] == said["tags"]
        expected = {
            key: sorted(("NaN" if math.isnan(v) else repr(v), t, s) for v, t, s in points)
            for key, points in said["metrics"].items()
        }
        # With a data set named on a line, the client of a tree says step 0 whatever was logged.
        if kind == "file" and "roc_auc" in expected:
            assert runs[run]["metrics"].pop("roc_auc")[0][:2] == expected.pop("roc_auc")[0][:2]
        assert {k: sorted(v) for k, v in runs[run]["metrics"].items()} == expected
        for path, file in said["artifacts"].items():
            content = (Path(uri) / path).read_bytes()
            assert hashlib.sha256(content).hexdigest() == file["sha256"]
    assert all(line.difference == 0 for line in change.plan.balance)
    _same_registry(target, told)
    _same_traces(target, told)


def _same_registry(target: Path, told: dict[str, Any]) -> None:
    for model in told["registry"]:
        found = rows_of(
            target,
            "SELECT CAST(version AS TEXT), current_stage, status, run_id, description"
            " FROM model_versions WHERE name = ? AND current_stage <> 'Deleted_Internal'"
            " ORDER BY version",
            model["name"],
        )
        said = [
            (v["version"], v["stage"], v["status"], v["run_id"], v["description"])
            for v in model["versions"]
        ]
        assert [tuple(x or None for x in one) for one in found] == [
            tuple(x or None for x in one) for one in said
        ]
        aliases = rows_of(
            target,
            "SELECT alias, version FROM registered_model_aliases WHERE name = ?",
            model["name"],
        )
        assert {alias: str(version) for alias, version in aliases} == model["aliases"]


def _same_traces(target: Path, told: dict[str, Any]) -> None:
    assert {one for (one,) in rows_of(target, "SELECT request_id FROM trace_info")} == set(
        told["traces"]
    )
    for trace, said in told["traces"].items():
        query = "SELECT key FROM trace_tags WHERE request_id = ?"
        tags = [key for (key,) in rows_of(target, query, trace)]
        assert sorted(tags) == [tag for tag in said["tags"] if tag in tags]
        found = rows_of(target, "SELECT COUNT(*) FROM assessments WHERE trace_id = ?", trace)
        assert found == [(said["assessments"],)]
        ((place,),) = rows_of(
            target,
            "SELECT value FROM trace_tags WHERE request_id = ? AND key = 'mlflow.artifactLocation'",
            trace,
        )
        spans = rows_of(target, "SELECT COUNT(*) FROM spans WHERE trace_id = ?", trace)[0][0]
        if not spans:
            text = (Path(str(place)) / "traces.json").read_text()
            spans = len(json.loads(text)["spans"])
        assert spans == said["spans"]


def _listing(folder: Path) -> dict[str, tuple[int, int]]:
    return {str(path): (path.stat().st_size, path.stat().st_mtime_ns) for path in folder.rglob("*")}


def test_the_result_opens_in_mlflow_and_a_second_time_nothing_comes(tmp_path: Path) -> None:
    first = unpacked("3.17.2", "sqlite", tmp_path / "a")
    second = unpacked("1.30.1", "file", tmp_path / "b")
    target = tmp_path / "c" / "mlflow.db"
    change = consolidated([first.path, second.path], target)
    again = planned([first.path, second.path], target)
    assert again.plan.steps == ()
    copied = {line.what: line.copied + line.merged for line in again.plan.balance}
    assert {what for what, rows in copied.items() if rows} <= {"experiments", "registered models"}
    code = (
        "import sys, json; from mlflow import MlflowClient\n"
        "c = MlflowClient(sys.argv[1], sys.argv[1])\n"
        "es = c.search_experiments(view_type=3)\n"
        "rs = c.search_runs([e.experiment_id for e in es], run_view_type=3)\n"
        "v = c.get_model_version_by_alias('credit_scoring_lgbm', 'champion')\n"
        "files = c.list_artifacts(v.run_id)\n"
        "c.create_experiment('after')\n"
        "t = c.search_traces(experiment_ids=[e.experiment_id for e in es])\n"
        "print(json.dumps([len(es), len(rs), v.version, len(files), len(t)]))"
    )
    copy = tmp_path / "copy.db"
    copy.write_bytes(target.read_bytes())
    done = subprocess.run(
        [sys.executable, "-c", code, f"sqlite:///{copy}"],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "MLFLOW_DISABLE_TELEMETRY": "true"},
    )
    experiments, runs, version, files, traces = json.loads(done.stdout.splitlines()[-1])
    line = {one.what: one for one in change.plan.balance}
    assert experiments == 1 + line["experiments"].copied
    assert runs == line["runs"].copied
    assert (version, files > 0, traces) in {("2", True, 2), (2, True, 2)}
