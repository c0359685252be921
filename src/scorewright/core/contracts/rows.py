"""One application against the contract: strict, quick, and silent about the values."""

from __future__ import annotations

import math
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache
from operator import itemgetter
from typing import Any, assert_never, cast

from scorewright.core.contracts.document import Column, ColumnType, Contract, UnknownPolicy
from scorewright.core.contracts.rules import MAX_INTEGER, MAX_TEXT, codes, expectation

__all__ = ["FieldProblem", "RowCheck", "RowChecker", "check_row"]

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
    A whole float such as 1.0 is fine for an integer, and both 1 and 1.0 are the text ``1`` for a
    category whose list holds whole numbers. Texts are trimmed; an empty one is missing.

    Args:
        contract: The contract; only its ``features`` are looked at.
        values: The values as parsed from JSON, by name, in any order.
        require_all: Whether every feature must be named. If not, a feature left out is taken
            as missing, which is still a problem where the contract allows none.

    Returns:
        Typed values, problems and unlisted categories.
    """
    return _checker(_Itself(contract), require_all).check(values)


class RowChecker:
    """The features of a contract, prepared for checking many applications.

    Values of the usual types that keep the contract are told by one comparison; all others are
    looked at rule by rule, with the same outcome as `check_plainly`.

    Args:
        contract: The contract; only its ``features`` are looked at.
        require_all: As in `check_row`.
    """

    def __init__(self, contract: Contract, *, require_all: bool = True) -> None:
        self._columns = contract.features
        self._require_all = require_all
        self._known = frozenset(column.name for column in self._columns)
        self._rules = tuple((c, c.name, *_quick_rule(c)) for c in self._columns)
        names = [column.name for column in self._columns]
        # With one name `itemgetter` returns a value, not a tuple of them.
        self._values = itemgetter(*names) if len(names) > 1 else None

    def check(self, values: Mapping[str, object]) -> RowCheck:
        """Check one application; see `check_row`."""
        if self._values is None:
            return self.check_plainly(values)
        try:
            given = cast("tuple[Any, ...]", self._values(values))
        except KeyError:
            return self.check_plainly(values)
        typed: dict[str, Value] = {}
        problems: list[FieldProblem] = []
        unknown: list[str] = []
        for value, (column, name, kind, low, high, listed) in zip(given, self._rules, strict=True):
            if type(value) is kind and (value in listed if kind is str else low <= value <= high):
                typed[name] = value
            elif value is None and column.nullable:
                typed[name] = None
            elif type(value) is int and kind is float and _is_within(value, low, high):
                typed[name] = float(value)
            else:
                self._add(column, values, typed, problems, unknown)
        if len(values) != len(typed):
            problems.extend(_strangers(self._known, values))
        return RowCheck(typed, tuple(problems), tuple(unknown))

    def check_plainly(self, values: Mapping[str, object]) -> RowCheck:
        """Check one application rule by rule."""
        typed: dict[str, Value] = {}
        problems: list[FieldProblem] = []
        unknown: list[str] = []
        for column in self._columns:
            self._add(column, values, typed, problems, unknown)
        problems.extend(_strangers(self._known, values))
        return RowCheck(typed, tuple(problems), tuple(unknown))

    def _add(
        self,
        column: Column,
        values: Mapping[str, object],
        typed: dict[str, Value],
        problems: list[FieldProblem],
        unknown: list[str],
    ) -> None:
        """Check one field and note the outcome."""
        typed[column.name] = None
        try:
            typed[column.name] = _field(column, values, require_all=self._require_all)
        except _Refusal as refusal:
            problems.append(FieldProblem(column.name, str(refusal), expectation(column)))
        except _Unlisted:
            unknown.append(column.name)


class _Itself:
    """A contract as a key that equals itself alone: to compare all columns costs more."""

    __slots__ = ("contract",)

    def __init__(self, contract: Contract) -> None:
        self.contract = contract

    def __hash__(self) -> int:
        return id(self.contract)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Itself) and other.contract is self.contract


@lru_cache(maxsize=64)
def _checker(key: _Itself, require_all: bool) -> RowChecker:
    return RowChecker(key.contract, require_all=require_all)


def _is_within(value: int, low: float, high: float) -> bool:
    """Whether a whole number may become one of a column of numbers."""
    return -MAX_INTEGER <= value <= MAX_INTEGER and low <= value <= high


def _quick_rule(column: Column) -> tuple[type[Any], float, float, frozenset[str]]:
    """Return the type, bounds and texts of values that keep the rule and stay as they are."""
    low = -math.inf if column.minimum is None else column.minimum
    high = math.inf if column.maximum is None else column.maximum
    none: frozenset[str] = frozenset()
    match column.type:
        case ColumnType.NUMBER:
            most = sys.float_info.max
            return float, max(low, -most), min(high, most), none
        case ColumnType.INTEGER:
            return int, max(low, -MAX_INTEGER), min(high, MAX_INTEGER), none
        case ColumnType.BOOLEAN:
            return bool, False, True, none
        case ColumnType.CATEGORY:
            kept = frozenset(c for c in column.categories if c and c == c.strip())
            return str, 0.0, 0.0, frozenset(c for c in kept if len(c) <= MAX_TEXT)
        case ColumnType.TEXT | ColumnType.DATE | ColumnType.DATETIME:
            return str, 0.0, 0.0, none
        case _:
            assert_never(column.type)


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
    code = _code(column, value)
    text = _text(value) if code is None else code
    if text is None or text in column.categories:
        return text
    if column.unknown is UnknownPolicy.REJECT:
        raise _Refusal("category")
    raise _Unlisted


def _code(column: Column, value: object) -> str | None:
    """Return the text that a whole number stands for in a list of codes, None elsewhere.

    Tables hold a code as 7 and, beside a missing cell, as 7.0: both are the text 7 in training.
    """
    if isinstance(value, bool) or not isinstance(value, int | float) or not codes(column):
        return None
    if isinstance(value, float) and not value.is_integer():
        return None
    # Beyond the safe range tables do not agree on the digits: such a number is in no list.
    return str(int(value)) if abs(value) <= MAX_INTEGER else ""


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
