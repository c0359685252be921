"""The stores that real MLflow wrote hold what their truth says; read without MLflow."""

from __future__ import annotations

import hashlib
import math
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlparse

import pytest
from tests.stores.fixtures import CASES, ROOT, VERSIONS, truth, unpacked

LIMIT = 100_000
FIXTURES = Path(__file__).resolve().parent.parent / "fixtures" / "stores"


def moved(uri: str, folder: Path) -> Path:
    """Where an artifact address of the old folder is now."""
    path = unquote(urlparse(uri).path) if uri.startswith("file:") else uri
    return folder / (path.removeprefix(ROOT + "/") if path.startswith("/") else path)


@pytest.mark.parametrize(("version", "kind"), CASES)
def test_a_fixture_is_small_and_holds_no_pickle(version: str, kind: str, tmp_path: Path) -> None:
    assert (FIXTURES / f"mlflow-{version}-{kind}.tar.xz").stat().st_size < LIMIT
    store = unpacked(version, kind, tmp_path)
    assert not [p for p in store.folder.rglob("*") if p.suffix in {".pkl", ".pickle", ".joblib"}]


@pytest.mark.parametrize(("version", "kind"), CASES)
def test_every_truth_tells_the_same_story(version: str, kind: str) -> None:
    told = truth(version, kind)
    runs = told["runs"].values()
    assert (told["mlflow"], told["kind"], told["root"]) == (version, kind, ROOT)
    assert [e["lifecycle_stage"] for e in told["experiments"]].count("deleted") == 1
    assert {run["status"] for run in runs} >= {"RUNNING", "FAILED", "FINISHED"}
    spiffy = told["runs"][told["written"]["names"]["spiffy-loon-749"]]
    assert spiffy["lifecycle_stage"] == "deleted"
    assert sum("mlflow.parentRunId" in run["tags"] for run in runs) == 2
    baseline = told["runs"][told["written"]["names"]["exp01_cv_baseline_none"]]
    assert len(baseline["metrics"]["training_loss"]) == 25
    assert math.isnan(baseline["metrics"]["not_a_number"][0][0])
    infinite = math.inf if kind == "file" else 1.7976931348623157e308
    assert baseline["metrics"]["plus_infinity"][0][0] == infinite
    if int(version.partition(".")[0]) == 3:
        assert len(told["logged_models"]) == 2
        assert len(told["traces"]) == 2
    if kind == "sqlite" or version >= "2.22":
        assert len(told["registry"]) == 2


@pytest.mark.parametrize(("version", "kind"), CASES)
def test_artifacts_are_where_the_moved_addresses_say(
    version: str, kind: str, tmp_path: Path
) -> None:
    store = unpacked(version, kind, tmp_path)
    told = truth(version, kind)
    seen = 0
    for holder in [*told["runs"].values(), *told["logged_models"].values()]:
        place = moved(holder.get("artifact_uri") or holder["artifact_location"], store.folder)
        for name, file in holder["artifacts"].items():
            content = (place / name).read_bytes()
            assert len(content) == file["size"]
            assert hashlib.sha256(content).hexdigest() == file["sha256"]
            seen += 1
    assert seen >= 30


@pytest.mark.parametrize("version", VERSIONS)
def test_a_database_holds_its_rows(version: str, tmp_path: Path) -> None:
    store = unpacked(version, "sqlite", tmp_path)
    told = truth(version, "sqlite")
    with closing(sqlite3.connect(f"file:{store.path}?mode=ro", uri=True)) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        for table, count in told["database"]["tables"].items():
            (found,) = connection.execute(f'SELECT count(*) FROM "{table}"').fetchone()  # noqa: S608
            assert found == count, table
        for run_id, run in told["runs"].items():
            assert _database_run(connection, run_id) == _plain(run)


def _database_run(connection: sqlite3.Connection, run_id: str) -> dict[str, Any]:
    def pairs(table: str) -> dict[str, str]:
        query = f"SELECT key, value FROM {table} WHERE run_uuid = ?"  # noqa: S608
        return dict(connection.execute(query, (run_id,)).fetchall())

    row = connection.execute(
        "SELECT status, lifecycle_stage, start_time, end_time, artifact_uri, experiment_id"
        " FROM runs WHERE run_uuid = ?",
        (run_id,),
    ).fetchone()
    points = connection.execute(
        "SELECT key, value, timestamp, step, is_nan FROM metrics WHERE run_uuid = ?", (run_id,)
    )
    metrics = sorted((k, "NaN" if nan else repr(v), t, s) for k, v, t, s, nan in points)
    return {"row": row, "params": pairs("params"), "tags": pairs("tags"), "metrics": metrics}


def _plain(run: dict[str, Any]) -> dict[str, Any]:
    names = ("status", "lifecycle_stage", "start_time", "end_time", "artifact_uri")
    metrics = sorted(
        (key, "NaN" if math.isnan(value) else repr(value), timestamp, step)
        for key, points in run["metrics"].items()
        for value, timestamp, step in points
    )
    return {
        "row": (*(run[name] for name in names), int(run["experiment_id"])),
        "params": run["params"],
        "tags": run["tags"],
        "metrics": metrics,
    }


@pytest.mark.parametrize("version", VERSIONS)
def test_a_tree_holds_its_files(version: str, tmp_path: Path) -> None:
    store = unpacked(version, "file", tmp_path)
    for run_id, run in truth(version, "file")["runs"].items():
        (folder,) = [p.parent for p in store.path.rglob("meta.yaml") if p.parent.name == run_id]
        assert _values(folder / "params") == run["params"]
        assert _values(folder / "tags") == run["tags"]
        lines = {
            path.name: len(path.read_text().splitlines()) for path in (folder / "metrics").iterdir()
        }
        assert lines == {key: len(points) for key, points in run["metrics"].items()}


def _values(folder: Path) -> dict[str, str]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes().decode()
        for path in folder.rglob("*")
        if path.is_file()
    }
