"""What a hostile place, or a plan that somebody wrote by hand, may not do to a store."""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Self

import pytest
from tests.adapters.store_editing.small import (
    Small,
    clock,
    fingerprint,
    rename,
    run_id,
    sha,
    simple_plan,
)

from scorewright.adapters.store_editing import (
    DatabaseEditor,
    DatabaseRows,
    FileStoreLock,
    FolderShelf,
    TreeKeeper,
    Workshops,
    folder_digest,
)
from scorewright.adapters.store_editing.locking import alone_in
from scorewright.core.errors import ScorewrightError
from scorewright.core.plans import FileChange, LinkChange, MoveChange, Row, RowChange, Step
from scorewright.flows.events import Event, StepDone, ignore
from scorewright.flows.store.apply_plan import apply_plan
from scorewright.flows.store.undo_receipt import undo_receipt, undo_unfinished

FileChanges = FileChange | MoveChange | LinkChange


def step(*changes: FileChanges) -> Step:
    return Step("change_files", "files", "Change files", changes)


def odd(folder: Path, name: bytes, content: bytes) -> Path:
    """A file whose name is not UTF-8."""
    folder.mkdir(parents=True, exist_ok=True)
    place = Path(os.fsdecode(os.fsencode(folder) + b"/" + name))
    place.write_bytes(content)
    return place


def as_wal(database: Path, folder: Path) -> Path:
    """A copy of a store whose last change is in its log alone, as a killed program leaves it."""
    folder.mkdir()
    copy = folder / "mlflow.db"
    with closing(sqlite3.connect(database)) as connection:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA wal_autocheckpoint = 0")
        connection.execute("UPDATE runs SET name = 'late' WHERE run_uuid = ?", (run_id(0),))
        connection.commit()
        for ending in ("", "-wal"):
            Path(f"{copy}{ending}").write_bytes(Path(f"{database}{ending}").read_bytes())
    return copy


def contents(folder: Path) -> dict[str, str]:
    return {place.name: sha(place.read_bytes()) for place in folder.iterdir()}


def test_names_that_are_not_utf8_stand_in_no_plan_s_way(small: Small) -> None:
    odd(small.artifacts / "1" / "x", b"bad\xff.txt", b"one")
    odd(small.artifacts / "1" / "d", b"moved\xff.txt", b"two")
    origin = odd(small.source, b"origin\xff.txt", b"three")
    said = str(small.source / "originÿ.txt")
    target = small.artifacts / "2" / "arrived.txt"
    moved = small.artifacts / "2" / "d"
    before = fingerprint(small)
    plan = simple_plan(
        small,
        step(
            FileChange(str(target), None, sha(b"three"), 5, said),
            MoveChange(
                str(small.artifacts / "1" / "d"),
                str(moved),
                folder_digest(small.artifacts / "1" / "d"),
            ),
        ),
    )
    receipt = apply_plan(plan, small.open(plan), clock, ignore, "ana")
    assert target.read_bytes() == origin.read_bytes()
    undo_receipt(receipt, small.open, clock, ignore, "ana")
    assert fingerprint(small) == before


def test_a_file_whose_name_is_not_utf8_shares_its_bytes(small: Small) -> None:
    place = odd(small.artifacts / "1" / "x", b"bad\xff.txt", b"same")
    keeper = small.artifacts / "1" / "keeper.txt"
    keeper.write_bytes(b"same")
    said = str(place.with_name("badÿ.txt"))
    plan = simple_plan(small, step(LinkChange(said, str(keeper), sha(b"same"), 4)))
    receipt = apply_plan(plan, small.open(plan), clock, ignore, "ana")
    assert place.samefile(keeper)
    undo_receipt(receipt, small.open, clock, ignore, "ana")
    assert not place.samefile(keeper)


@pytest.mark.parametrize("name", ["mlflow.db-wal", "mlflow.db-journal", "me/mlflow.db"])
def test_the_database_is_no_file_of_its_store(small: Small, name: str) -> None:
    (small.folder / "me").symlink_to(small.folder)
    place = small.folder / name
    before = sha(place.read_bytes()) if place.exists() else None
    change = FileChange(str(place), before, sha(b"evil"), 4, str(small.source / "0.bin"), "bin")
    plan = simple_plan(small, step(change))
    with pytest.raises(ScorewrightError) as caught:
        apply_plan(plan, small.open(plan), clock, ignore, "ana")
    assert caught.value.code == "plan-outside"


def test_the_state_of_a_store_is_not_reached_by_a_link(small: Small) -> None:
    (small.folder / "me").symlink_to(small.folder / ".scorewright")
    (small.folder / ".scorewright").mkdir()
    place = small.folder / "me" / "receipt-0.json"
    change = FileChange(str(place), None, sha(b"evil"), 4, str(small.source / "0.bin"))
    plan = simple_plan(small, step(change))
    with pytest.raises(ScorewrightError) as caught:
        apply_plan(plan, small.open(plan), clock, ignore, "ana")
    assert caught.value.code == "plan-outside"


def test_a_plan_that_reaches_outside_is_never_begun(small: Small) -> None:
    inside = small.artifacts / "1" / "a" / "notes.txt"
    outside = small.folder.parent / "precious.txt"
    outside.write_bytes(b"precious")
    plan = simple_plan(
        small,
        step(FileChange(str(inside), sha(b"old notes"), None, 9, "", "bin")),
        step(FileChange(str(outside), sha(b"precious"), None, 8, "", "bin")),
    )
    with pytest.raises(ScorewrightError) as caught:
        apply_plan(plan, small.open(plan), clock, ignore, "ana")
    assert caught.value.code == "plan-outside"
    assert inside.exists()
    assert small.workshops().attic().unfinished() == []


def test_looking_does_not_bring_the_log_of_a_database_home(small: Small, tmp_path: Path) -> None:
    copy = as_wal(small.database, tmp_path / "wal")
    before = contents(copy.parent)
    found = list(DatabaseRows(str(copy)).rows("runs", "run_uuid", [run_id(0)]))
    assert found[0]["name"] == "late"
    DatabaseEditor(str(copy), opens=lambda uri: uri).check()
    assert contents(copy.parent) == before


def test_a_backup_of_a_database_with_a_log_lies_alone(small: Small, tmp_path: Path) -> None:
    copy = as_wal(small.database, tmp_path / "wal")
    folder = tmp_path / "backups"
    backup = DatabaseEditor(str(copy)).backup(folder)
    assert list(folder.iterdir()) == [Path(backup.path)]
    FolderShelf(folder).prove(backup.path)
    assert list(folder.iterdir()) == [Path(backup.path)]


def test_two_backups_do_not_write_one_file(small: Small, tmp_path: Path) -> None:
    folder = tmp_path / "backups"
    with alone_in(folder), pytest.raises(ScorewrightError) as caught:
        DatabaseEditor(str(small.database)).backup(folder)
    assert caught.value.code == "store-busy"
    with alone_in(folder), pytest.raises(ScorewrightError) as caught:
        TreeKeeper(small.artifacts).backup(folder)
    assert caught.value.code == "store-busy"
    assert list(folder.iterdir()) == []


def test_a_backup_of_a_tree_waits_for_no_pipe(small: Small, tmp_path: Path) -> None:
    os.mkfifo(small.artifacts / "1" / "pipe")
    odd(small.artifacts / "1", b"bad\xff.txt", b"one")
    backup = TreeKeeper(small.artifacts).backup(tmp_path / "backups")
    assert (
        odd(Path(backup.path) / "1", b"other\xff", b"")
        .with_name(os.fsdecode(b"bad\xff.txt"))
        .exists()
    )


def test_a_store_is_locked_by_whatever_link_it_is_reached(small: Small, tmp_path: Path) -> None:
    link = tmp_path / "elsewhere" / "store.db"
    link.parent.mkdir()
    link.symlink_to(small.database)
    plan = simple_plan(small)
    other = Workshops(str(link), (), opens=lambda uri: uri).open(plan)
    with (
        small.open(plan).lock.held("ana", clock()),
        pytest.raises(ScorewrightError) as caught,
        other.lock.held("ben", clock()),
    ):
        pytest.fail("both hold it")
    assert caught.value.code == "store-busy"


def test_what_is_carried_out_at_this_moment_is_not_taken_back(small: Small) -> None:
    names = [
        Step("rename_run", "run", "Rename", (rename(n, f"bold-ant-{n}", "x"),)) for n in (0, 1)
    ]
    plan = simple_plan(small, *names)
    caught: list[str] = []

    def interfere(event: Event) -> None:
        if isinstance(event, StepDone) and event.stage == "apply" and event.done == 1:
            journal = small.folder / ".scorewright" / f"journal-{plan.id[:12]}.jsonl"
            before = journal.read_bytes()
            with pytest.raises(ScorewrightError) as busy:
                undo_unfinished(plan, small.open, clock, ignore, "ben")
            assert journal.read_bytes() == before
            caught.append(busy.value.code)

    apply_plan(plan, small.open(plan), clock, interfere, "ana")
    assert caught == ["store-busy"]


def test_what_was_written_into_a_file_later_is_not_taken_back(small: Small) -> None:
    place = small.artifacts / "2" / "arrived.txt"
    (small.source / "a.txt").write_bytes(b"mine")
    plan = simple_plan(
        small,
        Step("rename_run", "run 0", "Rename", (rename(0, "bold-ant-0", "x"),)),
        step(FileChange(str(place), None, sha(b"mine"), 4, str(small.source / "a.txt"))),
    )
    receipt = apply_plan(plan, small.open(plan), clock, ignore, "ana")
    place.write_bytes(b"more")
    before = fingerprint(small)
    with pytest.raises(ScorewrightError) as caught:
        undo_receipt(receipt, small.open, clock, ignore, "ana")
    assert caught.value.code == "plan-stale"
    assert fingerprint(small) == before
    assert small.workshops().attic().unfinished() == []
    place.write_bytes(b"mine")
    undo_receipt(receipt, small.open, clock, ignore, "ana")
    assert not place.exists()


def test_files_that_come_and_go_meanwhile_are_passed_over(
    small: Small, monkeypatch: pytest.MonkeyPatch
) -> None:
    vanishing = small.artifacts / "1" / "vanishing.tmp"
    vanishing.write_bytes(b"")
    scan = os.scandir

    def late(path: str) -> object:
        found = list(scan(path))
        vanishing.unlink(missing_ok=True)
        return _Closed(found)

    plan = simple_plan(small)
    vanishing.write_bytes(b"")
    with monkeypatch.context() as patched:
        patched.setattr(os, "scandir", late)
        assert small.open(plan).files.listing()


class _Closed(list["os.DirEntry[str]"]):
    """Entries as ``os.scandir`` gives them."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.clear()


def test_a_lock_left_by_a_dead_process_holds_nobody_up(small: Small) -> None:
    state = small.folder / ".scorewright"
    state.mkdir()
    (state / "lock").write_text("")
    (state / "holder.json").write_text('{"name": "ben", "pid": 1, "host": "gone"}')
    with FileStoreLock(state, str(small.database), "0" * 64).held("ana", clock()):
        assert "ana" in (state / "holder.json").read_text()


def test_a_row_that_could_not_be_put_back_is_not_taken_away(small: Small) -> None:
    tag: Row = {"run_uuid": run_id(0), "key": "stage"}
    run: Row = {"run_uuid": run_id(1)}
    before = fingerprint(small)
    for change, lacking in (
        (RowChange("tags", tag, {}, None), "value"),
        (RowChange("runs", run, {"name": "bold-ant-1"}, None), "experiment_id"),
    ):
        plan = simple_plan(small, Step("remove_row", "row", "Take it away.", (change,)))
        with pytest.raises(ScorewrightError, match="could not be put back") as caught:
            apply_plan(plan, small.open(plan), clock, ignore, "eve")
        assert caught.value.code == "plan-invalid"
        assert lacking in caught.value.message
        assert fingerprint(small) == before
    whole = RowChange("tags", tag, {"value": "test"}, None)
    plan = simple_plan(small, Step("remove_row", "row", "Take it away.", (whole,)))
    receipt = apply_plan(plan, small.open(plan), clock, ignore, "ana")
    assert fingerprint(small) != before
    undo_receipt(receipt, small.open, clock, ignore, "ana")
    assert fingerprint(small) == before
