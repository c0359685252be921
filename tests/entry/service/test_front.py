"""The front: bounds, deadlines, what is told when the log is away, who is told of answers."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import httpx2
import pytest
from starlette.testclient import TestClient
from tests.fakes.decision_log import MemoryLog
from tests.fakes.serving import service_on

from scorewright.core.bundles import Bundle
from scorewright.core.decision_log import LoggedDecision
from scorewright.core.errors import ScorewrightError
from scorewright.core.project import LimitSettings, ServeSettings
from scorewright.entry.service import create_app, front
from scorewright.entry.service.front import MOST_HELD
from scorewright.flows.ports import Clock
from scorewright.flows.serve import Chosen, Service, Variant
from scorewright.flows.verify_bundle import Deployment


class SlowLog(MemoryLog):
    """A log that keeps everybody waiting until it is let go."""

    def __init__(self) -> None:
        super().__init__()
        self.go, self.full = asyncio.Event(), asyncio.Event()
        self.waiting = 0

    async def append(self, record: LoggedDecision) -> LoggedDecision:
        self.waiting += 1
        if self.waiting == 3:
            self.full.set()
        await self.go.wait()
        return await super().append(record)


def _limits(**limits: Any) -> ServeSettings:
    return ServeSettings(limits=LimitSettings(**limits))


def _session(service: Service) -> httpx2.AsyncClient:
    transport = httpx2.ASGITransport(app=create_app(service))
    return httpx2.AsyncClient(transport=transport, base_url="http://test")


@pytest.fixture
def body(bundle: Bundle) -> dict[str, Any]:
    return {"features": dict(bundle.golden[0].values)}


def test_more_than_allowed_at_a_time_is_refused_and_can_be_tried_again(
    deployment: Deployment, clock: Clock, body: dict[str, Any]
) -> None:
    async def tried() -> None:
        # Given a service for three requests at a time, and three that wait for the log
        log = SlowLog()
        service = service_on(deployment, clock, log=log, settings=_limits(concurrency=3))
        async with _session(service) as client:
            waiting = [asyncio.create_task(client.post("/predict", json=body)) for _ in range(3)]
            await log.full.wait()
            # When a fourth comes, then it is told to come again
            refused = await client.post("/predict", json=body)
            assert (refused.status_code, refused.json()["code"]) == (503, "too-busy")
            assert refused.headers["Retry-After"] == "1"
            assert refused.headers["Content-Type"] == "application/problem+json"
            # But whoever watches the service still sees it
            assert (await client.get("/health")).status_code == 200
            assert (await client.get("/metrics")).status_code == 200
            # And the three are answered, and so is the fourth when it comes again
            log.go.set()
            assert [(await one).status_code for one in waiting] == [200, 200, 200]
            assert (await client.post("/predict", json=body)).status_code == 200
            assert len(log.records) == 4

    asyncio.run(tried())


def test_a_decision_that_takes_too_long_is_not_waited_for(
    deployment: Deployment, clock: Clock, body: dict[str, Any]
) -> None:
    async def tried() -> None:
        log = SlowLog()
        service = service_on(deployment, clock, log=log, settings=_limits(deadline_seconds=0.05))
        async with _session(service) as client:
            late = await client.post("/predict", json=body)
            assert (late.status_code, late.json()["code"]) == (503, "deadline-exceeded")
            assert late.headers["Retry-After"] == "1"
            assert "an Idempotency-Key makes that safe" in late.json()["detail"]
            # And nothing stays in work
            log.go.set()
            assert (await client.post("/predict", json=body)).status_code == 200

    asyncio.run(tried())


def test_another_page_that_takes_too_long_is_not_waited_for(
    deployment: Deployment, clock: Clock
) -> None:
    go = threading.Event()

    class Stuck(MemoryLog):
        def summary(self) -> dict[str, Any]:
            go.wait(10)
            return {}

    async def tried() -> None:
        settings = _limits(deadline_seconds=0.05, concurrency=1)
        service = service_on(deployment, clock, log=Stuck(), settings=settings)
        async with _session(service) as client:
            late = await client.get("/metrics/summary")
            assert (late.status_code, late.json()["code"]) == (503, "deadline-exceeded")
            # Only decisions are kept under a key, so nothing is promised of one
            assert "Idempotency-Key" not in late.text
            # What it still does counts as work until it has ended
            busy = await client.get("/version")
            assert (busy.status_code, busy.json()["code"]) == (503, "too-busy")
            go.set()
            for _ in range(200):
                if (await client.get("/version")).status_code == 200:
                    break
                await asyncio.sleep(0.01)
            assert (await client.get("/version")).status_code == 200

    asyncio.run(tried())


def test_an_answer_that_nobody_reads_gives_its_place_back(
    deployment: Deployment, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(front, "SEND_SECONDS", 0.1)

    async def tried() -> None:
        # Given a client that takes no byte of a page
        app = create_app(service_on(deployment, clock, settings=_limits(deadline_seconds=0.05)))
        never = asyncio.Event()

        async def receive() -> dict[str, Any]:
            return {"type": "http.request", "body": b"", "more_body": False}

        async def send(_message: Any) -> None:
            assert app.running.in_work == 1
            await never.wait()

        # When its answer has begun, then it is waited for no longer than the bound
        async with asyncio.timeout(10):
            await app({**_scope("/openapi.json", 0), "method": "GET"}, receive, send)
        assert app.running.in_work == 0

    asyncio.run(tried())


@pytest.mark.parametrize("path", ["/predict", "/explain", "/outcomes"])
def test_a_body_that_never_comes_is_not_waited_for(
    deployment: Deployment, clock: Clock, path: str
) -> None:
    async def never() -> AsyncIterator[bytes]:
        yield b"{"
        await asyncio.sleep(30)
        yield b"}"

    async def tried() -> None:
        # Given a body of which half comes; httpx2 would collect it first, so the app is called
        app = create_app(service_on(deployment, clock, settings=_limits(deadline_seconds=0.05)))
        pieces, sent = never(), []

        async def receive() -> dict[str, Any]:
            return {"type": "http.request", "body": await anext(pieces), "more_body": True}

        async def send(message: Any) -> None:
            sent.append(message)

        await app(_scope(path, 2), receive, send)
        assert sent[0]["status"] == 408
        assert (b"connection", b"close") in sent[0]["headers"]
        assert json.loads(sent[1]["body"])["code"] == "body-too-slow"
        await asyncio.sleep(0)

    asyncio.run(tried())


@pytest.mark.parametrize("code", ["log-unavailable", "log-full"])
def test_what_cannot_be_kept_is_not_answered(
    deployment: Deployment, clock: Clock, body: dict[str, Any], code: str
) -> None:
    trouble = ScorewrightError("secret disk", remedy="r", code=code)
    service = service_on(deployment, clock, log=MemoryLog(trouble=trouble))
    answer = TestClient(create_app(service)).post("/predict", json=body)
    assert (answer.status_code, answer.json()["code"]) == (503, code)
    assert int(answer.headers["Retry-After"]) >= 1
    assert "secret" not in answer.text


def test_who_wants_to_know_is_told_of_each_decision_once(
    deployment: Deployment, clock: Clock, body: dict[str, Any]
) -> None:
    # Given somebody who wants to know
    told: list[str] = []
    other = Variant.of(deployment, "other")
    service = service_on(deployment, clock)
    service = replace(
        service,
        after_answer=(lambda _application, _asked, kept: told.append(kept.decision_id),),
        choose=lambda _champion, _application, _asked, stale: Chosen(other, stale=stale),
    )
    client = TestClient(create_app(service))
    # When one request comes twice and another once
    headers = {"Idempotency-Key": "k"}
    first, again = (client.post("/predict", json=body, headers=headers) for _ in range(2))
    third = client.post("/predict", json=body)
    wrong = client.post("/predict", json={})
    # Then they hear of two decisions, made by whom the service chose
    assert first.json() == again.json()
    assert told == [first.json()["decision_id"], third.json()["decision_id"]]
    assert wrong.status_code == 422
    assert third.json()["variant"] == "other"
    # And two were counted
    text = client.get("/metrics").text
    name = f'scorewright_decisions_total{{decision="{third.json()["decision"]}",variant="other"}}'
    assert f"{name} 2.0" in text
    assert 'scorewright_requests_total{path="/predict",status="200"} 3.0' in text
    assert 'scorewright_requests_total{path="/predict",status="422"} 1.0' in text


def test_a_body_may_be_as_long_as_the_settings_say(
    deployment: Deployment, clock: Clock, body: dict[str, Any]
) -> None:
    service = service_on(deployment, clock, settings=_limits(body_bytes=1_000))
    client, text = TestClient(create_app(service)), json.dumps(body)
    headers = {"Content-Type": "application/json"}
    for path in ("/predict", "/explain"):
        taken = client.post(path, content=text + " " * (1_000 - len(text)), headers=headers)
        refused = client.post(path, content=text + " " * (1_001 - len(text)), headers=headers)
        assert taken.status_code != 413
        assert (refused.status_code, refused.json()["code"]) == (413, "body-too-large")


def test_pages_of_documentation_can_be_left_out(deployment: Deployment, clock: Clock) -> None:
    service = service_on(deployment, clock, settings=ServeSettings(docs=False))
    client = TestClient(create_app(service))
    assert client.get("/docs").status_code == 404
    assert client.get("/openapi.json").status_code == 404


def test_many_long_bodies_at_a_time_are_refused_before_they_fill_the_memory(
    deployment: Deployment, clock: Clock
) -> None:
    async def tried() -> None:
        # Given forty bodies of nearly a megabyte that never end
        app = create_app(service_on(deployment, clock, settings=_limits(deadline_seconds=600)))
        statuses: list[int] = []
        endless, never = [], asyncio.Event()

        async def send_one() -> None:
            pieces = iter([b" " * 90_000] * 11)

            async def receive() -> dict[str, Any]:
                piece = next(pieces, None)
                if piece is None:
                    endless.append(1)
                    await never.wait()
                await asyncio.sleep(0)
                return {"type": "http.request", "body": piece, "more_body": True}

            async def send(message: Any) -> None:
                if message["type"] == "http.response.start":
                    statuses.append(message["status"])

            await app(_scope("/predict", 999_999), receive, send)

        sending = [asyncio.create_task(send_one()) for _ in range(40)]
        while len(statuses) + len(endless) < 40:  # noqa: ASYNC110 - forty of them tell
            await asyncio.sleep(0)
        # Then some were refused at once, and the others hold no more than there is room for
        assert statuses == [503] * len(statuses)
        assert len(statuses) >= 5
        assert len(endless) >= 30
        assert 0 < app.running.held <= MOST_HELD
        # And nothing is held when they were given up
        for one in sending:
            one.cancel()
        await asyncio.gather(*sending, return_exceptions=True)
        assert app.running.held == app.running.in_work == 0

    asyncio.run(tried())


def _scope(path: str, length: int) -> dict[str, Any]:
    headers = [
        (b"content-type", b"application/json"),
        (b"content-length", str(length).encode("ascii")),
    ]
    return {
        "type": "http", "method": "POST", "path": path, "raw_path": path.encode(),
        "query_string": b"", "headers": headers, "http_version": "1.1", "scheme": "http",
        "root_path": "", "state": {},
    }  # fmt: skip
