"""Ids of decisions: UUIDs of version 7 that sort by time and never repeat."""

from __future__ import annotations

import time
import uuid
from concurrent.futures import ThreadPoolExecutor

import pytest

from scorewright.adapters.decision_log import SortableIds


def test_they_are_uuids_of_the_moment() -> None:
    made = uuid.UUID(SortableIds().next())
    assert (made.version, made.variant) == (7, uuid.RFC_4122)
    assert abs((made.int >> 80) / 1_000 - time.time()) < 5.0


def test_later_ones_sort_later() -> None:
    ids = SortableIds()
    made = [ids.next() for _ in range(50_000)]
    assert made == sorted(set(made))


def test_a_clock_that_is_set_back_changes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    ids = SortableIds()
    before = ids.next()
    monkeypatch.setattr(time, "time", lambda: 1_000_000.0)
    made = [before, *(ids.next() for _ in range(5_000))]
    assert made == sorted(set(made))


def test_threads_and_processes_share_none() -> None:
    shared, other = SortableIds(), SortableIds()
    with ThreadPoolExecutor(4) as pool:
        parts = list(pool.map(lambda _: [shared.next() for _ in range(2_000)], range(4)))
    made = [made for part in parts for made in part] + [other.next() for _ in range(2_000)]
    assert len(set(made)) == 10_000
    assert all(part == sorted(part) for part in parts)
