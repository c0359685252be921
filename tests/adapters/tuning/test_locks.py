"""Who is alive."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from scorewright.adapters.tuning.locks import ProcessLocks
from scorewright.core.errors import ScorewrightError

HOLDER = """
import sys, time
from pathlib import Path
from scorewright.adapters.tuning.locks import ProcessLocks
with ProcessLocks(Path(sys.argv[1]), is_shared=True).hold() as token:
    print(token, flush=True)
    time.sleep(60)
"""


def test_a_process_is_alive_until_it_is_killed(tmp_path: Path) -> None:
    locks = ProcessLocks(tmp_path / "workers", is_shared=True)
    with subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(tmp_path / "workers")], stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        token = process.stdout.readline().strip()
        assert locks.life(token) == "alive"
        process.kill()
        process.wait(30)
    assert locks.life(token) == "dead"


def test_a_process_that_ended_well_leaves_nothing(tmp_path: Path) -> None:
    locks = ProcessLocks(tmp_path, is_shared=True)
    with locks.hold() as token:
        assert locks.life(token) == "alive"
    assert locks.life(token) == "dead"
    assert list(tmp_path.glob("*.worker")) == []


def test_locks_that_cannot_be_written_are_named(tmp_path: Path) -> None:
    (tmp_path / "workers").write_text("no folder")
    locks = ProcessLocks(tmp_path / "workers", is_shared=True)
    for held in (locks.hold(), locks.alone("sets")):
        with pytest.raises(ScorewrightError, match="File exists") as caught, held:
            pass
        assert caught.value.code == "tuning-storage-unreachable"


def test_elsewhere_nobody_knows(tmp_path: Path) -> None:
    assert ProcessLocks(tmp_path, is_shared=False).life("another-machine") == "unknown"
    assert ProcessLocks(tmp_path, is_shared=True).life("gone") == "dead"


def test_what_dead_processes_left_is_swept_unless_a_trial_still_names_it(tmp_path: Path) -> None:
    locks = ProcessLocks(tmp_path, is_shared=False)
    for dead in ("dead", "named"):
        (tmp_path / f"{dead}.worker").touch()
    with locks.hold() as token:
        locks.sweep({"named"})
        assert {file.stem for file in tmp_path.iterdir()} == {token, "named"}
        assert locks.life(token) == "alive"
