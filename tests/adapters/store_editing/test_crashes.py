"""Killed at any moment, refused at any write: nothing is lost, all is resumed or taken back."""

from __future__ import annotations

import os
import random
import re
import shutil
import signal
import subprocess
import time
from collections import Counter
from pathlib import Path

import pytest
from tests.adapters.store_editing.crashing import CALLS, Crashes

POINTS = int(os.environ.get("SCOREWRIGHT_CRASH_POINTS", "8"))
"""Random moments."""
CALL_POINTS = int(os.environ.get("SCOREWRIGHT_CRASH_CALL_POINTS", "1"))
"""Of each system call that writes; 0 takes all of them."""
SECONDS = 600
"""For one process: a busy machine takes its time."""
WHOLE = 900 if CALL_POINTS else 0
"""For one test; all points take hours."""


@pytest.fixture(scope="module")
def crashes(tmp_path_factory: pytest.TempPathFactory, template: Path) -> Crashes:
    return Crashes(tmp_path_factory.mktemp("crash"), template)


def _seconds(crashes: Crashes) -> float:
    with crashes.start() as process:
        assert process.stdout is not None
        process.stdout.readline()
        began = time.monotonic()
        process.communicate(timeout=SECONDS)
    return time.monotonic() - began


@pytest.mark.slow
@pytest.mark.timeout(WHOLE)
def test_killed_at_random_moments(crashes: Crashes) -> None:
    whole = _seconds(crashes)
    draw = random.Random(20261121)
    for point in range(POINTS):
        with crashes.start() as process:
            assert process.stdout is not None
            process.stdout.readline()
            time.sleep(draw.uniform(0, whole))
            process.send_signal(signal.SIGKILL)
        crashes.prove(is_resumed=bool(point % 2))


def _counted(crashes: Crashes, folder: Path) -> Counter[str]:
    log = folder / "strace.log"
    trace = f"trace={','.join(CALLS)}"
    with crashes.start("strace", "-f", "-o", str(log), "-e", trace) as process:
        out, said = process.communicate(timeout=SECONDS)
    if process.returncode:
        pytest.skip(f"strace cannot trace here: {said[-200:]} {out}")
    return Counter(re.findall(r"^\d+ +(\w+)\(", log.read_text(), re.MULTILINE))


def _points(counts: Counter[str], each: int) -> list[tuple[str, int]]:
    draw = random.Random(42)
    return [
        (call, number)
        for call, count in sorted(counts.items())
        for number in sorted(draw.sample(range(1, count + 1), min(each or count, count)))
    ]


def _injected(crashes: Crashes, call: str, what: str, number: int) -> subprocess.Popen[str]:
    inject = f"inject={call}:{what}:when={number}"
    command = ("strace", "-f", "-o", "/dev/null", "-e", f"trace={call}", "-e", inject)
    return crashes.start(*command)


@pytest.mark.slow
@pytest.mark.timeout(WHOLE)
@pytest.mark.skipif(shutil.which("strace") is None, reason="strace is not installed")
def test_killed_at_system_calls(crashes: Crashes, tmp_path: Path) -> None:
    points = _points(_counted(crashes, tmp_path), CALL_POINTS)
    assert points
    for place, (call, number) in enumerate(points):
        with _injected(crashes, call, "signal=KILL", number) as process:
            process.communicate(timeout=SECONDS)
        crashes.prove(is_resumed=bool(place % 2))


@pytest.mark.slow
@pytest.mark.timeout(WHOLE)
@pytest.mark.skipif(shutil.which("strace") is None, reason="strace is not installed")
def test_refused_at_system_calls(crashes: Crashes, tmp_path: Path) -> None:
    points = _points(_counted(crashes, tmp_path), CALL_POINTS)
    for place, (call, number) in enumerate(points):
        error = "ENOSPC" if place % 2 else "EIO"
        with _injected(crashes, call, f"error={error}", number) as process:
            out, said = process.communicate(timeout=SECONDS)
        assert process.returncode in (0, 3) or call == "write", (call, number, error, said)
        if process.returncode == 3:
            code = out.strip().splitlines()[-1].partition(":")[0]
            assert code == "store-write-failed", (call, number, error, out)
        crashes.prove(is_resumed=bool(place % 2))
