"""Limits that hold for every table, and the words that describe a column's rule."""

from __future__ import annotations

from typing import Final, assert_never

from scorewright.core.contracts.document import Column, ColumnType

__all__ = ["MAX_INTEGER", "MAX_TEXT", "codes", "expectation"]

MAX_INTEGER: Final = 2**53
"""Largest whole number accepted: above it a 64-bit float no longer tells neighbours apart."""

MAX_TEXT: Final = 1000
"""Longest text accepted in a cell, in characters."""

_LISTED = 10


def codes(column: Column) -> tuple[int, ...]:
    """Return the categories that are whole numbers, as numbers: a column of them holds codes.

    Args:
        column: A column of a contract.
    """
    digits = [c for c in column.categories if c.removeprefix("-").isdecimal()]
    return tuple(int(c) for c in digits if str(int(c)) == c)


def expectation(column: Column) -> str:  # noqa: PLR0911 - one per type
    """Say in a few words what a cell of this column must be.

    Args:
        column: A column of a contract.

    Returns:
        A phrase such as ``a number of at least 0``; it contains contract facts only.
    """
    match column.type:
        case ColumnType.INTEGER:
            return f"a whole number{_range(column)}"
        case ColumnType.NUMBER:
            return f"a number{_range(column)}"
        case ColumnType.BOOLEAN:
            return "true or false"
        case ColumnType.CATEGORY:
            return _categories(column.categories)
        case ColumnType.TEXT:
            return f"text of at most {MAX_TEXT} characters"
        case ColumnType.DATE:
            return "a date as YYYY-MM-DD"
        case ColumnType.DATETIME:
            return "a date and time as YYYY-MM-DDTHH:MM:SS"
        case _:
            assert_never(column.type)


def _range(column: Column) -> str:
    low, high = column.minimum, column.maximum
    if low is not None and high is not None:
        return f" between {low:g} and {high:g}"
    if low is not None:
        return f" of at least {low:g}"
    if high is not None:
        return f" of at most {high:g}"
    return ""


def _categories(categories: tuple[str, ...]) -> str:
    if not categories:
        return "a text"
    listed = ", ".join(categories[:_LISTED])
    more = len(categories) - _LISTED
    return f"one of {listed}" + (f" and {more} more" if more > 0 else "")
