"""What keeps a program running, and ends with whoever started it."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest
from tests.processes import is_alive

from scorewright.adapters.machine import accompanied

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
#: Starts another one that outlives it, and hears no request to end.
FAMILY = (
    "import os, signal, subprocess, sys, time; signal.signal(signal.SIGTERM, signal.SIG_IGN);"
    "f = open(sys.argv[1], 'a'); print(os.getpid(), file=f, flush=True);"
    "sys.argv[2:] and subprocess.Popen([sys.executable, '-c', sys.argv[2], sys.argv[1]]);"
    "time.sleep(60)"
)
#: Runs it in company, and lives on.
HOST = (
    "import sys, time; from scorewright.adapters.machine import accompanied\n"
    "with accompanied([sys.executable, '-c', *sys.argv[1:]]): time.sleep(60)"
)


def _lines(file: Path, count: int) -> list[int]:
    until = time.monotonic() + 60
    while True:
        found = file.read_text().split() if file.exists() else []
        if len(found) >= count:
            return [int(number) for number in found]
        assert time.monotonic() < until, found
        time.sleep(0.05)


def test_it_is_started_again_and_ends_with_its_parent(tmp_path: Path) -> None:
    # Given a program that is accompanied, and became another one
    file = tmp_path / "started"
    parent = subprocess.Popen([sys.executable, "-c", PARENT, CHILD, str(file)])
    try:
        # When its companion dies, then it is started again
        os.kill(_lines(file, 1)[0], 9)
        second = _lines(file, 2)[1]
        assert is_alive(second)
    finally:
        # When it is killed the hard way, then the companion ends
        parent.kill()
        parent.wait()
    until = time.monotonic() + 30
    while is_alive(second):
        assert time.monotonic() < until
        time.sleep(0.05)
    time.sleep(1)
    assert len(_lines(file, 2)) == 2


def test_a_program_in_company_ends_with_all_it_started_when_its_host_is_killed(
    tmp_path: Path,
) -> None:
    # Given a program that started another one; neither ends when it is asked to
    file = tmp_path / "started"
    host = subprocess.Popen([sys.executable, "-c", HOST, FAMILY, str(file), FAMILY])
    try:
        family = _lines(file, 2)
    finally:
        # When its host is killed the hard way
        host.kill()
        host.wait()
    # Then they are made to
    until = time.monotonic() + 40
    while any(is_alive(one) for one in family):
        assert time.monotonic() < until
        time.sleep(0.05)


@pytest.mark.parametrize(("script", "code"), [("sys.exit(7)", 7), ("os.kill(os.getpid(), 9)", 137)])
def test_a_program_in_company_says_how_it_ended(script: str, code: int) -> None:
    with accompanied([sys.executable, "-c", f"import os, sys; {script}"]) as keeper:
        assert keeper.wait(60) == code


def test_a_program_in_company_ends_with_the_block(tmp_path: Path) -> None:
    file = tmp_path / "started"
    sleeping = (
        "import os, sys, time; f = open(sys.argv[1], 'a'); print(os.getpid(), file=f, flush=True);"
        "time.sleep(60)"
    )
    began = time.monotonic()
    with accompanied([sys.executable, "-c", sleeping, str(file)]):
        (child,) = _lines(file, 1)
    assert not is_alive(child)
    assert time.monotonic() - began < 30
