"""A backup put in a store's place: what becomes of the plans for it, and of what was there."""

from __future__ import annotations

import os
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from tests.adapters.store_editing.small import (
    Small,
    clock,
    rename,
    simple_plan,
    stop_after_a_step,
)

from scorewright.adapters.store_editing import (
    FolderShelf,
    LocalPlace,
    reference_of,
    restoring,
)
from scorewright.core.errors import ScorewrightError, UsageError
from scorewright.core.plans import Plan, Receipt, Step
from scorewright.flows.events import Event, Note, ignore
from scorewright.flows.store.apply_plan import apply_plan
from scorewright.flows.store.restore_store import Restored, restore_store
from scorewright.flows.store.undo_receipt import undo_receipt, undo_unfinished

STEPS = 3


def renames(small: Small) -> Plan:
    return simple_plan(
        small,
        *(
            Step("rename_run", str(n), "Rename", (rename(n, f"bold-ant-{n}", f"x-{n}"),))
            for n in range(STEPS)
        ),
    )


def apply(small: Small, plan: Plan) -> Receipt:
    return apply_plan(plan, small.open(plan), clock, ignore, "ana")


def place_of(small: Small) -> LocalPlace:
    return LocalPlace(small.database, small.workshops().folder)


def restore(small: Small, backup: str, told: list[Event] | None = None) -> Restored:
    notify = ignore if told is None else told.append
    shelf = FolderShelf(Path(backup).parent)
    place = place_of(small)
    return restore_store(str(small.database), backup, shelf, place, clock, notify, "ana")


def names(database: Path | str) -> list[str]:
    with closing(sqlite3.connect(database)) as connection:
        return [name for (name,) in connection.execute("SELECT name FROM runs ORDER BY run_uuid")]


def journals(small: Small) -> list[str]:
    return sorted(file.name for file in small.workshops().folder.glob("journal-*.jsonl"))


def backup_of(small: Small) -> str:
    (backup,) = small.workshops().folder.glob("backup-*.db")
    return str(backup)


def test_a_finished_plan_begins_anew_after_its_backup_is_restored(small: Small) -> None:
    # Given
    plan = renames(small)
    first = apply(small, plan)
    told: list[Event] = []
    # When
    restore(small, first.backup, told)
    # Then
    assert reference_of(str(small.database)).rows == plan.target.rows
    assert any(isinstance(e, Note) and plan.id[:12] in e.message for e in told)
    assert journals(small) == [f"journal-{plan.id[:12]}-1.jsonl"]
    with pytest.raises(UsageError) as caught:
        undo_receipt(first, small.open, clock, ignore, "ana")
    assert caught.value.code == "plan-stale"
    second = apply(small, plan)
    assert second.began != first.began
    assert second.after.rows == first.after.rows
    assert names(small.database) == ["x-0", "x-1", "x-2"]
    assert undo_receipt(second, small.open, clock, ignore, "ana").after.rows == plan.target.rows


def test_of_a_plan_that_stopped_all_steps_are_carried_out_after_a_restore(small: Small) -> None:
    plan = renames(small)
    stop_after_a_step(small, plan)
    assert names(small.database) == ["x-0", "bold-ant-1", "bold-ant-2"]

    restore(small, backup_of(small))

    with pytest.raises(UsageError) as caught:
        undo_unfinished(plan, small.open, clock, ignore, "ana")
    assert caught.value.code == "plan-not-begun"
    receipt = apply(small, plan)
    assert names(small.database) == ["x-0", "x-1", "x-2"]
    assert receipt.before.rows == plan.target.rows


def test_what_was_moved_aside_can_be_restored_and_its_plan_undone(small: Small) -> None:
    plan = renames(small)
    receipt = apply(small, plan)
    aside = restore(small, receipt.backup).aside
    with pytest.raises(UsageError) as caught:
        apply(replace_database(small, aside), plan)
    assert caught.value.code == "plan-stale"

    restore(small, receipt.backup)
    restore(small, aside)

    assert names(small.database) == ["x-0", "x-1", "x-2"]
    assert undo_receipt(receipt, small.open, clock, ignore, "ana").after.rows == plan.target.rows


def replace_database(small: Small, copy: str) -> Small:
    shutil.copyfile(copy, small.database)
    return small


def test_an_undoing_is_not_believed_either_after_a_restore(small: Small) -> None:
    receipt = apply(small, renames(small))
    aside = shutil.copyfile(small.database, small.folder / "mlflow.db.replaced-20261121T120000Z")
    undo_receipt(receipt, small.open, clock, ignore, "ana")

    restore(small, str(aside))

    assert names(small.database) == ["x-0", "x-1", "x-2"]
    undo_receipt(receipt, small.open, clock, ignore, "ana")
    assert names(small.database) == [f"bold-ant-{n}" for n in range(STEPS)]


def test_a_journal_is_not_believed_where_the_rows_are_others(small: Small) -> None:
    plan = renames(small)
    receipt = apply(small, plan)
    assert apply(small, plan) == receipt

    replace_database(small, receipt.backup)

    with pytest.raises(UsageError, match=r"was carried out, .* was changed since") as got:
        apply(small, plan)
    assert got.value.code == "plan-stale"
    assert got.value.details["changed"] == ["runs: other values"]


def test_journals_of_other_stores_and_damaged_ones_stay(small: Small) -> None:
    receipt = apply(small, renames(small))
    folder = small.workshops().folder
    (own,) = journals(small)
    others = {
        "journal-aaaaaaaaaaaa.jsonl": (folder / own).read_text().replace("mlflow.db", "other.db"),
        "journal-bbbbbbbbbbbb.jsonl": '{"plan": "b"}\n',
        "journal-cccccccccccc.jsonl": '{"plan": "c"}\n{"entry": "sta',
        "journal-dddddddddddd.jsonl": (folder / own)
        .read_text()
        .replace(str(small.database), "postgresql://u@127.0.0.1/x"),
    }
    for name, text in others.items():
        (folder / name).write_text(text)

    restore(small, receipt.backup)

    assert set(journals(small)) == {*others, own.replace(".jsonl", "-1.jsonl")}


def test_a_restore_that_fails_leaves_the_journals(
    small: Small, monkeypatch: pytest.MonkeyPatch
) -> None:
    plan = renames(small)
    stop_after_a_step(small, plan)
    before = journals(small)
    whole = os.replace

    def refuse(origin: Path, target: Path) -> None:
        if Path(target) == small.database:
            raise OSError(13, "no permission")
        whole(origin, target)

    with monkeypatch.context() as patch:
        patch.setattr(os, "replace", refuse)
        with pytest.raises(ScorewrightError) as caught:
            restore(small, backup_of(small))
    assert caught.value.code == "store-write-failed"
    assert journals(small) == before
    apply(small, plan)
    assert names(small.database) == ["x-0", "x-1", "x-2"]


@pytest.mark.parametrize("is_finished", [True, False])
def test_a_kill_before_the_backup_is_in_place_leaves_nothing_to_believe(
    small: Small, monkeypatch: pytest.MonkeyPatch, *, is_finished: bool
) -> None:
    # Given
    plan = renames(small)
    if is_finished:
        apply(small, plan)
    else:
        stop_after_a_step(small, plan)

    def killed(*_: object) -> str:
        raise KeyboardInterrupt

    # When
    with monkeypatch.context() as patch:
        patch.setattr(LocalPlace, "_move_aside", killed)
        with pytest.raises(KeyboardInterrupt):
            restore(small, backup_of(small))
    # Then
    with pytest.raises(UsageError) as caught:
        apply(small, plan)
    assert caught.value.code == "plan-stale"
    restore(small, backup_of(small))
    apply(small, plan)
    assert names(small.database) == ["x-0", "x-1", "x-2"]


@contextmanager
def logged(small: Small) -> Iterator[sqlite3.Connection]:
    """A connection of another program; what it committed lies in the log beside the store."""
    with closing(sqlite3.connect(small.database, isolation_level=None)) as connection:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("UPDATE runs SET name = 'late' WHERE name = 'bold-ant-0'")
        assert Path(f"{small.database}-wal").stat().st_size
        yield connection


def test_rows_in_a_log_are_moved_aside_with_the_store(small: Small) -> None:
    backup = small.workshops().shelf().folder
    made = small.open(renames(small)).store.backup(backup).path
    with logged(small):
        aside = restore(small, made).aside
        assert names(small.database)[0] == "bold-ant-0"

        restore(small, aside)

    assert names(small.database) == ["late", "bold-ant-1", "bold-ant-2"]


def test_a_store_is_never_without_its_log(small: Small, monkeypatch: pytest.MonkeyPatch) -> None:
    made = small.open(renames(small)).store.backup(small.workshops().folder).path
    alone = small.folder / "alone.db"
    whole = os.replace

    def killed(origin: Path, target: Path) -> None:
        if Path(target) == small.database:
            raise KeyboardInterrupt
        whole(origin, target)

    with logged(small):
        monkeypatch.setattr(os, "replace", killed)
        with pytest.raises(KeyboardInterrupt):
            restore(small, made)
        monkeypatch.undo()
        for ending in ("", "-wal"):  # the disk as the kill leaves it, without that connection
            if Path(f"{small.database}{ending}").exists():
                shutil.copyfile(f"{small.database}{ending}", f"{alone}{ending}")
    assert names(alone) == ["late", "bold-ant-1", "bold-ant-2"]


def test_a_reader_that_keeps_the_log_is_waited_for(
    small: Small, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = small.open(renames(small)).store.backup(small.workshops().folder).path
    monkeypatch.setattr(restoring, "_SECONDS", 0.2)
    with logged(small) as writer, closing(sqlite3.connect(small.database)) as reader:
        reader.execute("BEGIN")
        reader.execute("SELECT name FROM runs").fetchone()
        writer.execute("UPDATE runs SET name = 'later' WHERE name = 'late'")
        with pytest.raises(ScorewrightError) as caught:
            restore(small, made)
    assert caught.value.code == "store-locked"
    assert names(small.database)[0] == "later"
    assert list(small.folder.glob("*.replaced-*")) == []


def test_a_backup_with_rows_in_a_log_is_refused(small: Small) -> None:
    aside = small.folder / "mlflow.db.replaced-20261121T120000Z"
    with logged(small):
        shutil.copyfile(small.database, aside)
        shutil.copyfile(f"{small.database}-wal", f"{aside}-wal")
    with pytest.raises(UsageError, match="lie beside it, in mlflow") as caught:
        restore(small, str(aside))
    assert caught.value.code == "backup-unmerged"
    with closing(sqlite3.connect(aside)) as connection:  # as the remedy says
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    restore(small, str(aside))
    assert names(small.database)[0] == "late"


def test_a_note_that_was_copied_names_no_store(small: Small, tmp_path: Path) -> None:
    shelf = small.workshops().shelf()
    made = small.open(renames(small)).store.backup(shelf.folder)
    note = shelf.note(made, f"sqlite:///{small.database}", "2026-11-21", "ana")
    copy = tmp_path / "copy"
    shutil.copytree(small.folder, copy)
    (copied,) = FolderShelf(copy / ".scorewright").notes()
    assert copied == replace(note, path=str(copy / ".scorewright" / Path(made.path).name),
                             location="")  # fmt: skip
    assert shelf.notes() == (note,)
    # Another way to the same folder is no copy.
    (tmp_path / "link").symlink_to(small.folder)
    (same,) = FolderShelf(tmp_path / "link" / ".scorewright").notes()
    assert same.location == note.location


def test_names_with_quotes_are_no_damage(small: Small) -> None:
    odd = 'odd"na""me'
    with closing(sqlite3.connect(small.database)) as connection, connection:
        connection.execute('CREATE TABLE "odd""na""""me" ("a""b" INTEGER)')
        connection.execute('INSERT INTO "odd""na""""me" VALUES (1), (2)')
    plan = renames(small)
    assert {table.name: table.rows for table in plan.target.tables}[odd] == len((1, 2))
    stop_after_a_step(small, plan)
    (journal,) = small.workshops().folder.glob("journal-*.jsonl")
    journal.write_text(  # as after a kill: rows are compared with the backup
        "".join(f"{line}\n" for line in journal.read_text().splitlines()[:-1])
    )
    receipt = apply(small, plan)
    assert not any("meanwhile" in line for line in receipt.checks)
    restore(small, receipt.backup)
    assert reference_of(str(small.database)).rows == plan.target.rows
