"""Odd cases of stores that become one."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from tests.adapters.store_staging.world import consolidated, note_with, planned, rows_of, tools
from tests.stores.database import DatabaseRun, write_database_experiment, write_database_run
from tests.stores.fixtures import unpacked
from tests.stores.schema import create_database, insert

from scorewright.adapters.store_staging import SqlMerger
from scorewright.core.consolidation import CARRIED, COLUMNS, GENERATED, KEYS, LEFT
from scorewright.core.errors import FindingsError, UsageError
from scorewright.core.plans import RowChange
from scorewright.flows.events import ignore
from scorewright.flows.store.consolidate_ports import Request, Stage

Fill = Callable[[sqlite3.Connection, Path], None]
RUN, OTHER, THIRD = "a" * 32, "b" * 32, "c" * 32


def store(folder: Path, fill: Fill, *, default: int | None = 0) -> Path:
    """Make a store."""
    path = folder / "mlflow.db"
    with closing(create_database(path)) as connection:
        if default is not None:
            write_database_experiment(connection, default, "Default", f"{folder}/mlruns/{default}")
        fill(connection, folder)
        connection.commit()
    return path


def experiment(number: int, name: str, stage: str = "active") -> Fill:
    """One experiment."""

    def fill(connection: sqlite3.Connection, folder: Path) -> None:
        write_database_experiment(connection, number, name, f"{folder}/mlruns/{number}")
        connection.execute(
            "UPDATE experiments SET lifecycle_stage = ? WHERE experiment_id = ?", (stage, number)
        )

    return fill


def run(run_id: str, number: int, **fields: object) -> Fill:
    """One run with a file."""

    def fill(connection: sqlite3.Connection, folder: Path) -> None:
        uri = f"{folder}/mlruns/{number}/{run_id}/artifacts"
        values: dict[str, object] = {"name": "one", "start": 5, "end": 9, **fields}
        write_database_run(connection, DatabaseRun(run_id, number, artifact_uri=uri, **values))  # type: ignore[arg-type]
        Path(uri).mkdir(parents=True)
        (Path(uri) / "model.txt").write_text(run_id)

    return fill


def both(*fills: Fill) -> Fill:
    """Several."""

    def fill(connection: sqlite3.Connection, folder: Path) -> None:
        for one in fills:
            one(connection, folder)

    return fill


def test_every_table_and_column_of_the_schema_is_carried_or_left(tmp_path: Path) -> None:
    with closing(create_database(tmp_path / "x.db")) as connection:
        names = {
            name
            for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
        }
        assert names == COLUMNS.keys() | LEFT.keys()
        assert not COLUMNS.keys() & LEFT.keys()
        assert [table.name for table in CARRIED] == list(COLUMNS)
        assert all(reason for reason in LEFT.values())
        for name in COLUMNS:
            found = connection.execute(f'PRAGMA table_xinfo("{name}")').fetchall()
            generated = {(name, row[1]) for row in found if row[6]}
            assert generated == {one for one in GENERATED if one[0] == name}
            assert {row[1] for row in found if not row[6]} == set(COLUMNS[name])
            key = sorted((row[5], row[1]) for row in found if row[5])
            assert [column for _, column in key] == sorted(
                KEYS[name], key=[column for _, column in key].index
            )


def test_a_table_that_nobody_knows_stops_the_plan(tmp_path: Path) -> None:
    def fill(connection: sqlite3.Connection, _: Path) -> None:
        connection.execute("CREATE TABLE team_notes (run_uuid TEXT, note TEXT)")

    quiet = store(tmp_path / "a", fill)
    planned([quiet], tmp_path / "new" / "m.db")
    with closing(sqlite3.connect(quiet)) as connection:
        connection.execute("INSERT INTO team_notes VALUES ('a', 'b')")
        connection.commit()
    with pytest.raises(FindingsError, match=r"team_notes \(1 rows\)") as caught:
        planned([quiet], tmp_path / "new" / "m.db")
    assert caught.value.code == "consolidate-unknown-table"


def test_a_column_that_nobody_knows_stops_the_plan(tmp_path: Path) -> None:
    def fill(connection: sqlite3.Connection, _: Path) -> None:
        connection.execute("ALTER TABLE experiments ADD COLUMN cost_centre TEXT DEFAULT 'x'")

    with pytest.raises(FindingsError, match=r"experiments\.cost_centre"):
        planned([store(tmp_path / "a", fill)], tmp_path / "new" / "m.db")


def test_workspaces_are_refused(tmp_path: Path) -> None:
    def fill(connection: sqlite3.Connection, _: Path) -> None:
        insert(connection, "experiments", experiment_id=4, name="x", workspace="team-b")

    with pytest.raises(FindingsError, match="team-b") as caught:
        planned([store(tmp_path / "a", fill)], tmp_path / "new" / "m.db")
    assert caught.value.code == "consolidate-workspaces"


def test_colliding_numbers_are_remapped_and_names_merge(tmp_path: Path) -> None:
    first = store(tmp_path / "a", both(experiment(1, "x"), run(RUN, 1)))
    second = store(
        tmp_path / "b", both(experiment(1, "y"), experiment(2, "x"), run(OTHER, 1), run(THIRD, 2))
    )
    target = tmp_path / "new" / "m.db"
    consolidated([first, second], target)
    assert rows_of(target, "SELECT experiment_id, name FROM experiments ORDER BY 1") == [
        (0, "Default"),
        (1, "x"),
        (2, "y"),
    ]
    root = tmp_path / "new" / "mlartifacts"
    assert rows_of(target, "SELECT run_uuid, experiment_id, artifact_uri FROM runs ORDER BY 1") == [
        (RUN, 1, f"{root}/1/{RUN}/artifacts"),
        (OTHER, 2, f"{root}/2/{OTHER}/artifacts"),
        (THIRD, 1, f"{root}/1/{THIRD}/artifacts"),
    ]
    assert (root / "1" / THIRD / "artifacts" / "model.txt").read_text() == THIRD


def test_names_get_a_suffix_and_a_second_time_finds_them(tmp_path: Path) -> None:
    first = store(tmp_path / "a", both(experiment(1, "x"), run(RUN, 1)))
    second = store(tmp_path / "b", both(experiment(1, "x"), run(OTHER, 1)))
    target = tmp_path / "new" / "m.db"
    change = consolidated([first, second], target, on_same_name="suffix")
    names = [name for (name,) in rows_of(target, "SELECT name FROM experiments ORDER BY 1")]
    assert names == ["Default", "x", "x (b)"]
    assert any("taken" in note for note in change.plan.notes)
    assert planned([first, second], target, on_same_name="suffix").plan.steps == ()


def test_a_deleted_experiment_never_merges_with_one_that_is_not(tmp_path: Path) -> None:
    first = store(tmp_path / "a", both(experiment(1, "x", "deleted"), run(RUN, 1)))
    second = store(tmp_path / "b", both(experiment(1, "x"), run(OTHER, 1)))
    target = tmp_path / "new" / "m.db"
    consolidated([first, second], target)
    assert rows_of(
        target, "SELECT name, lifecycle_stage FROM experiments WHERE name <> 'Default'"
    ) == [
        ("x", "deleted"),
        ("x (b)", "active"),
    ]


def test_default_is_0_whatever_it_was(tmp_path: Path) -> None:
    source = store(
        tmp_path / "a", both(experiment(0, "zero"), run(RUN, 0), run(OTHER, 3)), default=3
    )
    target = tmp_path / "new" / "m.db"
    consolidated([source], target)
    found = dict(rows_of(target, "SELECT name, experiment_id FROM experiments"))
    assert found == {"Default": 0, "zero": 1}
    assert dict(rows_of(target, "SELECT run_uuid, experiment_id FROM runs")) == {RUN: 1, OTHER: 0}


def test_an_identical_run_is_skipped_and_a_continuation_is_merged(tmp_path: Path) -> None:
    short = {"params": {"a": "1"}, "metrics": {"auc": [(1, 0.5, 0)]}}
    target = store(
        tmp_path / "t",
        both(experiment(7, "x"), run(RUN, 7, end=None, status="RUNNING", **short), run(OTHER, 7)),
    )
    long = {"params": {"a": "1", "b": "2"}, "metrics": {"auc": [(1, 0.5, 0), (2, 0.6, 1)]}}
    source = store(tmp_path / "s", both(experiment(1, "x"), run(RUN, 1, **long), run(OTHER, 1)))
    change = consolidated([source], target)
    line = {one.what: one for one in change.plan.balance}
    assert (line["runs"].duplicate, line["runs"].merged) == (1, 1)
    assert (line["params"].merged, line["params"].duplicate) == (1, 1)
    changes = [c for s in change.plan.steps for c in s.changes if isinstance(c, RowChange)]
    assert changes[0].before == {"status": "RUNNING", "end_time": None}
    assert changes[0].after == {"status": "FINISHED", "end_time": 9}
    assert changes[1].after == {"value": 0.6, "timestamp": 2, "step": 1}
    assert dict(rows_of(target, "SELECT key, value FROM params WHERE run_uuid = ?", RUN)) == {
        "a": "1",
        "b": "2",
    }
    assert len(rows_of(target, "SELECT * FROM metrics WHERE run_uuid = ?", RUN)) == 2
    assert planned([source], target).plan.steps == ()


def test_two_sources_continue_one_run_in_turn(tmp_path: Path) -> None:
    def points(count: int) -> dict[str, object]:
        return {"metrics": {"auc": [(n, n / 10, n) for n in range(count)]}, "end": 10 + count}

    target = store(tmp_path / "t", both(experiment(7, "x"), run(RUN, 7, **points(1))))
    one = store(tmp_path / "a", both(experiment(1, "x"), run(RUN, 1, **points(2))))
    two = store(tmp_path / "b", both(experiment(1, "x"), run(RUN, 1, **points(4))))
    change = consolidated([one, two, one], target)
    assert len(rows_of(target, "SELECT * FROM metrics")) == 4
    assert rows_of(target, "SELECT end_time FROM runs") == [(14,)]
    assert rows_of(target, "SELECT value, step FROM latest_metrics") == [(0.3, 3)]
    assert not [note for note in change.plan.notes if "aside" in note]
    fresh = tmp_path / "new" / "m.db"
    consolidated([one, two], fresh)
    assert len(rows_of(fresh, "SELECT * FROM metrics")) == 4
    assert rows_of(fresh, "SELECT end_time FROM runs") == [(14,)]


def test_a_conflict_is_kept_aside_and_never_written(tmp_path: Path) -> None:
    target = store(tmp_path / "t", both(experiment(7, "x"), run(RUN, 7, params={"a": "1"})))
    source = store(tmp_path / "s", both(experiment(1, "x"), run(RUN, 1, params={"a": "2"})))
    before = rows_of(target, "SELECT * FROM params")
    change = consolidated([source], target)
    assert rows_of(target, "SELECT * FROM params") == before
    assert change.plan.steps == ()
    (note,) = [note for note in change.plan.notes if "aside" in note]
    assert f"runs {RUN}" in note
    assert "params.a: '1' here, '2' there" in note
    kept = rows_of(change.payload, "SELECT value FROM params WHERE _unit = 'quarantine'")
    assert kept == [("2",)]
    line = {one.what: one for one in change.plan.balance}
    assert (line["runs"].quarantined, line["artifact files"].quarantined) == (1, 1)


@pytest.mark.parametrize(
    ("values", "told"),
    [
        ({"status": "SLEEPING"}, "the status 'SLEEPING'"),
        ({"lifecycle_stage": "lost"}, "the lifecycle_stage 'lost'"),
        ({"status": "SLEEPING", "lifecycle_stage": "lost"}, "its values"),
    ],
)
def test_what_the_schema_does_not_allow_is_kept_aside(
    values: dict[str, str], told: str, tmp_path: Path
) -> None:
    def spoilt(connection: sqlite3.Connection, _: Path) -> None:
        connection.execute("PRAGMA ignore_check_constraints = ON")
        for name, value in values.items():
            statement = f"UPDATE runs SET {name} = ? WHERE run_uuid = ?"  # noqa: S608 - ours
            connection.execute(statement, (value, RUN))

    fill = both(experiment(1, "x"), run(RUN, 1, params={"a": "1"}), run(OTHER, 1), spoilt)
    target = tmp_path / "new" / "m.db"
    change = consolidated([store(tmp_path / "a", fill)], target)
    assert rows_of(target, "SELECT run_uuid FROM runs") == [(OTHER,)]
    (note,) = [note for note in change.plan.notes if "aside" in note]
    assert f"runs {RUN} is kept aside" in note
    assert note.endswith(f"does not allow {told}.")
    kept = rows_of(change.payload, "SELECT value FROM params WHERE _unit = 'quarantine'")
    assert kept == [("1",)]
    line = {one.what: one for one in change.plan.balance}
    assert (line["runs"].quarantined, line["params"].quarantined) == (1, 1)


def test_deleted_runs_keep_state_and_time(tmp_path: Path) -> None:
    def gone(connection: sqlite3.Connection, _: Path) -> None:
        connection.execute("UPDATE runs SET lifecycle_stage = 'deleted', deleted_time = 77")

    source = store(tmp_path / "a", both(experiment(1, "x"), run(RUN, 1), gone))
    target = tmp_path / "new" / "m.db"
    consolidated([source], target)
    assert rows_of(target, "SELECT lifecycle_stage, deleted_time FROM runs") == [("deleted", 77)]


def test_rows_that_point_at_nothing_are_left_and_counted(tmp_path: Path) -> None:
    def dangling(connection: sqlite3.Connection, _: Path) -> None:
        insert(connection, "params", key="a", value="1", run_uuid=OTHER)
        insert(
            connection,
            "inputs",
            input_uuid="i",
            source_type="DATASET",
            source_id="d",
            destination_type="RUN",
            destination_id=RUN,
            step=0,
        )
        insert(connection, "input_tags", input_uuid="i", name="n", value="v")
        connection.execute("INSERT INTO runs (run_uuid, experiment_id) VALUES ('lost', 99)")

    source = store(tmp_path / "a", both(experiment(1, "x"), run(RUN, 1), dangling))
    change = consolidated([source], tmp_path / "new" / "m.db")
    line = {one.what: one for one in change.plan.balance}
    assert (line["params"].left, line["inputs"].left, line["runs"].left) == (1, 1, 1)
    assert line["other rows"].left == 1
    assert sum("point at nothing" in note for note in change.plan.notes) == 3


def model(name: str, versions: dict[int, str | None], aliases: dict[str, int]) -> Fill:
    """A registered model; a version without a run was deleted."""

    def fill(connection: sqlite3.Connection, folder: Path) -> None:
        insert(connection, "registered_models", name=name, workspace="default")
        for number, run_id in versions.items():
            source = f"{folder}/mlruns/1/{run_id}/artifacts/model"
            insert(
                connection,
                "model_versions",
                name=name,
                version=number,
                workspace="default",
                creation_time=number,
                run_id=run_id,
                source=source,
                storage_location=source,
                current_stage="None" if run_id else "Deleted_Internal",
            )
        for alias, number in aliases.items():
            insert(
                connection,
                "registered_model_aliases",
                name=name,
                alias=alias,
                version=number,
                workspace="default",
            )

    return fill


def test_a_free_model_keeps_numbers_and_holes_a_taken_one_gets_new_ones(tmp_path: Path) -> None:
    first = store(
        tmp_path / "a",
        both(
            experiment(1, "x"),
            run(RUN, 1),
            model("clf", {1: RUN, 2: None, 3: RUN}, {"champion": 3}),
        ),
    )
    second = store(
        tmp_path / "b",
        both(
            experiment(1, "y"),
            run(OTHER, 1),
            model("clf", {1: OTHER, 2: None}, {"champion": 1, "new": 1}),
        ),
    )
    target = tmp_path / "new" / "m.db"
    change = consolidated([first, second], target)
    root = f"{tmp_path}/new/mlartifacts"
    assert rows_of(target, "SELECT version, run_id, source FROM model_versions ORDER BY 1") == [
        (1, RUN, f"{root}/1/{RUN}/artifacts/model"),
        (2, None, rows_of(first, "SELECT source FROM model_versions WHERE version = 2")[0][0]),
        (3, RUN, f"{root}/1/{RUN}/artifacts/model"),
        (4, OTHER, f"{root}/2/{OTHER}/artifacts/model"),
    ]
    assert dict(rows_of(target, "SELECT alias, version FROM registered_model_aliases")) == {
        "champion": 3,
        "champion-b": 4,
        "new": 4,
    }
    assert any("1 -> 4" in note for note in change.plan.notes)
    assert planned([first, second], target).plan.steps == ()


def test_missing_artifacts_are_said_and_files_in_the_way_are_kept(tmp_path: Path) -> None:
    source = store(tmp_path / "a", both(experiment(1, "x"), run(RUN, 1), run(OTHER, 1)))
    (tmp_path / f"a/mlruns/1/{RUN}/artifacts/model.txt").unlink()
    (tmp_path / f"a/mlruns/1/{RUN}/artifacts").rmdir()
    target = tmp_path / "new" / "m.db"
    there = tmp_path / f"new/mlartifacts/1/{OTHER}/artifacts/model.txt"
    there.parent.mkdir(parents=True)
    there.write_text("another")
    change = consolidated([source], target)
    assert there.read_text() == "another"
    assert any(
        "1 run without an artifact folder" in note and RUN in note for note in change.plan.notes
    )
    assert any("another file is there already" in note for note in change.plan.notes)


def _served(tmp_path: Path, source: Path) -> Request:
    made = tools().staging
    folder = tmp_path / "stages"
    folder.mkdir()
    copy = folder / "stage-0.db"
    copy.write_bytes(source.read_bytes())
    empty = made.empty(folder, "/srv/artifacts")
    return Request(
        [Stage(str(source), "s", copy)], empty, "/srv/artifacts", True, "merge", tmp_path / "p"
    )


def test_a_server_gets_a_shortened_parameter_and_the_whole_text_as_a_file(tmp_path: Path) -> None:
    source = store(
        tmp_path / "a", both(experiment(10**17, "x"), run(RUN, 10**17, params={"a": "é" * 9000}))
    )
    merged = SqlMerger().merge(_served(tmp_path, source), ignore)
    assert merged.texts == {RUN: {"a": "é" * 9000}}
    ((value,),) = rows_of(tmp_path / "p", "SELECT value FROM params")
    assert len(str(value)) == 8000
    assert "long_params.json" in str(value)
    ((content,),) = rows_of(tmp_path / "p", "SELECT content FROM _files")
    assert "é" * 9000 in content.decode()


@pytest.mark.parametrize(
    ("tags", "what"), [({"n": "x" * 8001}, "more than 8000"), ({"n": "a\0b"}, "a zero character")]
)
def test_what_a_server_refuses_stops_the_plan(
    tags: dict[str, str], what: str, tmp_path: Path
) -> None:
    source = store(tmp_path / "a", both(experiment(1, "x"), run(RUN, 1, tags=tags)))
    with pytest.raises(FindingsError, match=rf"tags\.value: 1 rows with {what}") as caught:
        SqlMerger().merge(_served(tmp_path, source), ignore)
    assert caught.value.code == "consolidate-limits"


def test_targets_that_cannot_be_are_refused(tmp_path: Path) -> None:
    source = store(tmp_path / "a", experiment(1, "x"))
    with pytest.raises(UsageError) as caught:
        planned([source], source)
    assert caught.value.code == "consolidate-into-itself"
    old = unpacked("2.22.2", "sqlite", tmp_path / "old")
    before = old.path.read_bytes()
    with pytest.raises(UsageError, match=r"2\.22") as caught:
        planned([source], old.path)
    assert caught.value.code == "consolidate-target-old"
    assert old.path.read_bytes() == before
    odd = store(tmp_path / "odd", experiment(1, "x"), default=5)
    with pytest.raises(UsageError) as caught:
        planned([source], odd)
    assert caught.value.code == "consolidate-target-default"
    with pytest.raises(UsageError) as caught:
        planned([source], tmp_path / "n" / "m.db", artifact_root="s3://bucket/x")
    assert caught.value.code == "consolidate-artifact-root"
    # MLflow would look for these in "art x"; in an address the same is a blank.
    with pytest.raises(UsageError, match="%20") as caught:
        planned([source], tmp_path / "n" / "m.db", artifact_root=f"{tmp_path}/art%20x")
    assert caught.value.code == "consolidate-artifact-root"
    assert planned([source], tmp_path / "o" / "m.db", artifact_root=f"file://{tmp_path}/art%20x")


def test_texts_that_are_not_utf8_are_read_as_latin_1(tmp_path: Path) -> None:
    def broken(connection: sqlite3.Connection, _: Path) -> None:
        connection.execute("UPDATE tags SET value = CAST(X'61F16F' AS TEXT) WHERE key = 'year'")

    source = store(
        tmp_path / "a", both(experiment(1, "x"), run(RUN, 1, tags={"year": "x"}), broken)
    )
    target = tmp_path / "new" / "m.db"
    consolidated([source], target)
    assert rows_of(target, "SELECT value FROM tags WHERE key = 'year'") == [("a\u00f1o",)]


def test_traces_in_conflict_are_kept_aside_and_equal_ones_skipped(tmp_path: Path) -> None:
    old = unpacked("3.17.2", "sqlite", tmp_path / "a")
    target = tmp_path / "new" / "m.db"
    consolidated([old.path], target)
    with closing(sqlite3.connect(old.path)) as connection, connection:
        connection.execute("UPDATE assessments SET rationale = 'seen again'")
    change = planned([old.path], target)
    line = {one.what: one for one in change.plan.balance}
    assert (line["traces"].duplicate, line["traces"].quarantined) == (1, 1)
    (note,) = [note for note in change.plan.notes if "aside" in note]
    assert "assessments." in note
    assert change.plan.steps == ()


def test_a_data_set_under_another_id_is_the_same_and_its_inputs_follow(tmp_path: Path) -> None:
    def reads(uuid: str, run_id: str) -> Fill:
        def fill(connection: sqlite3.Connection, _: Path) -> None:
            insert(
                connection,
                "datasets",
                dataset_uuid=uuid,
                experiment_id=1,
                name="d",
                digest="e",
                dataset_source_type="local",
                dataset_source="s",
            )
            insert(
                connection,
                "inputs",
                input_uuid=f"i{uuid}",
                source_type="DATASET",
                source_id=uuid,
                destination_type="RUN",
                destination_id=run_id,
                step=0,
            )
            insert(connection, "input_tags", input_uuid=f"i{uuid}", name="n", value="train")

        return fill

    one = store(tmp_path / "a", both(experiment(1, "x"), run(RUN, 1), reads("d1", RUN)))
    two = store(tmp_path / "b", both(experiment(1, "x"), run(OTHER, 1), reads("d2", OTHER)))
    target = tmp_path / "new" / "m.db"
    consolidated([one, two], target)
    assert rows_of(target, "SELECT dataset_uuid FROM datasets") == [("d1",)]
    assert rows_of(target, "SELECT source_id, destination_id FROM inputs ORDER BY 2") == [
        ("d1", RUN),
        ("d1", OTHER),
    ]
    assert len(rows_of(target, "SELECT * FROM input_tags")) == 2
    assert planned([one, two], target).plan.steps == ()


@pytest.mark.parametrize("is_new", [True, False])
def test_a_trace_with_the_assessment_of_another_trace_is_kept_aside(
    tmp_path: Path, *, is_new: bool
) -> None:
    # Given two stores with one assessment id, at a trace of its own each
    def traced(name: str) -> Path:
        path = tmp_path / name / "mlflow.db"
        with closing(create_database(path)) as connection:
            write_database_experiment(connection, 0, "Default", f"{tmp_path}/mlruns/0")
            for trace in (f"tr-{name}", f"tr-{name}-other"):
                insert(connection, "trace_info", request_id=trace, experiment_id=0,
                       timestamp_ms=1, status="OK", db_payload_generation=0)  # fmt: skip
                mine = "a-1" if trace == f"tr-{name}" else f"a-{name}"
                insert(
                    connection, "assessments", assessment_id=mine, trace_id=trace, name="good",
                    assessment_type="feedback", value="true", created_timestamp=1,
                    last_updated_timestamp=1, source_type="HUMAN", source_id="ana", valid=1,
                )  # fmt: skip
            connection.commit()
        return path

    one, two = traced("one"), traced("two")
    target = tmp_path / "new" / "mlflow.db" if is_new else one
    # When
    sources = [one, two] if is_new else [two]
    change = consolidated(sources, target)
    # Then the second trace is kept aside and named, and everything else arrives
    assert note_with(change.plan.notes, "tr-two is kept aside") == (
        "two: trace_info tr-two is kept aside: the target has the assessment_id 'a-1' at tr-one."
    )
    found = rows_of(target, "SELECT trace_id, assessment_id FROM assessments ORDER BY 1")
    assert found == [("tr-one", "a-1"), ("tr-one-other", "a-one"), ("tr-two-other", "a-two")]
    (line,) = [line for line in change.plan.balance if line.what == "traces"]
    assert (line.found, line.quarantined) == (4 if is_new else 2, 1)
    # And another plan from the same stores has nothing to do
    assert not planned(sources, target).plan.steps
