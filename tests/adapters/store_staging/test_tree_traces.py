"""Traces of odd trees: each arrives in its experiment or is named, and nothing hangs or crashes."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from tests.adapters.file_stores.trees import write_experiment, write_run
from tests.adapters.store_staging.world import consolidated, note_with, planned, rows_of

from scorewright.adapters.file_stores import FileStore, traces_of_tree
from scorewright.adapters.store_staging.tree_traces import write_tree_traces
from scorewright.core.plans import Balance
from scorewright.flows.events import ignore

A, B = (letter * 32 for letter in "ab")
TEXT = "a\u00f1o"  # in Latin-1 these bytes are no UTF-8
#: Long enough for a parser without a guard to end the process.
DEEP = "a: " + "[" * 200_000 + "]" * 200_000 + "\n"


def _trace(experiment: Path, name: str) -> Path:
    folder = experiment / "traces" / name
    for part in ("tags", "request_metadata", "assessments"):
        (folder / part).mkdir(parents=True)
    fields = {"trace_id": name, "request_time": "2024-06-01T00:00:00Z", "state": "OK"}
    # JSON is YAML.
    (folder / "trace_info.yaml").write_text(json.dumps(fields))
    (folder / "tags" / "team").write_text("risk")
    (folder / "request_metadata" / "mlflow.user").write_text("ana")
    _assessment(folder, f"as-{name}")
    return folder


def _assessment(trace: Path, name: str) -> Path:
    fields = {
        "assessment_id": name,
        "assessment_name": "good",
        "create_time": "2024-06-01T00:00:00Z",
        "last_update_time": "2024-06-01T00:00:00Z",
        "source": {"source_type": "HUMAN", "source_id": "ana"},
        "feedback": {"value": True},
    }
    path = trace / "assessments" / f"{name}.yaml"
    path.write_text(json.dumps(fields))
    return path


def _twin(root: Path, name: str) -> Path:
    """Write another folder whose file says that it is experiment 1."""
    folder = write_experiment(root, name)
    meta = folder / "meta.yaml"
    meta.write_text(meta.read_text().replace(f"experiment_id: '{name}'", "experiment_id: '1'"))
    return folder


def _traces(target: Path) -> list[str]:
    return [trace for (trace,) in rows_of(target, "SELECT request_id FROM trace_info ORDER BY 1")]


def _assessments(target: Path) -> list[str]:
    return [one for (one,) in rows_of(target, "SELECT assessment_id FROM assessments ORDER BY 1")]


def _line(balance: tuple[Balance, ...], what: str) -> tuple[int, int, int]:
    (line,) = [one for one in balance if one.what == what]
    assert line.difference == 0
    return line.found, line.copied, line.left


def _homes(target: Path) -> dict[str, str]:
    """Return each trace with the run that lies in the same experiment of the database."""
    sql = "SELECT request_id, run_uuid FROM trace_info t JOIN runs r USING (experiment_id)"
    return dict(rows_of(target, sql))


@pytest.mark.parametrize("copy", ["2", ".trash/1"])
def test_the_traces_of_a_twin_lie_with_its_runs(copy: str, tmp_path: Path) -> None:
    # Given two folders of experiment 1, each with a run and a trace
    root, target = tmp_path / "mlruns", tmp_path / "new" / "m.db"
    first, twin = write_experiment(root, "1"), _twin(root, copy)
    write_run(first, A)
    write_run(twin, B, experiment_id="'1'")
    _trace(first, "tr-first")
    _trace(twin, "tr-twin")
    # When the tree becomes a database
    change = consolidated([root], target)
    # Then each trace is in the experiment of its run
    assert _homes(target) == {"tr-first": A, "tr-twin": B}
    assert _line(change.plan.balance, "traces") == (2, 2, 0)


def test_traces_of_an_experiment_without_a_file_arrive_with_its_runs(tmp_path: Path) -> None:
    root, target = tmp_path / "mlruns", tmp_path / "new" / "m.db"
    write_experiment(root, "1")
    lost = write_experiment(root, "2")
    write_run(lost, A)
    _trace(lost, "tr-1")
    (lost / "meta.yaml").unlink()
    change = consolidated([root], target)
    assert _homes(target) == {"tr-1": A}
    assert _line(change.plan.balance, "traces") == (1, 1, 0)


def test_traces_make_an_experiment_of_a_folder_without_a_file_and_runs(tmp_path: Path) -> None:
    root, target = tmp_path / "mlruns", tmp_path / "new" / "m.db"
    write_experiment(root, "1")
    lost = write_experiment(root, "2")
    _trace(lost, "tr-1")
    (lost / "meta.yaml").unlink()
    change = consolidated([root], target)
    assert _traces(target) == ["tr-1"]
    assert _line(change.plan.balance, "traces") == (1, 1, 0)
    note_with(change.plan.notes, "STORE-029", str(lost), "no meta.yaml")


_NESTED = """
import json, sys
from pathlib import Path
from tests.adapters.store_staging.world import consolidated
change = consolidated([sys.argv[1]], Path(sys.argv[2]))
print(json.dumps(change.plan.notes))
"""


def test_deep_nesting_of_fields_does_not_end_the_process(tmp_path: Path) -> None:
    # Given a trace and an assessment whose files nest without sense
    root, target = tmp_path / "mlruns", tmp_path / "new" / "m.db"
    experiment = write_experiment(root)
    odd, kept = _trace(experiment, "tr-1"), _trace(experiment, "tr-2")
    (odd / "trace_info.yaml").write_text(DEEP)
    deep = _assessment(kept, "as-deep")
    deep.write_text(DEEP)
    # When the tree becomes a database, in a process of its own
    done = subprocess.run(
        [sys.executable, "-c", _NESTED, str(root), str(target)],
        cwd=Path(__file__).parents[3], capture_output=True, text=True, check=False, timeout=200,
    )  # fmt: skip
    # Then it ends well, both are named and the others arrive
    assert done.returncode == 0, done.stderr
    notes = tuple(json.loads(done.stdout.splitlines()[-1]))
    note_with(notes, f"Trace {odd} cannot be carried and is left", "no YAML")
    note_with(notes, f"Assessment {deep} cannot be carried and is left", "no YAML")
    assert (_traces(target), _assessments(target)) == (["tr-2"], ["as-tr-2"])


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A tree with a trace that is whole and another, which is spoilt."""
    root = tmp_path / "mlruns"
    experiment = write_experiment(root)
    _trace(experiment, "tr-odd")
    _trace(experiment, "tr-whole")
    return root


def _odd(root: Path) -> Path:
    return root / "1" / "traces" / "tr-odd"


@pytest.mark.timeout(60)
@pytest.mark.parametrize("place", ["trace_info.yaml", "tags/pipe", "request_metadata/pipe"])
def test_a_pipe_in_a_trace_does_not_hang_and_the_trace_is_named(
    place: str, tree: Path, tmp_path: Path
) -> None:
    pipe, target = _odd(tree) / place, tmp_path / "new" / "m.db"
    pipe.unlink(missing_ok=True)
    os.mkfifo(pipe)
    change = consolidated([tree], target)
    assert _traces(target) == ["tr-whole"]
    assert _line(change.plan.balance, "traces") == (2, 1, 1)
    note_with(change.plan.notes, f"Trace {_odd(tree)} cannot be carried and is left", str(pipe))


@pytest.mark.timeout(60)
def test_a_pipe_as_an_assessment_does_not_hang_and_is_named(tree: Path, tmp_path: Path) -> None:
    pipe, target = _odd(tree) / "assessments" / "x.yaml", tmp_path / "new" / "m.db"
    os.mkfifo(pipe)
    change = consolidated([tree], target)
    assert _traces(target) == ["tr-odd", "tr-whole"]
    assert _assessments(target) == ["as-tr-odd", "as-tr-whole"]
    note_with(change.plan.notes, f"Assessment {pipe} cannot be carried and is left", "empty")


@pytest.mark.timeout(60)
def test_a_pipe_as_the_file_of_an_experiment_does_not_hang(tree: Path, tmp_path: Path) -> None:
    # Given another experiment that is whole, for a tree of none is refused
    write_experiment(tree, "2")
    (tree / "1" / "meta.yaml").unlink()
    os.mkfifo(tree / "1" / "meta.yaml")
    target = tmp_path / "new" / "m.db"
    consolidated([tree], target)
    assert _traces(target) == ["tr-odd", "tr-whole"]


def _closed(monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
    """Refuse the listing of a folder: root, who may run the tests, has every right."""
    real = os.scandir

    def scandir(path: Any = ".") -> Any:
        if not isinstance(path, int) and os.fspath(path) == str(folder):
            raise PermissionError(13, "Permission denied", str(folder))
        return real(path)

    monkeypatch.setattr(os, "scandir", scandir)


@pytest.mark.parametrize("part", ["tags", "request_metadata", "tags/mlflow"])
def test_a_trace_with_a_closed_folder_is_named(
    part: str, tree: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    closed, target = _odd(tree) / part, tmp_path / "new" / "m.db"
    closed.mkdir(exist_ok=True)
    _closed(monkeypatch, closed)
    change = consolidated([tree], target)
    assert _traces(target) == ["tr-whole"]
    assert _line(change.plan.balance, "traces") == (2, 1, 1)
    note = note_with(change.plan.notes, f"Trace {_odd(tree)} cannot be carried and is left")
    assert f"{closed} cannot be read: permission denied" in note


def test_a_closed_folder_of_assessments_is_named_and_the_trace_arrives(
    tree: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    closed, target = _odd(tree) / "assessments", tmp_path / "new" / "m.db"
    _closed(monkeypatch, closed)
    change = consolidated([tree], target)
    assert _traces(target) == ["tr-odd", "tr-whole"]
    assert _assessments(target) == ["as-tr-whole"]
    note_with(change.plan.notes, "Assessments are left", f"{closed} cannot be read")


@pytest.mark.skipif(os.geteuid() == 0, reason="root reads everything")
def test_a_closed_trace_is_named(tree: Path, tmp_path: Path) -> None:
    _odd(tree).chmod(0)
    try:
        change = consolidated([tree], tmp_path / "new" / "m.db")
    finally:
        _odd(tree).chmod(0o755)
    note_with(change.plan.notes, f"Trace {_odd(tree)} cannot be carried and is left")


@pytest.mark.parametrize(
    ("part", "table"), [("tags", "trace_tags"), ("request_metadata", "trace_request_metadata")]
)
def test_texts_that_are_not_utf8_are_read_as_latin1_and_named(
    part: str, table: str, tree: Path, tmp_path: Path
) -> None:
    # Given a text and a name that are not UTF-8
    file = _odd(tree) / part / "year"
    file.write_bytes(TEXT.encode("latin-1"))
    Path(os.fsdecode(os.fsencode(file) + b"-\xf1")).write_text("2024")
    target = tmp_path / "new" / "m.db"
    # When the tree becomes a database
    change = consolidated([tree], target)
    # Then the trace arrives with both, and both are told
    sql = f"SELECT key, value FROM {table} WHERE request_id = 'tr-odd' AND key LIKE 'year%'"  # noqa: S608
    assert sorted(rows_of(target, sql)) == [("year", TEXT), ("year-\u00f1", "2024")]
    assert _line(change.plan.balance, "traces") == (2, 2, 0)
    note_with(change.plan.notes, f"STORE-028 {file}: Its content is not UTF-8", "Latin-1")
    note_with(change.plan.notes, f"STORE-028 {file}-\u00f1: Its name is not UTF-8", "Latin-1")


def test_fields_that_are_not_utf8_are_read_as_latin1_and_named(tree: Path, tmp_path: Path) -> None:
    info = _odd(tree) / "trace_info.yaml"
    said = _odd(tree) / "assessments" / "as-tr-odd.yaml"
    for file, field in ((info, "request_preview"), (said, "rationale")):
        fields = {**json.loads(file.read_text()), field: TEXT}
        file.write_bytes(json.dumps(fields, ensure_ascii=False).encode("latin-1"))
    target = tmp_path / "new" / "m.db"
    change = consolidated([tree], target)
    for sql in ("SELECT request_preview FROM trace_info", "SELECT rationale FROM assessments"):
        assert (TEXT,) in rows_of(target, sql)
    for file in (info, said):
        note_with(change.plan.notes, f"STORE-028 {file}: Its content", "Latin-1")


def test_two_names_that_become_one_key_are_no_silent_loss(tree: Path, tmp_path: Path) -> None:
    tags, target = _odd(tree) / "tags", tmp_path / "new" / "m.db"
    for name in ("\u00f1".encode(), b"\xf1"):
        Path(os.fsdecode(os.fsencode(tags) + b"/" + name)).write_text("x")
    change = consolidated([tree], target)
    assert _traces(target) == ["tr-whole"]
    note_with(change.plan.notes, f"Trace {_odd(tree)} cannot be carried", "are called '\u00f1'")


def test_traces_that_came_after_the_tree_was_read_are_named(tree: Path, tmp_path: Path) -> None:
    from tests.stores.schema import create_database

    path = tmp_path / "empty.db"
    create_database(path).close()
    written = write_tree_traces(traces_of_tree(tree), path, {})
    assert written.traces == 0
    assert len(written.notes) == 2
    note_with(tuple(written.notes), f"Trace {_odd(tree)} cannot be carried and is left")


def test_the_traces_of_a_tree_are_those_that_its_reader_counts(tree: Path) -> None:
    _trace(_twin(tree, "2"), "tr-twin")
    counted = dict(
        FileStore(tree).read(ignore).traces.select("experiment_id", "traces").iter_rows()
    )
    found = [one.experiment for one in traces_of_tree(tree)]
    assert {one: found.count(one) for one in found} == counted == {"1": 2, "2": 1}


def test_many_files_that_cannot_be_read_make_a_short_note(tree: Path, tmp_path: Path) -> None:
    for number in range(9):
        (_odd(tree) / "tags" / f"gone-{number}").symlink_to(tmp_path / "nowhere")
    change = planned([tree], tmp_path / "new" / "m.db")
    note = note_with(change.plan.notes, f"Trace {_odd(tree)} cannot be carried")
    assert "gone-2" in note
    assert "gone-3" not in note
    assert "and 6 more files" in note
