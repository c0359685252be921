"""What goes wrong, as problem+json (RFC 9457): codes and field names, never a value."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response

from scorewright.core.access import AccessError
from scorewright.core.contracts import FieldProblem
from scorewright.core.errors import ScorewrightError, UsageError

__all__ = [
    "BODY_TOO_SLOW",
    "FOREIGN_HOST",
    "MEDIA_TYPE",
    "SECURITY_HEADERS",
    "TOO_BUSY",
    "TOO_SLOW",
    "TOO_SLOW_TO_DECIDE",
    "UNEXPECTED",
    "Problem",
    "ProblemError",
    "RequestError",
    "add_handlers",
    "json_bytes",
    "problem_of",
    "request_id",
]

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
    """Return the id the front gave this request."""
    return str(getattr(request.state, "request_id", ""))


class ProblemError(Exception):
    """A problem that ends a request where it is found.

    Args:
        problem: What is told.
    """

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.code)
        self.problem = problem


@dataclass(frozen=True, slots=True)
class Problem:
    """An answer that says what went wrong.

    Attributes:
        status: HTTP status.
        code: Stable slug.
        detail: In words; never holds a value that was sent.
        errors: The fields that are wrong.
        headers: Beside those every answer has.
    """

    status: HTTPStatus
    code: str
    detail: str
    errors: tuple[FieldProblem, ...] = ()
    headers: Mapping[str, str] = field(default_factory=dict)

    def body(self, request: str) -> bytes:
        """Return the document.

        Args:
            request: Id of the request.
        """
        return json_bytes(
            {
                "type": f"urn:scorewright:problem:{self.code}",
                "title": self.status.phrase,
                "status": int(self.status),
                "detail": self.detail,
                "code": self.code,
                "request_id": request,
                "errors": [
                    {"field": e.field, "code": e.code, "expected": e.expected} for e in self.errors
                ],
            }
        )


#: Told of whatever nobody thought of; the server's log has the rest.
UNEXPECTED = Problem(
    HTTPStatus.INTERNAL_SERVER_ERROR,
    "internal",
    "The service could not answer. The fault is not in the request.",
)
TOO_BUSY = Problem(
    HTTPStatus.SERVICE_UNAVAILABLE,
    "too-busy",
    "As many requests as the service takes are in work. Try again; Retry-After says when.",
    headers={"Retry-After": "1"},
)
TOO_SLOW = Problem(
    HTTPStatus.SERVICE_UNAVAILABLE,
    "deadline-exceeded",
    "The answer took longer than the service allows. Try again; Retry-After says when.",
    headers={"Retry-After": "1"},
)
#: Only a decision is kept under a key of the caller.
TOO_SLOW_TO_DECIDE = replace(
    TOO_SLOW,
    detail="The answer took longer than the service allows. Try again; an Idempotency-Key makes "
    "that safe.",
)
BODY_TOO_SLOW = Problem(
    HTTPStatus.REQUEST_TIMEOUT,
    "body-too-slow",
    "The body did not arrive in the time one request may take.",
)
FOREIGN_HOST = Problem(
    HTTPStatus.FORBIDDEN,
    "forbidden",
    "A development service answers only where it is asked for by a name of this machine: "
    "localhost, 127.0.0.1 or [::1].",
)
#: The decision cannot be kept, so there is none.
_NOT_KEPT = frozenset({"log-unavailable", "log-full", "log-busy", "log-schema"})
_RETRY_SECONDS = 2


def add_handlers(app: FastAPI) -> None:
    """Answer every error in one form."""
    for kind, _ in _TELLING:
        app.add_exception_handler(kind, _answer)
    app.add_exception_handler(Exception, _answer)


def _answer(request: Request, error: Exception) -> Response:
    problem = problem_of(error)
    return Response(
        problem.body(request_id(request)),
        status_code=problem.status,
        media_type=MEDIA_TYPE,
        headers={**SECURITY_HEADERS, **problem.headers},
    )


def problem_of(error: Exception) -> Problem:
    """Return what is told of an error: of one that nobody thought of, nothing.

    An error of the caller is done with then. One that a thread raised and the traceback that
    leads to it would keep each other, and the body that was sent, until the collector comes by,
    which many long bodies do not make it do: the traceback is let go.
    """
    problem = next((tell(error) for kind, tell in _TELLING if isinstance(error, kind)), UNEXPECTED)
    if problem.status < HTTPStatus.INTERNAL_SERVER_ERROR:
        error.__traceback__ = None
    return problem


def _wrong_request(error: RequestError) -> Problem:
    return Problem(error.status, error.code, f"{error.message} {error.remedy}", error.errors)


def _own_fault(error: ScorewrightError) -> Problem:
    """Tell the code of a fault of ours; only where it passes, also that it may be tried again."""
    if error.code not in _NOT_KEPT:
        return replace(UNEXPECTED, code=error.code)
    return Problem(
        HTTPStatus.SERVICE_UNAVAILABLE,
        error.code,
        "The decision log cannot take what it must, so nothing was answered. Try again.",
        headers={"Retry-After": str(_RETRY_SECONDS)},
    )


def _refused(error: AccessError) -> Problem:
    headers = {"WWW-Authenticate": "Bearer"} if error.status == HTTPStatus.UNAUTHORIZED else {}
    if error.retry_after is not None:
        headers["Retry-After"] = str(max(1, math.ceil(error.retry_after)))
    detail = f"{error.message} {error.remedy}"
    return Problem(HTTPStatus(error.status), error.code, detail, headers=headers)


def _incomplete(error: ClientDisconnect) -> Problem:  # noqa: ARG001 - the form of all that tell
    return Problem(HTTPStatus.BAD_REQUEST, "body-incomplete", "The body ended before its length.")


def _http_exception(error: HTTPException) -> Problem:
    status = HTTPStatus(error.status_code)
    code = status.phrase.lower().replace(" ", "-")
    return Problem(status, code, _DETAILS.get(status, ""), headers=error.headers or {})


def _validation_error(error: RequestValidationError) -> Problem:
    """Keep place and kind of each error; the input that FastAPI would echo is dropped."""
    errors = [
        FieldProblem(".".join(map(str, entry["loc"]))[:64], str(entry["type"]), "see /docs")
        for entry in error.errors()
    ]
    return Problem(
        HTTPStatus.UNPROCESSABLE_ENTITY,
        "request-invalid",
        "The request does not have the expected form.",
        tuple(errors),
    )


_DETAILS = {
    HTTPStatus.NOT_FOUND: "There is no such page; /docs lists them.",
    HTTPStatus.METHOD_NOT_ALLOWED: "This page does not take that method; see Allow.",
}

#: The first that fits tells.
_TELLING: tuple[tuple[type[Exception], Callable[[Any], Problem]], ...] = (
    (ProblemError, lambda error: error.problem),
    (RequestError, _wrong_request),
    (AccessError, _refused),
    (ScorewrightError, _own_fault),
    (HTTPException, _http_exception),
    (RequestValidationError, _validation_error),
    (ClientDisconnect, _incomplete),
)
