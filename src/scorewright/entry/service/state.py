"""``GET /health`` and ``GET /version``: whether it lives, and exactly what answers."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from fastapi import FastAPI
from starlette.requests import Request
from starlette.responses import Response

from scorewright import __version__
from scorewright.entry.service.part import admit
from scorewright.entry.service.problems import json_bytes
from scorewright.entry.service.schema import (
    DIGEST,
    MOMENT,
    TEXT,
    TEXTS,
    Described,
    object_of,
    operation,
)
from scorewright.flows.serve import Service, Variant

__all__ = ["add", "describe"]


def add(app: FastAPI, service: Service) -> None:
    """Add the pages to the application."""
    started, first = service.clock.elapsed(), service.clock.now()

    @app.get("/health")
    async def health() -> Response:
        variant = service.slot.variant
        return _json(
            {
                "status": "ok",
                "bundle": variant.model["bundle"],
                "since": (variant.deployment.since or first).isoformat(),
                "uptime_seconds": round(service.clock.elapsed() - started, 3),
            }
        )

    @app.get("/version")
    async def version(request: Request) -> Response:
        admit(request, service, "state:read")
        return _json(_version(service, first))


def _version(service: Service, first: datetime) -> dict[str, Any]:
    variant = service.slot.variant
    deployment = variant.deployment
    manifest, plan = deployment.loaded.manifest, deployment.loaded.bundle.features
    return {
        "scorewright": __version__,
        "model": {
            **variant.model,
            **({} if plan is None else {"feature_plan": plan.digest}),
            "type": manifest.model_type,
            "learner": manifest.learner,
            "created_at": manifest.created_at,
        },
        "policy": {**variant.policy, "threshold": deployment.policy.threshold},
        "data_version": manifest.data_version,
        "libraries": {
            "training": dict(manifest.library_versions),
            "service": dict(sorted(service.versions.items())),
        },
        "since": (deployment.since or first).isoformat(),
    }


def _json(document: dict[str, Any]) -> Response:
    return Response(json_bytes(document), media_type="application/json")


def describe(variant: Variant) -> Described:
    """Return what the OpenAPI document says of the pages."""
    more = {} if variant.deployment.loaded.bundle.features is None else {"feature_plan": DIGEST}
    model = {"name": TEXT, "run_id": TEXT, "bundle": DIGEST, "model_digest": DIGEST}
    policy = {"id": TEXT, "version": {"type": "integer"}, "digest": DIGEST}
    uptime = {"type": "number", "minimum": 0}
    return Described(
        "Health",
        {
            "/health": {
                "get": operation("health", "Whether the service lives", "Health", scope=None)
            },
            "/version": {
                "get": operation(
                    "version", "Which model and policy answer", "Version", scope="state:read"
                )
            },
        },
        {
            "Health": object_of(
                {"status": TEXT, "bundle": DIGEST, "since": MOMENT, "uptime_seconds": uptime}
            ),
            "Version": object_of(
                {
                    "scorewright": TEXT,
                    "model": object_of(
                        {**model, **more, "type": TEXT, "learner": TEXT, "created_at": MOMENT}
                    ),
                    "policy": object_of({**policy, "threshold": {"type": "number"}}),
                    "data_version": TEXT,
                    "libraries": object_of({"training": TEXTS, "service": TEXTS}),
                    "since": MOMENT,
                }
            ),
        },
    )
