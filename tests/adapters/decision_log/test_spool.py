"""Behind the spool: the database goes and comes back, and every decision arrives once."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import psycopg
import pytest
from tests.adapters.decision_log.servers import Server
from tests.adapters.decision_log.waiting import eventually
from tests.fakes.logged_decisions import decision

from scorewright.adapters.decision_log import DatabaseLog, LogDatabase, open_log
from scorewright.core.decision_log import LoggedDecision
from scorewright.core.errors import ScorewrightError
from scorewright.core.project import LogSettings
from scorewright.flows.serve import DecisionLog


def add(log: DecisionLog, number: int, **changes: object) -> list[LoggedDecision]:
    records = [decision(**changes) for _ in range(number)]

    async def all_at_once() -> None:
        await asyncio.gather(*(log.append(record) for record in records))

    asyncio.run(all_at_once())
    return records


def ids_in(url: str) -> list[str]:
    with psycopg.connect(url) as connection:
        found = connection.execute("SELECT decision_id FROM decisions ORDER BY decision_id")
        return [row[0] for row in found.fetchall()]


def ids(records: list[LoggedDecision]) -> list[str]:
    return [record.decision_id for record in records]


def test_a_server_that_stops_and_starts(
    own_server: Server, tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    # Given a log behind a spool, whose database works, goes away, and comes back
    url = own_server.fresh()
    log = open_log(LogSettings(url=url), tmp_path)
    there = add(log, 100)
    eventually(lambda: log.state().spooled == 0)
    own_server.stop()
    while_away = [record for _ in range(5) for record in add(log, 40)]
    eventually(lambda: log.state().status == "degraded")
    # Then what was decided meanwhile is found, and says that it waits
    assert log.state().spooled == 200
    assert log.find(while_away[0].decision_id, "shop") == while_away[0]
    with pytest.raises(ScorewrightError) as away:
        log.find(there[0].decision_id, "shop")
    assert away.value.code == "log-unavailable"
    own_server.start()
    after = add(log, 50)
    eventually(lambda: log.state().spooled == 0 and log.state().status == "ok")
    # And every decision has arrived once, in the order of the ids
    assert ids_in(url) == ids([*there, *while_away, *after])
    assert log.state().written == 350
    log.close(10)
    record_property(
        "guarantee",
        f"spool: {len(while_away)} decisions while the database was away, each arrived once",
    )


def test_it_starts_without_its_server_and_ends_with_it(
    own_server: Server, tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    url = own_server.fresh()
    own_server.stop()
    log = open_log(LogSettings(url=url), tmp_path)
    records = add(log, 30)
    eventually(lambda: log.state().status == "degraded")
    own_server.start()
    log.close(20)  # the end does not wait for the next attempt
    assert ids_in(url) == ids(records)
    record_property(
        "guarantee", f"database-start: {len(records)} decisions before it came, each arrived once"
    )


def test_a_locked_table_delays_nobody(
    fresh_url: str, tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    log = open_log(LogSettings(url=fresh_url), tmp_path)
    first = add(log, 1)
    eventually(lambda: log.state().spooled == 0)
    with psycopg.connect(fresh_url) as other:
        other.execute("LOCK TABLE decisions IN ACCESS EXCLUSIVE MODE")
        began = time.monotonic()
        while_locked = add(log, 300)
        assert time.monotonic() - began < 4.0
        eventually(lambda: log.state().status == "degraded")
        other.rollback()
    eventually(lambda: log.state().status == "ok" and log.state().spooled == 0)
    assert ids_in(fresh_url) == ids([*first, *while_locked])
    log.close(10)
    record_property(
        "guarantee", f"spool: {len(while_locked)} while a table was locked, none waited"
    )


def test_a_full_spool_refuses(
    own_server: Server, tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    own_server.stop()
    settings = LogSettings(url=own_server.url("postgres"), spool_rows=1_000)
    log = open_log(settings, tmp_path)
    for _ in range(4):
        add(log, 250)
    with pytest.raises(ScorewrightError) as full:
        add(log, 1)
    assert full.value.code == "log-full"
    assert log.state().status == "down"
    assert log.state().spooled == 1_000
    # And takes decisions again when the database is back, though nobody asked meanwhile
    own_server.start()
    eventually(lambda: log.state().status == "ok" and log.state().spooled == 0)
    add(log, 1)
    log.close(10)
    record_property("guarantee", "bounded-spool: 1000 waited, the next was refused")


def test_required_fails_while_the_server_is_away(
    own_server: Server, tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    url = own_server.fresh()
    log = open_log(LogSettings(url=url, policy="required"), tmp_path)
    there = add(log, 5)
    own_server.stop()
    with pytest.raises(ScorewrightError) as away:
        add(log, 1)
    assert away.value.code == "log-unavailable"
    assert log.state().status == "down"
    own_server.start()
    # A look finds it again, without a request that has to fail first
    eventually(lambda: log.state().status == "ok")
    after = add(log, 5)
    own_server.stop()
    own_server.start()
    # Nor does the first request after a restart fail, on a connection that is gone
    after += add(log, 1)
    assert ids_in(url) == ids([*there, *after])
    log.close(10)
    said = f"1 refused while it was away, {len(there) + len(after)} answered and each there once"
    record_property("guarantee", f"required: {said}")


def test_best_effort_never_waits_and_counts(
    tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    # Given a log whose file is locked by somebody
    log = open_log(LogSettings(policy="best_effort"), tmp_path)
    add(log, 1)
    eventually(lambda: log.state().written == 1)
    import sqlite3

    other = sqlite3.connect(tmp_path / ".scorewright" / "decisions.db", isolation_level=None)
    other.execute("BEGIN EXCLUSIVE")
    began = time.monotonic()
    for _ in range(10):
        add(log, 400)
    assert time.monotonic() - began < 4.0
    assert log.state().dropped >= 1_000
    other.execute("ROLLBACK")
    other.close()
    # Then what it took and what it gave up are all that was decided
    log.close(20)
    state = log.state()
    assert state.written + state.dropped == 4_001
    said = f"4001 decisions at a locked file: {state.written} written, {state.dropped} counted"
    record_property("guarantee", f"best-effort: {said}")


def test_a_key_used_on_two_machines_loses_no_decision(fresh_url: str, tmp_path: Path) -> None:
    logs = [open_log(LogSettings(url=fresh_url), tmp_path / name) for name in "ab"]
    first = add(logs[0], 1, idempotency="same")
    eventually(lambda: logs[0].state().written == 1)
    second = add(logs[1], 1, idempotency="same")  # this machine has never seen the key
    eventually(lambda: logs[1].state().written == 1)
    assert ids_in(fresh_url) == ids(first + second)
    assert logs[1].find(second[0].decision_id, "shop") == replace(second[0], idempotency=None)
    for log in logs:
        log.close(10)


WORKS = """
import asyncio, sys
from pathlib import Path
from scorewright.adapters.decision_log import open_log
from scorewright.core.project import LogSettings
from tests.fakes.logged_decisions import decision
log = open_log(LogSettings(url=sys.argv[1]), Path(sys.argv[2]))
async def work():
    for _ in range(15):
        records = [decision() for _ in range(20)]
        await asyncio.gather(*(log.append(record) for record in records))
        print(*(record.decision_id for record in records), flush=True)
sys.stdin.readline()
asyncio.run(work())
log.close(30)
"""


def test_workers_share_a_spool(fresh_url: str, tmp_path: Path) -> None:
    command = [sys.executable, "-c", WORKS, fresh_url, str(tmp_path)]
    workers = [
        subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) for _ in range(3)
    ]
    for worker in workers:
        assert worker.stdin is not None
        worker.stdin.write(b"go\n")
        worker.stdin.flush()
    told = [worker.communicate(timeout=120)[0].decode().split() for worker in workers]
    assert [worker.returncode for worker in workers] == [0, 0, 0]
    acknowledged = sorted(decision_id for said in told for decision_id in said)
    assert len(acknowledged) == 900
    assert ids_in(fresh_url) == acknowledged
    spool = LogDatabase(f"sqlite:///{tmp_path / '.scorewright' / 'spool.db'}")
    assert spool.count() == 0
    spool.close()


def test_what_a_dead_worker_left_is_moved_by_the_next(fresh_url: str, tmp_path: Path) -> None:
    spool = LogDatabase(f"sqlite:///{tmp_path / '.scorewright' / 'spool.db'}", is_spool=True)
    left = [decision() for _ in range(1_200)]
    spool.insert(left)
    spool.close()
    log = open_log(LogSettings(url=fresh_url), tmp_path)
    assert isinstance(log, DatabaseLog)
    eventually(lambda: log.state().written == 1_200)
    assert ids_in(fresh_url) == ids(left)
    log.close(5)
