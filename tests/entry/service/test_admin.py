"""Taking over and going back by request: done once, however long it takes, and where it may."""

from __future__ import annotations

import time
from dataclasses import replace
from datetime import UTC, datetime

from starlette.testclient import TestClient
from tests.fakes.bundles import MemoryBundles
from tests.fakes.serving import service_on

from scorewright.core.project import LimitSettings, ServeSettings
from scorewright.entry.service import create_app
from scorewright.flows.ports import Clock, Current
from scorewright.flows.serve import Attempt, Watcher
from scorewright.flows.verify_bundle import Deployment

NOW = datetime(2026, 11, 21, tzinfo=UTC)
QUICK = ServeSettings(limits=LimitSettings(deadline_seconds=0.05))


class Deployed:
    """Which of two bundles is deployed; going back twice goes forward again."""

    def __init__(self, deployment: Deployment, seconds: float = 0.0) -> None:
        self._seconds, self._since = seconds, deployment.since or NOW
        self.names = ["bad", "good"]

    def roll_back(self) -> Current:
        time.sleep(self._seconds)
        self.names.reverse()
        return Current("b" * 64, "p" * 64, self._since)


def test_a_rollback_that_takes_long_is_waited_for(deployment: Deployment, clock: Clock) -> None:
    # Given a rollback that takes longer than the deadline of other pages
    deployed = Deployed(deployment, 0.3)
    service = service_on(deployment, clock, settings=QUICK)
    client = TestClient(create_app(replace(service, roll_back=deployed.roll_back)))
    # When it is asked for, then nobody is told to ask again, which would undo it
    answer = client.post("/admin/rollback")
    assert answer.status_code == 200, answer.text
    assert deployed.names == ["good", "bad"]


def test_a_reload_that_takes_long_is_waited_for(deployment: Deployment, clock: Clock) -> None:
    class SlowWatcher(Watcher):
        def look(self, *, again: bool = False) -> Attempt | None:
            time.sleep(0.3)
            return Attempt(clock.now(), "b" * 64) if again else None

    service = service_on(deployment, clock, settings=QUICK)
    watcher = SlowWatcher(service.slot, MemoryBundles([]), lambda: deployment, clock)
    answer = TestClient(create_app(replace(service, watcher=watcher))).post("/admin/reload")
    assert (answer.status_code, answer.json().get("taken_over")) == (200, True)


def test_a_service_on_one_bundle_keeps_to_it(deployment: Deployment, clock: Clock) -> None:
    # Given a service that was started on a bundle, not on whatever is deployed
    deployed = Deployed(deployment)
    service = service_on(deployment, clock)
    service = replace(service, follows=False, roll_back=deployed.roll_back)
    client, before = TestClient(create_app(service)), service.slot.variant
    # When it is to take over or go back, then it says why it does not, and nothing is changed
    for page in ("/admin/reload", "/admin/rollback"):
        answer = client.post(page)
        assert (answer.status_code, answer.json()["code"]) == (409, "bundle-pinned")
        assert "--bundle" in answer.json()["detail"]
        described = client.get("/openapi.json").json()["paths"][page]["post"]["responses"]
        assert "started on one bundle" in described["409"]["description"]
    assert deployed.names == ["bad", "good"]
    assert service.slot.variant is before
