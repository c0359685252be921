"""``sync.json``, and the lock of the one process that writes it."""

from __future__ import annotations

import os
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

from scorewright.adapters.bundles.writing import writing
from scorewright.adapters.sync_file import SyncFile, only_one
from scorewright.core.errors import ScorewrightError
from scorewright.flows.sync import SyncReport, Taken

REPORT = SyncReport(
    datetime(2026, 11, 21, tzinfo=UTC),
    ok=True,
    model="models:/demo@champion",
    alias="champion",
    version="3",
    taken=Taken("models:/demo@champion", "3", "p.json", "0" * 64),
)


def test_it_is_written_and_read(tmp_path: Path) -> None:
    file = SyncFile(tmp_path / "bundles" / "sync.json")
    assert file.read() is None
    file.write(REPORT)
    assert file.read() == REPORT
    assert [path.name for path in (tmp_path / "bundles").iterdir()] == ["sync.json"]


@pytest.mark.parametrize(
    "data", [b"", b"[]", b"{}", b"\xff", b"[" * 50_000, b'{"schema_version": 1, "at": "x"}']
)
def test_nonsense_is_as_good_as_nothing(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "sync.json").write_bytes(data)
    assert SyncFile(tmp_path / "sync.json").read() is None


def test_a_full_disk_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(ScorewrightError) as caught:
        SyncFile(tmp_path / "file" / "sync.json").write(REPORT)
    assert caught.value.code == "write-failed"


def test_writers_of_bundles_do_not_sweep_it_away_while_it_is_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Given a writer of bundles that begins before every step that brings something to disk
    real = os.fsync

    def fsync(handle: int) -> None:
        with writing(tmp_path, 10.0):
            real(handle)

    monkeypatch.setattr(os, "fsync", fsync)
    # When the state is kept, then it is kept
    file = SyncFile(tmp_path / "sync.json")
    file.write(REPORT)
    assert file.read() == REPORT


def test_only_one_process_at_a_time_and_a_dead_one_is_none(tmp_path: Path) -> None:
    # Given another process that holds the lock
    code = (
        "import sys, time; from pathlib import Path;"
        "from scorewright.adapters.sync_file import only_one\n"
        "with only_one(Path(sys.argv[1])): print('held', flush=True); time.sleep(60)"
    )
    command = [sys.executable, "-c", code, str(tmp_path / ".sync.lock")]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == b"held\n"
        # Then this one is refused at once
        with pytest.raises(ScorewrightError) as caught, only_one(tmp_path / ".sync.lock"):
            pass
        assert caught.value.code == "sync-running"
        other.kill()
    # And served once the other is dead
    with only_one(tmp_path / ".sync.lock"):
        pass
