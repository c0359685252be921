"""A log nobody writes to tells how its database is all the same."""

from __future__ import annotations

import asyncio
import itertools
import threading
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Literal

import pytest
from tests.adapters.decision_log.servers import Server
from tests.adapters.decision_log.waiting import eventually
from tests.fakes.logged_decisions import decision

from scorewright.adapters.decision_log import open_log, shipper, writer
from scorewright.adapters.decision_log.writer import GroupWriter
from scorewright.core.decision_log import LoggedDecision
from scorewright.core.errors import ScorewrightError
from scorewright.core.project import LogSettings

SOON = 0.1


@pytest.fixture
def often(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let logs look often."""
    for module in (writer, shipper):
        monkeypatch.setattr(module, "LOOK_SECONDS", SOON)
    monkeypatch.setattr(writer, "RECOVER_SECONDS", SOON)


@pytest.mark.usefixtures("often")
@pytest.mark.parametrize(
    ("policy", "status"), [("required", "down"), ("spool", "down"), ("best_effort", "degraded")]
)
def test_a_file_that_was_moved_away_is_told_and_found_again(
    tmp_path: Path, policy: Literal["required", "spool", "best_effort"], status: str
) -> None:
    # Given a log to which nobody has written, or ever will
    log = open_log(LogSettings(policy=policy), tmp_path)
    file = tmp_path / ".scorewright" / "decisions.db"
    time.sleep(3 * SOON)
    assert log.state().status == "ok"
    # When its file goes away, then it says so, and the file is not made anew
    file.rename(tmp_path / "away.db")
    eventually(lambda: log.state().status == status)
    assert str(tmp_path) in log.state().cause
    assert not file.exists()
    # And when it comes back, then all is well
    (tmp_path / "away.db").rename(file)
    eventually(lambda: log.state().status == "ok")
    # And so it is not where another file took its place, in which no decision can be kept
    file.rename(tmp_path / "away.db")
    file.touch(mode=0o600)
    eventually(lambda: log.state().status == status)
    log.close(10)


@pytest.mark.usefixtures("often")
@pytest.mark.parametrize(("policy", "status"), [("required", "down"), ("spool", "degraded")])
def test_a_server_that_stops_is_told_though_nothing_waits_for_it(
    own_server: Server, tmp_path: Path, policy: Literal["required", "spool"], status: str
) -> None:
    log = open_log(LogSettings(url=own_server.fresh(), policy=policy), tmp_path)
    time.sleep(3 * SOON)
    assert log.state().status == "ok"
    own_server.stop()
    eventually(lambda: log.state().status == status)
    assert (log.state().spooled, log.state().written) == (0, 0)
    own_server.start()
    eventually(lambda: log.state().status == "ok")
    own_server.stop()
    eventually(lambda: log.state().status == status)
    # And its end waits for nothing
    began = time.monotonic()
    log.close(30)
    assert time.monotonic() - began < 10.0
    own_server.start()


def test_an_idle_log_ends_at_once(tmp_path: Path) -> None:
    before = set(threading.enumerate())
    log = open_log(LogSettings(), tmp_path)
    assert [t.name for t in set(threading.enumerate()) - before] == ["decision-log"]
    began = time.monotonic()
    log.close(30)
    assert time.monotonic() - began < writer.LOOK_SECONDS / 2
    assert set(threading.enumerate()) <= before


def _kept(records: Sequence[LoggedDecision]) -> Sequence[LoggedDecision]:
    return records


@pytest.mark.usefixtures("often")
def test_looks_are_few_and_none_ends_the_thread() -> None:
    # Given a writer whose looks fail in a way nobody thought of
    looks: list[float] = []

    def look() -> bool:
        looks.append(time.monotonic())
        raise ValueError

    group: GroupWriter[LoggedDecision] = GroupWriter(_kept, look)
    group.start()
    eventually(lambda: len(looks) >= 4)
    # Then there is time between them
    assert all(later - earlier >= 0.9 * SOON for earlier, later in itertools.pairwise(looks))
    # And records are written
    record = decision()
    assert asyncio.run(group.append(record)) == record
    group.close(10)
    seen = len(looks)
    time.sleep(3 * SOON)
    assert len(looks) == seen


def test_a_log_that_may_drop_tells_how_many_it_kept(tmp_path: Path) -> None:
    log = open_log(LogSettings(policy="best_effort"), tmp_path)
    strict = open_log(LogSettings(policy="required"), tmp_path)
    twice = [decision(), decision()]
    assert log.append_many(twice) == 2
    assert log.append_many(twice) == 2  # they are there
    (tmp_path / ".scorewright" / "decisions.db").rename(tmp_path / "away.db")
    assert log.append_many([decision() for _ in range(3)]) == 0
    assert (log.state().dropped, log.state().written) == (3, 4)
    with pytest.raises(ScorewrightError) as away:
        strict.append_many([decision()])
    assert away.value.code == "log-unavailable"
    for each in (log, strict):
        each.close(10)
