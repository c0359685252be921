"""Rows of one application as arrays: columns, texts as numbers, and what hangs on what."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

import numpy as np
import numpy.typing as npt

from scorewright.core.contracts import ColumnType, Contract
from scorewright.core.features.arrays import Floats
from scorewright.core.features.relations import History

__all__ = [
    "Loader",
    "Row",
    "Rows",
    "TableColumns",
    "Value",
    "Vocabulary",
    "days_since_1970",
    "linked",
]

Value = float | int | str | bool | None
Row = Mapping[str, Any]

_EPOCH = date(1970, 1, 1).toordinal()
_TEXTS = (ColumnType.CATEGORY, ColumnType.TEXT)
_DATES = (ColumnType.DATE, ColumnType.DATETIME)


@dataclass(frozen=True, slots=True)
class TableColumns:
    """Rows of a table by column, as `scorewright.core.features.RequestContract` checks them.

    Attributes:
        height: Number of rows.
        columns: Values of each column, ``height`` of them: an array of floats in which NaN is
            missing (dates as days since 1970), or a list of texts and None. A column that is
            absent is missing in every row.
    """

    height: int
    columns: Mapping[str, Floats | Sequence[Value]]


class Vocabulary:
    """Texts of one request as numbers.

    Args:
        known: Texts the steps compare with; their position is their code.
    """

    __slots__ = ("codes", "texts")

    def __init__(self, known: Sequence[str]) -> None:
        self.texts: list[Any] = list(known)  # texts only; typed so that any values can be encoded
        self.codes: dict[Any, float] = {text: float(i) for i, text in enumerate(self.texts)}

    def encode(self, values: Sequence[Value]) -> list[float | None]:
        """Return the code of each text; None stays None."""
        codes = self.codes
        for text in set(values) - codes.keys() - {None}:
            codes[text] = float(len(self.texts))
            self.texts.append(text)
        return [None if value is None else codes[value] for value in values]


@dataclass(slots=True)
class Rows:
    """The rows of one table that belong to one applicant (or to one row above them).

    ``memo`` holds what steps computed of these rows, ``below`` the rows of other tables that
    hang on the application, ``groups`` those that hang on each of these rows. ``origin`` are the
    rows these were taken from, and where they stand there.
    """

    columns: dict[str, Floats]
    height: int
    vocabulary: Vocabulary
    memo: dict[int, Any] = field(default_factory=dict)
    below: Mapping[str, Rows] = field(default_factory=dict)
    groups: dict[str, list[Rows]] = field(default_factory=dict)
    origin: tuple[Rows, npt.NDArray[np.int64]] | None = None

    def split(self, table: str) -> list[Rows]:
        """Return the rows of a table that hang on each of these rows."""
        if table not in self.groups and self.origin is not None:
            whole, index = self.origin
            groups = whole.split(table)
            self.groups[table] = [groups[position] for position in index.tolist()]
        return self.groups[table]


class Loader:
    """Puts rows of a table into arrays, column by column.

    Args:
        contract: Types of the columns.
        names: The wanted columns.
    """

    __slots__ = ("_columns", "_listed")

    def __init__(self, contract: Contract, names: Sequence[str]) -> None:
        kinds = {column.name: column.type for column in contract.columns}
        self._columns = [(name, kinds.get(name, ColumnType.TEXT)) for name in names]
        self._listed = {
            column.name: frozenset(column.categories)
            for column in contract.columns
            if column.categories
        }

    def load(self, table: TableColumns | Sequence[Row], vocabulary: Vocabulary) -> Rows:
        """Return the rows as arrays; texts become codes of the vocabulary."""
        if not isinstance(table, TableColumns):
            by_name = {name: [row.get(name) for row in table] for name, _ in self._columns}
            table = TableColumns(len(table), by_name)
        columns = {
            name: _array(self._known(name, table), kind, table.height, vocabulary)
            for name, kind in self._columns
        }
        return Rows(columns, table.height, vocabulary)

    def _known(self, name: str, table: TableColumns) -> Floats | Sequence[Value] | None:
        """Return a column; a value that its contract does not list is missing."""
        values, listed = table.columns.get(name), self._listed.get(name)
        if listed is None or values is None or isinstance(values, np.ndarray):
            return values
        if listed.issuperset(values):
            return values
        return [value if value in listed else None for value in values]


def _array(
    values: Floats | Sequence[Value] | None, kind: ColumnType, height: int, vocabulary: Vocabulary
) -> Floats:
    if values is None:
        return np.full(height, np.nan)
    if isinstance(values, np.ndarray):
        return values
    if kind in _TEXTS:
        return np.array(vocabulary.encode(values), dtype=np.float64)
    if kind in _DATES:
        return np.array([days_since_1970(value) for value in values], dtype=np.float64)
    numbers = np.array(values, dtype=np.float64)
    if kind is ColumnType.NUMBER:
        numbers[np.isinf(numbers)] = np.nan  # infinite is missing, as in a table
    return numbers


def days_since_1970(value: object) -> float | None:
    """Return a date, a moment or its ISO text as days; None for anything else.

    A moment with an offset counts by its day in UTC, as in tables; one without is UTC already.
    """
    if isinstance(value, str):
        value = datetime.fromisoformat(value)
    if not isinstance(value, date):
        return None
    offset = value.utcoffset() if isinstance(value, datetime) else None
    shift = 0
    if isinstance(value, datetime) and offset is not None:
        # By hand: `astimezone` fails for moments whose day in UTC is before the year 1.
        clock = timedelta(0, value.second, value.microsecond, 0, value.minute, value.hour)
        shift = (clock - offset) // timedelta(days=1)
    return float(value.toordinal() - _EPOCH + shift)


def linked(rows: Rows, history: History, parent: Rows, key: str, *, is_split: bool) -> Rows:
    """Keep the rows whose parent is there.

    Args:
        rows: Of the history.
        history: Says which column names the parent.
        parent: The parent's rows; get the rows of each of them as a group where ``is_split``.
        key: Column of the parent that is named.
        is_split: Whether something is computed in the rows of the parent.

    Returns:
        The rows in their order.
    """
    keys = parent.columns[key]
    keep = np.flatnonzero(np.isin(rows.columns[history.on], keys[~np.isnan(keys)]))
    kept = rows if len(keep) == rows.height else _subset(rows, keep)
    if is_split:
        members = _members(kept.columns[history.on], keys)
        parent.groups[history.name] = [_subset(kept, member) for member in members]
    return kept


def _members(links: Floats, keys: Floats) -> list[npt.NDArray[np.int64]]:
    """Return the row numbers of each key in their order; no link is missing here."""
    order = np.argsort(links, kind="stable")
    ordered = links[order]
    first = np.searchsorted(ordered, keys, side="left").tolist()
    last = np.searchsorted(ordered, keys, side="right").tolist()
    return [order[low:high] for low, high in zip(first, last, strict=True)]


def _subset(rows: Rows, index: npt.NDArray[np.int64]) -> Rows:
    columns = {name: values[index] for name, values in rows.columns.items()}
    return Rows(columns, len(index), rows.vocabulary, origin=(rows, index))
