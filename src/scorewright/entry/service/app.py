"""The application: its parts, over what the wiring put together."""

from __future__ import annotations

import asyncio
import importlib.util
import logging
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from typing import Any

from fastapi import FastAPI
from starlette.concurrency import run_in_threadpool

from scorewright import __version__
from scorewright.entry.service import (
    admin,
    batch,
    decisions,
    explain,
    figures,
    predict,
    ready,
    state,
)
from scorewright.entry.service.front import Front
from scorewright.entry.service.instruments import Instruments
from scorewright.entry.service.openapi import openapi_document
from scorewright.entry.service.part import Part
from scorewright.entry.service.predict import Predictor
from scorewright.entry.service.problems import add_handlers
from scorewright.entry.service.running import Running
from scorewright.entry.service.schema import Schema
from scorewright.flows.serve import Service, Variant

__all__ = ["PARTS", "create_app"]

TITLE = "Scorewright"
PARTS: tuple[Part, ...] = (predict, explain, decisions, state, ready, figures, admin, batch)
NOTHING_DEPLOYED = "no-bundle"
_LOGGER = logging.getLogger("uvicorn.error")


def create_app(
    service: Service, running: Running | None = None, *, is_local: bool = False
) -> Front:
    """Make the application.

    Args:
        service: What answers, and what the pages share.
        running: Of this worker, where somebody else is to tell it that it stops.
        is_local: Whether only what is sent to a name of this machine for itself is answered.

    Returns:
        An application with the pages of all parts, ``/docs`` and ``/openapi.json``. Every error
        is problem+json and no answer repeats a value sent.
    """
    running = running or Running()
    instruments = Instruments(service, running)
    app = _new_app(service, running, instruments)
    app.state.running, app.state.instruments = running, instruments
    add_handlers(app)
    for part in PARTS:
        part.add(app, service)
    # The way FastAPI documents for a document of one's own; the routes here have no models.
    app.openapi = _Documents(service)  # type: ignore[method-assign]
    predictor = Predictor(service, running)
    limits = service.settings.limits
    return Front(app, predictor, running, limits, instruments, is_local=is_local)


class _Documents:
    """Makes the OpenAPI document, once for each variant that answers."""

    def __init__(self, service: Service) -> None:
        self._service = service
        self._made: tuple[Variant, Schema] | None = None

    def __call__(self) -> Schema:
        variant = self._service.slot.variant
        if self._made is None or self._made[0] is not variant:
            model = f"the model {variant.model['name']} (run {variant.model['run_id']})"
            described = [part.describe(variant) for part in PARTS]
            self._made = variant, openapi_document(model, TITLE, __version__, described)
        return self._made[1]


async def _watch(service: Service, running: Running, instruments: Instruments) -> None:
    """Look again and again whether something else is deployed, and how things are."""
    while True:
        await asyncio.sleep(service.settings.poll_seconds)
        try:
            if service.follows:
                await run_in_threadpool(service.watcher.look)
            running.stale, running.synced = await run_in_threadpool(_followed, service)
            await run_in_threadpool(instruments.look)
        except Exception as error:  # noqa: BLE001 - who stops watching never follows again
            _LOGGER.warning("looking at what is deployed failed: %s", type(error).__name__)


def _followed(service: Service) -> tuple[str, float | None]:
    """Say why the bundle may be old, and when the registry was last followed well."""
    note = None if service.surroundings is None else service.surroundings.sync()
    age = None if note is None else note.good_age_seconds
    return _stale(service), None if age is None else service.clock.elapsed() - age


def _stale(service: Service) -> str:
    """Say why the bundle may be older than it should be; empty where it is not."""
    attempt = service.slot.attempt
    if attempt is not None and attempt.code not in ("", NOTHING_DEPLOYED):
        return "refused"
    return service.stale()


def _new_app(service: Service, running: Running, instruments: Instruments) -> FastAPI:
    """Make an empty application whose ``/docs`` needs no network, where that is installed."""

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        running.stale, running.synced = await run_in_threadpool(_followed, service)
        watching = asyncio.create_task(_watch(service, running, instruments))
        running.started = True
        try:
            yield
        finally:
            running.stop(service.settings.limits.drain_seconds)
            watching.cancel()
            for close in service.closing:
                await run_in_threadpool(close, running.seconds_left())

    factory: Callable[..., FastAPI] = FastAPI
    pages: Mapping[str, Any] = (
        {} if service.settings.docs else {"docs_url": None, "openapi_url": None}
    )
    if service.settings.docs and importlib.util.find_spec("fastapi_offline") is not None:
        factory = importlib.import_module("fastapi_offline").FastAPIOffline
    # A page has one address: to be sent on to another would send a body and a key in the clear,
    # and to whatever host the request named.
    return factory(
        title=TITLE,
        version=__version__,
        redoc_url=None,
        redirect_slashes=False,
        lifespan=lifespan,
        **pages,
    )
