"""A lock is held by one process at a time, and by none that is dead."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from scorewright.adapters.locks import FileLocks
from scorewright.core.errors import ScorewrightError

HOLDER = """
import sys, time
from pathlib import Path
from scorewright.adapters.locks import FileLocks
with FileLocks(Path(sys.argv[1])).hold("demo_matrix"):
    print("held", flush=True)
    time.sleep(60)
"""


def test_a_second_holder_is_refused_and_a_dead_one_is_forgotten(tmp_path: Path) -> None:
    locks = FileLocks(tmp_path / "locks")
    with subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(tmp_path / "locks")], stdout=subprocess.PIPE, text=True
    ) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        with pytest.raises(ScorewrightError) as caught, locks.hold("demo_matrix"):
            pass
        assert caught.value.code == "experiment-busy"
        with locks.hold("another_matrix"):
            pass
        os.kill(holder.pid, signal.SIGKILL)
    with locks.hold("demo_matrix"):
        pass


def test_a_lock_is_given_back(tmp_path: Path) -> None:
    locks = FileLocks(tmp_path)
    with pytest.raises(ValueError, match="inside"), locks.hold("demo_matrix"):
        raise ValueError("inside")
    with locks.hold("demo_matrix"):
        pass


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with (
        pytest.raises(ScorewrightError) as caught,
        FileLocks(tmp_path / "file" / "locks").hold("demo_matrix"),
    ):
        pass
    assert caught.value.code == "write-failed"
