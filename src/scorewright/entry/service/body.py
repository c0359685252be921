"""From the bytes of a request to a checked application: strict, bounded, silent about values."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from http import HTTPStatus
from typing import Any

from starlette.requests import Request

from scorewright.core.contracts import Contract, FieldProblem, check_row
from scorewright.core.features import RequestContract, TableColumns
from scorewright.entry.service.guard import IDENTIFIER
from scorewright.entry.service.problems import RequestError

__all__ = [
    "MAX_BODY",
    "MAX_BODY_WITH_TABLES",
    "Application",
    "Reader",
    "read_body",
]

MAX_BODY = 1_000_000
MAX_BODY_WITH_TABLES = 8_000_000
#: Integers of more digits become floats: 15 digits are exact either way.
EXACT_DIGITS = 15
NAME_LENGTH = 64
PLAIN_MEMBERS = frozenset({"features", "application_id"})
MEMBERS = PLAIN_MEMBERS | {"tables"}


@dataclass(frozen=True, slots=True)
class Application:
    """One application that keeps the contract.

    Attributes:
        id: The caller's own identifier, if it sent one.
        values: Typed values by column.
        unknown: Columns whose category is not listed and was taken as missing.
        tables: Rows of the histories, where the model reads any.
        orphans: Table -> rows left out because what they hang on is not there.
        assumed_decision: The date that was taken for the decision because none was sent.
    """

    id: str | None
    values: Mapping[str, Any]
    unknown: tuple[str, ...]
    tables: Mapping[str, TableColumns] = field(default_factory=dict)
    orphans: Mapping[str, int] = field(default_factory=dict)
    assumed_decision: str | None = None


async def read_body(request: Request, limit: int) -> bytes:
    """Read a JSON body of at most so many bytes; more is never held.

    Raises:
        RequestError: ``media-type``, ``content-encoding``, ``body-too-large``, ``body-empty``.
    """
    _check_headers(request, limit)
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > limit:
            raise _too_large(limit)
    if not body.strip():
        raise RequestError(
            HTTPStatus.BAD_REQUEST,
            "body-empty",
            "The body is empty.",
            remedy="Send one application as JSON; /docs has an example.",
        )
    return bytes(body)


def _check_headers(request: Request, limit: int) -> None:
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
    if length.isdecimal() and (len(length) > EXACT_DIGITS or int(length) > limit):
        raise _too_large(limit)


@dataclass(frozen=True, slots=True)
class Reader:
    """Reads one application and holds it to the deployed contract.

    Attributes:
        contract: The deployed bundle's.
        relational: Of a raw application with its histories, where the model reads any.
        today: Returns the date, for applications without a date of the decision.
    """

    contract: Contract
    relational: RequestContract | None
    today: Callable[[], date]

    @property
    def limit(self) -> int:
        """The longest body that is taken, in bytes."""
        return MAX_BODY if self.relational is None else MAX_BODY_WITH_TABLES

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
        document = _members(_document(body))
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
            FieldProblem(
                _shown(name), "unknown-field", _NO_TABLES if name == "tables" else expected
            )
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
