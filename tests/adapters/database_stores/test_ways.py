"""Whatever lies beside a SQLite file: it is read, and it and its folder stay as they are."""

from __future__ import annotations

import shutil
import sqlite3
import subprocess
import sys
import threading
from contextlib import closing
from pathlib import Path

import pytest
from tests.adapters.database_stores.reading import HEAD, read, state
from tests.adapters.database_stores.small import RUN, small_store

from scorewright.adapters.database_stores import SqliteStore, sqlite_file
from scorewright.core.errors import ScorewrightError
from scorewright.flows.events import Event, Note, StepDone, ignore

_CRASH = """
import os, sqlite3, sys
connection = sqlite3.connect(sys.argv[1], isolation_level=None)
connection.execute("PRAGMA journal_mode = " + sys.argv[2])
connection.execute("PRAGMA cache_size = 1")
connection.execute("PRAGMA wal_autocheckpoint = 0")
connection.execute("BEGIN")
connection.execute("DELETE FROM params")
connection.executemany("INSERT INTO tags VALUES (?, ?, ?)",
    [(f"t{i}", "x" * 1000, sys.argv[3]) for i in range(500)])
if sys.argv[2] == "wal":
    connection.execute("COMMIT")
os._exit(9)
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    file = tmp_path / "store" / "mlflow.db"
    with closing(small_store(file)):
        pass
    return file


def _crash(file: Path, mode: str) -> None:
    """Let a program die while it writes."""
    done = subprocess.run([sys.executable, "-c", _CRASH, str(file), mode, RUN], check=False)
    assert done.returncode == 9


def _set_wal(file: Path) -> None:
    with closing(sqlite3.connect(file)) as connection:
        connection.execute("PRAGMA journal_mode = wal")


def test_a_journal_left_by_a_crash_is_rolled_back_in_a_copy(file: Path) -> None:
    _crash(file, "delete")
    assert (file.parent / "mlflow.db-journal").stat().st_size > 0
    events: list[Event] = []
    snapshot = read(file, events=events)
    assert (snapshot.params.height, snapshot.tags.height) == (1, 2)
    assert any(isinstance(event, Note) and "copy" in event.message for event in events)


def test_a_log_left_by_a_crash_is_read_from_a_copy(file: Path) -> None:
    _crash(file, "wal")
    (file.parent / "mlflow.db-shm").unlink()  # as after a copy of the two files that matter
    assert (file.parent / "mlflow.db-wal").stat().st_size > 0
    snapshot = read(file)
    assert (snapshot.params.height, snapshot.tags.height) == (0, 502)


def test_a_log_of_a_crash_with_its_index_is_read_too(file: Path) -> None:
    _crash(file, "wal")
    kept = {name: found for name, found in state(file.parent).items() if "-shm" not in name}
    snapshot = SqliteStore(file, HEAD).read(ignore)
    after = state(file.parent)
    assert snapshot.tags.height == 502
    assert set(after) == {*kept, "mlflow.db-shm"}
    assert {name: after[name] for name in kept} == kept


def test_a_database_with_a_log_that_nobody_has_open_leaves_nothing_behind(file: Path) -> None:
    _set_wal(file)
    assert {path.name for path in file.parent.iterdir()} == {"mlflow.db"}
    assert read(file).runs.height == 1
    assert {path.name for path in file.parent.iterdir()} == {"mlflow.db"}


def test_an_index_without_its_log_is_not_used(file: Path) -> None:
    _set_wal(file)
    (file.parent / "mlflow.db-shm").write_bytes(b"\0" * 32768)
    assert read(file).runs.height == 1


def test_a_log_in_use_is_read_beside_its_writer(file: Path) -> None:
    _set_wal(file)
    with closing(sqlite3.connect(file, isolation_level=None)) as writer:
        writer.execute("INSERT INTO params VALUES ('kept', '1', ?)", (RUN,))
        writer.execute("BEGIN IMMEDIATE")
        writer.execute("INSERT INTO params VALUES ('open', '1', ?)", (RUN,))
        kept = {name: found for name, found in state(file.parent).items() if "-shm" not in name}
        snapshot = SqliteStore(file, HEAD).read(ignore)
        after = state(file.parent)
        assert sorted(snapshot.params["key"]) == ["depth", "kept"]
        assert {name: after[name] for name in kept} == kept
        writer.execute("COMMIT")


def test_a_change_under_an_unlocked_reading_is_noticed(file: Path) -> None:
    _set_wal(file)

    def interfere(event: Event) -> None:
        if isinstance(event, StepDone) and event.detail == "runs":
            with closing(sqlite3.connect(file)) as writer:
                writer.execute("DELETE FROM params")
                writer.commit()

    with pytest.raises(ScorewrightError) as caught:
        SqliteStore(file, HEAD).read(interfere)
    assert caught.value.code == "store-locked"


def test_a_locked_database_is_said_to_be_locked(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sqlite_file, "_LOCK_SECONDS", 0.1)
    with closing(sqlite3.connect(file, isolation_level=None)) as writer:
        writer.execute("BEGIN EXCLUSIVE")
        with pytest.raises(ScorewrightError) as caught:
            read(file)
        assert caught.value.code == "store-locked"
        writer.execute("ROLLBACK")
    assert read(file).runs.height == 1


def test_a_writer_that_has_not_finished_is_not_in_the_way(file: Path) -> None:
    with closing(sqlite3.connect(file, isolation_level=None)) as writer:
        writer.execute("BEGIN IMMEDIATE")
        writer.execute("DELETE FROM params")
        assert read(file).params.height == 1
        writer.execute("COMMIT")
    assert read(file).params.height == 0


def test_everything_is_of_one_moment(file: Path) -> None:
    """A writer that wants to commit between two tables waits until the reading is over."""
    threads: list[threading.Thread] = []

    def write() -> None:
        with closing(sqlite3.connect(file, timeout=30)) as writer:
            writer.execute("DELETE FROM tags")
            writer.execute("DELETE FROM params")
            writer.commit()

    def interfere(event: Event) -> None:
        if isinstance(event, StepDone) and event.detail == "runs":
            threads.append(threading.Thread(target=write))
            threads[0].start()
            threads[0].join(0.3)

    snapshot = SqliteStore(file, HEAD).read(interfere)
    threads[0].join(30)
    assert (snapshot.params.height, snapshot.tags.height) == (1, 2)
    assert read(file).params.height == 0


def test_a_disk_without_room_for_the_copy(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    _crash(file, "delete")
    monkeypatch.setattr(shutil, "copyfile", full)
    with pytest.raises(ScorewrightError) as caught:
        read(file)
    assert caught.value.code == "write-failed"
    assert "No space left" in caught.value.message


def test_a_file_that_never_stands_still_is_not_copied(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _crash(file, "delete")
    copy = shutil.copyfile

    def moving(source: Path, target: Path) -> None:
        copy(source, target)
        with file.open("ab") as stream:
            stream.write(b"x")

    monkeypatch.setattr(shutil, "copyfile", moving)
    with pytest.raises(ScorewrightError) as caught:
        SqliteStore(file, HEAD).read(ignore)
    assert caught.value.code == "store-locked"
