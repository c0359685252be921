"""The application: four pages over one deployment that was proved before."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable, Mapping
from typing import Any

from fastapi import FastAPI
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from scorewright import __version__
from scorewright.core.features import RequestContract
from scorewright.entry.service.answers import decision_answer, health_answer, version_answer
from scorewright.entry.service.body import Reader, read_body
from scorewright.entry.service.guard import Guard
from scorewright.entry.service.openapi import openapi_document
from scorewright.entry.service.problems import add_handlers, json_bytes, request_id
from scorewright.flows.ports import Clock
from scorewright.flows.verify_bundle import Deployment

__all__ = ["create_app"]

TITLE = "Scorewright"
#: Bytes of a body that is answered without a thread of its own.
_SHORT = 100_000


def create_app(deployment: Deployment, *, clock: Clock, versions: Mapping[str, str]) -> FastAPI:
    """Make the scoring service for one deployment.

    Args:
        deployment: From `scorewright.flows.verify_bundle.load_for_serving`.
        clock: For uptime, and for ``since`` where the bundle is not the deployed one.
        versions: Package -> version of this process.

    Returns:
        An application with ``POST /predict``, ``GET /health``, ``GET /version``, ``/docs`` and
        ``/openapi.json``. Every error is problem+json and no answer repeats a value sent.
    """
    app = _new_app()
    app.add_middleware(Guard)
    add_handlers(app)
    bundle, policy = deployment.loaded.bundle, deployment.policy
    document = openapi_document(bundle, TITLE, __version__, policy)
    # The way FastAPI documents for a document of one's own; the routes here have no models.
    app.openapi = lambda: document  # type: ignore[method-assign]
    _add_predict(app, deployment, clock)
    _add_state(app, deployment, clock, versions)
    return app


def _new_app() -> FastAPI:
    """Make an empty application whose ``/docs`` needs no network, where that is installed."""
    factory: Callable[..., FastAPI] = FastAPI
    if importlib.util.find_spec("fastapi_offline") is not None:
        factory = importlib.import_module("fastapi_offline").FastAPIOffline
    return factory(title=TITLE, version=__version__, redoc_url=None)


def _add_predict(app: FastAPI, deployment: Deployment, clock: Clock) -> None:
    bundle = deployment.loaded.bundle
    plan = bundle.features
    relational = None if plan is None else RequestContract(plan, bundle.space.names)
    reader = Reader(bundle.contract, relational, lambda: clock.now().date())

    def answer(body: bytes, identifier: str) -> Response:
        return _json(decision_answer(deployment, reader.parse(body), identifier))

    # A few milliseconds of arithmetic at most: a thread would cost more than it frees. Bodies
    # with very many rows must not keep the others waiting.
    @app.post("/predict")
    async def predict(request: Request) -> Response:
        body = await read_body(request, reader.limit)
        if len(body) <= _SHORT:
            return answer(body, request_id(request))
        return await run_in_threadpool(answer, body, request_id(request))


def _add_state(
    app: FastAPI, deployment: Deployment, clock: Clock, versions: Mapping[str, str]
) -> None:
    started = clock.elapsed()
    since = deployment.since or clock.now()

    @app.get("/health")
    async def health() -> Response:
        return _json(health_answer(deployment, since, clock.elapsed() - started))

    @app.get("/version")
    async def version() -> Response:
        return _json(version_answer(deployment, since, versions, __version__))


def _json(document: dict[str, Any]) -> Response:
    return Response(json_bytes(document), media_type="application/json")
