"""Plans taken back: whole or midway, and refused where that cannot be."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.fakes.store_editing import Clock, MemoryStore, plan_for, rename, write

from scorewright.core.errors import IntegrityError, ScorewrightError, UsageError
from scorewright.core.plans import FileChange, Plan, Row, RowChange, read_receipt
from scorewright.flows.events import Event, StepDone, ignore
from scorewright.flows.store.apply_plan import apply_plan
from scorewright.flows.store.undo_receipt import plan_back, undo_receipt, undo_unfinished

CLOCK = Clock()


def new_world() -> MemoryStore:
    runs: dict[Any, Row] = {number: {"name": f"run {number}"} for number in range(3)}
    return MemoryStore({"runs": runs}, {"/a": "one"})


@pytest.fixture
def world() -> MemoryStore:
    return new_world()


def full(world: MemoryStore) -> Plan:
    return plan_for(
        world,
        rename(0, "run 0", "x"),
        write("/b", "two"),
        RowChange("runs", {"id": 2}, {"name": "run 2"}, None),
        FileChange("/a", "one", None, 1, content_before="bin"),
        RowChange("runs", {"id": 9}, None, {"name": "nine"}),
    )


def test_undoing_leads_back_and_can_be_undone(world: MemoryStore) -> None:
    begin = world.image()
    plan = full(world)
    receipt = apply_plan(plan, world.open(plan), CLOCK, ignore, "ana")
    end = world.image()

    undone = undo_receipt(receipt, world.open, CLOCK, ignore, "ben")

    assert world.image() == begin
    assert undone.plan.inverse_of == plan.id
    assert undone.checks[-1].startswith("every row and every file is as it was before")
    assert plan.id not in world.journals  # it may be carried out again

    undo_receipt(undone, world.open, CLOCK, ignore, "ben")
    assert world.image() == end


def test_the_same_receipt_gives_the_same_plan_back(world: MemoryStore) -> None:
    plan = full(world)
    receipt = apply_plan(plan, world.open(plan), CLOCK, ignore, "ana")
    read_back = read_receipt(json.loads(json.dumps(receipt.to_json())), "it")
    assert plan_back(read_back) == plan_back(receipt)


def test_undoing_is_refused_where_the_store_changed(world: MemoryStore) -> None:
    plan = full(world)
    receipt = apply_plan(plan, world.open(plan), CLOCK, ignore, "ana")
    world.tables["runs"][1]["name"] = "mine"
    with pytest.raises(UsageError) as caught:
        undo_receipt(receipt, world.open, CLOCK, ignore, "ben")
    assert caught.value.code == "plan-stale"
    assert world.tables["runs"][1]["name"] == "mine"


def test_undoing_is_refused_after_a_purge(world: MemoryStore) -> None:
    plan = full(world)
    receipt = apply_plan(plan, world.open(plan), CLOCK, ignore, "ana")
    end = world.image()
    world.purged.add((plan.id, receipt.began))
    with pytest.raises(UsageError) as caught:
        undo_receipt(receipt, world.open, CLOCK, ignore, "ben")
    assert caught.value.code == "plan-purged"
    assert world.image() == end


@given(step=st.integers(1, 4), is_silent=st.booleans())
def test_what_is_done_of_a_plan_is_taken_back(step: int, is_silent: bool) -> None:
    world = new_world()
    begin = world.image()
    plan = full(world)
    _stop(world, plan, step)
    if is_silent:  # killed between a change and its entry
        del world.journals[plan.id][-2:]

    undo_unfinished(plan, world.open, CLOCK, ignore, "ben")

    assert world.image() == begin
    assert plan.id not in world.journals
    apply_plan(plan, world.open(plan), CLOCK, ignore, "ana")
    assert world.tables["runs"][9] == {"name": "nine"}


def test_a_plan_that_is_taken_back_does_not_go_on(world: MemoryStore) -> None:
    plan = full(world)
    begin = world.image()
    _stop(world, plan, 3)

    def refuse() -> None:
        raise ScorewrightError("Full.", remedy="Free space.", code="store-write-failed")

    world.refuses = refuse
    with pytest.raises(ScorewrightError, match="Full"):
        undo_unfinished(plan, world.open, CLOCK, ignore, "ben")
    world.refuses = lambda: None
    with pytest.raises(UsageError) as caught:
        apply_plan(plan, world.open(plan), CLOCK, ignore, "ana")
    assert caught.value.code == "plan-undoing"

    undo_unfinished(plan, world.open, CLOCK, ignore, "ben")
    assert world.image() == begin


def test_what_others_changed_midway_is_named_at_the_end(world: MemoryStore) -> None:
    plan = full(world)
    _stop(world, plan, 3)
    world.tables["runs"][1]["name"] = "mine"
    with pytest.raises(IntegrityError, match="runs: other values") as caught:
        undo_unfinished(plan, world.open, CLOCK, ignore, "ben")
    assert caught.value.code == "undo-differs"
    assert world.tables["runs"] == {
        0: {"name": "run 0"}, 1: {"name": "mine"}, 2: {"name": "run 2"}
    }  # fmt: skip
    (back,) = world.receipts.values()
    assert back["checks"][-1] == "not as it was before: runs: other values"
    assert plan.id not in world.journals  # there is nothing left to take back
    with pytest.raises(UsageError) as again:
        undo_unfinished(plan, world.open, CLOCK, ignore, "ben")
    assert again.value.code == "plan-not-begun"


def test_a_store_that_differs_is_named_each_time(world: MemoryStore) -> None:
    plan = full(world)
    receipt = apply_plan(plan, world.open(plan), CLOCK, ignore, "ana")

    def spoil(event: Event) -> None:
        if isinstance(event, StepDone) and event.done == 1:
            world.tables["runs"][1]["name"] = "mine"

    for _ in range(2):
        with pytest.raises(IntegrityError) as caught:
            undo_receipt(receipt, world.open, CLOCK, spoil, "ben")
        assert caught.value.code == "undo-differs"
        assert caught.value.details["changed"] == ["runs: other values"]
    assert plan.id not in world.journals


@pytest.mark.parametrize("is_finished", [True, False])
def test_nothing_midway_is_nothing_to_take_back(world: MemoryStore, *, is_finished: bool) -> None:
    plan = full(world)
    if is_finished:
        apply_plan(plan, world.open(plan), CLOCK, ignore, "ana")
    with pytest.raises(UsageError) as caught:
        undo_unfinished(plan, world.open, CLOCK, ignore, "ben")
    assert caught.value.code == "plan-not-begun"


def _stop(world: MemoryStore, plan: Plan, step: int) -> None:
    def interrupt(event: Event) -> None:
        if isinstance(event, StepDone) and event.done == step:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        apply_plan(plan, world.open(plan), CLOCK, interrupt, "ana")
