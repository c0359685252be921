"""The rows of one application's histories: keys, links and dates, and how faults are named."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from scorewright.core.contracts import Column, FieldProblem, expectation
from scorewright.core.features.arrays import Floats
from scorewright.core.features.loading import Value
from scorewright.core.features.relations import AsOf, AsOfUnit
from scorewright.core.features.request_fields import RequestTable

__all__ = [
    "NAMED",
    "Findings",
    "TypedRows",
    "Values",
    "check_dates",
    "check_key",
    "distinct",
    "linked_rows",
    "own_rows",
    "shown",
    "tell_missing",
]

#: Problems in rows that are named; one fault in a file is often a fault in every row of it.
NAMED = 20
_NAME_LENGTH = 64

Mask = npt.NDArray[np.bool_]
Values = Floats | list[Value]


@dataclass(slots=True)
class Findings:
    """What is found out about one request."""

    problems: list[FieldProblem] = field(default_factory=list)
    unknown: list[str] = field(default_factory=list)
    orphans: dict[str, int] = field(default_factory=dict)
    _told: int = 0

    def tell(self, where: str, code: str, expected: str) -> None:
        """Note a problem of the rows, of very many only the first ones."""
        self._told += 1
        if self._told <= NAMED:
            self.problems.append(FieldProblem(where, code, expected))


@dataclass(frozen=True, slots=True)
class TypedRows:
    """The typed rows of a history.

    Attributes:
        table: The history.
        columns: Values by column.
        origin: Where each row stands in what was sent, shape (rows,).
    """

    table: RequestTable
    columns: Mapping[str, Values]
    origin: npt.NDArray[np.int64]

    @property
    def links(self) -> Values:
        """What names the row above."""
        return self.columns[self.table.history.on]

    @property
    def keys(self) -> Values:
        """What rows of other tables name."""
        return self.columns[self.table.history.key or ""]

    def place(self, row: int, column: str) -> str:
        """Name a cell for people: ``tables.bureau[3].DAYS_CREDIT``."""
        return f"tables.{self.table.name}[{self.origin[row]}].{column}"

    def only(self, keep: Mask) -> TypedRows:
        """Return the rows for which the mask is true."""
        if keep.all():
            return self
        index = np.flatnonzero(keep).tolist()
        columns: dict[str, Values] = {
            name: values[keep] if isinstance(values, np.ndarray) else [values[i] for i in index]
            for name, values in self.columns.items()
        }
        return TypedRows(self.table, columns, self.origin[keep])


def shown(name: object) -> str:
    """Return a name that was sent, if it can be shown safely."""
    text = str(name)
    return text if len(text) <= _NAME_LENGTH and text.isprintable() else "?"


def tell_missing(
    typed: TypedRows, column: Column, rows: Sequence[Mapping[str, Any]], found: Findings
) -> None:
    """Name the rows without a value the contract asks for."""
    name = column.name
    for at in [at for at, row in enumerate(rows) if row.get(name) is None][:NAMED]:
        code = "not-nullable" if name in rows[at] else "missing"
        found.tell(typed.place(at, name), code, expectation(column))


def check_key(typed: TypedRows, found: Findings) -> None:
    """Refuse keys that name two rows: what hangs on them would count twice."""
    keys = typed.keys
    plain = keys.tolist() if isinstance(keys, np.ndarray) else keys
    if len(set(plain)) == len(plain):
        return
    seen: set[Value] = set()
    for at, value in enumerate(plain):
        # A missing key is told by `tell_missing`.
        if value in seen and value is not None:
            where = typed.place(at, typed.table.history.key or "")
            found.tell(where, "duplicate-key", "each key once: other rows hang on it")
        seen.add(value)


def distinct(values: Values) -> set[Value]:
    """Return the values that are there."""
    if isinstance(values, np.ndarray):
        return set(np.unique(values[~np.isnan(values)]).tolist())
    return set(values) - {None}


def own_rows(links: Values, key: Value) -> Mask:
    """Tell which rows name this application, or none."""
    if isinstance(links, np.ndarray):
        nameless: Mask = np.isnan(links)
        return nameless if key is None else nameless | (links == key)
    return np.array([link is None or link == key for link in links], dtype=np.bool_)


def linked_rows(links: Values, keys: Values) -> Mask:
    """Tell which rows name a row that is there."""
    if isinstance(links, np.ndarray) and isinstance(keys, np.ndarray):
        return np.isin(links, keys[~np.isnan(keys)])
    known = distinct(keys)
    plain = links.tolist() if isinstance(links, np.ndarray) else links
    return np.array([link in known for link in plain], dtype=np.bool_)


def check_dates(typed: TypedRows, decision: float | None, found: Findings) -> None:
    """Refuse rows that were not known at the decision, as the as-of proof does for tables.

    Args:
        typed: The rows that hang on the application.
        decision: Its date as days since 1970, for tables with dates.
        found: Gets the problems.
    """
    as_of = typed.table.history.as_of
    if as_of is None:
        return
    for position, column in enumerate(as_of.columns):
        offset = np.asarray(typed.columns[column], dtype=np.float64)
        if as_of.unit is AsOfUnit.DATE:
            offset = offset - (np.nan if decision is None else decision)
        for at in np.flatnonzero(offset > as_of.latest)[:NAMED].tolist():
            found.tell(typed.place(at, column), "future-row", _latest(as_of))
        if position == 0:
            for at in np.flatnonzero(np.isnan(offset))[:NAMED].tolist():
                found.tell(typed.place(at, column), "undated-row", _latest(as_of))


def _latest(as_of: AsOf) -> str:
    if as_of.unit is not AsOfUnit.DATE:
        return f"at most {as_of.latest} {as_of.unit} from the decision"
    if as_of.latest < 0:
        return f"a date at least {-as_of.latest} days before the decision"
    return "a date not after the decision"
