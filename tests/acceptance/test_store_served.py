"""The one store that came of three, served by MLflow: its API, its pages, and as a source again."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import sqlite3
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
from playwright.sync_api import sync_playwright
from tests.acceptance.calling import Call, caller
from tests.stores.fixtures import unpacked
from tests.stores.serving import serving
from tests.stores.story import EXPERIMENTS, MODEL, Story, build_story

from scorewright.adapters.store_editing import Workshops

CHROMIUM = Path("/usr/bin/chromium")
pytestmark = [
    pytest.mark.xdist_group("mlflow-server"),
    pytest.mark.slow,
    pytest.mark.timeout(900),
]


@dataclass(frozen=True)
class One:
    """The result.

    Attributes:
        story: Two of its sources.
        database: It, with its artifacts beside it.
        plan: What was done.
    """

    story: Story
    database: Path
    plan: dict[str, Any]

    def ask(self, sql: str, *values: object) -> list[tuple[Any, ...]]:
        return ask(self.database, sql, *values)


def ask(database: Path, sql: str, *values: object) -> list[tuple[Any, ...]]:
    with closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True)) as connection:
        return connection.execute(sql, values).fetchall()


def done(said: tuple[int, str, str]) -> Any:
    code, out, err = said
    assert code == 0, out + err
    return json.loads(out)


@pytest.fixture(scope="module")
def patch() -> Iterator[pytest.MonkeyPatch]:
    with pytest.MonkeyPatch.context() as made:
        yield made


@pytest.fixture(scope="module")
def call(patch: pytest.MonkeyPatch) -> Call:
    """Call a command; the proof by MLflow is left out, for MLflow serves the result here."""
    defaults = Workshops.__init__.__kwdefaults__
    assert defaults is not None
    patch.setitem(defaults, "opens", lambda _: "left out")
    return caller(patch)


@pytest.fixture(scope="module")
def one(call: Call, tmp_path_factory: pytest.TempPathFactory) -> One:
    """The story's two stores and one of MLflow 3.17, with logged models and aliases, become one."""
    folder = tmp_path_factory.mktemp("one")
    story = build_story(folder / "credit")
    other = unpacked("3.17.2", "sqlite", folder / "made")
    database = folder / "all" / "mlflow.db"
    sources = (story.database, story.notebooks, other.path)
    made = done(call("consolidate", *sources, "--into", database, "--json"))
    done(call("apply", made["file"], "--json"))
    return One(story, database, made["plan"])


@pytest.fixture(scope="module")
def url(one: One, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with serving(f"sqlite:///{one.database}", tmp_path_factory.mktemp("server")) as address:
        yield address


def api(url: str, path: str, body: dict[str, Any] | None = None, **query: str) -> Any:
    """Ask the REST API, with a body by POST."""
    data = None if body is None else json.dumps(body).encode()
    address = f"{url}/api/2.0/mlflow/{path}?{urlencode(query)}"
    request = urllib.request.Request(address, data, {"Content-Type": "application/json"})  # noqa: S310
    with urllib.request.urlopen(request, timeout=120) as answer:  # noqa: S310 - loopback
        return json.load(answer)


def test_the_api_shows_everything(one: One, url: str) -> None:
    found = api(url, "experiments/search", {"max_results": 1000, "view_type": "ALL"})
    names = {row["name"]: row["experiment_id"] for row in found["experiments"]}
    assert names == {
        name: str(key) for name, key in one.ask("SELECT name, experiment_id FROM experiments")
    }
    assert set(EXPERIMENTS.values()) <= set(names)

    body = {
        "experiment_ids": [*names.values()], "run_view_type": "ALL", "max_results": 1000,
    }  # fmt: skip
    runs = {row["info"]["run_id"]: row for row in api(url, "runs/search", body)["runs"]}
    told = {
        run: (row["info"]["status"], row["info"]["lifecycle_stage"]) for run, row in runs.items()
    }
    stored = one.ask("SELECT run_uuid, status, lifecycle_stage FROM runs")
    assert told == {run: (status, stage) for run, status, stage in stored}
    ids = {*one.story.root_runs.values(), *one.story.active, *one.story.deleted}
    assert ids < told.keys()
    assert all(told[run][1] == "deleted" for run in one.story.deleted)
    params = sum(len(row["data"].get("params", ())) for row in runs.values())
    assert one.ask("SELECT COUNT(*) FROM params") == [(params,)]

    models = {row["name"]: row for row in api(url, "registered-models/search")["registered_models"]}
    versions = api(url, "model-versions/search", max_results="1000")["model_versions"]
    kept = "SELECT name, version FROM model_versions WHERE current_stage <> 'Deleted_Internal'"
    stored_versions = {(name, str(version)) for name, version in one.ask(kept)}
    assert {(row["name"], row["version"]) for row in versions} <= stored_versions
    assert {row["version"] for row in versions if row["name"] == MODEL} == {
        version for name, version in stored_versions if name == MODEL
    }
    assert MODEL in models
    for alias, name, version in one.ask(
        "SELECT alias, name, version FROM registered_model_aliases"
    ):
        found = api(url, "registered-models/alias", name=name, alias=alias)["model_version"]
        assert found["version"] == str(version)
    champion = api(url, "registered-models/alias", name=MODEL, alias="champion")["model_version"]
    assert champion["run_id"] == one.story.champion[2]


def test_artifacts_are_downloaded(one: One, url: str) -> None:
    """Every file of a run comes through the server as its source had it."""
    wanted = {
        change["after"]: change["path"].partition("/artifacts/")
        for step in one.plan["steps"]
        for change in step["changes"]
        if "/artifacts/" in change.get("path", "") and "/models/" not in change["path"]
    }
    assert len(wanted) > 10
    for sha256, (head, _, path) in wanted.items():
        query = urlencode({"run_uuid": Path(head).name, "path": path})
        with urllib.request.urlopen(f"{url}/get-artifact?{query}", timeout=60) as answer:  # noqa: S310
            assert hashlib.sha256(answer.read()).hexdigest() == sha256


@pytest.mark.skipif(
    not CHROMIUM.exists(), reason=f"no browser at {CHROMIUM} (apt-get install chromium)"
)
def test_the_pages_show_an_experiment_and_a_run(one: One, url: str) -> None:
    name = "exp09_cv_domain_none"
    run = one.story.root_runs[name]
    ((experiment,),) = one.ask("SELECT experiment_id FROM runs WHERE run_uuid = ?", run)
    arguments = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=arguments)
        page = browser.new_page(viewport={"width": 1600, "height": 1000})
        page.set_default_timeout(120_000)
        page.goto(f"{url}/#/experiments")
        page.get_by_text("credit_scoring_model_selection").first.wait_for()
        page.goto(f"{url}/#/experiments/{experiment}/runs")
        # A child is folded below its parent; it is counted all the same.
        page.get_by_text("exp11_cv_domain_none").first.wait_for()
        page.get_by_text("matching runs").first.wait_for()
        assert page.get_by_text("production_lightgbm").first.is_visible()
        page.goto(f"{url}/#/experiments/{experiment}/runs/{run}")
        page.get_by_text("mean_roc_auc").first.wait_for()
        assert page.get_by_text(name).first.is_visible()
        assert page.get_by_text(run).first.is_visible()
        browser.close()


def test_a_server_is_a_source(one: One, url: str, call: Call, tmp_path: Path) -> None:
    """What only a server tells is seen, judged, compared and brought into a store of its own."""
    before = hashlib.sha256(one.database.read_bytes()).hexdigest()
    seen = done(call("inventory", url, "--json"))
    stored = one.ask("SELECT COUNT(*) FROM runs WHERE lifecycle_stage = 'active'")
    assert [(sum(row["runs"] for row in seen["experiments"]),)] == stored
    assert call("audit", url, "--fail-on", "error", "--json")[0] == 1
    compared = _parts(call("compare", one.database, url, "--json"))
    for kind in ("experiment", "run", "model version"):
        assert compared[kind]["only_a"] == compared[kind]["only_b"] == [], kind
        assert compared[kind]["differences"] == [], kind

    target = tmp_path / "back" / "mlflow.db"
    made = done(call("consolidate", url, "--into", target, "--json"))
    lines = {line["what"]: line for line in made["plan"]["balance"]}
    files = lines["artifact files"]
    assert files["copied"] == files["found"] > 10
    assert any("Fetched from the server" in note for note in made["plan"]["notes"])
    done(call("apply", made["file"], "--json"))
    again = _parts(call("compare", url, target, "--json"))
    assert again["run"]["only_a"] == again["run"]["only_b"] == []
    assert again["run"]["differences"] == []
    champion = one.story.champion[2]
    for place in ("model/MLmodel", "model/model.txt"):
        (mine,), (theirs,) = (
            [*root.rglob(f"{champion}/artifacts/{place}")]
            for root in (one.database.parent / "mlartifacts", target.parent / "mlartifacts")
        )
        assert mine.read_bytes() == theirs.read_bytes()
    assert hashlib.sha256(one.database.read_bytes()).hexdigest() == before


def _parts(said: tuple[int, str, str]) -> dict[str, Any]:
    code, out, err = said
    assert code in {0, 1}, err
    return {part["kind"]: part for part in json.loads(out)["parts"]}


def test_mlflow_gc_leaves_what_is_alive(one: One, tmp_path: Path) -> None:
    """Runs, logged models, versions, aliases and children keep their rows and their files."""
    folder = tmp_path / "copy"
    shutil.copytree(one.database.parent, folder)
    database = folder / "mlflow.db"
    places = (
        ("runs", "artifact_uri"), ("experiments", "artifact_location"),
        ("model_versions", "source"), ("model_versions", "storage_location"),
        ("logged_models", "artifact_location"),
    )  # fmt: skip
    with closing(sqlite3.connect(database)) as connection, connection:
        for table, column in places:
            connection.execute(
                f"UPDATE {table} SET {column} = REPLACE({column}, ?, ?)",  # noqa: S608 - ours
                (str(one.database.parent), str(folder)),
            )
    living = "run_uuid IN (SELECT run_uuid FROM runs WHERE lifecycle_stage = 'active')"
    questions = (
        "SELECT run_uuid, * FROM runs WHERE lifecycle_stage = 'active' ORDER BY 1",
        "SELECT model_id, * FROM logged_models WHERE lifecycle_stage = 'active' ORDER BY 1",
        f"SELECT * FROM metrics WHERE {living} ORDER BY 4, 1, 3, 5, 2",  # noqa: S608 - ours
        f"SELECT * FROM tags WHERE {living} ORDER BY run_uuid, key",  # noqa: S608 - ours
        "SELECT * FROM model_versions ORDER BY name, version",
        "SELECT * FROM registered_model_aliases ORDER BY name, alias",
    )
    before = [ask(database, question) for question in questions]
    assert all(before)
    alive = {row[0] for answer in before[:2] for row in answer}
    files = {
        file: file.read_bytes()
        for file in folder.rglob("*")
        if file.is_file() and alive & set(file.parts)
    }
    assert len(files) > 10
    uri = f"sqlite:///{database}"
    environment = {**os.environ, "MLFLOW_DISABLE_TELEMETRY": "true", "MLFLOW_TRACKING_URI": uri}
    ended = subprocess.run(
        [sys.executable, "-m", "mlflow", "gc", "--backend-store-uri", uri],
        env=environment, cwd=folder, capture_output=True, text=True, check=False, timeout=280,
    )  # fmt: skip
    assert ended.returncode == 0, ended.stderr
    assert ask(database, "SELECT COUNT(*) FROM runs WHERE lifecycle_stage = 'deleted'") == [(0,)]
    assert [ask(database, question) for question in questions] == before
    assert {file: file.read_bytes() for file in files if file.is_file()} == files
