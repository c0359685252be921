"""From the bytes of a request to a checked application: strict, bounded, silent about values."""

from __future__ import annotations

import json
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from starlette.requests import Request

from scorewright.core.contracts import Contract, FieldProblem, RowCheck, check_row
from scorewright.entry.service.guard import IDENTIFIER
from scorewright.entry.service.problems import RequestError

__all__ = ["MAX_BODY", "Application", "parse_application", "read_body"]

MAX_BODY = 1_000_000
#: Integers of more digits become floats: 15 digits are exact either way.
EXACT_DIGITS = 15
NAME_LENGTH = 64
MEMBERS = {"features", "application_id"}


@dataclass(frozen=True, slots=True)
class Application:
    """One application that keeps the contract.

    Attributes:
        id: The caller's own identifier, if it sent one.
        row: Typed values and the categories that are not listed.
    """

    id: str | None
    row: RowCheck


async def read_body(request: Request) -> bytes:
    """Read a JSON body of at most `MAX_BODY` bytes; more is never held.

    Raises:
        RequestError: ``media-type``, ``content-encoding``, ``body-too-large``, ``body-empty``.
    """
    _check_headers(request)
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > MAX_BODY:
            raise _too_large()
    if not body.strip():
        raise RequestError(
            HTTPStatus.BAD_REQUEST,
            "body-empty",
            "The body is empty.",
            remedy="Send one application as JSON; /docs has an example.",
        )
    return bytes(body)


def _check_headers(request: Request) -> None:
    kind = request.headers.get("content-type", "").split(";")[0].strip().lower()
    if kind != "application/json":
        raise RequestError(
            HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
            "media-type",
            "The body is not declared as JSON.",
            remedy="Send Content-Type: application/json.",
        )
    if request.headers.get("content-encoding", "identity").strip().lower() != "identity":
        raise RequestError(
            HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
            "content-encoding",
            "Compressed bodies are not taken.",
            remedy="Send the body without Content-Encoding.",
        )
    length = request.headers.get("content-length", "")
    if length.isdecimal() and (len(length) > EXACT_DIGITS or int(length) > MAX_BODY):
        raise _too_large()


def parse_application(body: bytes, contract: Contract) -> Application:
    """Read one application and hold it to the contract.

    Args:
        body: ``{"features": {name: value, ...}, "application_id": text}``, the id optional.
        contract: The deployed bundle's.

    Raises:
        RequestError: ``body-encoding``, ``body-not-json``, ``duplicate-field``, ``body-shape``,
            ``positional-features``, ``contract-violated``.
    """
    document = _members(_document(body))
    problems = [
        FieldProblem(_shown(name), "unknown-field", "only features and application_id")
        for name in list(document)[:NAME_LENGTH]
        if name not in MEMBERS
    ]
    features = document.get("features")
    if isinstance(features, list):
        raise _positional()
    if not isinstance(features, dict):
        kind = "type" if "features" in document else "missing"
        problems.append(FieldProblem("features", kind, "an object: feature name -> value"))
    identifier = document.get("application_id")
    if identifier is not None and not _is_identifier(identifier):
        expected = "1 to 64 letters, digits, dots, underscores or hyphens"
        problems.append(FieldProblem("application_id", "pattern", expected))
    if problems or not isinstance(features, dict):
        raise _shape(problems)
    row = check_row(contract, features)
    if row.problems:
        raise RequestError(
            HTTPStatus.UNPROCESSABLE_ENTITY,
            "contract-violated",
            "The application does not keep the contract of the model.",
            remedy="The fields under 'errors' say what is expected.",
            errors=row.problems,
        )
    return Application(identifier, row)


class _DuplicateError(ValueError):
    """An object names a member twice; the argument is the name."""


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Build an object; of two members with one name it is not ours to choose one."""
    document = dict(pairs)
    if len(document) != len(pairs):
        seen: set[str] = set()
        for name, _ in pairs:
            if name in seen:
                raise _DuplicateError(name)
            seen.add(name)
    return document


def _integer(digits: str) -> float:
    """Read an integer in bounded time; `check_row` refuses what then is infinite."""
    return int(digits) if len(digits) <= EXACT_DIGITS else float(digits)


def _document(body: bytes) -> object:
    """Parse JSON. NaN and infinities pass here, so that `check_row` can name their field."""
    try:
        document: object = json.loads(
            body.decode("utf-8"), object_pairs_hook=_object, parse_int=_integer
        )
    except UnicodeDecodeError as error:
        raise RequestError(
            HTTPStatus.BAD_REQUEST,
            "body-encoding",
            "The body is not UTF-8.",
            remedy="Send JSON in UTF-8.",
        ) from error
    except _DuplicateError as error:
        raise RequestError(
            HTTPStatus.UNPROCESSABLE_ENTITY,
            "duplicate-field",
            "A field is named twice.",
            remedy="Name each field once.",
            errors=[FieldProblem(_shown(str(error)), "duplicate-field", "each field once")],
        ) from error
    except (ValueError, RecursionError) as error:
        raise RequestError(
            HTTPStatus.BAD_REQUEST,
            "body-not-json",
            "The body is not JSON, or nested too deeply.",
            remedy="Send one application as JSON; /docs has an example.",
        ) from error
    return document


def _members(document: object) -> dict[str, Any]:
    if isinstance(document, dict):
        return document
    if isinstance(document, list):
        raise _positional()
    raise _shape([FieldProblem("body", "type", 'an object with "features"')])


def _is_identifier(value: object) -> bool:
    return isinstance(value, str) and IDENTIFIER.fullmatch(value) is not None


def _shown(name: str) -> str:
    """Return a name that was sent, if it can be shown safely."""
    return name if len(name) <= NAME_LENGTH and name.isprintable() else "?"


def _too_large() -> RequestError:
    return RequestError(
        HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
        "body-too-large",
        f"The body is longer than {MAX_BODY} bytes.",
        remedy="Send one application at a time.",
    )


def _positional() -> RequestError:
    return RequestError(
        HTTPStatus.UNPROCESSABLE_ENTITY,
        "positional-features",
        "Features by position are refused: the same numbers in another order would give another "
        "answer and nothing could notice.",
        remedy='Send them by name: {"features": {"name": value}}.',
        errors=[FieldProblem("features", "positional-features", "feature name -> value")],
    )


def _shape(problems: list[FieldProblem]) -> RequestError:
    return RequestError(
        HTTPStatus.UNPROCESSABLE_ENTITY,
        "body-shape",
        "The body does not have the expected form.",
        remedy="The fields under 'errors' say what is expected; /docs has an example.",
        errors=problems,
    )
