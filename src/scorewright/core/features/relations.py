"""How the tables hang together: applications, the histories below them, and their dates."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from scorewright.core.contracts import ColumnType, Contract
from scorewright.core.errors import UsageError
from scorewright.core.features.tree import Window, WindowUnit

__all__ = ["AsOf", "AsOfUnit", "History", "Relations", "window_bound"]

_DAYS_A_YEAR = 365.25
_DATES = (ColumnType.DATE, ColumnType.DATETIME)
_COUNTED = (ColumnType.INTEGER, ColumnType.NUMBER)
_TEXTS = (ColumnType.CATEGORY, ColumnType.TEXT)


class AsOfUnit(StrEnum):
    """What the as-of column of a history holds.

    ``days`` and ``months`` count from the decision (-30 is thirty days before it); a ``date`` is
    compared with the application's decision date.
    """

    DAYS = "days"
    MONTHS = "months"
    DATE = "date"


@dataclass(frozen=True, slots=True)
class AsOf:
    """When a row of a history became known.

    Attributes:
        columns: The first dates the row for windows, ``last`` and ``trend`` and may not be
            missing; the others, where present, must lie before the decision as well.
        unit: See `AsOfUnit`.
        latest: The largest distance from the decision a row may have, never above 0: -1 is the
            day (or month) before it, 0 allows the day of the decision itself.
    """

    columns: tuple[str, ...]
    unit: AsOfUnit = AsOfUnit.DAYS
    latest: int = -1


@dataclass(frozen=True, slots=True)
class History:
    """A table with several rows for an application, directly or through its parent.

    Attributes:
        contract: Its columns.
        parent: The table it hangs on: the applications, or another history.
        on: The column of this table that holds the parent's key.
        key: The column that identifies a row here, for tables that hang on this one.
        as_of: When a row became known; None only where nothing dated is asked of the table.
    """

    contract: Contract
    parent: str
    on: str
    key: str | None = None
    as_of: AsOf | None = None

    @property
    def name(self) -> str:
        """Table name."""
        return self.contract.table


@dataclass(frozen=True, slots=True)
class Relations:
    """The applications and all histories.

    Attributes:
        entity: Contract of the applications; its key identifies an application, its ``as_of`` is
            the decision date where there is one.
        histories: In any order.
    """

    entity: Contract
    histories: tuple[History, ...]
    _by_name: dict[str, History] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Check that every history leads to the applications.

        Raises:
            UsageError: ``features-relations``.
        """
        object.__setattr__(self, "_by_name", {h.name: h for h in self.histories})
        if self.entity.key is None:
            raise _wrong(
                f"The table '{self.entity.table}' has no key, so no history can hang on it.",
                "Set data.key to the column that identifies an application, and declare histories "
                "and features under [tables] and [features]: docs/tutorial/histories.md.",
            )
        if len(self._by_name) != len(self.histories) or self.entity.table in self._by_name:
            raise _wrong("Two tables have the same name.", "Name each table once.")
        for history in self.histories:
            self._check(history)
            self.path(history.name)

    def _check(self, history: History) -> None:
        parent = self._by_name.get(history.parent)
        if parent is None and history.parent != self.entity.table:
            raise _unknown_table(history.parent, self.names, f"table '{history.name}' hangs on")
        if parent is not None and parent.key is None:
            raise _wrong(
                f"The table '{history.name}' hangs on '{parent.name}', which names no key.",
                f"Set key under [tables.{parent.name}] of the feature file.",
            )
        dates = () if history.as_of is None else history.as_of.columns
        for column in (history.on, *((history.key,) if history.key else ()), *dates):
            if history.contract.column(column) is None:
                near = difflib.get_close_matches(column, history.contract.names, n=1)
                raise _wrong(
                    f"The table '{history.name}' has no column '{column}'.",
                    f"Name one of its columns{f', such as {near[0]}' if near else ''}.",
                )
        self._check_link(history, parent)
        if history.as_of is not None:
            self._check_dates(history, history.as_of)

    def _check_link(self, history: History, parent: History | None) -> None:
        above = self.entity if parent is None else parent.contract
        key = above.column((self.key if parent is None else parent.key) or "")
        link = history.contract.column(history.on)
        if link is None or key is None or link.type is key.type:
            return
        if link.type in _TEXTS and key.type in _TEXTS:
            return
        raise _wrong(
            f"The column '{link.name}' of table '{history.name}' is {link.type}, the key of "
            f"'{history.parent}' is {key.type}, so no row of one would find one of the other.",
            "Give both columns the same type in their contracts.",
        )

    def _check_dates(self, history: History, as_of: AsOf) -> None:
        if as_of.latest > 0:
            raise _wrong(
                f"The table '{history.name}' has latest = {as_of.latest}, which lets rows pass "
                "that became known after the decision.",
                f"Set latest under [tables.{history.name}] of the feature file to 0 for rows of "
                "the day of the decision itself, or to -1.",
            )
        if as_of.unit is AsOfUnit.DATE and self.entity.as_of is None:
            raise _wrong(
                f"The table '{history.name}' is dated, but the applications have no decision date.",
                "Set data.decision_date to the column with the date of the decision.",
            )
        for column in as_of.columns:
            found = history.contract.column(column)
            wanted = _DATES if as_of.unit is AsOfUnit.DATE else _COUNTED
            if found is None or found.type not in wanted:
                raise _wrong(
                    f"The as-of column '{column}' of table '{history.name}' is "
                    f"{found.type if found else 'missing'}, the unit says {as_of.unit}.",
                    "Give the unit 'date' for dates, 'days' or 'months' for whole numbers.",
                )

    @property
    def names(self) -> tuple[str, ...]:
        """All table names, the applications first."""
        return (self.entity.table, *self._by_name)

    @property
    def key(self) -> str:
        """The column that identifies an application."""
        return self.entity.key or ""

    def history(self, name: str) -> History:
        """Return a history.

        Raises:
            UsageError: ``features-relations``, with near misses.
        """
        if name not in self._by_name:
            raise _unknown_table(name, tuple(self._by_name), "a feature reads")
        return self._by_name[name]

    def contract(self, table: str) -> Contract:
        """Return the contract of the applications or of a history."""
        return self.entity if table == self.entity.table else self.history(table).contract

    def path(self, table: str) -> tuple[History, ...]:
        """Return the histories from this one up to the one that hangs on the applications.

        Raises:
            UsageError: ``features-relations`` for a circle.
        """
        steps: list[History] = []
        name = table
        while name != self.entity.table:
            history = self.history(name)
            if history in steps:
                raise _wrong(
                    f"The table '{table}' hangs on itself.", "Let its path end at the applications."
                )
            steps.append(history)
            name = history.parent
        return tuple(steps)

    def to_dict(self) -> dict[str, Any]:
        """Return a JSON-ready form; `from_dict` reads it back."""
        return {
            "entity": self.entity.to_dict(),
            "histories": [
                {
                    "contract": h.contract.to_dict(),
                    "parent": h.parent,
                    "on": h.on,
                    "key": h.key,
                    "as_of": None
                    if h.as_of is None
                    else {
                        "columns": list(h.as_of.columns),
                        "unit": str(h.as_of.unit),
                        "latest": h.as_of.latest,
                    },
                }
                for h in self.histories
            ],
        }

    @classmethod
    def from_dict(cls, document: Mapping[str, Any]) -> Relations:
        """Read the form written by `to_dict`."""
        return cls(
            Contract.from_dict(document["entity"]),
            tuple(
                History(
                    contract=Contract.from_dict(entry["contract"]),
                    parent=entry["parent"],
                    on=entry["on"],
                    key=entry["key"],
                    as_of=None
                    if entry["as_of"] is None
                    else AsOf(
                        tuple(entry["as_of"]["columns"]),
                        AsOfUnit(entry["as_of"]["unit"]),
                        int(entry["as_of"]["latest"]),
                    ),
                )
                for entry in document["histories"]
            ),
        )


def window_bound(window: Window, as_of: AsOf) -> int | None:
    """Return the largest age a row in the window may have, in the unit of its table.

    No row in a window is younger than 0. In a table that counts months, a window of N months
    holds the N youngest months that may be known: 0 to N - 1 where ``latest`` is 0, 1 to N where
    it is -1. In a table that counts days or holds dates it holds the rows of at most N days.

    Args:
        window: Length of time before the decision.
        as_of: What the table counts in, and its youngest row.

    Returns:
        The bound, inclusive; None where a table that counts months is asked for days.
    """
    if as_of.unit is AsOfUnit.MONTHS:
        months = {WindowUnit.MONTHS: 1, WindowUnit.YEARS: 12}.get(window.unit)
        return None if months is None else window.length * months - as_of.latest - 1
    days = {
        WindowUnit.DAYS: 1.0,
        WindowUnit.MONTHS: _DAYS_A_YEAR / 12,
        WindowUnit.YEARS: _DAYS_A_YEAR,
    }[window.unit]
    return int(window.length * days)


def _wrong(what: str, remedy: str) -> UsageError:
    return UsageError(what, remedy=remedy, code="features-relations")


def _unknown_table(name: str, known: tuple[str, ...], who: str) -> UsageError:
    near = difflib.get_close_matches(name, known, n=1) or list(known)
    return _wrong(
        f"There is no table '{name}', which {who}.",
        f"Name one of: {', '.join(near) or 'none is declared'}.",
    )
