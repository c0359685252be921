"""Whatever the reader of trees finds stands in the database that a tree becomes."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import polars as pl
import pytest
from tests.adapters.file_stores.trees import write_experiment, write_run
from tests.adapters.store_staging.world import consolidated, note_with, rows_of
from tests.stores.fixtures import CASES, unpacked
from tests.stores.schema import REVISION

from scorewright.adapters.database_stores import SqliteStore
from scorewright.adapters.file_stores import FileStore
from scorewright.core.snapshot import Snapshot
from scorewright.flows.events import ignore

Facts = Counter[tuple[tuple[str, object], ...]]

RUN, DATASET, MODEL = "a" * 32, "d" * 32, f"m-{'b' * 32}"
#: Columns that are others afterwards: artifacts move, and experiments are numbered anew, which ids
#: of data sets derive from. Both are compared by name instead.
REWRITTEN = frozenset({
    "experiment_id", "dataset_id", "artifact_location", "artifact_uri", "source",
    "storage_location",
})  # fmt: skip
#: Tag that lists the new numbers of experiments.
NUMBERS = ("key", "_mlflow_experiment_ids")
TREES = [version for version, kind in CASES if kind == "file"]


def _facts(snapshot: Snapshot, table: str, frame: pl.DataFrame) -> Facts:
    """Return the rows of a table, each with the times it is there."""
    names = dict(snapshot.experiments.select("experiment_id", "name").iter_rows())
    sets = {
        row["dataset_id"]: (names[row["experiment_id"]], row["name"], row["digest"])
        for row in snapshot.datasets.iter_rows(named=True)
    }
    kept = [name for name in frame.columns if name not in REWRITTEN]
    kept += ["source"] if table == "datasets" else []
    found: Facts = Counter()
    for row in frame.iter_rows(named=True):
        # A value that is none is 0 in a database, and NaN in some files.
        fact = [(k, None if k == "value" and row.get("is_nan") else row[k]) for k in kept]
        if table != "experiments" and "experiment_id" in row:
            fact.append(("experiment", names[row["experiment_id"]]))
        if "dataset_id" in row:
            fact.append(("data set", sets[row["dataset_id"]]))
        if ("name", "Default") in fact:  # it is the target's own, but as old as the oldest
            fact = [one for one in fact if one[0] != "last_update_time"]
        if NUMBERS not in fact:
            found[tuple(fact)] += 1
    return found


def _lost(before: Snapshot, after: Snapshot) -> dict[str, tuple[Facts, Facts]]:
    """Return for each table what is only in the one and only in the other."""
    tables = {**before.tables(), "history": before.history}
    found = {}
    for table, frame in tables.items():
        assert frame is not None
        other = after.history if table == "history" else after.tables()[table]
        assert other is not None
        one, two = _facts(before, table, frame), _facts(after, table, other)
        # Rows of traces are only counted, and only where they are rows.
        if one != two and table != "others":
            found[table] = (one - two, two - one)
    return found


def _read(tree: Path, target: Path) -> tuple[Snapshot, Snapshot]:
    return (
        FileStore(tree).read(ignore, history=True),
        SqliteStore(target, REVISION).read(ignore, history=True),
    )


@pytest.mark.parametrize("version", TREES)
def test_every_row_of_a_real_tree_stands_in_the_database(version: str, tmp_path: Path) -> None:
    store, target = unpacked(version, "file", tmp_path / "old"), tmp_path / "new" / "mlflow.db"
    consolidated([store.path], target)
    before, after = _read(Path(store.path), target)
    assert before.runs.height > 5
    assert _lost(before, after) == {}


def _write(folder: Path, lines: str) -> None:
    folder.mkdir(parents=True)
    (folder / "meta.yaml").write_text(lines)


def test_what_hangs_on_inputs_and_logged_models_arrives(tmp_path: Path) -> None:
    root, target = tmp_path / "mlruns", tmp_path / "new" / "mlflow.db"
    write_experiment(root, "0", name="Default", creation_time=7)
    experiment = write_experiment(root)
    run = write_run(experiment, RUN, source_type=4)
    _write(
        experiment / "datasets" / DATASET,
        "name: loans\ndigest: 3f2a\nsource_type: local\nsource: loans.csv\nschema: '{}'\n",
    )
    _write(
        run / "inputs" / ("e" * 32),
        f"source_type: DATASET\nsource_id: {DATASET}\ndestination_type: RUN\n"
        f"destination_id: {RUN}\ntags:\n  mlflow.data.context: training\n  vintage: 2024Q1\n"
        "  sampled: 'no'\n",
    )
    model = experiment / "models" / MODEL
    _write(
        model,
        f"model_id: {MODEL}\nexperiment_id: '1'\nname: pd\nartifact_location: {model}/artifacts\n"
        "creation_timestamp: 1\nlast_updated_timestamp: 2\nstatus: 3\n"
        "status_message: the upload was cut off\nmodel_type: lightgbm\nlifecycle_stage: active\n",
    )
    (model / "metrics").mkdir()
    (model / "metrics" / "roc_auc").write_text(
        f"5 0.75 0 {RUN} loans 3f2a\n6 0.5 1 {RUN} elsewhere 9999\n7 0.25 2 {RUN}\n"
    )
    consolidated([root], target)
    assert _lost(*_read(root, target)) == {}
    assert sorted(rows_of(target, "SELECT name, value FROM input_tags")) == [
        ("mlflow.data.context", "training"), ("sampled", "no"), ("vintage", "2024Q1"),
    ]  # fmt: skip
    ((uuid,),) = rows_of(target, "SELECT dataset_uuid FROM datasets")
    assert rows_of(
        target,
        "SELECT metric_value, dataset_name, dataset_digest, dataset_uuid "
        "FROM logged_model_metrics ORDER BY metric_step",
    ) == [(0.75, "loans", "3f2a", uuid), (0.5, "elsewhere", "9999", None), (0.25, None, None, None)]
    assert rows_of(target, "SELECT status_message FROM logged_models") == [
        ("the upload was cut off",)
    ]


def test_a_logged_models_metric_without_a_number_does_not_stop_mlflows_server(
    tmp_path: Path,
) -> None:
    root, target = tmp_path / "mlruns", tmp_path / "new" / "mlflow.db"
    experiment = write_experiment(root)
    write_run(experiment, RUN)
    model = experiment / "models" / MODEL
    _write(model, f"model_id: {MODEL}\nexperiment_id: '1'\nname: pd\nstatus: 3\n")
    (model / "metrics").mkdir()
    (model / "metrics" / "roc_auc").write_text(f"5 nan 0 {RUN}\n6 0.5 1 {RUN}\n7 inf 2 {RUN}\n")
    change = consolidated([root], target)
    # As MLflow writes it itself: its server fails on every model of a search that meets a null
    values = rows_of(target, "SELECT metric_value FROM logged_model_metrics ORDER BY metric_step")
    assert values == [(0.0,), (0.5,), (float("inf"),)]
    note_with(change.plan.notes, "1 value", "NaN is 0")
