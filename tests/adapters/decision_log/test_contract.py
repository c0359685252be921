"""Every promise of a decision log, kept by the one in memory, in SQLite, and in PostgreSQL."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Literal

import pytest
from tests.fakes.decision_log import MemoryLog
from tests.fakes.logged_decisions import decision

from scorewright.adapters.decision_log import open_log
from scorewright.core.decision_log import LoggedDecision, Outcome
from scorewright.core.project import LogSettings
from scorewright.flows.serve import DecisionLog

KINDS = ("memory", "sqlite", "postgresql", "postgresql behind a spool")


@pytest.fixture(params=KINDS)
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def log(kind: str, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[DecisionLog]:
    if kind == "memory":
        yield MemoryLog()
        return
    url = request.getfixturevalue("fresh_url") if "postgresql" in kind else None
    policy: Literal["spool", "required"] = "spool" if "spool" in kind else "required"
    log = open_log(LogSettings(url=url, policy=policy), tmp_path)
    yield log
    log.close(10)


def add(log: DecisionLog, *records: LoggedDecision) -> list[LoggedDecision]:
    async def all_at_once() -> list[LoggedDecision]:
        return await asyncio.gather(*(log.append(record) for record in records))

    return asyncio.run(all_at_once())


def eventually(holds: Callable[[], bool], seconds: float = 20.0) -> None:
    until = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < until, "it never came to hold"
        time.sleep(0.02)


def test_what_was_appended_is_found_exactly(log: DecisionLog) -> None:
    record = decision(subject="k1:ab", answer={"pd": 0.1 + 0.2, "segment": {"column": "x"}})
    assert add(log, record) == [record]
    found = log.find(record.decision_id, "shop")
    assert found == record
    assert found is not None
    assert str(found.inputs["score"]) == "-0.0"
    assert log.state().status == "ok"


def test_another_tenant_finds_nothing(log: DecisionLog) -> None:
    record = decision()
    add(log, record)
    assert log.find(record.decision_id, "other") is None
    assert log.find("unknown", "shop") is None
    assert log.page("other") == []


def test_a_key_used_at_once_by_many_is_answered_once(
    log: DecisionLog, record_property: Callable[[str, object], None]
) -> None:
    records = [decision(idempotency="same") for _ in range(30)]
    others = [decision(idempotency="same", caller="somebody else"), decision()]
    answers = add(log, *records, *others)
    assert len({answer.decision_id for answer in answers[:30]}) == 1
    assert answers[30:] == others
    # Nor later, when what was decided may have left this machine
    for _ in range(3):
        time.sleep(0.05)
        assert add(log, decision(idempotency="same")) == answers[:1]
    assert log.repeated("caller", "same") == answers[0]
    assert log.repeated("caller", "other") is None
    eventually(lambda: len(log.page("shop")) == 3)
    record_property("guarantee", f"once: {len(records)} requests at once with one key, 1 decision")


def test_shadows_stand_beside_their_decision(log: DecisionLog) -> None:
    record = decision()
    shadows = [decision(role="shadow", variant=name, answers=record.decision_id) for name in "xy"]
    add(log, record)
    assert all(log.offer(shadow) for shadow in shadows)
    eventually(lambda: len(log.shadows(record.decision_id)) == 2)
    assert list(log.shadows(record.decision_id)) == shadows
    assert log.shadows("unknown") == []


def test_pages_follow_the_ids(log: DecisionLog) -> None:
    records = [decision(tenant="shop" if at % 2 else "other") for at in range(40)]
    add(log, *reversed(records))
    mine = [record.decision_id for record in records if record.tenant == "shop"]
    seen: list[str] = []
    while page := log.page("shop", after=seen[-1] if seen else "", limit=7):
        assert len(page) <= 7
        seen += [record.decision_id for record in page]
    assert seen == mine


def test_outcomes_are_kept_once(log: DecisionLog) -> None:
    record, other = decision(), decision(tenant="other")
    add(log, record, other)
    first = Outcome(record.decision_id, 0, "2027-01-01T00:00:00+00:00", "collections")
    corrected = replace(first, outcome=1, version=2)
    unknown = replace(first, decision_id="unknown")
    foreign = replace(first, decision_id=other.decision_id)
    receipt = log.add_outcomes([first, first, corrected, unknown, foreign], "shop")
    assert (receipt.stored, receipt.repeated) == (2, 1)
    assert receipt.unknown == ("unknown", other.decision_id)
    again = log.add_outcomes([first, replace(corrected, outcome=0)], "shop")
    assert (again.stored, again.repeated) == (0, 1)
    assert again.conflicting == (record.decision_id,)
    assert list(log.outcomes(record.decision_id)) == [first, corrected]
    assert log.outcomes(other.decision_id) == []


def test_erasure_leaves_figures_without_a_person(log: DecisionLog) -> None:
    mine = decision(subject="k1:aa", idempotency="key", answer={"pd": 1}, request_id="A-17")
    shadow = decision(subject="k1:aa", role="shadow", answers=mine.decision_id)
    other = decision(subject="k1:bb")
    add(log, mine, shadow, other)
    outcome = Outcome(mine.decision_id, 1, "2027-01-01T00:00:00+00:00", "collections")
    log.add_outcomes([outcome], "shop")
    receipt = log.erase("k1:aa")
    assert (receipt.decisions, receipt.shadows) == (1, 1)
    assert log.find(mine.decision_id, "shop") == mine.without_person()
    assert log.shadows(mine.decision_id) == [shadow.without_person()]
    assert log.find(other.decision_id, "shop") == other
    assert list(log.outcomes(mine.decision_id)) == [outcome]
    assert log.repeated("caller", "key") is None
    again = log.erase("k1:aa")
    assert (again.decisions, again.shadows) == (0, 0)


def test_after_an_erasure_the_applicant_may_come_again(log: DecisionLog) -> None:
    add(log, decision(subject="k1:aa", idempotency="key", answer={"pd": 1}))
    log.erase("k1:aa")
    new = decision(
        subject="k1:aa", idempotency="key", answer={"pd": 2}, at=time.time_ns() // 1_000 + 10**7
    )
    assert add(log, new) == [new]
    assert log.find(new.decision_id, "shop") == new


def test_the_summary_counts(log: DecisionLog, kind: str) -> None:
    if "spool" in kind:
        pytest.skip("counts the database alone")
    add(log, decision(), decision(decision="decline"), decision(decision="decline"))
    assert log.summary()["decision"] == {"approve": 1, "decline": 2}


def test_applicants_are_counted_once_and_only_under_these_shares(
    log: DecisionLog, kind: str
) -> None:
    if "spool" in kind:
        pytest.skip("counts the database alone")
    split = {"propensity": 0.9}
    add(
        log,
        decision(subject="k1:aa", **split),
        decision(subject="k1:aa", **split),  # one who asks again is one
        decision(subject="k1:bb", **split),
        decision(subject="k1:cc"),  # answered before there was a split
        decision(subject=None, **split),  # nobody in particular
        decision(subject="k1:dd", role="challenger", variant="b", propensity=0.1),
        decision(subject="k1:aa", role="shadow", variant="b", propensity=0.1),
    )
    assert log.applicants({"champion": 0.9, "b": 0.1}) == {"champion": 2, "b": 1}
    assert log.applicants({"champion": 0.8, "b": 0.2}) == {}


def test_what_waits_is_written_before_the_end(kind: str, log: DecisionLog) -> None:
    if kind == "memory":
        pytest.skip("nothing waits")
    shadows = [decision(role="shadow", answers="d1") for _ in range(500)]
    taken = sum(log.offer(shadow) for shadow in shadows)
    log.close(20)
    assert taken == 500
    assert len(log.shadows("d1")) == 500
    with pytest.raises(Exception, match="More decisions wait"):
        add(log, decision())
