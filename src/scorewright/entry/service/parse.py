"""From the bytes of a body to a JSON document: strict, quick where nothing is strange."""

from __future__ import annotations

import json
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

import msgspec

from scorewright.core.contracts import FieldProblem
from scorewright.entry.service.problems import RequestError

__all__ = ["NAME_LENGTH", "plain_document", "shown", "strict_document"]

#: Integers of more characters become floats, and those are infinite: no float has so many digits.
EXACT_LENGTH = 400
NAME_LENGTH = 64
_decode = msgspec.json.Decoder().decode


def plain_document(body: bytes) -> dict[str, Any] | None:
    """Parse an application in which nothing is strange, in one pass.

    No member is named twice where a body has as many colons as members were read. Where it has
    more, because one was named twice or a text holds a colon, `strict_document` has to look.

    Args:
        body: UTF-8.

    Returns:
        The document; None where `strict_document` has to say what it is.
    """
    try:
        document = _decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, ValueError, RecursionError):
        return None
    if not isinstance(document, dict) or body.count(b":") != _members(document):
        return None
    return document


def _members(document: Mapping[str, Any]) -> int:
    """Count the members of an application; of anything nested elsewhere, none."""
    count = len(document)
    features, tables = document.get("features"), document.get("tables")
    if isinstance(features, dict):
        count += len(features)
    if isinstance(tables, dict):
        count += len(tables)
        for rows in tables.values():
            if isinstance(rows, list):
                count += sum([len(row) for row in rows if isinstance(row, dict)])
    return count


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
    """Read an integer in bounded time.

    `check_row` refuses one that no column can hold, by its range or, where it is infinite, by
    that. To make it a float before would lose the digits that it is refused for.
    """
    return int(digits) if len(digits) <= EXACT_LENGTH else float(digits)


def strict_document(body: bytes) -> object:
    """Parse JSON. NaN and infinities pass here, so that `check_row` can name their field.

    Raises:
        RequestError: ``body-encoding``, ``body-not-json``, ``duplicate-field``.
    """
    try:
        document: object = json.loads(
            body.decode("utf-8"), object_pairs_hook=_object, parse_int=_integer
        )
        if b"\\u" in body:  # half of a pair is JSON, but no text that could be kept
            json.dumps(document, ensure_ascii=False).encode("utf-8")
    except (UnicodeDecodeError, UnicodeEncodeError) as error:
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
            errors=[FieldProblem(shown(str(error)), "duplicate-field", "each field once")],
        ) from error
    except (ValueError, RecursionError) as error:
        raise RequestError(
            HTTPStatus.BAD_REQUEST,
            "body-not-json",
            "The body is not JSON, or nested too deeply.",
            remedy="Send one application as JSON; /docs has an example.",
        ) from error
    return document


def shown(name: str) -> str:
    """Return a name that was sent, if it can be shown safely."""
    return name if len(name) <= NAME_LENGTH and name.isprintable() else "?"
