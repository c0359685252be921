"""What does not arrive, or arrives otherwise, is said in the plan."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from tests.adapters.store_staging.world import consolidated, note_with, planned, rows_of
from tests.stores.database import DatabaseRun, write_database_experiment, write_database_run
from tests.stores.schema import create_database, insert

from scorewright.core.plans import StoreChange

Fill = Callable[[sqlite3.Connection], object]
RUN, OTHER = "a" * 32, "b" * 32
WORKSPACE = "INSERT OR REPLACE INTO workspaces VALUES (?, ?, ?, ?, ?)"
MADE = ("default", "Default workspace for legacy resources", None, None, None)


def store(folder: Path, fill: Fill) -> Path:
    """Make a store with two runs."""
    path = folder / "mlflow.db"
    with closing(create_database(path)) as connection:
        for number, name in enumerate(("Default", "x")):
            write_database_experiment(connection, number, name, f"{folder}/mlruns/{number}")
        for run_id in (RUN, OTHER):
            uri = f"{folder}/mlruns/1/{run_id}/artifacts"
            run = DatabaseRun(run_id, 1, name="one", start=5, end=9, artifact_uri=uri)
            write_database_run(connection, run)
        fill(connection)
        connection.commit()
    return path


def test_settings_of_workspaces_are_told_and_counted(tmp_path: Path) -> None:
    # Given settings of the default workspace, and two workspaces without experiments
    def fill(connection: sqlite3.Connection) -> None:
        connection.execute(WORKSPACE, ("default", "Risk", "s3://risk", None, "30d"))
        connection.execute(WORKSPACE, ("team-c", None, None, None, None))
        connection.execute(WORKSPACE, ("team-b", "soon", None, None, None))

    # When
    plan = planned([store(tmp_path / "a", fill)], tmp_path / "new" / "m.db").plan

    # Then
    assert note_with(plan.notes, "'default'") == (
        "a: settings of the workspace 'default' stay behind: description 'Risk', "
        "default_artifact_root 's3://risk', trace_archival_retention '30d'."
    )
    assert note_with(plan.notes, "team-b") == (
        "a: 2 workspaces without experiments and models stay behind: team-b, team-c."
    )
    (line,) = [line for line in plan.balance if line.what == "left tables"]
    assert (line.found, line.left) == (3, 3)


def test_settings_that_the_target_has_too_are_no_loss(tmp_path: Path) -> None:
    def fill(connection: sqlite3.Connection) -> None:
        connection.execute(WORKSPACE, ("default", "Risk", "s3://risk", None, "30d"))
        connection.execute(WORKSPACE, ("team-b", None, None, None, None))

    plan = planned([store(tmp_path / "a", fill)], store(tmp_path / "t", fill)).plan
    assert not [note for note in plan.notes if "workspace" in note]


@pytest.mark.parametrize("row", [MADE, None])
def test_a_workspace_as_mlflow_makes_it_is_no_loss(
    tmp_path: Path, row: tuple[object, ...] | None
) -> None:
    def fill(connection: sqlite3.Connection) -> None:
        connection.execute("DELETE FROM workspaces")
        if row:
            connection.execute(WORKSPACE, row)

    plan = planned([store(tmp_path / "a", fill)], tmp_path / "new" / "m.db").plan
    assert not [note for note in plan.notes if "workspace" in note]
    assert not [line for line in plan.balance if line.what == "left tables"]


def test_tags_of_models_that_are_not_there_are_told(tmp_path: Path) -> None:
    # Given tags of a model that is gone, of a version that never was, and of one without a model
    def fill(connection: sqlite3.Connection) -> None:
        insert(connection, "registered_models", name="m", creation_time=1)
        insert(connection, "model_versions", name="lone", version=1, creation_time=1)
        insert(connection, "registered_model_tags", key="owner", value="risk", name="gone")
        for name, version in (("gone", 1), ("m", 9), ("lone", 1)):
            insert(connection, "model_version_tags", key="k", value="v", name=name, version=version)

    # When
    plan = planned([store(tmp_path / "a", fill)], tmp_path / "new" / "m.db").plan

    # Then
    assert note_with(plan.notes, "'registered_model_tags'") == (
        "a: 1 rows of 'registered_model_tags' point at nothing and are left."
    )
    told = [note for note in plan.notes if "'model_version_tags'" in note]
    assert told == [
        "a: 2 rows of 'model_version_tags' point at nothing and are left.",
        "a: 1 rows of 'model_version_tags' are left with their versions.",
    ]


@pytest.mark.parametrize(
    ("column", "value"),
    [("status", "FAILED"), ("user_id", ""), ("start_time", 0), ("lifecycle_stage", "active")],
)
def test_a_run_without_what_mlflow_needs_gets_it(
    tmp_path: Path, column: str, value: object
) -> None:
    # Given
    source = store(
        tmp_path / "a",
        lambda c: c.execute(f"UPDATE runs SET {column} = NULL WHERE run_uuid = ?", (RUN,)),  # noqa: S608 - ours
    )
    target = tmp_path / "new" / "m.db"

    # When
    change = consolidated([source], target)

    # Then
    note = note_with(change.plan.notes, column)
    assert note == (
        f"a: 1 run without {column}, which MLflow needs, carried with {value!r}: {RUN}."
    )
    found = rows_of(target, f"SELECT {column} FROM runs WHERE run_uuid = ?", RUN)  # noqa: S608
    assert found == [(value,)]
    assert planned([source], target).plan.steps == ()


def test_views_and_triggers_of_others_are_told(tmp_path: Path) -> None:
    def fill(connection: sqlite3.Connection) -> None:
        connection.execute("CREATE VIEW v_runs AS SELECT run_uuid FROM runs")
        connection.execute(
            "CREATE TRIGGER no_tags BEFORE DELETE ON tags BEGIN SELECT RAISE(ABORT, 'kept'); END"
        )

    plan = planned([store(tmp_path / "a", fill)], tmp_path / "new" / "m.db").plan
    assert note_with(plan.notes, "not MLflow's") == (
        "a: what is not MLflow's stays behind: view 'v_runs', trigger 'no_tags'."
    )
    quiet = planned([store(tmp_path / "b", lambda _: None)], tmp_path / "new" / "m.db").plan
    assert not [note for note in quiet.notes if "not MLflow's" in note]


def test_a_deleted_default_stays_deleted(tmp_path: Path) -> None:
    # Given a store whose "Default" is deleted with its run, and one that never used its own
    def fill(connection: sqlite3.Connection) -> None:
        connection.execute("UPDATE runs SET experiment_id = 0 WHERE run_uuid = ?", (OTHER,))
        connection.execute(
            "UPDATE experiments SET lifecycle_stage = 'deleted', creation_time = 3, "
            "last_update_time = 4 WHERE experiment_id = 0"
        )

    def old(connection: sqlite3.Connection) -> None:
        connection.execute("DELETE FROM runs")
        connection.execute(
            "UPDATE experiments SET creation_time = NULL, last_update_time = NULL "
            "WHERE experiment_id = 0"
        )

    one, two = store(tmp_path / "a", fill), store(tmp_path / "b", old)
    target = tmp_path / "new" / "m.db"

    # When, then
    plan = planned([one, two], target).plan
    made = plan.steps[0].changes[0]
    assert isinstance(made, StoreChange)
    assert made.created == 3
    assert made.default == {"last_update_time": 4, "lifecycle_stage": "deleted"}
    assert not [note for note in plan.notes if "'Default'" in note]
    made = planned([two], target).plan.steps[0].changes[0]
    assert isinstance(made, StoreChange)
    assert made.created is None
    assert made.default == {"last_update_time": None, "creation_time": None}

    # When it joins one that is there and active
    consolidated([two], target)
    note = note_with(planned([one], target).plan.notes, "'Default'")
    assert note == (
        "a: the experiment 'Default' is deleted in the source and active in the target: what it "
        "holds joins that one."
    )


def test_times_that_the_target_has_otherwise_are_told(tmp_path: Path) -> None:
    # Given two stores with an experiment and a model of one name, made at other times
    def dated(made: int) -> Fill:
        def fill(connection: sqlite3.Connection) -> None:
            connection.execute("UPDATE experiments SET creation_time = ? WHERE name = 'x'", (made,))
            insert(connection, "registered_models", name="clf", creation_time=made,
                   last_updated_time=9, workspace="default")  # fmt: skip

        return fill

    one, two = store(tmp_path / "one", dated(5)), store(tmp_path / "two", dated(7))
    target = tmp_path / "new" / "m.db"
    # When
    change = consolidated([one, two], target)
    # Then the first one's times stay, and it is said whose did not arrive
    assert note_with(change.plan.notes, "1 experiment joins", "times") == (
        "two: 1 experiment joins the target's, with the target's times of making and of the last "
        "change: 'x'."
    )
    assert note_with(change.plan.notes, "1 registered model joins", "'clf'")
    assert rows_of(target, "SELECT creation_time FROM experiments WHERE name = 'x'") == [(5,)]
    # And the same times are no loss
    again = planned([one], target).plan
    assert not [note for note in again.notes if "times of making" in note]
