"""Whose backup it is, when folders were copied and plans were carried out."""

from __future__ import annotations

import os
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from tests.stores.database import DatabaseRun, write_database_experiment, write_database_run
from tests.stores.schema import create_database

from scorewright.adapters.store_editing import Workshops, reference_of
from scorewright.core.errors import UsageError
from scorewright.flows.events import ignore
from scorewright.wiring import StoreChanges
from scorewright.wiring.store_keeping import StoreKeeping
from scorewright.wiring.store_plans import StorePlans
from scorewright.wiring.stores import StoreRoom


@pytest.fixture(autouse=True)
def _no_proof_by_mlflow(monkeypatch: pytest.MonkeyPatch) -> None:
    """It takes seconds, and nothing here depends on it."""
    defaults = Workshops.__init__.__kwdefaults__
    assert defaults is not None
    monkeypatch.setitem(defaults, "opens", lambda uri: f"left out: {bool(uri)}")


@pytest.fixture
def store(tmp_path: Path) -> Path:
    """A store of one run that never ended."""
    path = tmp_path / "p1" / "mlflow.db"
    path.parent.mkdir()
    with closing(create_database(path)) as connection, connection:
        write_database_experiment(connection, 0, "Default", f"{path.parent}/mlruns/0")
        write_database_experiment(connection, 1, "scoring", f"{path.parent}/mlruns/1")
        place = f"{path.parent}/mlruns/1/{'1' * 32}/artifacts"
        write_database_run(
            connection, DatabaseRun("1" * 32, 1, "run", place, 1, None, status="RUNNING")
        )
    return path


def change(store: Path, name: str) -> None:
    with closing(sqlite3.connect(store)) as connection, connection:
        connection.execute("UPDATE runs SET name = ?", (name,))


def test_a_backup_in_a_copied_project_replaces_no_store_of_the_original(
    store: Path, tmp_path: Path
) -> None:
    # Given
    keeping = StoreKeeping(StoreRoom())
    note = keeping.backup(str(store), None, ignore)
    change(store, "later")
    copy = tmp_path / "p2"
    shutil.copytree(store.parent, copy)
    before = store.read_bytes()
    copied = copy / ".scorewright" / Path(note.path).name
    # When
    with pytest.raises(UsageError, match="or it was moved or copied here") as caught:
        keeping.restore(copied, None, ignore)
    # Then
    assert caught.value.code == "restore-unclear"
    assert str(copied) in caught.value.remedy
    assert store.read_bytes() == before
    named = keeping.restore(copied, str(copy / "mlflow.db"), ignore)
    assert named.location == str(copy / "mlflow.db")
    assert store.read_bytes() == before
    assert keeping.restore(Path(note.path), None, ignore).location == str(store)


def test_hard_links_are_a_copy_too(store: Path, tmp_path: Path) -> None:
    keeping = StoreKeeping(StoreRoom())
    note = keeping.backup(str(store), None, ignore)
    copy = tmp_path / "p2"
    shutil.copytree(store.parent, copy, copy_function=os.link)
    with pytest.raises(UsageError) as caught:
        keeping.restore(copy / ".scorewright" / Path(note.path).name, None, ignore)
    assert caught.value.code == "restore-unclear"


def test_a_plan_is_carried_out_again_after_its_backup_is_restored(store: Path) -> None:
    room = StoreRoom()
    made = StorePlans(room).fix(str(store), ["RUN-001"], (), None, ignore)
    assert made.file is not None
    changes = StoreChanges(room)
    first = changes.apply(made.file, ignore)
    before = reference_of(str(store)).rows

    StoreKeeping(room).restore(Path(first.receipt.backup), None, ignore)

    assert reference_of(str(store)).rows == first.receipt.before.rows
    with pytest.raises(UsageError) as caught:
        changes.undo(first.file, ignore)
    assert caught.value.code == "plan-stale"
    second = changes.apply(made.file, ignore)
    assert second.receipt.began != first.receipt.began
    assert reference_of(str(store)).rows == before


def test_a_store_behind_a_link_keeps_its_link(store: Path, tmp_path: Path) -> None:
    keeping = StoreKeeping(StoreRoom())
    note = keeping.backup(str(store), None, ignore)
    change(store, "later")
    link = tmp_path / "store.db"
    link.symlink_to(store)
    done = keeping.restore(Path(note.path), str(link), ignore)
    assert done.location == str(store)
    assert link.is_symlink()
    assert reference_of(str(store)).rows != reference_of(done.aside).rows
