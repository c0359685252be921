"""Taking over what is deployed: proved first, tried once, and one way back."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from tests.fakes.bundles import MemoryBundles
from tests.fakes.registry import MovedClock

from scorewright.core.errors import IntegrityError, UsageError
from scorewright.flows.ports import Current
from scorewright.flows.serve import Slot, Variant, Watcher, roll_back
from scorewright.flows.verify_bundle import Deployment

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)


class FixedClock:
    """A clock that stands."""

    def now(self) -> datetime:
        return NOW

    def elapsed(self) -> float:
        return 0.0


@pytest.fixture
def first(deployment: Deployment) -> Deployment:
    return deployment


def _current(deployment: Deployment) -> Current:
    assert deployment.since is not None
    digest = deployment.loaded.manifest.digest
    return Current(digest, f"{digest}.policy-0001.json", deployment.since)


class Loads:
    """Counts loads; fails while there is trouble."""

    def __init__(self, deployment: Deployment) -> None:
        self.deployment = deployment
        self.trouble: IntegrityError | None = None
        self.count = 0

    def __call__(self) -> Deployment:
        self.count += 1
        if self.trouble is not None:
            raise self.trouble
        return self.deployment


def test_what_answers_already_is_not_loaded_again(first: Deployment) -> None:
    store, loads = MemoryBundles([], active=_current(first)), Loads(first)
    watcher = Watcher(Slot(Variant.of(first)), store, loads, FixedClock())
    assert watcher.look() is None
    assert watcher.look(again=True) is None
    assert loads.count == 0


def test_what_is_newly_deployed_is_taken_over_once(first: Deployment) -> None:
    later = replace(first, since=NOW + timedelta(hours=1))
    store, loads = MemoryBundles([], active=_current(later)), Loads(later)
    slot = Slot(Variant.of(first))
    watcher = Watcher(slot, store, loads, FixedClock())
    attempt = watcher.look()
    assert attempt is not None
    assert attempt.code == ""
    assert slot.variant.deployment is later
    assert (slot.swaps, loads.count) == (1, 1)
    assert watcher.look() is None
    assert loads.count == 1


def test_what_is_refused_changes_nothing_and_is_tried_once(first: Deployment) -> None:
    later = replace(first, since=NOW + timedelta(hours=1))
    store, loads = MemoryBundles([], active=_current(later)), Loads(later)
    slot = Slot(Variant.of(first))
    loads.trouble = IntegrityError("it died", remedy="r", code="bundle-canary-died")
    watcher = Watcher(slot, store, loads, FixedClock())
    attempt = watcher.look()
    assert attempt is not None
    assert (attempt.code, attempt.cause) == ("bundle-canary-died", "it died")
    assert slot.attempt is attempt
    assert slot.variant.deployment is first
    assert watcher.look() is None
    assert loads.count == 1
    # Asked by a person it is tried again, and now it works
    loads.trouble = None
    assert watcher.look(again=True) is not None
    assert slot.variant.deployment is later


def test_what_was_refused_is_tried_again_each_time_later(first: Deployment) -> None:
    # Given a machine too busy to prove what is deployed
    later = replace(first, since=NOW + timedelta(hours=1))
    store, loads, clock = MemoryBundles([], active=_current(later)), Loads(later), MovedClock()
    slot = Slot(Variant.of(first))
    loads.trouble = IntegrityError("slow", remedy="r", code="bundle-canary-timeout")
    watcher = Watcher(slot, store, loads, clock)
    tried = []
    for second in range(100):
        if watcher.look() is not None:
            tried.append(second)
        clock.move(1)
    assert tried == [0, 10, 30, 70]
    # When it has time again, then it takes over by itself
    loads.trouble = None
    clock.move(100)
    attempt = watcher.look()
    assert attempt is not None
    assert attempt.code == ""
    assert slot.variant.deployment is later


def test_nothing_counts_as_refused_once_what_answers_is_deployed_again(first: Deployment) -> None:
    later = replace(first, since=NOW + timedelta(hours=1))
    store, loads = MemoryBundles([], active=_current(later)), Loads(later)
    slot = Slot(Variant.of(first))
    loads.trouble = IntegrityError("it died", remedy="r", code="bundle-canary-died")
    watcher = Watcher(slot, store, loads, FixedClock())
    watcher.look()
    store.active = _current(first)
    assert watcher.look() is None
    assert slot.attempt is not None
    assert (slot.attempt.code, slot.swaps) == ("", 0)
    # The same after a pointer that could not be read
    store.active = None
    assert watcher.look() is not None
    assert watcher.look() is None
    store.active = _current(first)
    watcher.look()
    assert slot.attempt.code == ""


def test_a_variant_that_cannot_be_prepared_does_not_answer(first: Deployment) -> None:
    later = replace(first, since=NOW + timedelta(hours=1))
    store, slot = MemoryBundles([], active=_current(later)), Slot(Variant.of(first))

    def prepare(_: Variant) -> None:
        raise UsageError("no such file", remedy="r", code="reasons-invalid")

    attempt = Watcher(slot, store, Loads(later), FixedClock(), prepare).look()
    assert attempt is not None
    assert attempt.code == "reasons-invalid"
    assert slot.variant.deployment is first


def test_an_error_nobody_foresaw_does_not_end_the_watching(first: Deployment) -> None:
    later = replace(first, since=NOW + timedelta(hours=1))
    store, slot = MemoryBundles([], active=_current(later)), Slot(Variant.of(first))

    def load() -> Deployment:
        raise MemoryError

    attempt = Watcher(slot, store, load, FixedClock()).look()
    assert attempt is not None
    assert attempt.code == "unexpected"
    assert slot.variant.deployment is first


def test_a_pointer_that_cannot_be_read_changes_nothing(first: Deployment) -> None:
    slot = Slot(Variant.of(first))
    watcher = Watcher(slot, MemoryBundles([]), Loads(first), FixedClock())
    attempt = watcher.look()
    assert attempt is not None
    assert attempt.code == "no-bundle"
    assert slot.variant.deployment is first


def test_going_back_proves_before_it_changes_anything(first: Deployment) -> None:
    new, old = _current(first), replace(_current(first), since=NOW - timedelta(days=1))
    store = MemoryBundles([], active=new, before=old)

    def refuse(_: Current) -> None:
        raise IntegrityError("damaged", remedy="r", code="bundle-file-changed")

    with pytest.raises(IntegrityError, match="damaged"):
        roll_back(store, refuse, FixedClock())
    assert store.active is new
    proved: list[Current] = []
    back = roll_back(store, proved.append, FixedClock())
    assert proved == [old]
    assert (back.bundle, back.policy_file, back.since) == (old.bundle, old.policy_file, NOW)
    assert store.before is new


def test_there_may_be_nothing_to_go_back_to(first: Deployment) -> None:
    store = MemoryBundles([], active=_current(first))
    with pytest.raises(UsageError) as raised:
        roll_back(store, lambda _: None, FixedClock())
    assert raised.value.code == "no-previous-bundle"
