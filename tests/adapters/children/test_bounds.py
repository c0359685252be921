"""Bounds are tried in processes of their own, because they cannot be taken back."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such bounds")

MEGABYTE = 1024**2


def after(bounds: str, act: str, folder: Path) -> str:
    """Return what a bounded process says at last: of its act, or of what stopped it."""
    program = (
        "import os, resource, signal\n"
        "from scorewright.adapters.children import bound\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        f"{bounds}\n"
        "try:\n"
        f"    print({act})\n"
        "except (MemoryError, OSError) as error:\n"
        "    print(type(error).__name__)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    return done.stdout.strip()


@pytest.mark.parametrize(
    ("bounds", "act", "said"),
    [
        (f"bound({512 * MEGABYTE})", f"len(bytearray({600 * MEGABYTE}))", "MemoryError"),
        (f"bound({512 * MEGABYTE})", f"len(bytearray({20 * MEGABYTE}))", str(20 * MEGABYTE)),
        (f"bound(2**36, data={200 * MEGABYTE})", f"len(b'x' * {250 * MEGABYTE})", "MemoryError"),
        ("bound(2**36, file_size=1000)", "open('file', 'wb', 0).write(b'x' * 1000)", "1000"),
        ("bound(2**36)", "resource.getrlimit(resource.RLIMIT_CORE)", "(0, 0)"),
        ("before = os.nice(0); bound(2**36, niceness=3)", "os.nice(0) - before", "3"),
    ],
)
def test_a_process_takes_what_it_may(bounds: str, act: str, said: str, tmp_path: Path) -> None:
    assert after(bounds, act, tmp_path) == said


def test_a_file_ends_at_its_bound(tmp_path: Path) -> None:
    grown = "[open('file', 'ab', 0).write(b'x' * 700) for _ in range(3)]"
    assert after("bound(2**36, file_size=1000)", grown, tmp_path) == "OSError"
    assert (tmp_path / "file").stat().st_size == 1000


def test_a_lower_bound_stays(tmp_path: Path) -> None:
    twice = "bound(2**36, file_size=1000); bound(2**36, file_size=5000)"
    kept = "resource.getrlimit(resource.RLIMIT_FSIZE)"
    assert after(twice, kept, tmp_path) == "(1000, 1000)"
