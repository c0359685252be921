"""Stores of all ages copied whole, and the copies proved."""

from __future__ import annotations

import errno
import os
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from tests.adapters.store_editing.small import clock
from tests.stores.fixtures import VERSIONS, unpacked

from scorewright.adapters.store_editing import DatabaseEditor, FolderShelf, TreeKeeper, contents
from scorewright.core.errors import IntegrityError, ScorewrightError, UsageError
from scorewright.flows.events import ignore
from scorewright.flows.store.backup_store import BackupNote, backup_store
from scorewright.flows.store.verify_store import verify_backup


def state(folder: Path) -> dict[str, tuple[bytes, int]]:
    return {
        path.relative_to(folder).as_posix(): (path.read_bytes(), path.stat().st_mtime_ns)
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def backup(version: str, kind: str, folder: Path) -> tuple[BackupNote, FolderShelf, Path]:
    store = unpacked(version, kind, folder / "store")
    keeper = DatabaseEditor(str(store.path)) if kind == "sqlite" else TreeKeeper(store.path)
    shelf = FolderShelf(folder / "backups")
    before = state(store.folder)
    note = backup_store(store.address, keeper, shelf, clock, ignore, "ana")
    assert state(store.folder) == before
    return note, shelf, store.path


@pytest.mark.parametrize("version", VERSIONS)
def test_databases_of_every_age(version: str, tmp_path: Path) -> None:
    note, shelf, store = backup(version, "sqlite", tmp_path)

    assert shelf.notes() == (note,)
    assert note.made_by == "ana"
    assert note.location.startswith("sqlite:///")
    with closing(sqlite3.connect(note.path)) as copy, closing(sqlite3.connect(store)) as origin:
        assert list(copy.iterdump()) == list(origin.iterdump())
    found = verify_backup(note.path, shelf, ignore)
    assert found.is_whole
    assert found.checks[-1] == f"{note.rows:,} rows"


@pytest.mark.parametrize("version", [VERSIONS[0], VERSIONS[-1]])
def test_trees_of_every_age(version: str, tmp_path: Path) -> None:
    note, shelf, store = backup(version, "file", tmp_path)

    assert shelf.notes() == (note,)
    copied = {name: content for name, (content, _) in state(Path(note.path)).items()}
    assert copied == {name: content for name, (content, _) in state(store).items()}
    folders = [
        sorted(p.relative_to(top) for p in top.rglob("*")) for top in (store, Path(note.path))
    ]
    assert folders[0] == folders[1]
    assert (note.rows, note.size) == (len(copied), sum(map(len, copied.values())))
    assert verify_backup(note.path, shelf, ignore).is_whole


@pytest.mark.parametrize("kind", ["sqlite", "file"])
def test_a_changed_backup_is_found(kind: str, tmp_path: Path) -> None:
    note, shelf, _ = backup("3.17.2", kind, tmp_path)
    place = Path(note.path)
    if kind == "sqlite":
        with closing(sqlite3.connect(place)) as connection, connection:
            connection.execute("DELETE FROM tags")
    else:
        next(place.rglob("meta.yaml")).unlink()
    with pytest.raises(IntegrityError) as caught:
        verify_backup(note.path, shelf, ignore)
    assert caught.value.code == "backup-broken"


def test_garbage_and_unknown_names_are_refused(tmp_path: Path) -> None:
    shelf = FolderShelf(tmp_path)
    assert FolderShelf(tmp_path / "none").notes() == ()
    place = tmp_path / "backup-20261121T120000Z-0123456789ab.db"
    place.write_bytes(b"garbage" * 1000)
    with pytest.raises(IntegrityError) as caught:
        shelf.prove(str(place))
    assert caught.value.code == "backup-broken"
    (unknown,) = shelf.notes()
    assert (unknown.rows, unknown.location, unknown.sha256) == (-1, "", "0123456789ab")
    for name in ("backup-20261121T120000Z-aaaaaaaaaaaa.db", "mlflow.db"):
        with pytest.raises(UsageError) as refused:
            shelf.prove(str(tmp_path / name))
        assert refused.value.code == "backup-unknown"


def test_a_tree_that_changes_meanwhile_is_no_backup(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = unpacked("2.22.2", "file", tmp_path / "store")
    original = shutil.copyfileobj

    def write_behind(*arguments: object) -> None:
        original(*arguments)  # type: ignore[arg-type]
        (store.path / "new").write_text("new")

    monkeypatch.setattr(shutil, "copyfileobj", write_behind)
    monkeypatch.setattr(contents, "_clone", lambda *_: False)
    with pytest.raises(ScorewrightError) as caught:
        TreeKeeper(store.path).backup(tmp_path / "backups")
    assert caught.value.code == "store-changed"
    assert list((tmp_path / "backups").iterdir()) == []


def test_a_full_disk_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = unpacked("2.22.2", "file", tmp_path / "store")

    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(ScorewrightError) as caught:
        TreeKeeper(store.path).backup(tmp_path / "backups")
    assert caught.value.code == "store-write-failed"
    assert list((tmp_path / "backups").iterdir()) == []


def test_links_are_kept_and_a_backup_lies_outside(tmp_path: Path) -> None:
    tree = tmp_path / "mlruns"
    (tree / "1").mkdir(parents=True)
    (tree / "1" / "x").write_text("x")
    (tree / "latest").symlink_to("1")
    made = TreeKeeper(tree).backup(tmp_path / "backups")
    assert (Path(made.path) / "latest").readlink() == Path("1")
    assert FolderShelf(tmp_path / "backups").prove(made.path)
    with pytest.raises(ScorewrightError) as caught:
        TreeKeeper(tree).backup(tree / "backups")
    assert caught.value.code == "store-invalid"
    assert TreeKeeper(tree).backup(tree / ".scorewright").sha256 == made.sha256


def test_what_was_never_whole_is_no_plans_doing(tmp_path: Path) -> None:
    store = unpacked(VERSIONS[-1], "sqlite", tmp_path / "store").path
    with closing(sqlite3.connect(store)) as connection:
        root, size = connection.execute(
            "SELECT rootpage, (SELECT page_size FROM pragma_page_size) FROM sqlite_master "
            "WHERE name = 'tags'"
        ).fetchone()
    with store.open("r+b") as stream:
        stream.seek((root - 1) * size + 3)
        stream.write(b"\x7f\xff")  # more rows than the page can hold
    with pytest.raises(IntegrityError) as caught:
        DatabaseEditor(str(store)).backup(tmp_path / "backups")
    assert caught.value.code == "store-broken"
    assert "undo" not in str(caught.value.remedy)
    assert "store consolidate" in str(caught.value.remedy)
    assert list((tmp_path / "backups").iterdir()) == []
