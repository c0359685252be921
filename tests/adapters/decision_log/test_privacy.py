"""The bytes of all files, searched: nobody is in them who should not be."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable
from pathlib import Path

import psycopg
import pytest
from tests.adapters.decision_log.servers import Server
from tests.fakes.logged_decisions import decision

from scorewright.adapters.decision_log import LogDatabase, open_log, subject_key
from scorewright.core.decision_log import Keeping, LoggedDecision
from scorewright.core.errors import ScorewrightError
from scorewright.core.project import LogSettings
from scorewright.flows.serve import DecisionLog

APPLICANT = "applicant-4711"
VALUES = {"income": "value-of-income", "postcode": "value-of-postcode", "note": "value-of-note"}


def of_applicant(keeping: Keeping, **changes: object) -> LoggedDecision:
    inputs = keeping.values(VALUES)
    subject = keeping.key.pseudonym(APPLICANT)
    # Long enough for pages of its own, and answered so that it can be repeated
    return decision(
        subject=subject,
        inputs={**inputs, "long": "value-of-long " * 2_000},
        request_id="request-of-4711",
        answer={"echo": inputs},
        **changes,
    )


def add(log: DecisionLog, *records: LoggedDecision) -> None:
    async def all_at_once() -> None:
        await asyncio.gather(*(log.append(record) for record in records))

    asyncio.run(all_at_once())


def eventually(holds: Callable[[], bool], seconds: float = 20.0) -> None:
    until = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < until, "it never came to hold"
        time.sleep(0.05)


def bytes_of(folder: Path, pattern: str = "*.db*") -> bytes:
    """Return all bytes of the databases below a folder, of their logs and indexes too."""
    return b"\0".join(path.read_bytes() for path in sorted(folder.rglob(pattern)))


@pytest.fixture
def keeping(tmp_path: Path) -> Keeping:
    key = subject_key(tmp_path / "keys" / "subject.key")
    return Keeping(key, "full", {"postcode": "hashed", "note": "none"})


def test_no_id_and_no_withheld_value_is_in_any_byte(tmp_path: Path, keeping: Keeping) -> None:
    log = open_log(LogSettings(), tmp_path)
    add(log, *(of_applicant(keeping, idempotency=f"k{at}") for at in range(30)))
    written = bytes_of(tmp_path)
    assert b"value-of-income" in written
    assert keeping.key.pseudonym(APPLICANT).encode() in written
    for secret in (APPLICANT, "value-of-postcode", "value-of-note", keeping.key.secret.hex()):
        assert secret.encode() not in written
    log.close(5)


@pytest.mark.parametrize("others", [0, 400])
def test_after_an_erasure_no_byte_is_left(
    tmp_path: Path, keeping: Keeping, others: int, record_property: Callable[[str, object], None]
) -> None:
    # Given an applicant between many others, in pages that were split and refilled
    log = open_log(LogSettings(), tmp_path)
    mine = [of_applicant(keeping, idempotency=f"k{at}") for at in range(20)]
    strangers = [decision(subject=f"k1:{at:064d}") for at in range(others)]
    mixed = sorted([*mine, *strangers], key=lambda record: hash(record.decision_id))
    add(log, *mixed)
    subject = keeping.key.pseudonym(APPLICANT)
    sought = [subject, subject.partition(":")[2], *VALUES.values(), "value-of-long", "of-4711"]
    assert all(s.encode() in bytes_of(tmp_path) for s in (subject, "value-of-long"))
    # When the applicant is erased while the service goes on
    receipt = log.erase(subject)
    assert receipt.decisions == 20
    # Then no byte of any file tells
    written = bytes_of(tmp_path)
    assert [text for text in sought if text.encode() in written] == []
    assert len(log.page("shop", limit=1_000)) == 20 + others
    log.close(5)
    assert [text for text in sought if text.encode() in bytes_of(tmp_path)] == []
    record_property("guarantee", f"erased: 20 decisions among {others} others, 0 bytes left")


def test_an_erasure_under_load_leaves_no_byte(tmp_path: Path, keeping: Keeping) -> None:
    log = open_log(LogSettings(), tmp_path)
    mine = [of_applicant(keeping) for _ in range(300)]
    writing = threading.Thread(target=add, args=(log, *mine))
    add(log, *(of_applicant(keeping) for _ in range(10)))
    writing.start()
    log.erase(keeping.key.pseudonym(APPLICANT))
    writing.join()
    # What was decided before the erasure and came after it was blanked on its way in
    assert len(log.page("shop", limit=1_000)) == 310
    assert b"value-of-long" not in bytes_of(tmp_path)
    log.close(5)


def test_a_reader_in_the_way_is_told(tmp_path: Path, keeping: Keeping) -> None:
    import sqlite3

    log = open_log(LogSettings(), tmp_path)
    add(log, of_applicant(keeping))
    reader = sqlite3.connect(tmp_path / ".scorewright" / "decisions.db", isolation_level=None)
    reader.execute("BEGIN")
    reader.execute("SELECT count(*) FROM decisions").fetchone()
    with pytest.raises(ScorewrightError) as busy:
        log.erase(keeping.key.pseudonym(APPLICANT))
    assert busy.value.code in {"log-busy", "log-unavailable"}
    reader.execute("ROLLBACK")
    reader.close()
    log.erase(keeping.key.pseudonym(APPLICANT))
    assert b"value-of-long" not in bytes_of(tmp_path)
    log.close(5)


def test_what_waits_in_another_spool_comes_blank(
    server: Server, fresh_url: str, tmp_path: Path, keeping: Keeping
) -> None:
    # Given decisions of one applicant that wait on two machines, and one that has arrived
    spools = []
    for name in "ab":
        path = tmp_path / name / ".scorewright" / "spool.db"
        spools.append(LogDatabase(f"sqlite:///{path}", is_spool=True))
        spools[-1].insert([of_applicant(keeping, idempotency=f"key {name}")])
    there = LogDatabase(fresh_url)
    there.insert([of_applicant(keeping)])
    assert b"request-of-4711" in _bytes_of_server(server, fresh_url, vacuum=False)
    spools[0].close()
    spools[1].close()
    # When the first machine erases, before the second has a connection
    subject = keeping.key.pseudonym(APPLICANT)
    here = open_log(LogSettings(url=fresh_url), tmp_path / "a")
    receipt = here.erase(subject)
    assert receipt.decisions + receipt.spooled >= 2
    other = open_log(LogSettings(url=fresh_url), tmp_path / "b")
    eventually(lambda: there.count() == 3)
    eventually(lambda: other.state().spooled == 0)
    # Then nothing is left: not in the tables, not in their files, not in either spool
    assert [record.subject for record in there.page("shop", "", 10)] == [None] * 3
    assert [record.inputs for record in there.page("shop", "", 10)] == [{}] * 3
    here.close(5)
    other.close(5)
    there.close()
    for written in (bytes_of(tmp_path), _bytes_of_server(server, fresh_url, vacuum=True)):
        for text in (APPLICANT, subject, "value-of-income", "value-of-long", "request-of-4711"):
            assert text.encode() not in written


def test_an_erasure_that_cannot_reach_the_database_can_be_repeated(
    fresh_url: str, tmp_path: Path, keeping: Keeping
) -> None:
    there = LogDatabase(fresh_url)
    there.insert([of_applicant(keeping)])
    subject = keeping.key.pseudonym(APPLICANT)
    away = open_log(LogSettings(url="postgresql://nobody@127.0.0.1:9/none"), tmp_path / "x")
    with pytest.raises(ScorewrightError) as failed:
        away.erase(subject)
    assert failed.value.code == "log-unavailable"
    away.close(1)
    log = open_log(LogSettings(url=fresh_url), tmp_path)
    assert log.erase(subject).decisions == 1
    log.close(5)
    there.close()


def _bytes_of_server(server: Server, url: str, *, vacuum: bool) -> bytes:
    """Return all bytes of one database's files, as the disk has them."""
    with psycopg.connect(url, autocommit=True) as connection:
        if vacuum:
            connection.execute("VACUUM FULL")
        connection.execute("CHECKPOINT")
        asked = "SELECT oid FROM pg_database WHERE datname = current_database()"
        found = connection.execute(asked).fetchone()
    assert found is not None
    return bytes_of(server.data / "base" / str(found[0]), "[0-9]*")
