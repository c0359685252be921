"""What killed processes left is swept, and nothing else."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from scorewright.adapters.guarded import held_file, private_folder, replace_file

FOLDER = """
import sys
from scorewright.adapters.guarded import private_folder
with private_folder("store") as folder:
    (folder / "copy.db").write_text("a copy")
    print(folder, flush=True)
    sys.stdin.read()
"""
FILE = """
import sys
from pathlib import Path
from scorewright.adapters.guarded import held_file
with held_file(Path(sys.argv[1]), 0o600) as file:
    file.write_text("a key")
    print(file, flush=True)
    sys.stdin.read()
"""


@contextmanager
def holding(script: str, *arguments: str) -> Iterator[tuple[subprocess.Popen[str], Path]]:
    """Run a process that holds something, and is killed at the end."""
    with subprocess.Popen(
        [sys.executable, "-c", script, *arguments],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        env={**os.environ, "TMPDIR": tempfile.gettempdir()},
    ) as process:  # fmt: skip
        assert process.stdout is not None
        try:
            yield process, Path(process.stdout.readline().strip())
        finally:
            process.kill()


@pytest.fixture(autouse=True)
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Have a temporary folder of one's own."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    return tmp_path


def test_the_folder_of_a_killed_process_goes_when_the_next_one_begins(temporary: Path) -> None:
    with holding(FOLDER) as (process, left):
        with private_folder("stores") as own:
            assert left.is_dir()
            assert own.stat().st_mode & 0o777 == 0o700
        process.kill()
        process.wait(30)
    assert (left / "copy.db").exists()

    with private_folder("stores") as own:
        assert list(temporary.iterdir()) == [own]
    assert list(temporary.iterdir()) == []


def test_a_folder_stays_while_another_one_of_this_process_begins() -> None:
    with private_folder("store") as first, private_folder("store") as second:
        assert first.is_dir()
        assert second.is_dir()


def test_the_file_of_a_killed_process_goes_when_the_next_one_writes(tmp_path: Path) -> None:
    keys = tmp_path / "keys"
    keys.mkdir()
    with holding(FILE, str(keys)) as (process, left):
        replace_file(keys / "trusted", b"one")
        assert left.read_text() == "a key"
        process.kill()
        process.wait(30)
    assert left.exists()

    replace_file(keys / "trusted", b"two", mode=0o600)

    assert [file.name for file in keys.iterdir()] == ["trusted"]
    assert (keys / "trusted").read_bytes() == b"two"
    assert (keys / "trusted").stat().st_mode & 0o777 == 0o600


def test_links_and_what_has_another_name_or_owner_stay(temporary: Path) -> None:
    # given
    mine = temporary / "mine"
    mine.mkdir()
    (mine / "data").write_text("mine")
    link = temporary / "scorewright-store-abcdefgh.private"
    link.symlink_to(mine)
    older = temporary / "scorewright-store-abcdefgh"
    older.mkdir()
    others = temporary / "scorewright-store-hgfedcba.private"
    others.mkdir()
    if os.geteuid() == 0:
        os.chown(others, 65534, 65534)
    else:
        others.rmdir()
    before = sorted(temporary.iterdir())

    # when
    with private_folder("store"):
        pass

    # then
    assert sorted(temporary.iterdir()) == before
    assert (mine / "data").read_text() == "mine"


@pytest.mark.parametrize("times", [1, 3])
def test_what_is_swept_before_it_is_locked_is_made_again(
    temporary: Path, monkeypatch: pytest.MonkeyPatch, times: int
) -> None:
    real = tempfile.mkdtemp
    swept: list[str] = []

    def swept_at_once(*given: str) -> str:
        made = real(*given)
        if len(swept) < times:
            swept.append(made)
            Path(made).rmdir()
        return made

    monkeypatch.setattr(tempfile, "mkdtemp", swept_at_once)
    with private_folder("store") as folder:
        assert list(temporary.iterdir()) == [folder]
    assert len(swept) == times


def test_a_file_that_was_not_renamed_is_deleted(tmp_path: Path) -> None:
    with held_file(tmp_path) as file:
        file.write_text("half")
    assert list(tmp_path.iterdir()) == []
