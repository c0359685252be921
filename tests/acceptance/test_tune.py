"""A search that survives what happens to it, through the command a user types."""

from __future__ import annotations

import json
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np
import optuna
import polars as pl
import pytest
from tests.adapters.histories.servers import Postgres, postgres_binaries, running_postgres

from scorewright.adapters.mlflow_store import MlflowRunIndex
from scorewright.flows.ports import RunView

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1200)]

EXPERIMENT = "loans_optimization_fbeta"
ROWS = 240


def loans() -> pl.DataFrame:
    rng = np.random.default_rng(5)
    income, debt = rng.normal(size=ROWS), rng.normal(size=ROWS)
    bad = rng.random(ROWS) < 1 / (1 + np.exp(1.0 - 0.9 * debt + 0.8 * income))
    group = rng.choice(["a", "b"], ROWS)
    keys = [f"A{i:04d}" for i in range(ROWS)]
    return pl.DataFrame(
        {"id": keys, "income": income, "debt": debt, "region": group, "bad": bad.astype(np.int64)}
    )


def project(folder: Path, tuning: str) -> Path:
    """Make a project whose trials are quick."""
    loans().write_csv(folder / "loans.csv")
    call(folder, "init", "loans.csv", "--directory", ".", "--target", "bad")
    file = folder / "scorewright.toml"
    text = file.read_text("utf-8")
    changes = {
        "[validation]\n": "[validation]\nfolds = 2\nbootstrap = 0\n",
        "[leakage]\n": "[leakage]\nshuffle_control = false\nmax_iv = 9.0\n",
        "[tuning]\n": f"[tuning]\n{tuning}\n",
    }
    for old, new in changes.items():
        text = text.replace(old, new, 1)
    file.write_text(text, "utf-8")
    return file


def command(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "scorewright", *arguments]


def call(folder: Path, *arguments: str, code: int = 0) -> subprocess.CompletedProcess[str]:
    done = subprocess.run(
        command(*arguments), cwd=folder, capture_output=True, text=True, check=False, timeout=900
    )
    assert done.returncode == code, done.stderr + done.stdout
    return done


def tuned(folder: Path, *arguments: str) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(call(folder, "tune", "--json", *arguments).stdout)
    return document


def runs(folder: Path, kind: str) -> Sequence[RunView]:
    index = MlflowRunIndex(f"sqlite:///{folder / 'mlruns' / 'mlflow.db'}")
    return index.find(EXPERIMENT, {"scorewright.kind": kind})


def study(url: str) -> list[optuna.trial.FrozenTrial]:
    storage = optuna.storages.RDBStorage(url)
    try:
        return optuna.load_study(study_name="tuning", storage=storage).get_trials()
    finally:
        storage.remove_session()
        storage.engine.dispose()


def consistent(folder: Path, trials: Sequence[optuna.trial.FrozenTrial], target: int) -> None:
    """Require as many trials as were asked for, each with a run, and no run without a trial."""
    complete = [t for t in trials if t.state.name == "COMPLETE"]
    pruned = [t for t in trials if t.state.name == "PRUNED"]
    assert len(complete) + len(pruned) == target
    assert not [t for t in trials if t.state.name in ("RUNNING", "WAITING")]
    own = [t.user_attrs["source"]["run_id"] for t in complete]
    assert len(set(own)) == len(own)
    found = runs(folder, "trial")
    finished = [run for run in found if run.status == "FINISHED"]
    assert sorted(own) == sorted(run.run_id for run in finished)
    assert not [run for run in found if run.status == "RUNNING"]
    names = [run.name for run in found]
    assert len(set(names)) == len(names)
    cells = [run.tags["scorewright.cell"] for run in finished]
    assert len(set(cells)) == len(cells)
    (parent,) = runs(folder, "study")
    assert {run.tags["mlflow.parentRunId"] for run in found} == {parent.run_id}


def wait_for(what: Any, process: subprocess.Popen[bytes], seconds: float = 600) -> None:
    deadline = time.monotonic() + seconds
    while not what():
        assert process.poll() is None, "the process ended too early"
        assert time.monotonic() < deadline
        time.sleep(0.2)


SPACE = 'space.C = { low = 0.001, high = 10.0, log = true }\nobjective = "roc_auc"'


def logistic(file: Path) -> None:
    text = file.read_text("utf-8")
    file.write_text(text.replace("[learner]\n", '[learner]\nname = "logistic"\n', 1), "utf-8")


def is_made(file: Path) -> bool:
    """Tell whether the storage is whole: who looks at it through Optuna before would make it."""
    if not file.exists():
        return False
    with closing(sqlite3.connect(f"{file.as_uri()}?mode=ro", uri=True)) as connection:
        try:
            return bool(connection.execute("SELECT * FROM alembic_version").fetchall())
        except sqlite3.OperationalError:
            return False


def states(url: str) -> Mapping[str, int]:
    try:
        names = [t.state.name for t in study(url)]
    except KeyError:
        return {}
    return {name: names.count(name) for name in set(names)}


def test_a_killed_process_loses_nothing(tmp_path: Path) -> None:
    # Given two processes on one study
    logistic(project(tmp_path, SPACE))
    file = tmp_path / ".scorewright" / "tuning" / "tuning.db"
    url = f"sqlite:///{file}"
    workers = [
        subprocess.Popen(
            command("--quiet", "tune", "--trials", "5"), cwd=tmp_path,
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )
        for _ in range(2)
    ]  # fmt: skip
    # When one of them is killed in the middle of a trial
    wait_for(
        lambda: (
            is_made(file)
            and states(url).get("RUNNING", 0) == 2
            and states(url).get("COMPLETE", 0) >= 1
        ),
        workers[0],
    )
    workers[1].send_signal(signal.SIGKILL)
    workers[1].wait(30)
    finished = {t.number for t in study(url) if t.state.name == "COMPLETE"}
    # Then the other one ends the study, and a later one goes on
    assert workers[0].wait(900) == 0
    consistent(tmp_path, study(url), 5)
    assert finished <= {t.number for t in study(url) if t.state.name == "COMPLETE"}
    document = tuned(tmp_path, "--trials", "6")
    consistent(tmp_path, study(url), 6)
    assert document["finished"] is True
    assert document["best"]["value"] == max(
        t.value for t in study(url) if t.state.name == "COMPLETE" and t.value is not None
    )
    (parent,) = runs(tmp_path, "study")
    assert parent.status == "FINISHED"


@pytest.fixture(scope="module")
def postgres() -> Iterator[Postgres]:
    if not postgres_binaries():
        pytest.skip("PostgreSQL's initdb and pg_ctl are not installed")
    with running_postgres() as server:
        yield server


def test_two_processes_share_a_study_in_postgresql(tmp_path: Path, postgres: Postgres) -> None:
    pytest.importorskip("psycopg")
    logistic(project(tmp_path, f'{SPACE}\nstorage = "{postgres.url}"'))
    done = call(tmp_path, "tune", "--trials", "14", "--processes", "2", "--json")
    url = postgres.url.replace("postgresql://", "postgresql+psycopg://")
    trials = study(url)
    consistent(tmp_path, trials, 14)
    assert len({t.user_attrs["worker"] for t in trials if t.state.name == "COMPLETE"}) == 2
    assert "secret" not in done.stdout + done.stderr
    assert json.loads(done.stdout)["storage"].startswith("postgresql+psycopg://postgres:***@")


MANUAL = """objective = "cost"
sampler = "manual"
sets = [{ C = 0.01 }, { C = 1.0 }, { C = 0.01 }]
constraints = ["roc_auc >= 0.5", "approval_rate in [0.0, 1.0]", "air >= 0.1"]
protected = { column = "region", value = "a" }"""


def test_manual_sets_constraints_and_the_best_in_the_settings(tmp_path: Path) -> None:
    # Given two sets, one of them named twice
    file = project(tmp_path, MANUAL)
    logistic(file)
    before = file.read_text("utf-8")
    # When
    document = tuned(tmp_path, "--write", "--report", "tune.html")
    # Then each was tried once, with its impact ratio, and the better one stands in the settings
    assert document["trials"] == {"complete": 2}
    assert document["learner_params"] == document["best"]["params"]
    assert {run.params["C"] for run in runs(tmp_path, "trial")} == {"0.01", "1.0"}
    assert all("air" in run.metrics and "emp" in run.metrics for run in runs(tmp_path, "trial"))
    assert f"C = {document['learner_params']['C']}" in file.read_text("utf-8")
    kept = [line for line in before.splitlines() if line.startswith("#")]
    assert [line for line in file.read_text("utf-8").splitlines() if line.startswith("#")] == kept
    assert "History" in (tmp_path / "tune.html").read_text("utf-8")
    # And the same command, with the best in the settings, goes on with the same study
    again = tuned(tmp_path)
    assert again["trials"] == {"complete": 2}
    assert again["run_id"] == document["run_id"]
    assert again["learner_params"] == document["learner_params"]
    assert len(runs(tmp_path, "trial")) == 2


@pytest.mark.parametrize(
    ("tuning", "code", "said"),
    [
        ('constraints = ["roc_auk >= 0.5"]', "tuning-constraint", "roc_auc"),
        ('constraints = ["ks above 0.5"]', "tuning-constraint", "figure <= x"),
        ('constraints = ["air >= 0.8"]', "tuning-constraint", "[tuning.protected]"),
        ('purpose = "my_search"', "tuning-purpose", "optimization_fbeta"),
        ("space.C = { low = 0.0, high = 2.0 }", "tuning-space", "above 0"),
        ("space.C = { low = 1.0 }", "tuning-space", "low and high"),
        ("space.D = { low = 1, high = 2 }", "learner-params", "D"),
        ('sampler = "manual"', "tuning-set", "[[tuning.sets]]"),
        ('storage = "redis://x"', "tuning-storage", "journal:FILE"),
    ],
)
def test_wrong_settings_are_refused_before_any_work(
    tmp_path: Path, tuning: str, code: str, said: str
) -> None:
    logistic(project(tmp_path, tuning))
    failed = call(tmp_path, "tune", "--json", code=2)
    error = json.loads(failed.stdout)["error"]
    assert error["code"] == code
    assert said in error["message"] + error["remedy"]
    assert not (tmp_path / "mlruns").exists()
