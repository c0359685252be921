"""A service on a proved bundle, and a client that speaks to it in this process."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta

import pytest
from starlette.testclient import TestClient
from tests.fakes.serving import service_on

from scorewright.core.bundles import Bundle
from scorewright.core.decision import Policy
from scorewright.core.scoring import Scorer
from scorewright.entry.service import create_app
from scorewright.flows.ports import Clock, FittedModel, LoadedBundle
from scorewright.flows.verify_bundle import Deployment

SINCE = datetime(2026, 11, 21, 12, tzinfo=UTC)


class FakeClock:
    """A clock that goes on one second with each look."""

    def __init__(self) -> None:
        self._looks = 0

    def now(self) -> datetime:
        """Return a fixed moment, one hour after the deployment."""
        return SINCE + timedelta(hours=1)

    def elapsed(self) -> float:
        """Return the number of looks so far."""
        self._looks += 1
        return float(self._looks)


@pytest.fixture(scope="session")
def deployment(bundle: Bundle, model: FittedModel, policy_for: Callable[..., Policy]) -> Deployment:
    """The bundle with its policy, deployed at `SINCE`."""
    scorer = Scorer(model, bundle.space, bundle.calibration, bundle.contract)
    loaded = LoadedBundle(bundle.manifest(), bundle, model)
    return Deployment(loaded, policy_for(bundle), scorer, SINCE)


@pytest.fixture
def clock() -> Clock:
    """A clock of the test's own."""
    return FakeClock()


@pytest.fixture(scope="module")
def client(deployment: Deployment) -> Iterator[TestClient]:
    """A client; an exception in the service fails the test."""
    with TestClient(create_app(service_on(deployment, FakeClock()))) as client:
        yield client
