"""Bundles change under load: every answer belongs to one of them, whole, and none fails."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from tests.fakes.registry import TrustingProver
from tests.fakes.served_project import Load, ServedProject, Told, with_prior

from scorewright.adapters.learners import Learners
from scorewright.adapters.machine import ServiceProcess, SystemClock
from scorewright.core.bundles import Bundle
from scorewright.core.decision import Policy
from scorewright.flows.serve import Slot, Variant, Watcher
from scorewright.flows.verify_bundle import Deployment, load_for_serving

#: 200 take a minute or more: each is proved in a child by each of two workers.
SWAPS = int(os.environ.get("SCOREWRIGHT_SWAPS", "30"))


@pytest.fixture
def project(tmp_path: Path, policy_for: Callable[..., Policy]) -> ServedProject:
    return ServedProject(tmp_path / "project", policy_for)


@pytest.fixture
def pair(project: ServedProject, dummy_bundle: Bundle) -> tuple[tuple[str, str], tuple[str, str]]:
    """Two bundles whose answers differ."""
    return (
        project.publish(with_prior(dummy_bundle, 0.25)),
        project.publish(with_prior(dummy_bundle, 0.4)),
    )


def test_two_workers_swap_under_load(
    project: ServedProject,
    pair: tuple[tuple[str, str], tuple[str, str]],
    dummy_bundle: Bundle,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    record_property: Callable[[str, object], None],
) -> None:
    # Given two workers that are asked without a pause
    monkeypatch.setenv("SCOREWRIGHT__SERVE__WORKERS", "2")
    project.deploy(pair[0])
    application = dummy_bundle.golden[0].values
    with (
        ServiceProcess(project.file, tmp_path / "service.log") as service,
        Load(service.url, application, project.told) as load,
    ):
        load.wait_for(pair[0][0])
        # When the deployed bundle changes again and again
        for swap in range(SWAPS):
            chosen = pair[(swap + 1) % 2]
            project.deploy(chosen)
            load.wait_for(chosen[0])
    # Then no answer mixed two bundles, and none failed
    assert load.wrong == [], (tmp_path / "service.log").read_text()[-2000:]
    assert sum(load.answers.values()) > 10 * SWAPS
    print(f"{SWAPS} swaps, 2 workers, {sum(load.answers.values())} answers, 0 wrong")  # noqa: T201
    record_property(
        "guarantee",
        f"swap-workers: {SWAPS} swaps, {sum(load.answers.values())} answers, 0 mixed, 0 failed",
    )


@dataclass
class Crowd:
    """Two services in one process: each watches for itself and is asked by two threads."""

    slots: list[Slot]
    watchers: list[Watcher]
    values: dict[str, Any]
    told: Mapping[str, Told]
    over: threading.Event = field(default_factory=threading.Event)
    mixed: list[Told] = field(default_factory=list)
    asked: int = 0

    def ask(self, slot: Slot) -> None:
        while not self.over.wait(0.001):
            variant = slot.variant  # once per request, as the service does
            pd = variant.deployment.scorer.score_row(self.values)
            answer = (variant.policy["digest"], pd, variant.policy["version"])
            if answer != self.told[variant.model["bundle"]]:
                self.mixed.append(answer)
            self.asked += 1

    def watch(self, watcher: Watcher) -> None:
        while not self.over.wait(0.002):
            watcher.look()

    def wait_for(self, bundle: str) -> None:
        until = time.monotonic() + 30
        while any(slot.variant.model["bundle"] != bundle for slot in self.slots):
            assert time.monotonic() < until, [slot.attempt for slot in self.slots]
            time.sleep(0.001)

    @contextmanager
    def busy(self) -> Iterator[None]:
        threads = [threading.Thread(target=self.ask, args=(s,)) for s in self.slots * 2]
        threads += [threading.Thread(target=self.watch, args=(w,)) for w in self.watchers]
        for thread in threads:
            thread.start()
        try:
            yield
        finally:
            self.over.set()
            for thread in threads:
                thread.join(30)


def test_two_hundred_swaps_by_two_that_watch(
    project: ServedProject,
    pair: tuple[tuple[str, str], tuple[str, str]],
    dummy_bundle: Bundle,
    record_property: Callable[[str, object], None],
) -> None:
    # Given two services that are asked without a pause
    project.deploy(pair[0])
    store, learners = project.bundles, Learners()

    def load() -> Deployment:
        now = datetime.now(UTC) + timedelta(seconds=1)
        return load_for_serving(store, TrustingProver(), learners, "current", now=now)

    slots = [Slot(Variant.of(load())) for _ in range(2)]
    watchers = [Watcher(slot, store, load, SystemClock()) for slot in slots]
    crowd = Crowd(slots, watchers, dict(dummy_bundle.golden[0].values), project.told)
    # When the bundle changes 200 times
    with crowd.busy():
        for swap in range(200):
            wanted = pair[(swap + 1) % 2]
            project.deploy(wanted)
            crowd.wait_for(wanted[0])
    # Then both took over each of them, and no answer mixed two
    assert crowd.mixed == []
    assert crowd.asked > 1_000
    assert [slot.swaps for slot in slots] == [200, 200]
    record_property(
        "guarantee",
        f"swap-threads: {slots[0].swaps} swaps in 2 services, {crowd.asked} answers, 0 mixed",
    )
