"""Journals whose last line was cut off."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.adapters.tuning.test_study import plan, value

from scorewright.adapters.tuning import OptunaStudies
from scorewright.core.errors import ScorewrightError


@pytest.fixture
def journal(tmp_path: Path) -> Path:
    """A study with two texts, the second one in the last line."""
    with OptunaStudies("journal:s.log", tmp_path, "s").open(plan()) as study:
        study.remember("first", "1")
        study.remember("second", "2")
    return tmp_path / "s.log"


@pytest.mark.parametrize("missing", [1, 10, 60])
def test_a_journal_whose_last_line_is_cut_goes_on_without_it(journal: Path, missing: int) -> None:
    journal.write_bytes(journal.read_bytes()[:-missing])
    studies = OptunaStudies("journal:s.log", journal.parent, "s")
    for _ in range(2):
        with studies.open(plan()) as study:
            assert (study.recall("first"), study.recall("second")) == ("1", None)
            study.work(value)
    with studies.open(plan()) as study:
        assert [t.state for t in study.trials()] == ["complete", "complete"]


def test_a_line_cut_by_another_process_does_not_spoil_the_next(journal: Path) -> None:
    # Given a process at work, and another one that dies in the middle of a line
    studies = OptunaStudies("journal:s.log", journal.parent, "s")
    with studies.open(plan()) as study:
        study.work(value)
        with journal.open("ab") as file:
            file.write(b'{"op_code":4,"worker')
        study.work(value)
        assert [t.state for t in study.trials()] == ["complete", "complete"]
    with studies.open(plan()) as study:
        assert [t.state for t in study.trials()] == ["complete", "complete"]
        assert study.recall("second") == "2"


def test_a_journal_cut_in_its_first_line_begins_anew(journal: Path) -> None:
    journal.write_bytes(journal.read_bytes()[:5])
    with OptunaStudies("journal:s.log", journal.parent, "s").open(plan()) as study:
        assert study.recall("first") is None
        study.work(value)


@pytest.mark.parametrize("text", ["one line", "a,b\n1,2", '{"op": 1}'])
def test_a_file_that_is_no_journal_is_left_as_it_is(tmp_path: Path, text: str) -> None:
    file = tmp_path / "s.log"
    file.write_text(text)
    with (
        pytest.raises(ScorewrightError, match="no journal") as refused,
        OptunaStudies("journal:s.log", tmp_path, "s").open(plan()),
    ):
        pass
    assert refused.value.code == "tuning-storage-unreachable"
    assert file.read_text() == text
    assert not file.with_name("s.log.lock").is_symlink()
