"""Nothing that something living reaches is deleted, whoever made the steps."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.fakes.audited_stores import NOW, ROOT, StoreDraft, conventions

from scorewright.core.errors import UsageError
from scorewright.core.plans import FileChange, MoveChange, RowChange, Step
from scorewright.core.rationalise import Evidence, Reach, guard, held_by

Node = tuple[str, str]
Edges = dict[Node, tuple[Node, ...]]
KINDS = ("alias", "version", "model", "run", "experiment")
nodes = st.tuples(st.sampled_from(KINDS), st.sampled_from("abcd"))
edges = st.dictionaries(nodes, st.lists(nodes, max_size=3).map(tuple), max_size=12)


def evidence(draft: StoreDraft) -> Evidence:
    told = draft.given()
    return Evidence(told.snapshot, conventions(), NOW, files=told.files)


def step(*changes: object) -> Step:
    return Step("test", "it", "Do it.", changes)  # type: ignore[arg-type]


def deleted(table: str, **key: object) -> RowChange:
    before, after = {"lifecycle_stage": "active"}, {"lifecycle_stage": "deleted"}
    return RowChange(table, {**key}, {**before}, {**after})  # type: ignore[dict-item]


def gone(path: str, size: int = 1) -> FileChange:
    return FileChange(path, "0" * 64, None, size, "", "bin")


def refused(draft: StoreDraft, *changes: object) -> list[str]:
    with pytest.raises(UsageError) as caught:
        guard([step(*changes)], evidence(draft))
    assert caught.value.code == "plan-reaches-alive"
    return list(caught.value.details["held"])


def reached(edges: Edges, starts: frozenset[Node]) -> set[Node]:
    """Reachability by brute force: add until nothing is new."""
    found = set(starts)
    while True:
        more = {n for node in found for n in edges.get(node, ())} - found
        if not more:
            return found
        found |= more


@settings(deadline=None)
@given(edges=edges, alive=st.frozensets(nodes), doomed=st.frozensets(nodes))
def test_held_is_what_a_survivor_reaches(
    edges: Edges, alive: frozenset[Node], doomed: frozenset[Node]
) -> None:
    held = held_by(Reach(edges, alive), doomed)
    assert {item.chain[-1] for item in held} == reached(edges, alive - doomed) & doomed
    for item in held:
        # each chain is real, and begins with something that lives and stays
        assert item.chain[0] in alive - doomed
        for one, next_one in zip(item.chain, item.chain[1:], strict=False):
            assert next_one in edges[one]


@settings(deadline=None)
@given(edges=edges, alive=st.frozensets(nodes), doomed=st.frozensets(nodes))
def test_what_is_left_needs_nothing_that_goes(
    edges: Edges, alive: frozenset[Node], doomed: frozenset[Node]
) -> None:
    held = {item.chain[-1] for item in held_by(Reach(edges, alive), doomed)}
    # leaving out what is held may hold more; in the end nothing is
    rest = doomed
    while held:
        rest = rest - held
        held = {item.chain[-1] for item in held_by(Reach(edges, alive), rest)}
    assert not reached(edges, alive - rest) & rest


def test_an_alias_holds_its_run_and_the_experiment() -> None:
    draft = StoreDraft.perfect(1)
    run = "0" * 32
    draft.version("m", 1, run)
    draft.alias("m", "champion", 1)
    held = refused(draft, deleted("experiments", experiment_id=1), deleted("runs", run_uuid=run))
    assert f"version m/1 -> run {run}" in held
    assert f"version m/1 -> run {run} -> experiment 1" in held


def test_a_tombstone_holds_nothing() -> None:
    run = "0" * 32
    living, tombstone = StoreDraft.perfect(1), StoreDraft.perfect(1)
    living.version("m", 1, run)
    tombstone.version("m", 1, run, stage="Deleted_Internal")
    assert refused(living, deleted("runs", run_uuid=run)) == [f"version m/1 -> run {run}"]
    guard([step(deleted("runs", run_uuid=run))], evidence(tombstone))


def test_parent_and_child_may_go_together() -> None:
    draft = StoreDraft.perfect(2)
    parent, child = "0" * 32, f"{1:032x}"
    draft.tag(child, "mlflow.parentRunId", parent)
    assert refused(draft, deleted("runs", run_uuid=parent)) == [f"run {child} -> run {parent}"]
    both = [deleted("runs", run_uuid=run) for run in (parent, child)]
    guard([step(*both)], evidence(draft))


def test_a_run_that_moves_away_frees_its_experiment() -> None:
    draft = StoreDraft.perfect(1)
    draft.experiment("2", "other")
    moved = RowChange("runs", {"run_uuid": "0" * 32}, {"experiment_id": 1}, {"experiment_id": 2})
    refused(draft, deleted("experiments", experiment_id=1))
    guard([step(moved, deleted("experiments", experiment_id=1))], evidence(draft))


def test_files_of_a_run_may_not_go() -> None:
    draft = StoreDraft.perfect(1)
    path = f"{ROOT}/1/{'0' * 32}/artifacts/model/model.txt"
    assert refused(draft, gone(path)) == [f"run {'0' * 32} -> {path}"]
    # a reference in its place is enough, while nothing loads the file
    reference = FileChange(f"{path}.duplicate-of.json", None, "1" * 64, 9, "payload:x")
    guard([step(reference, gone(path))], evidence(draft))
    draft.version("m", 1, "0" * 32)
    refused(draft, reference, gone(path))


def test_a_folder_that_holds_artifacts_may_not_move() -> None:
    draft = StoreDraft.perfect(1)
    refused(draft, MoveChange(f"{ROOT}/1", f"{ROOT}/aside", "0" * 64))
    guard([step(MoveChange("/old/mlruns", "/old/aside", "0" * 64))], evidence(draft))
    guard([step(gone(f"{ROOT}/9/x"))], evidence(draft))
