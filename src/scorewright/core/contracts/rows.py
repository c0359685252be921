"""One application against the contract: strict, quick, and silent about the values."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import assert_never

from scorewright.core.contracts.document import Column, ColumnType, Contract, UnknownPolicy
from scorewright.core.contracts.rules import MAX_INTEGER, MAX_TEXT, expectation

__all__ = ["FieldProblem", "RowCheck", "check_row"]

Value = float | int | str | bool | None

_UNKNOWN_NAMES = 20
_NAME_LENGTH = 64
_DATE_LENGTH = 10


@dataclass(frozen=True, slots=True)
class FieldProblem:
    """What is wrong with one field. It never holds the value that was sent.

    Attributes:
        field: Name of the field; ``?`` where the name sent is too long or not printable.
        code: ``missing``, ``unknown-column``, ``not-nullable``, ``type``, ``not-finite``,
            ``range``, ``category`` or ``too-long``.
        expected: What the contract asks for, in words.
    """

    field: str
    code: str
    expected: str


@dataclass(frozen=True, slots=True)
class RowCheck:
    """The outcome of `check_row`.

    Attributes:
        values: Typed value of every feature; None where missing, unlisted or wrong.
        problems: Empty if the row keeps the contract.
        unknown: Features whose category is not listed and was taken as missing.
    """

    values: dict[str, Value]
    problems: tuple[FieldProblem, ...]
    unknown: tuple[str, ...]


class _Refusal(Exception):  # noqa: N818 - control flow inside this file, never seen outside
    """A value breaks a rule; the argument is the problem code."""


class _Unlisted(Exception):  # noqa: N818 - control flow inside this file, never seen outside
    """A category is not listed and the contract takes it as missing."""


def check_row(
    contract: Contract, values: Mapping[str, object], *, require_all: bool = True
) -> RowCheck:
    """Check one application against the features of a contract.

    Nothing is guessed: a text is not a number, a boolean is not a number, and NaN is refused.
    A whole float such as 1.0 is fine for an integer, and a whole number is fine for a category
    whose list holds its digits. Texts are trimmed; an empty one is missing.

    Args:
        contract: The contract; only its ``features`` are looked at.
        values: The values as parsed from JSON, by name, in any order.
        require_all: Whether every feature must be named. If not, a feature left out is taken
            as missing, which is still a problem where the contract allows none.

    Returns:
        Typed values, problems and unlisted categories.
    """
    typed: dict[str, Value] = {}
    problems: list[FieldProblem] = []
    unknown: list[str] = []
    features = contract.features
    for column in features:
        typed[column.name] = None
        try:
            typed[column.name] = _field(column, values, require_all=require_all)
        except _Refusal as refusal:
            problems.append(FieldProblem(column.name, str(refusal), expectation(column)))
        except _Unlisted:
            unknown.append(column.name)
    problems.extend(_strangers(frozenset(typed), values))
    return RowCheck(typed, tuple(problems), tuple(unknown))


def _field(column: Column, values: Mapping[str, object], *, require_all: bool) -> Value:
    if column.name not in values:
        if require_all or not column.nullable:
            raise _Refusal("missing")
        return None
    value = _typed(column, values[column.name])
    if value is None and not column.nullable:
        raise _Refusal("not-nullable")
    return value


def _strangers(known: frozenset[str], values: Mapping[str, object]) -> list[FieldProblem]:
    strangers = [name for name in values if name not in known][:_UNKNOWN_NAMES]
    return [
        FieldProblem(
            name if len(name) <= _NAME_LENGTH and name.isprintable() else "?",
            "unknown-column",
            "only the features of the contract",
        )
        for name in strangers
    ]


def _typed(column: Column, value: object) -> Value:  # noqa: PLR0911 - one per type
    if value is None:
        return None
    match column.type:
        case ColumnType.INTEGER:
            return _in_range(column, _integer(value))
        case ColumnType.NUMBER:
            return _in_range(column, _number(value))
        case ColumnType.BOOLEAN:
            if isinstance(value, bool):
                return value
            raise _Refusal("type")
        case ColumnType.CATEGORY:
            return _category(column, value)
        case ColumnType.TEXT:
            return _text(value)
        case ColumnType.DATE | ColumnType.DATETIME:
            return _moment(column.type, _text(value))
        case _:
            assert_never(column.type)


def _integer(value: object) -> int:
    if isinstance(value, float):
        _refuse_not_finite(value)
        if not value.is_integer():
            raise _Refusal("type")
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int):
        raise _Refusal("type")
    if abs(value) > MAX_INTEGER:
        raise _Refusal("range")
    return value


def _number(value: object) -> float:
    if isinstance(value, float):
        _refuse_not_finite(value)
        return float(value)
    return float(_integer(value))


def _refuse_not_finite(value: float) -> None:
    if not math.isfinite(value):
        raise _Refusal("not-finite")


def _in_range(column: Column, value: float) -> float:
    below = column.minimum is not None and value < column.minimum
    above = column.maximum is not None and value > column.maximum
    if below or above:
        raise _Refusal("range")
    return value


def _category(column: Column, value: object) -> str | None:
    if isinstance(value, int) and not isinstance(value, bool):
        # Beyond the safe range str() may be slow or refused outright by Python.
        digits = str(value) if abs(value) <= MAX_INTEGER else ""
        if digits in column.categories:
            return digits
    text = _text(value)
    if text is None or text in column.categories:
        return text
    if column.unknown is UnknownPolicy.REJECT:
        raise _Refusal("category")
    raise _Unlisted


def _text(value: object) -> str | None:
    if not isinstance(value, str):
        raise _Refusal("type")
    trimmed = value.strip()
    if len(trimmed) > MAX_TEXT:
        raise _Refusal("too-long")
    return trimmed or None


def _moment(kind: ColumnType, text: str | None) -> str | None:
    if text is None:
        return None
    try:
        if kind is ColumnType.DATE:
            # fromisoformat also reads week dates and dates without dashes: one form is enough.
            if len(text) != _DATE_LENGTH or text[4] != "-" or text[7] != "-":
                raise _Refusal("type")
            date.fromisoformat(text)
        else:
            datetime.fromisoformat(text)
    except ValueError as error:
        raise _Refusal("type") from error
    return text
