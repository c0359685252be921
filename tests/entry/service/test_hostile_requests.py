"""Requests made to be misunderstood: each gets an answer about itself, or none."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest
from starlette.testclient import TestClient
from tests.fakes.decision_log import MemoryLog
from tests.fakes.serving import service_on

from scorewright.core.access import SCOPES, AccessError, Caller
from scorewright.core.bundles import Bundle
from scorewright.core.errors import IntegrityError, ScorewrightError
from scorewright.core.project import ServeSettings
from scorewright.entry.service import create_app
from scorewright.flows.ports import Clock, Current
from scorewright.flows.serve import LogState
from scorewright.flows.verify_bundle import Deployment


class TwoTenants:
    """Knows one caller who acts for the tenant its key names."""

    def caller(self, authorization: str | None, api_key: str | None) -> Caller:
        if api_key is None:
            raise AccessError(401, "unauthorised", "No key.", remedy="Send one.")
        return Caller("sub:joe", api_key, frozenset(SCOPES))


@pytest.fixture
def log() -> MemoryLog:
    return MemoryLog()


@pytest.fixture
def client(deployment: Deployment, clock: Clock, log: MemoryLog) -> Iterator[TestClient]:
    with TestClient(create_app(service_on(deployment, clock, log=log))) as client:
        yield client


@pytest.fixture
def body(bundle: Bundle) -> dict[str, Any]:
    return {"features": dict(bundle.golden[0].values), "application_id": "A-1"}


@pytest.mark.parametrize("key", ["", " ", "a b", "a" * 65, "\xff", "a,b"])
def test_an_idempotency_key_without_form_repeats_nothing(
    client: TestClient, log: MemoryLog, body: dict[str, Any], key: str
) -> None:
    # Given a header that is empty or no key, when it comes twice
    headers = {"Idempotency-Key": key.encode("latin-1")}
    for _ in range(2):
        answer = client.post("/predict", json=body, headers=headers)  # type: ignore[arg-type]
        # Then it is refused: it would have given everybody the first one's answer
        assert (answer.status_code, answer.json()["code"]) == (400, "idempotency-key-invalid")
    assert log.records == []


def test_one_idempotency_key_never_gives_the_answer_about_another_applicant(
    client: TestClient, log: MemoryLog, body: dict[str, Any]
) -> None:
    # Given a decision about one applicant
    headers = {"Idempotency-Key": "k-1"}
    first = client.post("/predict", json=body, headers=headers)
    # When the same key comes with another application, or for another applicant
    column = next(name for name, value in body["features"].items() if isinstance(value, float))
    others = (
        {**body, "features": {**body["features"], column: body["features"][column] + 1.0}},
        {**body, "application_id": "A-2"},
    )
    for other in others:
        refused = client.post("/predict", json=other, headers=headers)
        assert (refused.status_code, refused.json()["code"]) == (422, "idempotency-key-reused")
    # Then the first one still gets its answer, in whatever order its members stand
    turned = {"application_id": "A-1", "features": dict(reversed(body["features"].items()))}
    assert client.post("/predict", json=turned, headers=headers).json() == first.json()
    assert len(log.records) == 1
    # And nothing that only the log needs is in it
    assert "sent" not in first.json()


def test_one_caller_may_use_an_idempotency_key_once_for_each_tenant(
    deployment: Deployment, clock: Clock, log: MemoryLog, body: dict[str, Any]
) -> None:
    client = TestClient(create_app(service_on(deployment, clock, log=log, gatekeeper=TwoTenants())))
    answers = [
        client.post("/predict", json=body, headers={"Idempotency-Key": "k", "X-API-Key": tenant})
        for tenant in ("shop", "bank", "shop")
    ]
    ids = [answer.json()["decision_id"] for answer in answers]
    assert ids[0] == ids[2] != ids[1]
    # And neither reads what belongs to the other
    for path in (f"/decisions/{ids[0]}", f"/decisions/{ids[1]}"):
        seen = [client.get(path, headers={"X-API-Key": t}).status_code for t in ("shop", "bank")]
        assert sorted(seen) == [200, 404]


@pytest.mark.parametrize("moment", ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00"])
def test_an_outcome_at_the_end_of_time_is_refused(
    client: TestClient, body: dict[str, Any], moment: str
) -> None:
    decided = client.post("/predict", json=body).json()["decision_id"]
    outcome = {"decision_id": decided, "outcome": 1, "observed_at": moment}
    answer = client.post("/outcomes", json={"outcomes": [outcome]})
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["field"] == "outcomes.0.observed_at"


@pytest.mark.parametrize("path", ["/predict/", "/health/", "/docs/", "//health"])
def test_nobody_is_sent_on_to_another_address(client: TestClient, path: str) -> None:
    # Given a request that names a host of its own, and a path with a slash too many
    for method in ("GET", "POST", "OPTIONS"):
        answer = client.request(
            method, path, headers={"Host": "evil.example"}, follow_redirects=False
        )
        assert answer.status_code == 404
        assert "location" not in answer.headers


def test_reasons_of_a_model_without_contributions_are_refused_not_a_fault(
    deployment: Deployment, clock: Clock, log: MemoryLog, body: dict[str, Any]
) -> None:
    # Given a model that is no sum of contributions
    class Mute:
        def __init__(self, model: Any) -> None:
            self.predict_proba = getattr(model, "predict_proba", None)
            self.predict = getattr(model, "predict", None)

    loaded = replace(deployment.loaded, model=Mute(deployment.loaded.model))  # type: ignore[arg-type]
    service = service_on(replace(deployment, loaded=loaded), clock, log=log)
    client = TestClient(create_app(service))
    # When reasons are asked for
    answer = client.post("/predict?reasons=true", json=body)
    # Then it is said so, and nothing was decided
    assert (answer.status_code, answer.json()["code"]) == (409, "not-explainable")
    assert log.records == []
    assert client.post("/predict", json=body).status_code == 200


def test_whoever_watches_goes_on_after_a_fault_nobody_foresaw(
    deployment: Deployment, clock: Clock, until: Callable[[Callable[[], bool]], None]
) -> None:
    # Given a log whose state cannot be told the first times
    class Moody(MemoryLog):
        asked = 0

        def state(self) -> LogState:
            self.asked += 1
            if self.asked < 3:
                raise OSError("nobody foresaw it")
            return super().state()

    log = Moody()
    service = service_on(deployment, clock, log=log, settings=ServeSettings(poll_seconds=0.1))
    with TestClient(create_app(service)):
        until(lambda: log.asked > 3)


@pytest.fixture
def until() -> Callable[[Callable[[], bool]], None]:
    """Wait until something holds, for at most ten seconds."""

    def wait(holds: Callable[[], bool]) -> None:
        end = time.monotonic() + 10.0
        while not holds():
            assert time.monotonic() < end
            time.sleep(0.02)

    return wait


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (ScorewrightError("Read-only.", remedy="Mount.", code="write-failed"), 503),
        (ScorewrightError("Locked.", remedy="Wait.", code="bundle-store-locked"), 503),
        (IntegrityError("Changed.", remedy="Restore.", code="bundle-file-changed"), 409),
    ],
)
def test_a_rollback_that_cannot_be_is_told_with_its_cause(
    deployment: Deployment, clock: Clock, error: ScorewrightError, status: int
) -> None:
    def roll_back() -> Current:
        raise error

    client = TestClient(create_app(replace(service_on(deployment, clock), roll_back=roll_back)))
    answer = client.post("/admin/rollback")
    assert (answer.status_code, answer.json()["code"]) == (status, error.code)


@pytest.mark.parametrize("path", ["/admin/rollback", "/admin/reload", "/predict", "/outcomes"])
@pytest.mark.parametrize("site", ["cross-site", "same-site", "odd"])
def test_no_page_of_the_web_acts_for_a_developer(
    client: TestClient, log: MemoryLog, body: dict[str, Any], path: str, site: str
) -> None:
    # Given a browser on the developer's machine, with a page of somebody else
    answer = client.post(path, json=body, headers={"Sec-Fetch-Site": site})
    assert (answer.status_code, answer.json()["code"]) == (403, "forbidden")
    assert log.records == []
    # Then the service's own page may ask, and so may a program
    for headers in ({"Sec-Fetch-Site": "same-origin"}, {}):
        assert client.post("/predict", json=body, headers=headers).status_code == 200
