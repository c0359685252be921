"""What goes wrong, as problem+json (RFC 9457): codes and field names, never a value."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response

from scorewright.core.contracts import FieldProblem
from scorewright.core.errors import ScorewrightError, UsageError

__all__ = ["SECURITY_HEADERS", "RequestError", "add_handlers", "json_bytes", "request_id"]

MEDIA_TYPE = "application/problem+json"

SECURITY_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
    "X-Frame-Options": "DENY",
}


class RequestError(UsageError):
    """The request cannot be answered as it is.

    Args:
        status: HTTP status.
        code: Stable slug.
        message: What is wrong; never holds a value that was sent.
        remedy: What to send instead.
        errors: The fields that are wrong.
    """

    def __init__(
        self,
        status: HTTPStatus,
        code: str,
        message: str,
        *,
        remedy: str,
        errors: Sequence[FieldProblem] = (),
    ) -> None:
        super().__init__(message, remedy=remedy, code=code)
        self.status = status
        self.errors = tuple(errors)


def json_bytes(document: Mapping[str, Any]) -> bytes:
    """Serialise an answer; pure ASCII, so that no name that was sent can break the encoding."""
    return json.dumps(document, separators=(",", ":"), allow_nan=False).encode("ascii")


def request_id(request: Request) -> str:
    """Return the id the guard gave this request."""
    return str(getattr(request.state, "request_id", ""))


def add_handlers(app: FastAPI) -> None:
    """Answer every error in one form."""
    app.add_exception_handler(ScorewrightError, _scorewright_error)
    app.add_exception_handler(HTTPException, _http_exception)
    app.add_exception_handler(RequestValidationError, _validation_error)
    app.add_exception_handler(ClientDisconnect, _disconnected)
    app.add_exception_handler(Exception, _unexpected)


def _scorewright_error(request: Request, error: Exception) -> Response:
    if isinstance(error, RequestError):
        return _problem(
            request,
            error.status,
            error.code,
            f"{error.message} {error.remedy}",
            errors=error.errors,
        )
    code = error.code if isinstance(error, ScorewrightError) else "internal"
    return _problem(
        request,
        HTTPStatus.INTERNAL_SERVER_ERROR,
        code,
        "The service could not answer. The fault is not in the request.",
    )


def _http_exception(request: Request, error: Exception) -> Response:
    status = HTTPStatus(error.status_code if isinstance(error, HTTPException) else 500)
    headers = getattr(error, "headers", None) or {}
    code = status.phrase.lower().replace(" ", "-")
    return _problem(request, status, code, _DETAILS.get(status, ""), headers=headers)


_DETAILS = {
    HTTPStatus.NOT_FOUND: "There is no such page; /docs lists them.",
    HTTPStatus.METHOD_NOT_ALLOWED: "This page does not take that method; see Allow.",
}


def _validation_error(request: Request, error: Exception) -> Response:
    """Keep place and kind of each error; the input that FastAPI would echo is dropped."""
    found = error.errors() if isinstance(error, RequestValidationError) else []
    errors = [
        FieldProblem(".".join(map(str, entry["loc"]))[:64], str(entry["type"]), "see /docs")
        for entry in found
    ]
    return _problem(
        request,
        HTTPStatus.UNPROCESSABLE_ENTITY,
        "request-invalid",
        "The request does not have the expected form.",
        errors=errors,
    )


def _disconnected(request: Request, error: Exception) -> Response:  # noqa: ARG001 - fixed form
    return _problem(
        request, HTTPStatus.BAD_REQUEST, "body-incomplete", "The body ended before its length."
    )


def _unexpected(request: Request, error: Exception) -> Response:  # noqa: ARG001 - fixed form
    """Say nothing of what happened; the server's log has it."""
    return _problem(
        request,
        HTTPStatus.INTERNAL_SERVER_ERROR,
        "internal",
        "The service could not answer. The fault is not in the request.",
    )


def _problem(
    request: Request,
    status: HTTPStatus,
    code: str,
    detail: str,
    *,
    errors: Sequence[FieldProblem] = (),
    headers: Mapping[str, str] | None = None,
) -> Response:
    document: dict[str, Any] = {
        "type": f"urn:scorewright:problem:{code}",
        "title": status.phrase,
        "status": int(status),
        "detail": detail,
        "code": code,
        "request_id": request_id(request),
        "errors": [{"field": e.field, "code": e.code, "expected": e.expected} for e in errors],
    }
    return Response(
        json_bytes(document),
        status_code=status,
        media_type=MEDIA_TYPE,
        headers={**SECURITY_HEADERS, **(headers or {})},
    )
