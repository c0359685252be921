"""Challengers: the split is logged with its probability; shadows never touch the answer."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from tests.fakes.decision_log import CountingIds, MemoryLog

from scorewright.core.contracts import ColumnType, Contract
from scorewright.core.decision_log import Keeping, LoggedDecision, SubjectKey
from scorewright.core.errors import UsageError
from scorewright.core.reasons import ReasonDictionary
from scorewright.flows.serve import (
    Application,
    Asked,
    Chosen,
    Decider,
    Panel,
    Shadows,
    Variant,
    refuse_other_contract,
)
from scorewright.flows.verify_bundle import Deployment

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
KEY = SubjectKey("k1", b"s" * 32)


class FixedClock:
    """A clock that stands."""

    def now(self) -> datetime:
        return NOW

    def elapsed(self) -> float:
        return 0.0


@pytest.fixture
def decider() -> Decider:
    return Decider(FixedClock(), CountingIds(), Keeping(KEY), lambda _: ReasonDictionary("1"))


def _application(deployment: Deployment, number: int | None = 0) -> Application:
    values = dict(deployment.loaded.bundle.golden[0].values)
    return Application(None if number is None else f"A-{number}", values, ())


def test_the_split_is_logged_with_its_probability(deployment: Deployment, decider: Decider) -> None:
    champion = Variant.of(deployment)
    panel = Panel({"b": Variant.of(deployment, "b", "challenger")}, {"b": 0.2}, KEY)
    records = []
    for number in range(500):
        application, asked = _application(deployment, number), Asked(f"r{number}")
        chosen = panel.choose(champion, application, asked)
        records.append(decider.decide(chosen, application, asked).record)
        again = panel.choose(champion, application, Asked("another request"))
        assert again.variant.name == chosen.variant.name
    by_name = {r.variant: (r.role, r.propensity) for r in records}
    assert by_name == {"champion": ("champion", 0.8), "b": ("challenger", 0.2)}
    share = sum(record.variant == "b" for record in records) / len(records)
    assert abs(share - 0.2) < 4 * (0.2 * 0.8 / len(records)) ** 0.5


def test_without_a_share_the_champion_answers(deployment: Deployment) -> None:
    champion = Variant.of(deployment)
    chosen = Panel({}, {}, KEY).choose(champion, _application(deployment), Asked("r"), "old")
    assert (chosen.variant, chosen.propensity, chosen.stale) == (champion, 1.0, "old")


def _answered(
    deployment: Deployment, decider: Decider
) -> tuple[Application, Asked, LoggedDecision]:
    application, asked = _application(deployment), Asked("r1", "caller", "shop", "again")
    decided = decider.decide(Chosen(Variant.of(deployment)), application, asked)
    return application, asked, decided.record


def test_every_challenger_scores_what_was_answered(
    deployment: Deployment, decider: Decider, record_property: Callable[[str, object], None]
) -> None:
    log = MemoryLog()
    names = ("x", "y", "z")
    shadows = Shadows([Variant.of(deployment, n, "shadow") for n in names], decider, log)
    application, asked, answered = _answered(deployment, decider)
    for _ in range(20):
        shadows.after_answer(application, asked, answered)
    shadows.close(10)
    assert [r.variant for r in log.records] == list(names) * 20
    assert {r.answers for r in log.records} == {answered.decision_id}
    assert {r.pd for r in log.records} == {answered.pd}
    # A shadow bears the pseudonym, so that erasure finds it, and no idempotency key
    assert {(r.role, r.subject, r.tenant, r.idempotency) for r in log.records} == {
        ("shadow", answered.subject, "shop", None)
    }
    assert (shadows.scored, shadows.dropped, shadows.failed) == (60, 0, 0)
    record_property("guarantee", "shadow: 3 challengers, 20 answers, 60 scored beside them")


class Stuck:
    """A model that waits until it is let go."""

    def __init__(self) -> None:
        self.go = threading.Event()

    def predict(self, x: object) -> object:
        self.go.wait(30)
        raise RuntimeError("never scores")


def test_a_stuck_and_failing_challenger_delays_and_fails_nothing(
    deployment: Deployment, decider: Decider, record_property: Callable[[str, object], None]
) -> None:
    stuck, log = Stuck(), MemoryLog()
    broken = replace(deployment, scorer=replace(deployment.scorer, model=stuck))  # type: ignore[arg-type]
    shadows = Shadows([Variant.of(broken, "x", "shadow")], decider, log, room=5)
    application, asked, answered = _answered(deployment, decider)
    for _ in range(50):
        shadows.after_answer(application, asked, answered)  # returns at once, though x is stuck
    stuck.go.set()
    shadows.close(10)
    assert log.records == []
    assert shadows.failed + shadows.dropped == 50
    assert shadows.failed >= 5
    assert shadows.dropped >= 40
    said = f"50 answers while one was stuck: {shadows.dropped} dropped, {shadows.failed} failed"
    record_property("guarantee", f"shadow: {said}, all counted")


def test_a_full_log_counts_as_dropped(deployment: Deployment, decider: Decider) -> None:
    log = MemoryLog(room_for_shadows=3)
    shadows = Shadows([Variant.of(deployment, "x", "shadow")], decider, log)
    for _ in range(10):
        shadows.after_answer(*_answered(deployment, decider))
    shadows.close(10)
    assert (shadows.scored, shadows.dropped) == (3, 7)


def test_after_a_swap_to_another_contract_shadows_pause(
    deployment: Deployment, decider: Decider
) -> None:
    # Given a champion that was exchanged for one whose callers send a column less
    contract = deployment.loaded.bundle.contract
    first = contract.features[0]
    fewer = replace(contract, columns=tuple(c for c in contract.columns if c is not first))
    champions = [_challenger(deployment, fewer), Variant.of(deployment)]
    log = MemoryLog()
    shadows = Shadows(
        [Variant.of(deployment, "x", "shadow")], decider, log, champion=lambda: champions[0]
    )
    # When applications are answered, then the challenger waits until its columns come again
    shadows.after_answer(*_answered(deployment, decider))
    until = time.monotonic() + 10
    while shadows.paused == 0 and time.monotonic() < until:
        time.sleep(0.01)
    champions.reverse()
    shadows.after_answer(*_answered(deployment, decider))
    shadows.close(10)
    assert (shadows.paused, shadows.scored, shadows.failed) == (1, 1, 0)


def _challenger(deployment: Deployment, contract: Contract) -> Variant:
    bundle = replace(deployment.loaded.bundle, contract=contract)
    return Variant.of(replace(deployment, loaded=replace(deployment.loaded, bundle=bundle)), "b")


def test_a_challenger_reads_no_more_than_callers_send(deployment: Deployment) -> None:
    champion, contract = Variant.of(deployment), deployment.loaded.bundle.contract
    first = contract.features[0]
    fewer = replace(contract, columns=tuple(c for c in contract.columns if c is not first))
    refuse_other_contract(champion, _challenger(deployment, contract))
    refuse_other_contract(champion, _challenger(deployment, fewer))
    other = ColumnType.TEXT if first.type is not ColumnType.TEXT else ColumnType.NUMBER
    for column in (replace(first, name="else"), replace(first, type=other, categories=())):
        columns = tuple(column if c.name == first.name else c for c in contract.columns)
        with pytest.raises(UsageError) as raised:
            refuse_other_contract(
                champion, _challenger(deployment, replace(contract, columns=columns))
            )
        assert raised.value.code == "challenger-contract"
        assert column.name in raised.value.message
