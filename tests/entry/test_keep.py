"""What keeps a program running, and ends with whoever started it."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

pytestmark = pytest.mark.skipif(os.name != "posix", reason="pipes that survive exec")

#: Writes its number, and lives until its standard input closes.
CHILD = (
    "import os, sys; f = open(sys.argv[1], 'a'); print(os.getpid(), file=f, flush=True);"
    "sys.stdin.read()"
)
#: Starts it as a companion, then becomes another program, as the command line does.
PARENT = (
    "import os, sys; from scorewright.adapters.machine import start_companion;"
    "start_companion([sys.executable, '-c', sys.argv[1], sys.argv[2]]);"
    "os.execv(sys.executable, [sys.executable, '-c', 'import time; time.sleep(60)'])"
)


def _lines(file: Path, count: int) -> list[int]:
    until = time.monotonic() + 60
    while True:
        found = file.read_text().split() if file.exists() else []
        if len(found) >= count:
            return [int(number) for number in found]
        assert time.monotonic() < until, found
        time.sleep(0.05)


def _is_alive(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    return True


def test_it_is_started_again_and_ends_with_its_parent(tmp_path: Path) -> None:
    # Given a program that is accompanied, and became another one
    file = tmp_path / "started"
    parent = subprocess.Popen([sys.executable, "-c", PARENT, CHILD, str(file)])
    try:
        # When its companion dies, then it is started again
        os.kill(_lines(file, 1)[0], 9)
        second = _lines(file, 2)[1]
        assert _is_alive(second)
    finally:
        # When it is killed the hard way, then the companion ends
        parent.kill()
        parent.wait()
    until = time.monotonic() + 30
    while _is_alive(second):
        assert time.monotonic() < until
        time.sleep(0.05)
    time.sleep(1)
    assert len(_lines(file, 2)) == 2
