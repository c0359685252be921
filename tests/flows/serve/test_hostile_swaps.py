"""What is deployed changes while challengers, dictionaries and erasures go on."""

from __future__ import annotations

import time
import weakref
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from tests.fakes.decision_log import CountingIds, MemoryLog

from scorewright.core.decision_log import Keeping, SubjectKey
from scorewright.core.errors import UsageError
from scorewright.core.reasons import ReasonDictionary
from scorewright.flows.serve import (
    Application,
    Asked,
    Chosen,
    Decider,
    Panel,
    Remembered,
    Shadows,
    Variant,
    Words,
    refuse_other_contract,
)
from scorewright.flows.verify_bundle import Deployment

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
KEY = SubjectKey("k1", b"s" * 32)


class SlowClock:
    """A clock that goes on one minute with each look."""

    def __init__(self) -> None:
        self.looks = 0

    def now(self) -> datetime:
        self.looks += 1
        return NOW + timedelta(minutes=self.looks)

    def elapsed(self) -> float:
        return 0.0


def _decider(**words: Any) -> Decider:
    dictionary = ReasonDictionary("1", **words)
    return Decider(SlowClock(), CountingIds(), Keeping(KEY), lambda _: dictionary)


def _application(deployment: Deployment, number: int = 0) -> Application:
    values = dict(deployment.loaded.bundle.golden[0].values)
    return Application(f"A-{number}", values, ())


def _with(deployment: Deployment, name: str = "champion", **changes: Any) -> Variant:
    bundle = replace(deployment.loaded.bundle, **changes)
    return Variant.of(replace(deployment, loaded=replace(deployment.loaded, bundle=bundle)), name)


def test_after_a_swap_to_another_contract_the_champion_answers_alone(
    deployment: Deployment,
) -> None:
    # Given a challenger with nearly every request
    challenger = Variant.of(deployment, "b", "challenger")
    panel = Panel({"b": challenger}, {"b": 0.99}, KEY)
    before, contract = Variant.of(deployment), deployment.loaded.bundle.contract
    # When a champion is deployed whose callers no longer send one of its columns
    gone = contract.features[0]
    columns = tuple(column for column in contract.columns if column is not gone)
    after = _with(deployment, contract=replace(contract, columns=columns))
    # Then the challenger answers nobody it cannot score, and nothing says it was drawn
    for number in range(50):
        application = _application(deployment, number)
        del application.values[gone.name]  # type: ignore[attr-defined]
        chosen = panel.choose(after, application, Asked(f"r{number}"))
        assert (chosen.variant, chosen.propensity) == (after, 1.0)
    # And requests that were begun with the champion before still meet it
    drawn = [panel.choose(before, _application(deployment, n), Asked("r")) for n in range(50)]
    assert "b" in {chosen.variant.name for chosen in drawn}


def test_a_challenger_without_histories_beside_a_champion_with_them_is_refused(
    deployment: Deployment,
) -> None:
    # The key of the applications is known from the histories: the log must not keep it
    plan: Any = SimpleNamespace(digest="d")
    with pytest.raises(UsageError) as caught:
        refuse_other_contract(_with(deployment, features=plan), Variant.of(deployment, "b"))
    assert caught.value.code == "challenger-contract"


def test_a_shadow_bears_the_moment_of_the_answer_so_that_no_erasure_misses_it(
    deployment: Deployment,
) -> None:
    # Given a shadow that scores minutes after the answer
    log, decider = MemoryLog(), _decider()
    shadows = Shadows([Variant.of(deployment, "x", "shadow")], decider, log)
    application, asked = _application(deployment), Asked("r")
    answered = decider.decide(Chosen(Variant.of(deployment)), application, asked).record
    # When it is written, perhaps after the applicant was erased
    shadows.after_answer(application, asked, answered)
    shadows.close(10)
    # Then it counts as old as the answer: what was decided before an erasure is blanked
    assert [record.at for record in log.records] == [answered.at]


def test_prohibited_columns_are_not_named_in_flags(deployment: Deployment) -> None:
    # Given a column that must never be named, unknown and out of range at once
    names = [column.name for column in deployment.loaded.bundle.contract.features]
    variant = replace(
        Variant.of(deployment), ranges=tuple((name, 1e18, 2e18) for name in _numbers(deployment))
    )
    hidden = _numbers(deployment)[0]
    application = replace(_application(deployment), unknown=(hidden, names[-1]))
    # When it is decided
    decided = _decider(prohibited=(hidden,)).decide(Chosen(variant), application, Asked("r"))
    # Then neither the answer nor the log says its name among the flags
    flags = decided.answer["flags"]
    assert hidden not in flags["out_of_range"] + flags["unknown_category"]
    assert names[-1] in flags["unknown_category"]
    assert decided.record.flags == flags


def _numbers(deployment: Deployment) -> list[str]:
    values = deployment.loaded.bundle.golden[0].values
    return [name for name, value in values.items() if isinstance(value, int | float)]


def test_the_words_of_champion_and_challengers_are_read_once_each(deployment: Deployment) -> None:
    # Given a file of reasons that is gone after the start
    read: list[str] = []

    def load(variant: Variant) -> ReasonDictionary:
        read.append(variant.name)
        return ReasonDictionary(variant.name)

    words = Words(load)
    variants = [Variant.of(deployment, name) for name in ("champion", "b", "c")]
    # When they answer in turns
    for _ in range(10):
        assert [words(variant).version for variant in variants] == ["champion", "b", "c"]
    # Then each was read once
    assert read == ["champion", "b", "c"]
    # And champions of former days are not kept for their words: models are large
    former = [Variant.of(deployment, f"v{number}") for number in range(100)]
    assert [words(variant).version for variant in former] == [f"v{n}" for n in range(100)]
    watched = [weakref.ref(variant) for variant in former]
    del former
    assert {one() for one in watched} == {None}
    assert words(variants[0]).version == "champion"
    assert read.count("champion") == 1


def test_a_bundle_of_former_days_is_proved_once_for_many_replays(deployment: Deployment) -> None:
    # Given replays of two bundles in turns, in many threads
    loaded: list[tuple[str, str]] = []

    def load(bundle: str, policy: str) -> Deployment:
        loaded.append((bundle, policy))
        time.sleep(0.01)
        return deployment

    remembered = Remembered(load)
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda n: remembered(f"b{n % 2}", "p@1"), range(100)))
    # Then each was proved once
    assert found == [deployment] * 100
    assert sorted(loaded) == [("b0", "p@1"), ("b1", "p@1")]
    # And of very many only the last few stay in memory
    for number in range(20):
        remembered(f"other{number}", "p@1")
    remembered("b0", "p@1")
    assert loaded.count(("b0", "p@1")) == 2


def test_a_bundle_that_could_not_be_loaded_is_tried_again(deployment: Deployment) -> None:
    answers: list[Any] = [UsageError("No.", remedy="Get it.", code="bundle-unknown"), deployment]

    def load(_bundle: str, _policy: str) -> Deployment:
        answer = answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return deployment

    remembered = Remembered(load)
    with pytest.raises(UsageError, match=r"^No\."):
        remembered("b", "p@1")
    assert remembered("b", "p@1") is deployment
