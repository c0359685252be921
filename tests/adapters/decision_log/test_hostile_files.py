"""A log whose files were taken away, or that was given what no database takes."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.fakes.logged_decisions import decision

from scorewright.adapters.decision_log import open_log
from scorewright.adapters.decision_log.database import LogDatabase
from scorewright.adapters.decision_log.log import DatabaseLog
from scorewright.core.decision_log import LoggedDecision, Outcome
from scorewright.core.errors import ScorewrightError
from scorewright.core.project import LogSettings
from scorewright.flows.serve import DecisionLog


@pytest.fixture
def log(tmp_path: Path) -> Iterator[DecisionLog]:
    log = open_log(LogSettings(), tmp_path)
    yield log
    log.close(10)


def add(log: DecisionLog, record: LoggedDecision) -> LoggedDecision:
    return asyncio.run(log.append(record))


def _files(root: Path) -> list[Path]:
    return sorted((root / ".scorewright").glob("decisions.db*"))


def test_nothing_is_acknowledged_into_a_file_that_was_removed(
    log: DecisionLog, tmp_path: Path
) -> None:
    # Given a log that was written to, and whose files somebody then moves away
    first = add(log, decision())
    kept = tmp_path / "kept"
    kept.mkdir()
    for file in _files(tmp_path):
        shutil.move(file, kept / file.name)
    # When decisions and outcomes come
    outcome = Outcome(first.decision_id, 1, "2026-11-21T12:00:00+00:00", "test")
    for _ in range(3):
        with pytest.raises(ScorewrightError) as caught:
            add(log, decision())
        assert caught.value.code == "log-unavailable"
        with pytest.raises(ScorewrightError):
            log.add_outcomes([outcome], "shop")
    # Then they are refused, it is said, and no empty file stands where the log was
    assert log.state().status == "down"
    assert _files(tmp_path) == []
    # And when the files come back, everything is there and it goes on
    for file in sorted(kept.iterdir()):
        shutil.move(file, tmp_path / ".scorewright" / file.name)
    second = add(log, decision())
    assert log.find(first.decision_id, "shop") == first
    assert log.find(second.decision_id, "shop") == second
    assert log.state().status == "ok"


def test_a_record_no_database_takes_does_not_hold_up_those_behind_it(log: DecisionLog) -> None:
    # Given half of a surrogate pair, as no request can bring it
    with pytest.raises(ScorewrightError):
        add(log, decision(tenant="\ud800"))
    # Then the next one is written at once
    record = decision()
    assert add(log, record) == record


def test_of_two_repeats_of_an_erased_request_each_gets_what_is_in_the_log(tmp_path: Path) -> None:
    # Given a spool that remembers a key whose decision was erased in the distant database
    database = LogDatabase(f"sqlite:///{tmp_path / 'far.db'}")
    spool = LogDatabase(f"sqlite:///{tmp_path / 'near.db'}", is_spool=True)
    log = DatabaseLog(database, "spool", spool)
    for one in (database, spool):
        one.prepare()
    erased, winner, record = (decision(idempotency="key") for _ in range(3))
    spool.insert([erased])
    spool.remove([erased])
    forget = spool.forget_shipped

    def forget_while_another_worker_is_quicker(before: int, decision_id: str | None = None) -> None:
        forget(before, decision_id)
        spool.insert([winner])
        database.insert([winner])
        spool.remove([winner])

    # When the request comes twice at once, and the other one's decision was already shipped
    spool.forget_shipped = forget_while_another_worker_is_quicker  # type: ignore[method-assign]
    answered = add(log, record)
    # Then the answer is the decision that is in the log, not one that is nowhere
    assert answered == winner
    assert log.find(answered.decision_id, "shop") == winner
    assert log.find(record.decision_id, "shop") is None
    log.close(5)
