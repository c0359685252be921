"""A store held against its receipt, and its backups against what was noted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import polars as pl
import pytest
from tests.fakes.store_editing import Clock, MemoryStore, plan_for, rename, write

from scorewright.core.errors import ScorewrightError
from scorewright.core.findings import Finding
from scorewright.core.plans import Receipt
from scorewright.core.snapshot import FILES, Snapshot, Source, SourceKind, snapshot_of
from scorewright.flows.events import Notify, ignore
from scorewright.flows.store.apply_plan import apply_plan
from scorewright.flows.store.backup_store import BackupNote, backup_store
from scorewright.flows.store.editing import Backup
from scorewright.flows.store.ports import Inventory, OpenedStore
from scorewright.flows.store.verify_store import verify_backup, verify_store


@dataclass(slots=True)
class Opened:
    """A store of no runs."""

    findings: tuple[Finding, ...] = ()
    hashed: list[bool] = field(default_factory=list)

    def read(self, notify: Notify, *, history: bool = False) -> Snapshot:
        return snapshot_of(Source("x.db", SourceKind.SQLITE), {}, findings=self.findings)

    def inventory(self, snapshot: Snapshot, notify: Notify, *, hashed: bool = False) -> Inventory:
        self.hashed.append(hashed)
        return Inventory(pl.DataFrame(schema=FILES), (), pl.DataFrame())


def opened(store: Opened) -> OpenedStore:
    return OpenedStore("x.db", store, store)  # type: ignore[arg-type]


@pytest.fixture
def world() -> MemoryStore:
    return MemoryStore({"runs": {1: {"name": "a"}}, "tags": {}}, {"/a": "one"})


@pytest.fixture
def receipt(world: MemoryStore) -> Receipt:
    plan = plan_for(world, rename(1, "a", "b"), write("/b", "two"), write("/b", "three", "two"))
    return apply_plan(plan, world.open(plan), Clock(), ignore, "ana")


def test_a_store_by_itself_is_read_and_listed() -> None:
    store = Opened()
    found = verify_store(opened(store), ignore, read_data=True)
    assert found.is_whole
    assert found.checks == ("0 runs in 0 experiments were read", "0 artifact files were read")
    assert store.hashed == [True]


def test_a_store_as_its_receipt_says(world: MemoryStore, receipt: Receipt) -> None:
    found = verify_store(opened(Opened()), ignore, world.open(receipt.plan), receipt)
    assert found.is_whole
    assert found.checks[-2:] == ("integrity: ok", "every row and file is as the receipt says")
    assert world.log[-1] == f"check {receipt.backup}"


def test_what_is_not_as_the_receipt_says_is_named(world: MemoryStore, receipt: Receipt) -> None:
    world.tables["runs"][1]["name"] = "c"
    world.files["/b"] = "other"
    found = verify_store(opened(Opened()), ignore, world.open(receipt.plan), receipt)
    assert not found.is_whole
    assert found.differences == (
        "runs: other values",
        "files",
        "/b: not as 'Change 2.' left it",
    )


@dataclass(slots=True)
class Shelf:
    """One backup at most."""

    folder: Path = Path("/backups")
    kept: list[BackupNote] = field(default_factory=list)

    def note(self, backup: Backup, location: str, made_at: str, made_by: str) -> BackupNote:
        self.kept.append(
            BackupNote(backup.path, backup.sha256, backup.rows, 1, location, made_at, made_by)
        )
        return self.kept[-1]

    def notes(self) -> Sequence[BackupNote]:
        return self.kept

    def prove(self, path: str) -> tuple[str, ...]:
        assert path == self.kept[0].path
        return ("it is whole",)


@dataclass(slots=True)
class Keeper:
    """Copies nothing."""

    path: str

    def backup(self, folder: Path) -> Backup:
        return Backup(self.path and str(folder / self.path), "a" * 64, 3)


def test_a_backup_is_noted_and_proved() -> None:
    shelf = Shelf()
    note = backup_store("x.db", Keeper("b.db"), shelf, Clock(), ignore, "ana")
    assert (note.path, note.location, note.made_by) == ("/backups/b.db", "x.db", "ana")
    assert note.made_at == "2026-11-21T12:00:01.000000+00:00"
    assert verify_backup(note.path, shelf, ignore).checks == ("it is whole",)


def test_nothing_is_no_backup() -> None:
    with pytest.raises(ScorewrightError) as caught:
        backup_store("x.db", Keeper(""), Shelf(), Clock(), ignore, "ana")
    assert caught.value.code == "store-invalid"
