"""Trees of which a part is damaged: everything else is carried, and what is not is told."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.adapters.file_stores.trees import write_experiment, write_run
from tests.adapters.store_staging.world import consolidated, note_with, planned, rows_of

from scorewright.adapters.store_staging.careful import savepoint, write_rows
from scorewright.adapters.store_staging.snapshot_rows import experiment_numbers, write_snapshot
from scorewright.core.plans import Balance
from scorewright.core.snapshot import Snapshot, Source, SourceKind, snapshot_of

A, B, C, D, E = (letter * 32 for letter in "abcde")


def lines_of(balance: tuple[Balance, ...]) -> dict[str, Balance]:
    """Return the lines of a balance by name."""
    return {line.what: line for line in balance}


def test_runs_without_a_status_arrive_as_failed_and_are_named(tmp_path: Path) -> None:
    root = tmp_path / "mlruns"
    folder = write_experiment(root)
    write_run(folder, A, source_type=4)
    (write_run(folder, B) / "meta.yaml").unlink()
    (write_run(folder, C) / "meta.yaml").write_text("")
    write_run(folder, D, status=9)
    write_run(folder, E, status="SLEEPING", source_type=77)
    target = tmp_path / "new" / "m.db"
    change = consolidated([root], target)
    assert dict(rows_of(target, "SELECT run_uuid, status FROM runs")) == {
        A: "FINISHED",
        B: "FAILED",
        C: "FAILED",
        D: "FAILED",
        E: "FAILED",
    }
    line = lines_of(change.plan.balance)
    assert (line["runs"].found, line["runs"].copied, line["runs"].left) == (5, 5, 0)
    assert (line["params"].copied, line["params"].left) == (5, 0)
    note = note_with(change.plan.notes, "carried as FAILED")
    assert all(run in note for run in (B, C, D, E))
    assert A not in note
    for run in (B, C, D, E):
        assert any("STORE-0" in one and f"/{run}" in one for one in change.plan.notes)
    assert planned([root], target).plan.steps == ()


def test_a_status_that_mlflow_does_not_know_is_quoted(tmp_path: Path, empty: Path) -> None:
    runs = {"run_id": [A, B], "experiment_id": ["1", "1"], "status": ["SLEEPING", "FINISHED"]}
    experiments = {"experiment_id": ["1"], "name": ["x"], "lifecycle_stage": ["active"]}
    written = write_snapshot(_snapshot(tmp_path, experiments=experiments, runs=runs), empty)
    note = note_with(written.notes, A, "'SLEEPING'", "FAILED")
    assert B not in note
    assert written.left == {}
    assert dict(rows_of(empty, "SELECT run_uuid, status FROM runs")) == {
        A: "FAILED",
        B: "FINISHED",
    }


def test_runs_that_no_schema_takes_are_left_counted_and_named(tmp_path: Path) -> None:
    root = tmp_path / "mlruns"
    folder = write_experiment(root)
    write_run(folder, A)
    write_run(folder, B, lifecycle_stage="lost")
    target = tmp_path / "new" / "m.db"
    change = consolidated([root], target)
    assert rows_of(target, "SELECT run_uuid FROM runs") == [(A,)]
    line = lines_of(change.plan.balance)
    assert (line["runs"].found, line["runs"].copied, line["runs"].left) == (2, 1, 1)
    assert (line["params"].found, line["params"].left) == (2, 1)
    note_with(change.plan.notes, "1 row of 'runs' left", B, "CHECK constraint failed")


def test_findings_of_the_reader_reach_the_plan_but_not_its_hints(tmp_path: Path) -> None:
    root = tmp_path / "mlruns"
    first, second = write_experiment(root, "1"), write_experiment(root, "2")
    write_run(first, A)
    twin = write_run(second, A, experiment_id="'1'")
    (twin / "params" / "depth").write_bytes(b"7")
    (write_run(first, B) / "metrics" / "auc").write_bytes(b"1 0.5 0\n1 0.5 0\n")
    change = planned([root], tmp_path / "new" / "m.db")
    note_with(change.plan.notes, "STORE-030", str(twin), "was not read")
    assert not [note for note in change.plan.notes if "STORE-027" in note]
    assert not any(line.left for line in change.plan.balance if line.what != "artifact files")


@pytest.fixture
def empty(tmp_path: Path) -> Path:
    """Make a database without rows."""
    from tests.stores.schema import create_database

    path = tmp_path / "empty.db"
    create_database(path).close()
    return path


def _snapshot(folder: Path, **tables: dict[str, list[str]]) -> Snapshot:
    source = Source(str(folder), SourceKind.FILES, str(folder))
    return snapshot_of(source, {name: pl.DataFrame(rows) for name, rows in tables.items()})


def test_a_row_that_comes_twice_is_left_and_told(tmp_path: Path, empty: Path) -> None:
    params = {"run_id": [A, A, A], "key": ["k", "k", "l"], "value": ["1", "2", "3"]}
    written = write_snapshot(_snapshot(tmp_path, params=params), empty)
    assert written.left == {"params": 1}
    note_with(written.notes, "1 row of 'params' left", "an earlier row has the key", f"k/{A}")
    assert rows_of(empty, "SELECT key, value FROM params ORDER BY 1") == [("k", "1"), ("l", "3")]


def test_names_of_experiments_stay_apart_whatever_they_are(tmp_path: Path, empty: Path) -> None:
    ids, names = ["1", "2", "3", "03"], ["x (2)", "x", "x", "x (3)"]
    tables = {"experiment_id": ids, "name": names, "lifecycle_stage": ["active"] * 4}
    written = write_snapshot(_snapshot(tmp_path, experiments=tables), empty)
    assert written.left == {}
    found = rows_of(empty, "SELECT name FROM experiments")
    assert len(set(found)) == 4


@given(ids=st.lists(st.text("0123456789ab٣", min_size=1, max_size=21), unique=True))
def test_no_two_experiments_have_one_number(ids: list[str]) -> None:
    numbers = experiment_numbers(ids)
    assert len(set(numbers.values())) == len(numbers) == len(ids)
    assert all(0 <= number < 1 << 63 for number in numbers.values())


_PARAMS = st.lists(
    st.tuples(st.sampled_from("ab"), st.sampled_from("xyz"), st.sampled_from(["1", None])),
    max_size=12,
)


@settings(max_examples=60)
@given(rows=_PARAMS)
def test_every_row_is_written_or_counted(rows: list[tuple[str, str, str | None]]) -> None:
    with closing(sqlite3.connect(":memory:")) as connection:
        connection.execute(
            "CREATE TABLE params (run_uuid TEXT, key TEXT, value TEXT NOT NULL, "
            "PRIMARY KEY (key, run_uuid))"
        )
        refused = write_rows(connection, "params", ("run_uuid", "key", "value"), rows)
        found = connection.execute("SELECT run_uuid, key, value FROM params").fetchall()
    assert len(found) + refused.rows == len(rows)
    assert bool(refused.notes) == bool(refused.rows)
    assert set(found) == {row for row in rows if row[2] is not None}


def test_a_savepoint_undoes_its_own_rows_alone() -> None:
    with closing(sqlite3.connect(":memory:")) as connection:
        connection.execute("CREATE TABLE t (a INTEGER)")
        with savepoint(connection):
            connection.execute("INSERT INTO t VALUES (1)")
        with pytest.raises(sqlite3.ProgrammingError), savepoint(connection):
            connection.executemany("INSERT INTO t VALUES (?)", [(2,), ([],)])
        connection.commit()
        assert connection.execute("SELECT a FROM t").fetchall() == [(1,)]


def _trace(experiment: Path, name: str) -> Path:
    folder = experiment / "traces" / name
    for part in ("tags", "request_metadata", "assessments", "artifacts"):
        (folder / part).mkdir(parents=True)
    text = (
        f"trace_id: {name}\nrequest_time: '2024-06-01T00:00:00Z'\nexecution_duration_ms: 5\n"
        "state: OK\n"
    )
    (folder / "trace_info.yaml").write_text(text)
    (folder / "tags" / "mlflow.traceName").write_text("predict")
    place = (folder / "artifacts").as_uri()
    (folder / "tags" / "mlflow.artifactLocation").write_text(place)
    (folder / "request_metadata" / "mlflow.user").write_text("ana")
    (folder / "artifacts" / "traces.json").write_text(json.dumps({"spans": [], "of": str(folder)}))
    return folder


def _assessment(trace: Path, name: str, **more: object) -> None:
    fields = {
        "assessment_id": name,
        "assessment_name": "good",
        "create_time": "2024-06-01T00:00:00Z",
        "last_update_time": "2024-06-01T00:00:00Z",
        "source": {"source_type": "HUMAN", "source_id": "ana"},
        "feedback": {"value": True},
        **more,
    }
    # JSON is YAML.
    (trace / "assessments" / f"{name}.yaml").write_text(json.dumps(fields))


def _says(line: str) -> Callable[[Path], None]:
    def spoil(trace: Path) -> None:
        path = trace / "trace_info.yaml"
        name = line.partition(":")[0]
        kept = [one for one in path.read_text().splitlines() if not one.startswith(name)]
        path.write_text("\n".join([*kept, line]) + "\n")

    return spoil


def _no_info(trace: Path) -> None:
    (trace / "trace_info.yaml").unlink()


@pytest.mark.parametrize(
    "spoil",
    [
        _says("state: [a, b]"),
        _says("trace_id: {a: b}\nrequest_preview: [1]"),
        _says("execution_duration_ms: 100000000000000000000000"),
        _says("request_time: [1]"),
        _no_info,
    ],
    ids=["state", "id", "duration", "time", "nothing"],
)
def test_an_odd_trace_is_left_whole_and_the_others_arrive(
    spoil: Callable[[Path], None], tmp_path: Path
) -> None:
    root = tmp_path / "mlruns"
    experiment = write_experiment(root)
    write_run(experiment, A)
    first, odd, last = (_trace(experiment, f"tr-{number}") for number in (1, 2, 3))
    for trace in (first, odd, last):
        _assessment(trace, f"as-{trace.name}")
    spoil(odd)
    target = tmp_path / "new" / "m.db"
    change = consolidated([root], target)
    assert rows_of(target, "SELECT run_uuid FROM runs") == [(A,)]
    for table, column in (
        ("trace_info", "request_id"),
        ("trace_tags", "request_id"),
        ("trace_request_metadata", "request_id"),
        ("assessments", "trace_id"),
    ):
        found = rows_of(target, f"SELECT DISTINCT {column} FROM {table} ORDER BY 1")  # noqa: S608
        assert found == [("tr-1",), ("tr-3",)]
    line = lines_of(change.plan.balance)
    assert (line["traces"].found, line["traces"].copied, line["traces"].left) == (3, 2, 1)
    assert all(one.difference == 0 for one in change.plan.balance)
    note_with(change.plan.notes, f"Trace {odd} cannot be carried and is left")


def test_a_trace_of_two_experiments_arrives_once(tmp_path: Path) -> None:
    root = tmp_path / "mlruns"
    first, second = write_experiment(root, "1"), write_experiment(root, "2")
    kept, twin = _trace(first, "tr-1"), _trace(second, "tr-1")
    _trace(second, "tr-2")
    target = tmp_path / "new" / "m.db"
    change = consolidated([root], target)
    assert rows_of(target, "SELECT request_id FROM trace_info ORDER BY 1") == [
        ("tr-1",),
        ("tr-2",),
    ]
    line = lines_of(change.plan.balance)
    assert (line["traces"].found, line["traces"].copied, line["traces"].left) == (3, 2, 1)
    assert all(one.difference == 0 for one in change.plan.balance)
    note_with(change.plan.notes, f"Trace {twin} cannot be carried", "UNIQUE")
    sql = "SELECT value FROM trace_tags WHERE request_id = 'tr-1' AND key LIKE '%artifactLocation'"
    ((place,),) = rows_of(target, sql)
    assert json.loads((Path(place) / "traces.json").read_text())["of"] == str(kept)


@pytest.mark.parametrize(
    "more",
    [
        {"rationale": ["a"]},
        {"feedback": ["no mapping"]},
        {"source": "ana"},
        {"assessment_id": "as-1"},
        {"span_id": 10**30},
    ],
    ids=str,
)
def test_an_odd_assessment_is_left_and_its_trace_arrives(
    more: dict[str, object], tmp_path: Path
) -> None:
    root = tmp_path / "mlruns"
    trace = _trace(write_experiment(root), "tr-1")
    _assessment(trace, "as-1")
    _assessment(trace, "as-2", **more)
    _assessment(trace, "as-3")
    target = tmp_path / "new" / "m.db"
    change = consolidated([root], target)
    assert rows_of(target, "SELECT assessment_id FROM assessments ORDER BY 1") == [
        ("as-1",),
        ("as-3",),
    ]
    note_with(change.plan.notes, f"Assessment {trace}/assessments/as-2.yaml", "is left")
    assert all(one.difference == 0 for one in change.plan.balance)


def test_an_experiment_without_fields_does_not_stop_its_traces(tmp_path: Path) -> None:
    root = tmp_path / "mlruns"
    experiment = write_experiment(root)
    _trace(experiment, "tr-1")
    write_experiment(root, "2")
    (experiment / "meta.yaml").write_text("- a\n- b\n")
    target = tmp_path / "new" / "m.db"
    consolidated([root], target)
    assert rows_of(target, "SELECT request_id FROM trace_info") == [("tr-1",)]
