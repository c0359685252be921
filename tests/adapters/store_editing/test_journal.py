"""A journal that knows where it ends, whoever else writes to it."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scorewright.adapters.store_editing import JsonlJournal
from scorewright.core.errors import IntegrityError, ScorewrightError

PLAN = "a" * 64


def steps(journal: JsonlJournal) -> list[int]:
    return [entry["step"] for entry in journal.entries()]


@pytest.fixture
def reads(monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """Which files were read whole."""
    found: list[Path] = []
    read = Path.read_bytes

    def counted(path: Path) -> bytes:
        found.append(path)
        return read(path)

    monkeypatch.setattr(Path, "read_bytes", counted)
    return found


def test_an_entry_is_written_without_reading_those_before(
    tmp_path: Path, reads: list[Path]
) -> None:
    journal = JsonlJournal(tmp_path / "journal.jsonl", PLAN)
    for step in range(100):
        journal.write({"entry": "begin", "step": step})
    assert len(reads) == 1
    assert steps(journal) == list(range(100))

    other = JsonlJournal(tmp_path / "journal.jsonl", PLAN)
    assert steps(other) == list(range(100))
    reads.clear()
    other.write({"entry": "begin", "step": 100})
    assert reads == []
    journal.write({"entry": "begin", "step": 101})
    assert len(reads) == 1
    assert steps(other) == list(range(102))


def test_a_line_that_is_cut_behind_its_back_is_cut_off(tmp_path: Path) -> None:
    file = tmp_path / "journal.jsonl"
    journal = JsonlJournal(file, PLAN)
    journal.write({"entry": "begin", "step": 0})
    with file.open("a") as stream:
        stream.write('{"entry": "be')
    assert steps(journal) == [0]
    journal.write({"entry": "begin", "step": 1})
    os.truncate(file, file.stat().st_size - 3)
    journal.write({"entry": "begin", "step": 2})
    assert steps(journal) == [0, 2]


def test_a_journal_that_another_plan_put_there_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "journal.jsonl"
    journal = JsonlJournal(file, PLAN)
    journal.write({"entry": "begin", "step": 0})
    size = file.stat().st_size
    file.rename(tmp_path / "gone")
    file.write_text((tmp_path / "gone").read_text().replace("a" * 64, "b" * 64))
    assert file.stat().st_size == size
    with pytest.raises(IntegrityError, match="another plan"):
        journal.write({"entry": "begin", "step": 1})


def test_what_did_not_reach_the_disk_was_not_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    journal = JsonlJournal(tmp_path / "journal.jsonl", PLAN)
    journal.write({"entry": "begin", "step": 0})

    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", full)
        with pytest.raises(ScorewrightError) as caught:
            journal.write({"entry": "begin", "step": 1})
    assert caught.value.code == "store-write-failed"
    journal.write({"entry": "begin", "step": 2})
    assert steps(journal) == [0, 2]


@given(acts=st.lists(st.sampled_from(["one", "two", "cut", "archive", "read"]), max_size=12))
def test_two_that_write_in_turn_lose_nothing(
    acts: list[str], tmp_path_factory: pytest.TempPathFactory
) -> None:
    file = tmp_path_factory.mktemp("state") / "journal.jsonl"
    both = {name: JsonlJournal(file, PLAN) for name in ("one", "two")}
    expected: list[int] = []
    for step, act in enumerate(acts):
        match act:
            case "cut":
                with file.open("a") as stream:
                    stream.write('{"ent')
            case "archive":
                both["one"].archive()
                expected.clear()
            case "read":
                assert steps(both["two"]) == expected
            case _:
                both[act].write({"entry": "begin", "step": step})
                expected.append(step)
    assert steps(both["one"]) == expected
    assert steps(both["two"]) == expected
