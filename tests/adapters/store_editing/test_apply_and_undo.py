"""Plans carried out on real stores, and taken back."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from tests.adapters.store_editing.small import (
    Small,
    clock,
    fingerprint,
    full_plan,
    rename,
    rows_of_units,
    run_id,
    simple_plan,
    stop_after_a_step,
)
from tests.stores.torn import tear

from scorewright.adapters.store_editing import Workshops
from scorewright.core.errors import IntegrityError, ScorewrightError, UsageError
from scorewright.core.plans import Balance, Plan, Receipt, Step, read_receipt
from scorewright.flows.events import Event, Note, ignore
from scorewright.flows.store.apply_plan import apply_plan
from scorewright.flows.store.undo_receipt import undo_receipt, undo_unfinished


def apply(small: Small, plan: Plan) -> Receipt:
    return apply_plan(plan, small.open(plan), clock, ignore, "ana")


def interrupted(small: Small) -> Plan:
    """Return a plan of three renames that stopped after the first."""
    steps = [
        Step("rename_run", str(n), "Rename", (rename(n, f"bold-ant-{n}", "x"),)) for n in range(3)
    ]
    plan = simple_plan(small, *steps)

    stop_after_a_step(small, plan)
    return plan


def change_behind(small: Small, sql: str) -> None:
    with closing(sqlite3.connect(small.database)) as connection, connection:
        connection.execute(sql)


def test_everything_is_done_and_undone_and_done_again(small: Small) -> None:
    begin = fingerprint(small)
    plan = full_plan(small)

    receipt = apply(small, plan)

    end = fingerprint(small)
    assert end != begin
    with closing(sqlite3.connect(small.database)) as connection:
        names = connection.execute("SELECT name FROM runs WHERE run_uuid = ?", (run_id(0),))
        assert names.fetchall() == [("train_depth_0",)]
        assert connection.execute("SELECT COUNT(*) FROM runs").fetchone() == (15,)
    one, two = (small.artifacts / "1" / name / "model.bin" for name in "ab")
    assert one.samefile(two)
    assert (small.artifacts / "1/a/notes.txt").read_bytes() == b"new notes"
    assert (small.artifacts / "2/moved/d/deep/x.txt").read_bytes() == b"moved"
    kept = json.loads(next(small.workshops().folder.glob("receipt-*.json")).read_text())
    assert read_receipt(kept, "it") == receipt
    assert Path(receipt.backup).exists()

    undone = undo_receipt(receipt, small.open, clock, ignore, "ana")

    assert fingerprint(small) == begin
    assert not one.samefile(two)
    assert (undone.after.rows, undone.after.files) == (receipt.before.rows, receipt.before.files)

    again = apply(small, plan)
    assert fingerprint(small) == end
    redone = undo_receipt(again, small.open, clock, ignore, "ana")
    assert fingerprint(small) == begin
    undo_receipt(redone, small.open, clock, ignore, "ana")
    assert fingerprint(small) == end


def test_a_finished_plan_changes_nothing(small: Small) -> None:
    plan = full_plan(small)
    first = apply(small, plan)
    end = fingerprint(small)
    told: list[Event] = []

    second = apply_plan(plan, small.open(plan), clock, told.append, "ben")

    assert second == first
    assert fingerprint(small) == end
    assert any(isinstance(event, Note) and "before" in event.message for event in told)


def test_a_store_that_changed_since_is_refused_and_named(small: Small) -> None:
    plan = full_plan(small)
    change_behind(
        small, "INSERT INTO tags (key, value, run_uuid) SELECT 'a', 'b', run_uuid FROM runs LIMIT 1"
    )

    with pytest.raises(UsageError) as caught:
        apply(small, plan)

    assert caught.value.code == "plan-stale"
    assert "tags: 6 -> 7 rows" in caught.value.message


def test_files_that_changed_since_are_refused(small: Small) -> None:
    plan = full_plan(small)
    (small.artifacts / "1/new.txt").write_text("new")

    with pytest.raises(UsageError, match="files") as caught:
        apply(small, plan)

    assert caught.value.code == "plan-stale"


def test_undoing_is_refused_where_the_store_changed_since(small: Small) -> None:
    receipt = apply(small, full_plan(small))
    change_behind(small, "UPDATE runs SET name = 'other'")
    before = fingerprint(small)

    with pytest.raises(UsageError, match="runs: other values") as caught:
        undo_receipt(receipt, small.open, clock, ignore, "ana")

    assert caught.value.code == "plan-stale"
    assert fingerprint(small) == before


def test_a_plan_that_does_not_add_up_is_refused(small: Small) -> None:
    from dataclasses import replace

    plan = replace(full_plan(small), balance=(Balance("runs", 3, copied=2),))

    with pytest.raises(UsageError, match="account for 1 of 3 runs") as caught:
        apply(small, plan)

    assert caught.value.code == "plan-unbalanced"


def test_a_changed_payload_is_refused(small: Small) -> None:
    plan = full_plan(small)
    with closing(sqlite3.connect(small.payload)) as connection, connection:
        connection.execute("UPDATE params SET value = 'x' WHERE _unit = 'u2'")

    with pytest.raises(IntegrityError) as caught:
        apply(small, plan)

    assert caught.value.code == "payload-changed"


@pytest.mark.parametrize("is_tried_again", [False, True])
def test_rows_that_were_refused_are_not_in_the_way_of_taking_back(
    small: Small, *, is_tried_again: bool
) -> None:
    # Given a plan whose second step puts in rows under keys that others have
    taken = f"UPDATE runs SET run_uuid = '{run_id(1100)}' WHERE run_uuid = '{run_id(2)}'"  # noqa: S608
    change_behind(small, taken)
    begin = fingerprint(small)
    plan = simple_plan(
        small,
        Step("rename_run", "run 1", "Rename", (rename(1, "bold-ant-1", "x"),)),
        Step("copy", "rows", "Copy", rows_of_units(small)),
        payload=True,
    )
    # When it is refused, once or twice
    for _ in range(1 + is_tried_again):
        with pytest.raises(ScorewrightError) as caught:
            apply(small, plan)
        assert caught.value.code == "apply-conflict"
    # Then what is done can be taken back: nothing of what was refused is there
    undo_unfinished(plan, small.open, clock, ignore, "ana")
    assert fingerprint(small) == begin


def test_a_conflict_leaves_the_step_undone_and_says_how_far_it_came(small: Small) -> None:
    first = Step("rename_run", "run 1", "Rename", (rename(1, "bold-ant-1", "x"),))
    second = Step(
        "rename_run", "run 2", "Rename", (rename(2, "bold-ant-2", "y"), rename(0, "wrong", "z"))
    )
    plan = simple_plan(small, first, second)

    with pytest.raises(ScorewrightError) as caught:
        apply(small, plan)

    assert caught.value.code == "apply-conflict"
    assert "1 of 2 steps" in caught.value.notes[0]
    with closing(sqlite3.connect(small.database)) as connection:
        names = connection.execute("SELECT name FROM runs ORDER BY run_uuid").fetchall()
    assert names == [("bold-ant-0",), ("x",), ("bold-ant-2",)]


def test_a_broken_reference_is_found(small: Small) -> None:
    from scorewright.core.plans import RowChange

    tag = RowChange(
        "tags", {"key": "mlflow.parentRunId", "run_uuid": run_id(0)}, None, {"value": "f" * 32}
    )
    plan = simple_plan(small, Step("tag_run", "run 0", "Tag it", (tag,)))

    with pytest.raises(IntegrityError, match=r"mlflow\.parentRunId") as caught:
        apply(small, plan)

    assert caught.value.code == "store-broken"


def test_what_others_change_while_a_plan_stands_still_is_noticed(small: Small) -> None:
    plan = interrupted(small)
    change_behind(small, "UPDATE params SET value = 'other' WHERE key = 'depth'")

    receipt = apply(small, plan)

    assert "changed by somebody else meanwhile: params: other values" in receipt.checks
    with pytest.raises(IntegrityError, match="params: other values") as caught:
        undo_receipt(receipt, small.open, clock, ignore, "ana")
    assert caught.value.code == "undo-differs"


@pytest.mark.parametrize("is_torn", [False, True])
def test_after_a_kill_rows_of_the_plans_own_tables_are_compared(
    small: Small, is_torn: bool
) -> None:
    # Given a plan that was killed after its first step, and somebody who came by
    plan = interrupted(small)
    (journal,) = small.workshops().folder.glob("journal-*.jsonl")
    lines = journal.read_text().splitlines()
    assert json.loads(lines[-1])["entry"] == "seen"
    journal.write_text("".join(f"{line}\n" for line in lines[:-1]))
    change_behind(small, "UPDATE runs SET user_id = 'else' WHERE name = 'bold-ant-2'")
    if is_torn:
        tear(small.database)

    # When
    receipt = apply(small, plan)

    # Then the table as a whole was changed by the plan too; the row was not.
    assert "changed by somebody else meanwhile: runs: 1 row that the plan has no part in" in (
        receipt.checks
    )


def test_a_backup_that_is_gone_is_said(small: Small) -> None:
    change_behind(small, "INSERT INTO tags (key, value, run_uuid) VALUES ('a', 'b', 'nowhere')")
    plan = simple_plan(small, Step("rename_run", "1", "Rename", (rename(1, "bold-ant-1", "x"),)))
    receipt = apply(small, plan)
    assert "references: each new one leads somewhere (1 led nowhere before)" in receipt.checks
    Path(receipt.backup).unlink()
    said = small.open(plan).store.check(receipt.backup)
    assert "references: 1 lead nowhere; the backup that knew the old ones is gone" in said


def test_a_locked_store_waits_and_says_so(small: Small, monkeypatch: pytest.MonkeyPatch) -> None:
    from scorewright.adapters.store_editing import database

    monkeypatch.setattr(database, "_LOCK_SECONDS", 0.2)
    plan = simple_plan(small, Step("rename_run", "1", "Rename", (rename(1, "bold-ant-1", "x"),)))
    with closing(sqlite3.connect(small.database, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(ScorewrightError) as caught:
            apply(small, plan)
        other.execute("ROLLBACK")

    assert caught.value.code == "store-locked"
    apply(small, plan)


def test_mlflow_opens_the_result(small: Small) -> None:
    plan = full_plan(small)
    workshop = Workshops(str(small.database)).open(plan, small.payload)

    receipt = apply_plan(plan, workshop, clock, ignore, "ana")

    assert any(
        "opened with MLflow: 3 experiments; as a sample 1 run" in line for line in receipt.checks
    )


def test_a_place_outside_is_refused(small: Small, tmp_path: Path) -> None:
    from scorewright.core.plans import FileChange

    link = small.artifacts / "out"
    link.symlink_to(tmp_path)
    for path in (tmp_path / "x", link / "x", small.folder / ".scorewright/lock", small.database):
        change = FileChange(str(path), None, "0" * 64, 1, origin="/etc/hostname")
        with pytest.raises(UsageError) as caught:
            small.open(full_plan(small)).files.perform(change)
        assert caught.value.code == "plan-outside"
