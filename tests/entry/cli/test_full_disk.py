"""A disk that does not take what a command says."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

FULL = Path("/dev/full")


@pytest.mark.skipif(not FULL.exists(), reason="no /dev/full here")
@pytest.mark.parametrize("words", [["doctor", "--json"], ["doctor"], ["--help"]])
def test_an_output_that_is_full_is_said_in_two_lines(words: list[str], tmp_path: Path) -> None:
    with FULL.open("w") as full:
        done = subprocess.run(
            [sys.executable, "-m", "scorewright", *words],
            stdout=full, stderr=subprocess.PIPE, text=True, check=False, cwd=tmp_path,
        )  # fmt: skip
    assert done.returncode == 3
    first, second = done.stderr.strip().splitlines()
    assert first.startswith("error (write-failed)")
    assert "No space left on device" in first
    assert second.startswith("what to do:")
