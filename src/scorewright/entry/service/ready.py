"""``GET /ready`` and ``GET /health/...``: whether to send requests here, and how each part is."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from fastapi import FastAPI
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from scorewright.entry.service.part import admit
from scorewright.entry.service.problems import json_bytes
from scorewright.entry.service.running import Running
from scorewright.entry.service.schema import (
    MOMENT,
    TEXT,
    Described,
    Schema,
    content,
    object_of,
    operation,
)
from scorewright.flows.serve import Service, Variant

__all__ = ["add", "describe"]


def add(app: FastAPI, service: Service) -> None:
    """Add the pages to the application."""
    running: Running = app.state.running

    @app.get("/ready")
    async def ready() -> Response:
        causes = _causes(service, running)
        synced = running.synced
        age = None if synced is None else max(0.0, service.clock.elapsed() - synced)
        document = {
            "status": "not-ready" if causes else "ready",
            "causes": causes,
            "sync_age_seconds": _rounded(age),
        }
        if not causes:
            return _json(document)
        return _json(document, HTTPStatus.SERVICE_UNAVAILABLE, {"Retry-After": "1"})

    @app.get("/health/mlflow")
    async def mlflow(request: Request) -> Response:
        admit(request, service, "state:read")
        return _json(await run_in_threadpool(_mlflow, service))

    @app.get("/health/database")
    async def database(request: Request) -> Response:
        admit(request, service, "state:read")
        return _json(await run_in_threadpool(_database, service))

    @app.get("/health/resources")
    async def resources(request: Request) -> Response:
        admit(request, service, "state:read")
        return _json(await run_in_threadpool(_resources, service, running))


def _causes(service: Service, running: Running) -> list[str]:
    """Say in words why no requests should be sent here; empty where they should."""
    causes = []
    if not running.started:
        causes.append("starting")
    if running.stopping:
        causes.append("stopping")
    if service.settings.log.policy != "best_effort" and service.log.state().status == "down":
        causes.append("log-down")
    return causes


def _rounded(seconds: float | None) -> float | None:
    return None if seconds is None else round(seconds, 3)


def _mlflow(service: Service) -> dict[str, Any]:
    note = None if service.surroundings is None else service.surroundings.sync()
    if note is None:
        return {"status": "not-used", "cause": "No sync has run for this project."}
    return {
        "status": "ok" if note.ok else "degraded",
        "cause": note.cause,
        "at": note.at or None,
        "age_seconds": _rounded(note.age_seconds),
        "good_age_seconds": _rounded(note.good_age_seconds),
        "alias": note.alias,
        "version": note.version,
    }


def _database(service: Service) -> dict[str, Any]:
    state = service.log.state()
    since = state.last_written
    now = service.clock.now().timestamp()
    return {
        "status": state.status,
        "cause": state.cause,
        "policy": service.settings.log.policy,
        "written": state.written,
        "spooled": state.spooled,
        "dropped": state.dropped,
        "last_written_seconds_ago": None if since is None else round(now - since / 1e6, 3),
        "location": state.location,
    }


def _resources(service: Service, running: Running) -> dict[str, Any]:
    found = None if service.surroundings is None else service.surroundings.resources()
    own = {"requests_in_work": running.in_work}
    if found is None:
        return {"status": "not-used", **own}
    return {
        "status": "ok",
        **own,
        "memory_bytes": found.memory_bytes,
        "open_files": found.open_files,
        "open_files_limit": found.open_files_limit,
        "threads": found.threads,
        "disk_free_bytes": found.disk_free_bytes,
    }


def _json(
    document: dict[str, Any],
    status: HTTPStatus = HTTPStatus.OK,
    headers: dict[str, str] | None = None,
) -> Response:
    return Response(
        json_bytes(document), status_code=status, media_type="application/json", headers=headers
    )


def describe(variant: Variant) -> Described:  # noqa: ARG001 - the same for all
    """Return what the OpenAPI document says of the pages."""
    ready = operation("ready", "Whether requests should be sent here", "Ready", scope=None)
    ready["responses"]["503"] = content("Starting, stopping, or the log is down.", "Ready")
    ready["responses"]["503"]["content"]["application/json"]["example"] = {
        "status": "not-ready",
        "causes": ["starting"],
        "sync_age_seconds": None,
    }
    return Described(
        "Health",
        {
            "/ready": {"get": ready},
            "/health/mlflow": {
                "get": operation(
                    "health_mlflow", "How the registry is followed", "HealthMlflow",
                    scope="state:read",
                )
            },
            "/health/database": {
                "get": operation(
                    "health_database", "How the decision log is", "HealthDatabase",
                    scope="state:read",
                )
            },
            "/health/resources": {
                "get": operation(
                    "health_resources", "What this worker uses and has left", "HealthResources",
                    scope="state:read",
                )
            },
        },
        _schemas(),
    )  # fmt: skip


def _schemas() -> dict[str, Schema]:
    count: Schema = {"type": "integer", "minimum": 0}
    number: Schema = {"type": "number"}
    nothing: Schema = {"type": "null"}
    note = {
        "at": {"anyOf": [MOMENT, nothing]},
        "age_seconds": number,
        "good_age_seconds": {
            "anyOf": [number, nothing],
            "description": "Since what the registry names was last known to answer here.",
        },
        "alias": TEXT,
        "version": TEXT,
    }
    left = {
        "memory_bytes": count,
        "open_files": {"type": "integer", "minimum": -1},
        "open_files_limit": {"type": "integer"},
        "threads": count,
        "disk_free_bytes": count,
    }
    return {
        "Ready": object_of(
            {
                "status": {"type": "string", "enum": ["ready", "not-ready"]},
                "causes": {
                    "type": "array",
                    "items": {"type": "string", "enum": ["starting", "stopping", "log-down"]},
                },
                "sync_age_seconds": {
                    "anyOf": [number, nothing],
                    "description": "Since the registry was last followed well; null where no sync "
                    "has run. Never a cause: what is deployed answers.",
                },
            }
        ),
        "HealthMlflow": object_of(
            {"status": _states("ok", "degraded", "not-used"), "cause": TEXT, **note}, tuple(note)
        ),
        "HealthDatabase": object_of(
            {
                "status": _states("ok", "degraded", "down"),
                "cause": TEXT,
                "policy": _states("required", "spool", "best_effort"),
                "written": count,
                "spooled": count,
                "dropped": count,
                "last_written_seconds_ago": {"anyOf": [number, nothing]},
                "location": TEXT,
            }
        ),
        "HealthResources": object_of(
            {"status": _states("ok", "not-used"), "requests_in_work": count, **left}, tuple(left)
        ),
    }


def _states(*names: str) -> Schema:
    return {"type": "string", "enum": list(names)}
