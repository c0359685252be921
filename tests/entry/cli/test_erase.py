"""``scorewright erase``: what it blanks, what it says, and when it refuses."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest
from tests.entry.cli.portfolio import Cli
from tests.fakes.logged_decisions import decision

from scorewright.adapters.decision_log import open_log, subject_key
from scorewright.core.decision_log import LoggedDecision
from scorewright.core.project import LogSettings

APPLICANT = "A-1001"
SETTINGS = """\
[project]
name = "small"

[tables.loans]
files = "loans.csv"

[data]
table = "loans"
target = "bad"
"""


@pytest.fixture
def logged(tmp_path: Path) -> LoggedDecision:
    """A project's log with a decision of one applicant and one of another."""
    (tmp_path / "scorewright.toml").write_text(SETTINGS)
    settings = LogSettings()
    key = subject_key(tmp_path / settings.subject_key_file)
    mine = decision(subject=key.pseudonym(APPLICANT))
    other = decision(subject=key.pseudonym("A-1002"))
    log = open_log(settings, tmp_path)

    async def add() -> None:
        await asyncio.gather(log.append(mine), log.append(other))

    asyncio.run(add())
    log.close(10)
    return mine


def test_the_receipt_counts_and_says_what_stays(
    cli: Cli, tmp_path: Path, logged: LoggedDecision
) -> None:
    answer = cli("erase", APPLICANT, "--json")
    assert answer.code == 0, answer.err
    receipt = json.loads(answer.out)
    assert (receipt["schema_version"], receipt["decisions"], receipt["shadows"]) == (1, 1, 0)
    assert receipt["subject"] == logged.subject
    assert any("outcome" in line for line in receipt["kept"])
    assert APPLICANT not in answer.out
    log = open_log(LogSettings(), tmp_path)
    found = log.page("shop")
    log.close(1)
    assert [record.subject is None for record in found] == [True, False]
    assert found[0] == logged.without_person()
    again = cli("erase", APPLICANT)
    assert again.code == 0
    assert "decisions" in again.out
    assert "stays" in again.out


def test_without_the_key_nothing_seems_erased(cli: Cli, tmp_path: Path) -> None:
    (tmp_path / "scorewright.toml").write_text(SETTINGS)
    answer = cli("erase", APPLICANT)
    assert answer.code == 2
    assert "no key of pseudonyms" in answer.err
    assert not (tmp_path / LogSettings().subject_key_file).exists()


@pytest.mark.usefixtures("logged")
def test_another_key_is_told(cli: Cli, tmp_path: Path) -> None:
    (tmp_path / LogSettings().subject_key_file).unlink()
    subject_key(tmp_path / LogSettings().subject_key_file)
    answer = cli("erase", APPLICANT, "--json")
    assert answer.code == 0
    receipt = json.loads(answer.out)
    assert receipt["decisions"] == 0
    assert any("2 decisions" in line for line in receipt["kept"])


@pytest.mark.usefixtures("logged")
@pytest.mark.parametrize(
    ("applicant", "title"),
    [(APPLICANT, "Erased"), ("A-9999", "Nothing of that applicant was found")],
)
def test_the_title_says_whether_anything_was_found(cli: Cli, applicant: str, title: str) -> None:
    answer = cli("erase", applicant)
    assert answer.code == 0, answer.err
    assert answer.out.startswith(title)
