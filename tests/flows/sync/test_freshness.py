"""When a bundle counts as old."""

from __future__ import annotations

from dataclasses import replace

from tests.fakes.registry import MemorySync, MovedClock

from scorewright.flows.sync import Freshness, SyncReport

MODEL = "models:/demo@champion"


def _report(clock: MovedClock, **changes: object) -> SyncReport:
    report = SyncReport(
        clock.now(), ok=True, model=MODEL, alias="champion", good_at=clock.now(), is_watched=True
    )
    return replace(report, **changes)  # type: ignore[arg-type] # any of its fields


def test_a_project_without_a_registry_is_never_stale() -> None:
    clock = MovedClock()
    freshness = Freshness(MemorySync(), clock, 5.0)
    clock.move(10_000)
    assert freshness.stale() == ""
    # Nor is one that looked once, by hand
    freshness.memory.write(_report(clock, is_watched=False))
    clock.move(10_000)
    assert freshness.stale() == ""


def test_it_is_stale_a_minute_after_the_last_good_look() -> None:
    clock, memory = MovedClock(), MemorySync()
    memory.write(_report(clock))
    freshness = Freshness(memory, clock, 5.0)
    began = clock.now()
    clock.move(59)
    memory.write(_report(clock, ok=False, code="store-unreachable", good_at=began))
    assert freshness.stale() == ""
    clock.move(2)
    assert freshness.stale() == (
        "not compared with models:/demo@champion since 2026-11-21T12:00:00+00:00: store-unreachable"
    )
    # And fresh again with the next good look
    memory.write(_report(clock))
    clock.move(1)
    assert freshness.stale() == ""


def test_slow_looks_make_it_stale_later() -> None:
    clock, memory = MovedClock(), MemorySync()
    memory.write(_report(clock))
    freshness = Freshness(memory, clock, 60.0)
    clock.move(719)
    assert freshness.stale() == ""
    clock.move(2)
    assert freshness.stale().endswith("no look since")


def test_a_sync_that_never_ran_or_never_succeeded() -> None:
    clock, memory = MovedClock(), MemorySync()
    freshness = Freshness(memory, clock, 5.0, MODEL)
    assert freshness.stale() == ""
    clock.move(61)
    assert freshness.stale() == f"{MODEL} was not looked at: no 'scorewright sync' writes here"
    memory.write(_report(clock, ok=False, code="alias-missing", good_at=None))
    clock.move(1)
    assert freshness.stale() == f"{MODEL} was never taken over: alias-missing"
    # Another model's report says nothing of this one
    memory.write(_report(clock, model="models:/other@champion"))
    clock.move(1)
    assert "was not looked at" in freshness.stale()


def test_the_file_is_read_once_a_second_at_most() -> None:
    clock, memory = MovedClock(), MemorySync()
    freshness = Freshness(memory, clock, 5.0)
    assert freshness.report() is None
    memory.write(_report(clock))
    clock.move(0.5)
    assert freshness.report() is None
    clock.move(0.5)
    assert freshness.report() is not None
