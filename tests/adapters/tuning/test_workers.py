"""Further processes: missed when they die, ended when the first one ends."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.processes import is_alive

from scorewright.adapters.tuning import SubprocessWorkers, workers

#: Says that it has begun, then does as it is told.
STUBBORN = """
import signal, sys, time
from pathlib import Path
signal.signal(signal.SIGTERM, signal.SIG_IGN)
Path(sys.argv[1]).touch()
time.sleep(120)
"""
OBEDIENT = STUBBORN.replace("signal.SIG_IGN", "lambda *_: sys.exit(143)")


@pytest.fixture
def pool(monkeypatch: pytest.MonkeyPatch) -> Callable[[str, Path], SubprocessWorkers]:
    """Make workers that run another program."""

    def make(program: str, folder: Path) -> SubprocessWorkers:
        def command(_: SubprocessWorkers, number: int) -> list[str]:
            return [sys.executable, "-c", program, str(folder / str(number))]

        monkeypatch.setattr(SubprocessWorkers, "_command", command)
        return SubprocessWorkers([], [])

    return make


def _begun(folder: Path, count: int) -> None:
    deadline = time.monotonic() + 60
    while len(list(folder.iterdir())) < count:
        assert time.monotonic() < deadline
        time.sleep(0.05)


def _interrupted_once_begun(folder: Path, count: int) -> None:
    _begun(folder, count)
    raise KeyboardInterrupt


@pytest.mark.parametrize("program", [STUBBORN, OBEDIENT])
def test_processes_are_ended_with_the_first_one_and_killed_if_need_be(
    pool: Callable[[str, Path], SubprocessWorkers],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    program: str,
) -> None:
    monkeypatch.setattr(workers, "PATIENCE", 0.5 if program == STUBBORN else 60)
    known: list[subprocess.Popen[bytes]] = []
    start = subprocess.Popen.__init__

    def noted(self: subprocess.Popen[bytes], *arguments: object, **named: object) -> None:
        known.append(self)
        start(self, *arguments, **named)  # type: ignore[call-overload]

    monkeypatch.setattr(subprocess.Popen, "__init__", noted)
    began = time.monotonic()
    with pytest.raises(KeyboardInterrupt), pool(program, tmp_path).start(2):
        _interrupted_once_begun(tmp_path, 2)
    assert time.monotonic() - began < 60
    assert [p.returncode for p in known] == [137 if program == STUBBORN else 143] * 2


def test_a_process_that_dies_is_told_of_once(
    pool: Callable[[str, Path], SubprocessWorkers], tmp_path: Path
) -> None:
    program = "import sys; sys.exit('no such file')"
    with pool(program, tmp_path).start(1) as news:
        deadline = time.monotonic() + 60
        while not (found := list(news())):
            assert time.monotonic() < deadline
            time.sleep(0.05)
        assert found == ["process 1 ended with code 1; the others go on. no such file"]
        assert list(news()) == []


def test_a_search_that_ends_waits_for_the_others(
    pool: Callable[[str, Path], SubprocessWorkers], tmp_path: Path
) -> None:
    program = "import sys, time; time.sleep(1); open(sys.argv[1], 'w').close()"
    with pool(program, tmp_path).start(2):
        pass
    assert sorted(file.name for file in tmp_path.iterdir()) == ["1", "2"]


HOST = """
import sys, time
from scorewright.adapters.tuning import SubprocessWorkers
program = "import os, sys, time; open(sys.argv[1], 'w').write(str(os.getpid())); time.sleep(120)"
SubprocessWorkers._command = lambda _, number: [
    sys.executable, "-c", program, f"{sys.argv[1]}/{number}"
]
with SubprocessWorkers([], []).start(2):
    time.sleep(120)
"""


def test_no_process_goes_on_when_the_first_one_is_killed(tmp_path: Path) -> None:
    with subprocess.Popen([sys.executable, "-c", HOST, str(tmp_path)]) as first:
        _begun(tmp_path, 2)
        time.sleep(0.5)  # each has written its number
        first.kill()
    deadline = time.monotonic() + 60
    for file in tmp_path.iterdir():
        while is_alive(int(file.read_text())):
            assert time.monotonic() < deadline
            time.sleep(0.05)
