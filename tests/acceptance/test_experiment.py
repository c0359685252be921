"""The matrix, through the command a user types: killed at random, resumed, complete at the end."""

from __future__ import annotations

import json
import random
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from tests.acceptance.test_taiwan import SHARED, run

from scorewright.adapters.mlflow_store import MlflowRunIndex
from scorewright.flows.ports import RunView

pytestmark = pytest.mark.slow

EXPERIMENT = "home_credit_feature_engineering_cv"
APPLICATIONS = 1_000
KILLS = 10
STRATEGIES = ("baseline", "domain", "polynomial", "combined")
SAMPLINGS = ("none", "balanced", "smote", "undersample")
COMMAND = [sys.executable, "-m", "scorewright", "--quiet", "experiment", "run", "--json"]

SMALL = """\
[learner]
params = { n_estimators = 15, num_leaves = 7, min_child_samples = 5 }

[validation]
folds = 3
bootstrap = 20

"""
MATRIX = f"""\
[experiment]
strategies = {json.dumps(STRATEGIES)}
sampling = {json.dumps(SAMPLINGS)}
"""


def set_up(root: Path, extra: str, *sections: str) -> None:
    """Write our own sections in place of those a new project has."""
    file = root / "scorewright.toml"
    kept, keep = [], True
    for line in file.read_text("utf-8").splitlines():
        if line.startswith("["):
            keep = line.strip("[]") not in sections
        if keep:
            kept.append(line)
    file.write_text("\n".join([*kept, extra]) + "\n", "utf-8")


@pytest.fixture(scope="module")
def portfolio(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A generated portfolio with its histories, and a matrix of small models."""
    folder = tmp_path_factory.mktemp("matrix")
    run(folder, "data", "generate", "-n", str(APPLICATIONS), "--out", "tables")
    run(folder, "init", "--template", "home-credit", "--data", "tables", "--directory", "p")
    set_up(folder / "p", SMALL + MATRIX, "learner", "validation", "experiment")
    return folder / "p"


def begun(root: Path) -> int:
    """Return how many cells were ever begun, those in MLflow's bin among them."""
    database = f"{(root / 'mlruns' / 'mlflow.db').as_uri()}?mode=ro"
    try:
        with closing(sqlite3.connect(database, uri=True)) as store:
            return int(
                store.execute("SELECT count(*) FROM runs WHERE name LIKE 'exp%'").fetchone()[0]
            )
    except sqlite3.Error:  # there is no store yet
        return 0


def start_and_kill(root: Path, dice: random.Random, cells: int) -> bool:
    """Run the matrix and kill the process; return whether it was still at work.

    Args:
        root: The project.
        dice: Chooses the moment.
        cells: Cells the process may begin before; what it was killed in is done anew.
    """
    wanted = begun(root) + cells
    process = subprocess.Popen(
        COMMAND, cwd=root, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    until = time.monotonic() + 200
    while begun(root) < wanted and time.monotonic() < until and process.poll() is None:
        time.sleep(0.05)
    time.sleep(dice.uniform(0.0, 4.0))
    was_alive = process.poll() is None
    process.kill()
    process.wait(30)
    return was_alive


def stored(root: Path, kind: str) -> list[RunView]:
    index = MlflowRunIndex(f"sqlite:///{root / 'mlruns' / 'mlflow.db'}")
    return list(index.find(EXPERIMENT, {"scorewright.kind": kind}))


@dataclass(frozen=True)
class Survivor:
    """A matrix that was killed again and again, and then left in peace.

    Attributes:
        root: The project.
        kills: How many times the process was still at work when it was killed.
        answer: The document of the command that was left in peace.
    """

    root: Path
    kills: int
    answer: dict[str, Any]


@pytest.fixture(scope="module")
def survivor(portfolio: Path) -> Survivor:
    """Kill the process in its first, second or third cell, now and then before any."""
    dice = random.Random(7)
    kills = [start_and_kill(portfolio, dice, dice.choice((0, 1, 2, 2, 3))) for _ in range(KILLS)]
    peace = subprocess.run(
        COMMAND, cwd=portfolio, capture_output=True, text=True, check=False, timeout=600
    )
    assert peace.returncode == 0, peace.stderr + peace.stdout
    return Survivor(portfolio, sum(kills), json.loads(peace.stdout))


@pytest.mark.timeout(900)
def test_killed_ten_times_the_matrix_ends_with_sixteen_complete_runs(survivor: Survivor) -> None:
    answer, cells = survivor.answer, stored(survivor.root, "cell")
    combinations = [(strategy, sampling) for strategy in STRATEGIES for sampling in SAMPLINGS]
    # The generated portfolio has decision dates: its newest loans are held out.
    names = [f"exp{i:02d}_oot_{f}_{s}" for i, (f, s) in enumerate(combinations, start=1)]

    assert survivor.kills >= KILLS // 2
    assert answer["declared"] == answer["finished"] == len(names)
    assert answer["failures"] == []
    assert answer["findings"] == []
    assert any(cell["reused"] for cell in answer["cells"])
    assert {view.status for view in cells} == {"FINISHED"}
    assert sorted(view.name for view in cells) == names
    assert len({view.tags["scorewright.cell"] for view in cells}) == len(names)
    (parent,) = stored(survivor.root, "matrix")
    assert (parent.name, parent.status) == ("matrix_oot_16cells", "FINISHED")
    assert {view.tags["mlflow.parentRunId"] for view in cells} == {parent.run_id}
    assert parent.metrics["cells_finished"] == len(names)
    assert not list((survivor.root / "bundles").glob("*/manifest.json"))


@pytest.mark.timeout(900)
def test_a_finished_matrix_is_listed_and_not_repeated(survivor: Survivor) -> None:
    again = run(survivor.root, "experiment", "run")
    listing = run(survivor.root, "experiment", "list")

    cells = stored(survivor.root, "cell")
    assert len(cells) == len(STRATEGIES) * len(SAMPLINGS)
    assert all(cell["reused"] for cell in again["cells"])
    assert again["finished"] == listing["finished"] == len(cells)
    features = {v.tags["feature_strategy"]: int(v.params["n_features"]) for v in cells}
    assert features["baseline"] < features["domain"] < features["combined"]
    assert features["baseline"] < features["polynomial"] < features["combined"]


@pytest.mark.timeout(300)
def test_a_flat_table_has_strategies_of_its_own_columns(tmp_path: Path) -> None:
    # Given real loans without any history, and features made of the application's own columns
    table = SHARED / "taiwan" / "taiwan.csv"
    if not table.is_file():
        pytest.skip("the table is not beside the repository: shared/data/taiwan/taiwan.csv")
    run(tmp_path, "init", table)
    reason = "known at the decision, and one customer a row"
    for code, subject in (("LEAK-002", "PAY_0"), ("LEAK-002", "PAY_2"), ("LEAK-006", "taiwan")):
        run(tmp_path, "data", "accept", code, subject, "--reason", reason)
    (tmp_path / "features.toml").write_text(
        """\
schema_version = 1

[sets.domain.features]
use_of_limit = "BILL_AMT1 / LIMIT_BAL"
paid_share = "PAY_AMT1 / BILL_AMT2"

[[sets.polynomial.products]]
of = ["LIMIT_BAL", "PAY_0"]

[sets.combined]
extends = ["domain", "polynomial"]
""",
        "utf-8",
    )
    matrix = f'[experiment]\nstrategies = {json.dumps(STRATEGIES)}\nsampling = ["none"]\n'
    files = '[features]\nfiles = ["features.toml"]\n'
    set_up(tmp_path, SMALL + matrix + files, "learner", "validation", "experiment", "features")
    # When
    document = run(tmp_path, "experiment", "run")
    # Then
    cells: dict[str, Any] = {cell["strategy"]: cell for cell in document["cells"]}
    assert list(cells) == list(STRATEGIES)
    for cell in cells.values():
        metrics = cell["metrics"]
        assert 0.75 < metrics["roc_auc"] < 0.80
        assert metrics["mean_pd"] == pytest.approx(metrics["base_rate"], rel=0.03)
    index = MlflowRunIndex(f"sqlite:///{tmp_path / 'mlruns' / 'mlflow.db'}")
    features = {s: int(index.get(c["run_id"]).params["n_features"]) for s, c in cells.items()}
    assert features == {"baseline": 20, "domain": 22, "polynomial": 23, "combined": 25}
