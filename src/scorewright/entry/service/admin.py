"""``POST /admin/reload`` and ``POST /admin/rollback``: take over now, or go back."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from fastapi import FastAPI
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from scorewright.core.errors import IntegrityError, ScorewrightError, UsageError
from scorewright.entry.service.part import admit
from scorewright.entry.service.problems import RequestError, json_bytes
from scorewright.entry.service.schema import DIGEST, MOMENT, TEXT, Described, object_of, operation
from scorewright.flows.serve import Attempt, Service, Variant

__all__ = ["add", "describe"]


def add(app: FastAPI, service: Service) -> None:
    """Add the pages to the application."""

    @app.post("/admin/reload")
    async def reload(request: Request) -> Response:
        admit(request, service, "admin")
        _refuse_where_pinned(service)
        attempt = await run_in_threadpool(service.watcher.look, again=True)
        return _json(_state(service, attempt))

    @app.post("/admin/rollback")
    async def rollback(request: Request) -> Response:
        admit(request, service, "admin")
        _refuse_where_pinned(service)
        try:
            await run_in_threadpool(service.roll_back)
        except ScorewrightError as error:
            raise _refused(error) from error
        attempt = await run_in_threadpool(service.watcher.look, again=True)
        return _json(_state(service, attempt))


def _refuse_where_pinned(service: Service) -> None:
    """Leave a service on the bundle it was started with: the other workers would not follow.

    Raises:
        RequestError: ``bundle-pinned``.
    """
    if not service.follows:
        raise RequestError(
            HTTPStatus.CONFLICT,
            "bundle-pinned",
            "This service was started on one bundle and keeps to it.",
            remedy="Start it without --bundle, so that it follows what is deployed.",
        )


def _state(service: Service, attempt: Attempt | None) -> dict[str, Any]:
    """Say what answers now, and why what was deployed was refused, where it was."""
    variant = service.slot.variant
    refused = attempt is not None and bool(attempt.code)
    return {
        "bundle": variant.model["bundle"],
        "policy": f"{variant.policy['id']}@{variant.policy['version']}",
        "taken_over": attempt is not None and not refused,
        "refused": {"bundle": attempt.bundle, "code": attempt.code, "cause": attempt.cause}
        if attempt is not None and refused
        else None,
        "at": service.clock.now().isoformat(),
    }


def _refused(error: ScorewrightError) -> RequestError:
    """Say what is in the way: of what was deployed, or for now of the machine."""
    is_lasting = isinstance(error, IntegrityError | UsageError)
    status = HTTPStatus.CONFLICT if is_lasting else HTTPStatus.SERVICE_UNAVAILABLE
    return RequestError(status, error.code, error.message, remedy=error.remedy)


def _json(document: dict[str, Any]) -> Response:
    return Response(json_bytes(document), media_type="application/json")


def describe(variant: Variant) -> Described:  # noqa: ARG001 - the same for all
    """Return what the OpenAPI document says of the pages."""
    refused = object_of({"bundle": TEXT, "code": TEXT, "cause": TEXT})
    pinned = "The service was started on one bundle."
    conflict = f"{pinned[:-1]}, there is nothing to go back to, or it could not be proved."
    return Described(
        "Administration",
        {
            "/admin/reload": {
                "post": operation(
                    "reload",
                    "Take over what is deployed, now",
                    "Reload",
                    scope="admin",
                    problems={"409": pinned},
                )
            },
            "/admin/rollback": {
                "post": operation(
                    "rollback",
                    "Deploy again what was deployed before",
                    "Reload",
                    scope="admin",
                    problems={"409": conflict},
                )
            },
        },
        {
            "Reload": object_of(
                {
                    "bundle": DIGEST,
                    "policy": TEXT,
                    "taken_over": {"type": "boolean"},
                    "refused": {"anyOf": [refused, {"type": "null"}]},
                    "at": MOMENT,
                }
            )
        },
    )
