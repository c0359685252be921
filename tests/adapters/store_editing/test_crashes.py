"""Killed at any moment, refused at any write: nothing is lost, all is resumed or taken back.

A handful of points of each kind; ``make crash-sweep`` takes all of them, on the story and on a
large store.
"""

from __future__ import annotations

import os
import random
import subprocess
import sys
from pathlib import Path

import pytest
from tests.stores.crash_calls import can_trace

ROOT = Path(__file__).resolve().parents[3]
FIXED = 20261121

pytestmark = [
    pytest.mark.slow,
    pytest.mark.timeout(900),
    pytest.mark.skipif(not can_trace(), reason="strace is not installed, or may not trace"),
]


@pytest.mark.parametrize(
    "seed", [FIXED, random.SystemRandom().randrange(1 << 32)], ids=["fixed", "drawn"]
)
def test_interrupted_anywhere(template: Path, seed: int) -> None:
    # A process of its own: it forks, and must have no threads of others.
    done = subprocess.run(
        [sys.executable, "-m", "tests.stores.crash_sweep", "small", "--made", str(template),
         "--points", "10", "--blows", "6", "--races", "1", "--seed", str(seed)],
        cwd=ROOT, capture_output=True, text=True, check=False, env={**os.environ},
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    for kind in ("kills", "blows", "races", "refusals"):
        assert f"small: {kind}" in done.stdout
