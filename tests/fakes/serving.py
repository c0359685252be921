"""A service on one deployment that keeps its decisions in memory."""

from __future__ import annotations

from collections.abc import Callable

from tests.fakes.bundles import MemoryBundles
from tests.fakes.decision_log import CountingIds, MemoryLog, OpenGate

from scorewright.core.decision_log import Keeping, SubjectKey
from scorewright.core.project import ServeSettings
from scorewright.core.reasons import ReasonDictionary
from scorewright.flows.ports import Clock
from scorewright.flows.serve import (
    Decider,
    DecisionLog,
    Gatekeeper,
    Service,
    Slot,
    Variant,
    Watcher,
    roll_back,
)
from scorewright.flows.verify_bundle import Deployment


def _words(_: Variant) -> ReasonDictionary:
    return ReasonDictionary("test")


def service_on(
    deployment: Deployment,
    clock: Clock,
    *,
    log: DecisionLog | None = None,
    gatekeeper: Gatekeeper | None = None,
    settings: ServeSettings | None = None,
    bundles: MemoryBundles | None = None,
    load: Callable[[], Deployment] | None = None,
) -> Service:
    slot = Slot(Variant.of(deployment))
    store = bundles or MemoryBundles([])
    return Service(
        slot=slot,
        watcher=Watcher(slot, store, load or (lambda: deployment), clock),
        roll_back=lambda: roll_back(store, lambda _: None, clock),
        load=lambda _bundle, _policy: deployment,
        decider=Decider(clock, CountingIds(), Keeping(SubjectKey("k1", b"s" * 32)), _words),
        log=log or MemoryLog(),
        gatekeeper=gatekeeper or OpenGate(),
        clock=clock,
        settings=settings or ServeSettings(),
        versions={"numpy": "2.3", "fastapi": "0.165"},
    )
