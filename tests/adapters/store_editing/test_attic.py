"""What a real store's state keeps, and how it goes."""

from __future__ import annotations

import errno
from pathlib import Path

import pytest
from tests.adapters.store_editing.small import (
    Small,
    clock,
    fingerprint,
    full_plan,
    rename,
    simple_plan,
    stop_after_a_step,
)

from scorewright.adapters.store_editing import papers
from scorewright.adapters.store_editing.journal import JsonlJournal
from scorewright.adapters.store_editing.purges import journal_of_purges
from scorewright.core.digests import short
from scorewright.core.errors import ScorewrightError, UsageError
from scorewright.core.plans import Receipt, Step
from scorewright.flows.events import ignore
from scorewright.flows.store.apply_plan import apply_plan
from scorewright.flows.store.backup_store import backup_store
from scorewright.flows.store.purge_bin import Kept, purge
from scorewright.flows.store.undo_receipt import undo_receipt


@pytest.fixture
def receipt(small: Small) -> Receipt:
    plan = full_plan(small)
    return apply_plan(plan, small.open(plan), clock, ignore, "ana")


def test_what_a_plan_keeps_is_listed_and_deleted(small: Small, receipt: Receipt) -> None:
    attic = small.workshops().attic()
    (remains,) = attic.remains()
    assert remains.receipt == receipt
    assert remains.id == short(receipt.plan.id)
    kept = {kept.kind: kept for kept in remains.kept}
    assert sorted(kept) == ["backup", "bin", "payload"]
    assert kept["backup"].size == Path(receipt.backup).stat().st_size
    assert kept["bin"].size > len(b"to be removed") + len(b"old notes")
    end = fingerprint(small)

    purged = purge([remains.id], [remains.id], attic, clock, ignore, "ana")

    assert purged.size == remains.size
    assert not any(Path(kept.path).exists() for kept in remains.kept)
    assert [remains.kept for remains in attic.remains()] == [()]
    assert fingerprint(small) == end
    with pytest.raises(UsageError) as caught:
        undo_receipt(receipt, small.open, clock, ignore, "ana")
    assert caught.value.code == "plan-purged"
    assert fingerprint(small) == end
    again = apply_plan(receipt.plan, small.open(receipt.plan), clock, ignore, "ana")
    assert again == receipt


def test_a_plan_that_is_carried_out_again_can_be_undone_again(
    small: Small, receipt: Receipt
) -> None:
    begin = receipt.before.rows
    undone = undo_receipt(receipt, small.open, clock, ignore, "ana")
    attic = small.workshops().attic()
    names = [short(plan) for plan in (receipt.plan.id, undone.plan.id)]
    assert {remains.id for remains in attic.remains()} == set(names)
    purge(names, names, attic, clock, ignore, "ana")

    again = apply_plan(receipt.plan, small.open(receipt.plan), clock, ignore, "ana")
    undo_receipt(again, small.open, clock, ignore, "ana")

    assert fingerprint(small)[0] == begin


def test_a_stopped_plan_keeps_all(small: Small, receipt: Receipt) -> None:
    steps = [Step("rename_run", "1", "Rename", (rename(1, f"bold-ant-{1}", "x"),))]
    steps.append(Step("rename_run", "1", "Rename", (rename(1, "x", "y"),)))
    plan = simple_plan(small, *steps)

    stop_after_a_step(small, plan)
    attic = small.workshops().attic()
    name = short(receipt.plan.id)
    assert attic.unfinished() == [short(plan.id)]

    with pytest.raises(UsageError) as caught:
        purge([name], [name], attic, clock, ignore, "ana")

    assert caught.value.code == "purge-unfinished"
    apply_plan(plan, small.open(plan), clock, ignore, "ana")
    assert attic.unfinished() == []
    assert purge([name], [name], attic, clock, ignore, "ana").size


def test_backups_made_by_hand_are_listed_by_themselves(small: Small) -> None:
    plan = simple_plan(small)
    editor, shelf = small.open(plan).store, small.workshops().shelf()
    note = backup_store("here", editor, shelf, clock, ignore, "ana")
    attic = small.workshops().attic()
    (remains,) = attic.remains()
    assert (remains.id, remains.receipt) == (note.sha256[:12], None)
    purge([remains.id], [remains.id], attic, clock, ignore, "ana")
    assert shelf.notes() == ()
    assert [path.name for path in shelf.folder.iterdir() if path.name.startswith("backup")] == []


def test_files_of_a_server_are_listed_by_themselves(small: Small, receipt: Receipt) -> None:
    attic, folder = small.workshops().attic(), small.workshops().folder
    server = folder / "fetched" / "0123456789ab"
    (server / "runs" / "a").mkdir(parents=True)
    (server / "runs" / "a" / "model.txt").write_bytes(b"tree")
    ours, theirs = attic.remains()
    assert ours.receipt == receipt
    assert (theirs.id, theirs.receipt) == (server.name, None)
    assert theirs.kept == (Kept("fetched", str(server), 4, 1),)

    purge([theirs.id], [theirs.id], attic, clock, ignore, "ana")

    assert not server.exists()
    assert list(attic.remains()) == [ours]


@pytest.mark.parametrize("kind", ["bin", "backup", "fetched"])
def test_nothing_else_is_ever_deleted(small: Small, receipt: Receipt, kind: str) -> None:
    attic = small.workshops().attic()
    link = small.workshops().folder / "bin" / "link"
    link.symlink_to(small.artifacts)
    places = [small.database, small.artifacts, small.folder / ".scorewright/../mlflow.db", link]
    for place in places:
        with pytest.raises(UsageError) as caught:
            attic.remove(Kept(kind, str(place), 1))  # type: ignore[arg-type]
        assert caught.value.code == "plan-outside"
    assert small.database.exists()
    assert (small.artifacts / "1/a/notes.txt").exists()


def test_the_lock_of_the_store_is_held(small: Small, receipt: Receipt) -> None:
    name = short(receipt.plan.id)
    with (
        small.open(receipt.plan).lock.held("ben", clock()),
        pytest.raises(ScorewrightError, match="ben") as caught,
    ):
        purge([name], [name], small.workshops().attic(), clock, ignore, "ana")
    assert caught.value.code == "store-busy"


def _fill_the_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let no journal grow any more."""

    def refuse(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(JsonlJournal, "_append", refuse)


def test_a_full_disk_gets_room_and_the_journal_keeps_what_went(
    small: Small, receipt: Receipt, monkeypatch: pytest.MonkeyPatch
) -> None:
    attic = small.workshops().attic()
    (remains,) = attic.remains()
    end = fingerprint(small)

    with monkeypatch.context() as full:
        _fill_the_disk(full)
        with pytest.raises(ScorewrightError, match="No space left"):
            purge([remains.id], [remains.id], attic, clock, ignore, "ana")  # "done" has no room

    # Then what takes room is gone, and why
    assert not any(Path(kept.path).exists() for kept in remains.kept)
    assert fingerprint(small) == end
    with pytest.raises(UsageError) as caught:
        undo_receipt(receipt, small.open, clock, ignore, "ana")
    assert caught.value.code == "plan-purged"
    payload = next(kept for kept in remains.kept if kept.kind == "payload")
    (said,) = journal_of_purges(Path(payload.path).parent).entries()
    assert (said["entry"], said["id"], len(said["kept"])) == ("begin", remains.id, 3)


def test_a_full_disk_and_a_file_of_two_names_leave_all_as_it_was(
    small: Small, receipt: Receipt, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    attic = small.workshops().attic()
    (remains,) = attic.remains()
    places = [Path(kept.path) for kept in remains.kept if kept.kind != "bin"]
    contents = [place.read_bytes() for place in places]
    for place in places:
        (tmp_path / place.name).hardlink_to(place)
    _fill_the_disk(monkeypatch)
    with pytest.raises(ScorewrightError, match="No space left") as caught:
        purge([remains.id], [remains.id], attic, clock, ignore, "ana")
    assert caught.value.code == "store-write-failed"
    assert [place.read_bytes() for place in places] == contents
    assert receipt.plan.id


def test_a_receipt_that_cannot_be_written_does_not_say_that_nothing_was_done(
    small: Small, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(papers, "sync_file", refuse)
    plan = full_plan(small)
    with pytest.raises(ScorewrightError, match="The plan is carried out") as caught:
        apply_plan(plan, small.open(plan), clock, ignore, "ana")
    assert "as it was before" not in caught.value.message
