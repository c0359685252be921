"""The values of one column in many rows: checked at once, one by one only where something is odd.

What is right and what is wrong is said by `scorewright.core.contracts.check_row`; the quick way
only recognises columns in which nothing can be wrong.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from types import NoneType

import numpy as np

from scorewright.core.contracts import (
    MAX_INTEGER,
    MAX_TEXT,
    Column,
    ColumnType,
    Contract,
    Use,
    check_row,
)
from scorewright.core.features.arrays import Floats
from scorewright.core.features.loading import Value, days_since_1970

__all__ = ["ColumnCheck", "ColumnChecker"]

_NUMBERS = (ColumnType.INTEGER, ColumnType.NUMBER)
_TEXTS = (ColumnType.CATEGORY, ColumnType.TEXT)
_DATES = (ColumnType.DATE, ColumnType.DATETIME)
_HASHABLE = (str, int, float, bool, NoneType)


@dataclass(frozen=True, slots=True)
class ColumnCheck:
    """The outcome of `ColumnChecker.check`.

    Attributes:
        values: Typed, one per row: floats in which NaN is missing (dates as days since 1970), or
            texts and None. What is wrong or unlisted is missing.
        problems: (row, code) of each value that breaks a rule; codes as in `FieldProblem`.
        has_unlisted: Whether a category was not listed and taken as missing.
    """

    values: Floats | list[Value]
    problems: tuple[tuple[int, str], ...] = ()
    has_unlisted: bool = False


class ColumnChecker:
    """Checks a column of a history.

    Args:
        column: Its contract. Missing values pass: whether they may is asked elsewhere.
    """

    __slots__ = ("_contract", "_known", "column")

    def __init__(self, column: Column) -> None:
        self.column = column
        plain = replace(column, nullable=True, use=Use.MODEL)
        self._contract = Contract(table="rows", columns=(plain,))
        # A listed value with spaces around it is never met: texts are trimmed first.
        self._known = {None, *(c for c in column.categories if c and c == c.strip())}

    def check(self, values: Sequence[object]) -> ColumnCheck:
        """Check the values of some rows.

        Args:
            values: As parsed from JSON; None is missing.
        """
        quick = self._quick(values)
        return self._one_by_one(values) if quick is None else ColumnCheck(quick)

    def _quick(self, values: Sequence[object]) -> Floats | list[Value] | None:
        """Return the typed values if nothing can be wrong with them, else None."""
        kinds = set(map(type, values)) - {NoneType}
        match self.column.type:
            case ColumnType.INTEGER | ColumnType.NUMBER if kinds <= {float, int}:
                return self._numbers(values)
            case ColumnType.BOOLEAN if kinds <= {bool}:
                return np.array(values, dtype=np.float64)
            case ColumnType.CATEGORY if kinds <= {str} and self._known.issuperset(values):
                return list(values)  # type: ignore[arg-type] # only texts and None
            case ColumnType.TEXT if kinds <= {str}:
                texts = [value.strip() or None if value else None for value in values]  # type: ignore[attr-defined]
                is_short = all(len(text) <= MAX_TEXT for text in texts if text is not None)
                return texts if is_short else None
            case _:
                return None

    def _numbers(self, values: Sequence[object]) -> Floats | None:
        try:
            array = np.array(values, dtype=np.float64)
        except OverflowError:  # an integer beyond all floats
            return None
        present = array[~np.isnan(array)]
        if len(present) != len(values) - values.count(None):
            return None
        if len(present) == 0:
            return array
        low, high = float(present.min()), float(present.max())
        if max(-low, high) > MAX_INTEGER or not self._is_in_range(low, high):
            return None
        if self.column.type is ColumnType.INTEGER and bool((present != np.floor(present)).any()):
            return None
        return array

    def _is_in_range(self, low: float, high: float) -> bool:
        column = self.column
        is_above = column.minimum is None or low >= column.minimum
        return is_above and (column.maximum is None or high <= column.maximum)

    def _one_by_one(self, values: Sequence[object]) -> ColumnCheck:
        typed: list[Value] = []
        problems: list[tuple[int, str]] = []
        has_unlisted = False
        # 1, 1.0 and True are equal but not alike, so the type is part of what is looked up.
        seen: dict[tuple[type, object], tuple[Value, str, bool]] = {}
        for row, value in enumerate(values):
            key = (type(value), value)
            found = seen.get(key) if isinstance(value, _HASHABLE) else None
            if found is None:
                found = self._one(value)
                if isinstance(value, _HASHABLE):
                    seen[key] = found
            typed.append(found[0])
            if found[1]:
                problems.append((row, found[1]))
            has_unlisted |= found[2]
        return ColumnCheck(self._array(typed), tuple(problems), has_unlisted)

    def _one(self, value: object) -> tuple[Value, str, bool]:
        name = self.column.name
        check = check_row(self._contract, {name: value})
        code = check.problems[0].code if check.problems else ""
        found: Value = check.values[name]
        if self.column.type in _DATES:
            found = days_since_1970(found)
        return found, code, bool(check.unknown)

    def _array(self, values: list[Value]) -> Floats | list[Value]:
        return values if self.column.type in _TEXTS else np.array(values, dtype=np.float64)
