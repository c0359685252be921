"""From the bytes of a request to a checked application: strict, bounded, silent about values."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from http import HTTPStatus
from typing import Any

from starlette.requests import Request
from starlette.types import Message, Receive

from scorewright.core.bundles import Bundle
from scorewright.core.contracts import Contract, FieldProblem, check_row
from scorewright.core.features import RequestContract
from scorewright.entry.service.guard import IDENTIFIER, Head
from scorewright.entry.service.parse import (
    NAME_LENGTH,
    plain_document,
    shown,
    strict_document,
)
from scorewright.entry.service.problems import RequestError
from scorewright.flows.serve import Application, Variant

__all__ = [
    "MAX_BODY",
    "MAX_BODY_WITH_TABLES",
    "Reader",
    "Readers",
    "check_plain",
    "gather",
    "read_body",
]

MAX_BODY = 1_000_000
MAX_BODY_WITH_TABLES = 8_000_000
#: A length of more digits is longer than any limit.
LENGTH_DIGITS = 15
PLAIN_MEMBERS = frozenset({"features", "application_id"})
MEMBERS = PLAIN_MEMBERS | {"tables"}


async def read_body(request: Request, limit: int) -> bytes:
    """Read a JSON body of at most so many bytes; more is never held.

    Raises:
        RequestError: ``media-type``, ``content-encoding``, ``body-too-large``, ``body-empty``,
            ``body-incomplete``.
    """
    return await gather(Head.of(request.scope), request.receive, limit)


async def gather(head: Head, receive: Receive, limit: int) -> bytes:
    """Read a JSON body of at most so many bytes; more is never held.

    Args:
        head: Of the request.
        receive: Gives its body.
        limit: Bytes.

    Raises:
        RequestError: As `read_body`.
    """
    _check_headers(head, limit)
    message = await receive()
    body = _piece(message)
    if message.get("more_body", False) and len(body) <= limit:
        pieces = bytearray(body)
        while message.get("more_body", False) and len(pieces) <= limit:
            message = await receive()
            pieces += _piece(message)
        body = bytes(pieces)
    if len(body) > limit:
        raise _too_large(limit)
    if not body or body.isspace():
        raise RequestError(
            HTTPStatus.BAD_REQUEST,
            "body-empty",
            "The body is empty.",
            remedy="Send one application as JSON; /docs has an example.",
        )
    return body


def _piece(message: Message) -> bytes:
    if message["type"] == "http.disconnect":
        raise RequestError(
            HTTPStatus.BAD_REQUEST,
            "body-incomplete",
            "The body ended before its length.",
            remedy="Send all of it.",
        )
    body: bytes = message.get("body", b"")
    return body


def _check_headers(head: Head, limit: int) -> None:
    if head.media_type != "application/json":
        raise RequestError(
            HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
            "media-type",
            "The body is not declared as JSON.",
            remedy="Send Content-Type: application/json.",
        )
    check_plain(head, limit, _too_large)


def check_plain(head: Head, limit: int, too_large: Callable[[int], RequestError]) -> None:
    """Refuse a body that is compressed, or says that it is too long.

    Args:
        head: Of the request.
        limit: Bytes that are taken.
        too_large: Makes the refusal, given the limit.

    Raises:
        RequestError: 415 ``content-encoding``, or what `too_large` makes.
    """
    if head.encoding != "identity":
        raise RequestError(
            HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
            "content-encoding",
            "Compressed bodies are not taken.",
            remedy="Send the body without Content-Encoding.",
        )
    length = head.length
    if length.isdecimal() and (len(length) > LENGTH_DIGITS or int(length) > limit):
        raise too_large(limit)


@dataclass(frozen=True, slots=True)
class Reader:
    """Reads one application and holds it to the deployed contract.

    Attributes:
        contract: The deployed bundle's.
        relational: Of a raw application with its histories, where the model reads any.
        today: Returns the date, for applications without a date of the decision.
        limit: The longest body that is taken, in bytes.
    """

    contract: Contract
    relational: RequestContract | None
    today: Callable[[], date]
    limit: int

    def parse(self, body: bytes) -> Application:
        """Read one application.

        Args:
            body: ``{"features": {name: value, ...}, "tables": {table: [{...}, ...]},
                "application_id": text}``; tables only where the model reads histories, tables
                and id optional.

        Raises:
            RequestError: ``body-encoding``, ``body-not-json``, ``duplicate-field``,
                ``body-shape``, ``positional-features``, ``contract-violated``.
        """
        document = plain_document(body)
        if document is not None:
            application = self._plain(document)
            if application is not None:
                return application
        return self._strictly(body)

    def _plain(self, document: dict[str, Any]) -> Application | None:
        """Return an application that keeps the contract; None where something is wrong.

        What is wrong is then told by `_strictly`, in one way for all.
        """
        features, tables = document.get("features"), document.get("tables", {})
        identifier = document.get("application_id")
        known = PLAIN_MEMBERS if self.relational is None else MEMBERS
        if (
            not isinstance(features, dict)
            or not isinstance(tables, dict)
            or not document.keys() <= known
            or not (identifier is None or _is_identifier(identifier))
        ):
            return None
        try:
            return self._checked(identifier, features, tables)
        except RequestError:
            return None

    def _strictly(self, body: bytes) -> Application:
        document = _members(strict_document(body))
        features, tables = document.get("features"), document.get("tables", {})
        if isinstance(features, list):
            raise _positional()
        problems = [*self._strangers(document), *_wrong_members(document)]
        if problems or not isinstance(features, dict) or not isinstance(tables, dict):
            raise _shape(problems)
        return self._checked(document.get("application_id"), features, tables)

    def _strangers(self, document: Mapping[str, Any]) -> list[FieldProblem]:
        """Name members that are not taken."""
        if self.relational is None:
            known, expected = PLAIN_MEMBERS, "only features and application_id"
        else:
            known, expected = MEMBERS, "only features, tables and application_id"
        return [
            FieldProblem(shown(name), "unknown-field", _NO_TABLES if name == "tables" else expected)
            for name in list(document)[:NAME_LENGTH]
            if name not in known
        ]

    def _checked(
        self, identifier: str | None, features: dict[str, Any], tables: dict[str, Any]
    ) -> Application:
        if self.relational is None:
            row = check_row(self.contract, features)
            _refuse(row.problems)
            return Application(identifier, row.values, row.unknown)
        check = self.relational.check(features, tables, today=self.today())
        _refuse(check.problems)
        return Application(
            identifier,
            check.application,
            check.unknown,
            check.tables,
            check.orphans,
            check.assumed_decision,
        )


class Readers:
    """Keeps the reader of the variant that was asked for last.

    Args:
        today: Returns the date, for applications without a date of the decision.
        longest: Bytes of the longest body that is taken; None: as the model needs.
    """

    def __init__(self, today: Callable[[], date], longest: int | None = None) -> None:
        self._today, self._longest = today, longest
        self._made: tuple[Variant, Reader] | None = None

    def of(self, variant: Variant) -> Reader:
        """Return the reader for a variant's contract."""
        made = self._made
        if made is None or made[0] is not variant:
            bundle = variant.deployment.loaded.bundle
            plan = bundle.features
            relational = None if plan is None else RequestContract(plan, bundle.space.names)
            limit = self._longest or self.limit_of(bundle)
            made = variant, Reader(bundle.contract, relational, self._today, limit)
            self._made = made
        return made[1]

    @staticmethod
    def limit_of(bundle: Bundle) -> int:
        """Return the longest body that is taken where nothing else is set, in bytes."""
        return MAX_BODY if bundle.features is None else MAX_BODY_WITH_TABLES


_NO_TABLES = "no tables: the deployed model reads the application alone"


def _wrong_members(document: Mapping[str, Any]) -> list[FieldProblem]:
    """Name members of the wrong form."""
    problems = []
    if not isinstance(document.get("features"), dict):
        kind = "type" if "features" in document else "missing"
        problems.append(FieldProblem("features", kind, "an object: feature name -> value"))
    if not isinstance(document.get("tables", {}), dict):
        problems.append(FieldProblem("tables", "type", "an object: table -> list of rows"))
    identifier = document.get("application_id")
    if identifier is not None and not _is_identifier(identifier):
        expected = "1 to 64 letters, digits, dots, underscores or hyphens"
        problems.append(FieldProblem("application_id", "pattern", expected))
    return problems


def _refuse(problems: Sequence[FieldProblem]) -> None:
    if problems:
        raise RequestError(
            HTTPStatus.UNPROCESSABLE_ENTITY,
            "contract-violated",
            "The application does not keep the contract of the model.",
            remedy="The fields under 'errors' say what is expected.",
            errors=problems,
        )


def _members(document: object) -> dict[str, Any]:
    if isinstance(document, dict):
        return document
    if isinstance(document, list):
        raise _positional()
    raise _shape([FieldProblem("body", "type", 'an object with "features"')])


def _is_identifier(value: object) -> bool:
    return isinstance(value, str) and IDENTIFIER.fullmatch(value) is not None


def _too_large(limit: int) -> RequestError:
    return RequestError(
        HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
        "body-too-large",
        f"The body is longer than {limit} bytes.",
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
