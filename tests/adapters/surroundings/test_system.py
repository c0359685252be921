"""What the machine around a service says."""

from __future__ import annotations

import json
import threading
from datetime import UTC, datetime
from pathlib import Path

import pytest

from scorewright.adapters.surroundings import SystemSurroundings
from scorewright.flows.serve import SyncState

NOW = datetime(2026, 11, 21, 12, 0, 30, tzinfo=UTC)
NOTE = {
    "at": "2026-11-21T12:00:00+00:00",
    "ok": False,
    "cause": "no answer",
    "alias": "m@champion",
    "version": 7,
}


@pytest.fixture
def around(tmp_path: Path) -> SystemSurroundings:
    return SystemSurroundings(tmp_path, tmp_path, lambda: NOW)


def test_without_a_note_no_sync_ever_ran(around: SystemSurroundings) -> None:
    assert around.sync() is None


def test_the_note_is_told_with_its_age(around: SystemSurroundings, tmp_path: Path) -> None:
    (tmp_path / "sync.json").write_text(json.dumps(NOTE))
    assert around.sync() == SyncState(
        at="2026-11-21T12:00:00+00:00",
        ok=False,
        cause="no answer",
        alias="m@champion",
        version="7",
        age_seconds=30.0,
    )


def test_a_look_that_was_well_has_an_age_of_its_own(
    around: SystemSurroundings, tmp_path: Path
) -> None:
    (tmp_path / "sync.json").write_text(json.dumps({**NOTE, "good_at": "2026-11-21T11:00:30Z"}))
    note = around.sync()
    assert note is not None
    assert (note.age_seconds, note.good_age_seconds) == (30.0, 3600.0)


def test_a_clock_that_ran_backwards_makes_no_age_below_nothing(tmp_path: Path) -> None:
    (tmp_path / "sync.json").write_text(json.dumps(NOTE))
    before = datetime(2020, 1, 1, tzinfo=UTC)
    note = SystemSurroundings(tmp_path, tmp_path, lambda: before).sync()
    assert note is not None
    assert note.age_seconds == 0.0


@pytest.mark.parametrize(
    "content",
    [b"", b"{", b"[]", b"null", b"\xff", b'{"at": "yesterday", "ok": true}', b'{"ok": true}',
     b'{"at": "2026-11-21T12:00:00", "ok": true}', b"[" * 9_000,
     b'{"at": "2026-11-21T12:00:00Z", "ok": true, "good_at": 7}'],
)  # fmt: skip
def test_a_note_that_cannot_be_read_says_so(
    around: SystemSurroundings, tmp_path: Path, content: bytes
) -> None:
    (tmp_path / "sync.json").write_bytes(content)
    note = around.sync()
    assert note is not None
    assert (note.ok, note.cause) == (False, "note-unreadable")


def test_resources_follow_what_the_process_does(around: SystemSurroundings, tmp_path: Path) -> None:
    before, over = around.resources(), threading.Event()
    thread = threading.Thread(target=over.wait)
    thread.start()
    with (tmp_path / "held").open("wb"):
        after = around.resources()
    over.set()
    thread.join()
    assert after.threads == before.threads + 1
    assert after.open_files == before.open_files + 1
    assert 10_000_000 < after.memory_bytes < 10**11
    assert after.disk_free_bytes > 0
    assert after.open_files_limit > after.open_files


def test_a_folder_that_is_not_there_yet_has_the_disk_of_its_parent(tmp_path: Path) -> None:
    around = SystemSurroundings(tmp_path / "not-yet", tmp_path)
    assert around.resources().disk_free_bytes > 0
