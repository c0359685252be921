"""Plans carried out: what is asked for in which order, what is refused, and going on."""

from __future__ import annotations

from typing import Any

import pytest
from tests.fakes.store_editing import LOCATION, Clock, MemoryStore, plan_for, rename, write

from scorewright.core.errors import IntegrityError, ScorewrightError, UsageError
from scorewright.core.plans import Balance, Plan, Receipt, Row, RowChange, StoreRef, read_receipt
from scorewright.flows.events import Event, Note, StepDone, ignore
from scorewright.flows.store.apply_plan import apply_plan


@pytest.fixture
def world() -> MemoryStore:
    runs: dict[Any, Row] = {n: {"name": f"run {n}", "status": "FINISHED"} for n in range(3)}
    return MemoryStore({"runs": runs, "tags": {1: {"value": "a"}}}, {"/a": "one"})


def apply(world: MemoryStore, plan: Plan, told: list[Event] | None = None) -> Receipt:
    notify = ignore if told is None else told.append
    return apply_plan(plan, world.open(plan), Clock(), notify, "ana")


def stop_after(step: int, world: MemoryStore, plan: Plan) -> None:
    def interrupt(event: Event) -> None:
        if isinstance(event, StepDone) and event.done == step:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt) as caught:
        apply_plan(plan, world.open(plan), Clock(), interrupt, "ana")
    assert f"{step} of {len(plan.steps)} steps" in caught.value.__notes__[0]


def test_each_step_is_journaled_before_and_after(world: MemoryStore) -> None:
    plan = plan_for(world, rename(1, "run 1", "x"), write("/b", "two"))

    receipt = apply(world, plan)

    assert world.log == [
        "start", "backup", "backup", "begin", "commit 1", "done", "begin", "done",
        "check /state/backup.db", "end",
    ]  # fmt: skip
    assert world.tables["runs"][1]["name"] == "x"
    assert world.files == {"/a": "one", "/b": "two"}
    assert receipt.before.rows == plan.target.rows
    assert receipt.after.rows != receipt.before.rows
    assert receipt.checks[0].startswith("backup of 4 rows")
    assert read_receipt(world.receipts[plan.id], "it") == receipt
    assert world.holder == ""


def test_a_finished_plan_gives_its_receipt_again(world: MemoryStore) -> None:
    plan = plan_for(world, rename(1, "run 1", "x"))
    first = apply(world, plan)
    world.log.clear()
    told: list[Event] = []

    assert apply(world, plan, told) == first
    assert world.log == []
    assert told == [Note(f"The plan {plan.id[:12]} was carried out before: nothing is changed.")]


def test_a_stale_store_is_refused_before_anything_is_written(world: MemoryStore) -> None:
    plan = plan_for(world, rename(1, "run 1", "x"))
    world.tables["tags"][2] = {"value": "b"}

    with pytest.raises(UsageError, match="tags: 1 -> 2 rows") as caught:
        apply(world, plan)

    assert caught.value.code == "plan-stale"
    assert world.log == []


def test_a_source_that_changed_is_refused(world: MemoryStore) -> None:
    source = StoreRef("/other", "s" * 64)
    plan = plan_for(world, rename(1, "run 1", "x"), sources=(source,))
    world.sources["/other"] = StoreRef("/other", "t" * 64)
    with pytest.raises(UsageError, match="source /other") as caught:
        apply(world, plan)
    assert caught.value.code == "plan-stale"
    world.sources["/other"] = source
    assert apply(world, plan).plan == plan


def test_a_payload_that_changed_is_refused(world: MemoryStore) -> None:
    plan = plan_for(world, rename(1, "run 1", "x"), payload="p" * 64)
    with pytest.raises(IntegrityError) as caught:
        apply(world, plan)
    assert caught.value.code == "payload-changed"
    world.payload_digest = "p" * 64
    assert apply(world, plan).payload == "/state/payload.db"


def test_what_does_not_add_up_is_refused(world: MemoryStore) -> None:
    plan = plan_for(world, balance=(Balance("runs", 3, copied=1),))
    with pytest.raises(UsageError, match="account for 2 of 3 runs") as caught:
        apply(world, plan)
    assert caught.value.code == "plan-unbalanced"


def test_a_busy_store_is_left_alone(world: MemoryStore) -> None:
    plan = plan_for(world, rename(1, "run 1", "x"))
    world.holder = "ben"
    with pytest.raises(ScorewrightError) as caught:
        apply(world, plan)
    assert caught.value.code == "store-busy"
    assert world.log == []


def test_a_stopped_plan_goes_on_and_makes_no_second_backup(world: MemoryStore) -> None:
    plan = plan_for(world, *(rename(n, f"run {n}", f"x {n}") for n in range(3)))
    stop_after(2, world, plan)
    world.log.clear()

    receipt = apply(world, plan)

    assert world.log == ["begin", "commit 1", "done", "check /state/backup.db", "end"]
    assert [run["name"] for run in world.tables["runs"].values()] == ["x 0", "x 1", "x 2"]
    assert receipt.checks[1:] == ("integrity: ok",)


def test_a_conflict_says_how_far_it_came(world: MemoryStore) -> None:
    plan = plan_for(world, rename(1, "run 1", "x"), rename(2, "wrong", "y"))
    with pytest.raises(ScorewrightError) as caught:
        apply(world, plan)
    assert caught.value.code == "apply-conflict"
    assert "1 of 2 steps" in caught.value.notes[0]
    assert world.tables["runs"][2]["name"] == "run 2"


def test_what_others_change_while_a_plan_stands_still_is_noticed(world: MemoryStore) -> None:
    plan = plan_for(world, *(rename(n, f"run {n}", f"x {n}") for n in range(3)))
    stop_after(1, world, plan)
    world.tables["runs"][0]["status"] = "FAILED"  # even within a table of the plan
    told: list[Event] = []

    receipt = apply(world, plan, told)

    assert "changed by somebody else meanwhile: runs: other values" in receipt.checks
    assert any(isinstance(event, Note) and "Somebody" in event.message for event in told)


def test_after_a_crash_other_tables_and_numbers_of_rows_are_compared(world: MemoryStore) -> None:
    plan = plan_for(world, *(rename(n, f"run {n}", f"x {n}") for n in range(3)))
    stop_after(1, world, plan)
    entries = world.journals[plan.id]
    assert entries.pop()["entry"] == "seen"  # killed: it could not say how it left the store
    world.tables["tags"][1]["value"] = "b"
    world.tables["runs"][9] = {"name": "new"}

    receipt = apply(world, plan)

    assert receipt.checks[1:3] == (
        "changed by somebody else meanwhile: runs: 4 rows, not 3",
        "changed by somebody else meanwhile: tags: other values",
    )


def test_a_crash_between_commit_and_journal_is_no_foreign_change(world: MemoryStore) -> None:
    change = RowChange("runs", {"id": 7}, None, {"name": "seven"})
    plan = plan_for(world, change, rename(1, "run 1", "x"))
    stop_after(1, world, plan)
    entries = world.journals[plan.id]
    assert [entry["entry"] for entry in entries[-2:]] == ["done", "seen"]
    del entries[-2:]

    receipt = apply(world, plan)

    assert len(world.tables["runs"]) == 4
    assert not any("somebody" in line for line in receipt.checks)
    assert receipt.after.location == LOCATION
