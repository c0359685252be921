"""Small relational worlds: four histories below the applications, with everything odd in them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any

import polars as pl
from hypothesis import strategies as st

from scorewright.core.contracts import Column, ColumnType, Contract
from scorewright.core.features import AsOf, AsOfUnit, History, Relations

__all__ = ["APPLICATIONS", "Row", "World", "worlds"]

Row = dict[str, Any]
APPLICATIONS = "applications"
#: Table -> the table it hangs on.
PARENTS = {"loans": APPLICATIONS, "calls": APPLICATIONS, "months": "loans", "parts": "months"}
KINDS = ("a", "b", "ü")
_DTYPES = {
    ColumnType.INTEGER: pl.Int64(),
    ColumnType.NUMBER: pl.Float64(),
    ColumnType.BOOLEAN: pl.Boolean(),
    ColumnType.CATEGORY: pl.String(),
    ColumnType.TEXT: pl.String(),
    ColumnType.DATE: pl.Date(),
    ColumnType.DATETIME: pl.Datetime("us"),
}
_FIRST = date(2020, 1, 1)
_TAME = [0.0, 1.0, -1.0, 0.25, -0.5, 2.0, 7.75, 100.0, -365243.0, 0.1, 0.3, 1e-3, 12345.678]
_EXTREME = [
    1e308, -1e308, 1.7976931348623157e308, 1e200, -1e155, 1e154, 1e16, 9007199254740992.0,
    0.1, 1.0, -0.0, 5e-324, 2.2250738585072014e-308, -1e-200, 1e-17, -1.0,
    float("inf"), float("-inf"), float("nan"),
]  # fmt: skip
_WHOLE = [0, 1, -1, 2, 3, 30, 365243, -7, 2**53, -(2**53), 2**31]
_TEXT_KEYS = ["1", "01", "é", "e\u0301", "", " x", "\U0001d11e", "K-7"]
_NOTES = ["", "a", "ü", "Ü", "\U0001f40d", "z" * 20, "null", "__other__"]
_DATES = [_FIRST - timedelta(days=40 * n) for n in range(9)]
_MOMENTS = [datetime(d.year, d.month, d.day, d.day % 24, 30) for d in _DATES]  # noqa: DTZ001
_DAY = st.integers(0, 40).map(lambda n: _FIRST - timedelta(days=n))
_MOMENT = st.builds(
    lambda day, hour: datetime(day.year, day.month, day.day, hour, 30),  # noqa: DTZ001 - as in tables
    _DAY,
    st.integers(0, 23),
)
_ZONES = [timezone(timedelta(hours=h)) for h in (0, -11, 5.5, 14)]


@dataclass(frozen=True)
class World:
    """Tables, how they hang together, and all their rows; moments may have offsets."""

    relations: Relations
    rows: dict[str, list[Row]]
    has_zones: bool = False

    def frames(self) -> dict[str, pl.DataFrame]:
        """The rows as the engines for many take them."""
        return {name: self.frame(name, rows) for name, rows in self.rows.items()}

    def frame(self, table: str, rows: Sequence[Row]) -> pl.DataFrame:
        """Some rows of a table as a frame."""
        columns = self.relations.contract(table).columns
        schema = {c.name: _DTYPES[c.type] for c in columns}
        if self.has_zones:
            # As whole tables are read: in UTC.
            moments = [c.name for c in columns if c.type is ColumnType.DATETIME]
            schema |= dict.fromkeys(moments, pl.Datetime("us", "UTC"))
            rows = [{**row, **{n: _in_utc(row[n]) for n in moments}} for row in rows]
        return pl.DataFrame(list(rows), schema=schema)

    def of(self, key: object) -> dict[str, list[Row]]:
        """The rows that belong to an application, as a request would carry them."""
        mine: dict[str, list[Row]] = {}
        for table, parent in PARENTS.items():
            keys = {key} if parent == APPLICATIONS else {row["id"] for row in mine[parent]}
            mine[table] = [r for r in self.rows[table] if r["on"] in keys and r["on"] is not None]
        return mine


def _in_utc(moment: datetime | None) -> datetime | None:
    return None if moment is None else moment.astimezone(UTC)


def _zoned(moments: st.SearchStrategy[datetime]) -> st.SearchStrategy[datetime]:
    return st.builds(lambda m, zone: m.replace(tzinfo=zone), moments, st.sampled_from(_ZONES))


def _columns(key: ColumnType) -> tuple[Column, ...]:
    return (
        Column("id", key, nullable=False),
        Column("n", ColumnType.INTEGER),
        Column("x", ColumnType.NUMBER),
        Column("y", ColumnType.NUMBER),
        Column("flag", ColumnType.BOOLEAN),
        Column("kind", ColumnType.CATEGORY, categories=KINDS),
        Column("note", ColumnType.TEXT),
        Column("day", ColumnType.DATE),
        Column("moment", ColumnType.DATETIME),
    )


def _cells(*, extreme: bool, zones: bool) -> dict[ColumnType, st.SearchStrategy[Any]]:
    return {
        ColumnType.INTEGER: st.sampled_from(_WHOLE if extreme else _WHOLE[:8]),
        ColumnType.NUMBER: st.sampled_from(_EXTREME if extreme else _TAME),
        ColumnType.BOOLEAN: st.booleans(),
        ColumnType.CATEGORY: st.sampled_from([*KINDS, "unknown", ""]),
        ColumnType.TEXT: st.sampled_from(_NOTES),
        ColumnType.DATE: _DAY,
        ColumnType.DATETIME: _zoned(_MOMENT) if zones else _MOMENT,
    }


@dataclass(frozen=True)
class _Maker:
    """Draws rows."""

    draw: st.DrawFn
    keys: ColumnType
    extreme: bool
    zones: bool

    def key(self, number: int) -> object:
        return (
            number
            if self.keys is ColumnType.INTEGER
            else _TEXT_KEYS[number % 8] * (1 + number // 8)
        )

    def rows(self, columns: Sequence[Column], count: int, *, empty: bool) -> list[Row]:
        cells = _cells(extreme=self.extreme, zones=self.zones)
        row = st.fixed_dictionaries(
            {
                c.name: st.none()
                if empty
                else st.one_of(cells[c.type], cells[c.type], cells[c.type], st.none())
                for c in columns
            }
        )
        return self.draw(st.lists(row, min_size=count, max_size=count))

    def history(
        self, table: str, contract: Contract, unit: AsOfUnit | None, above: int
    ) -> list[Row]:
        """Rows of a history: of a few above, of one, of nobody, or none at all."""
        count = self.draw(st.sampled_from([4, 8, 6, 3, 1, 0]))
        skipped = ("id", "on", "when", "also")
        rows = self.rows(
            [c for c in contract.columns if c.name not in skipped],
            count,
            empty=self.draw(st.integers(0, 9)) == 0,
        )
        few = max(1, min(above, self.draw(st.sampled_from([2, 1, 6]))))
        when: st.SearchStrategy[Any] = st.integers(-9, 0)
        if unit is AsOfUnit.DATE:
            column = contract.column("when")
            is_day = column is not None and column.type is ColumnType.DATE
            moments = st.sampled_from(_MOMENTS)
            when = _zoned(moments) if self.zones else moments
            when = st.sampled_from(_DATES) if is_day else when
        elif contract.column("when") == Column("when", ColumnType.NUMBER):
            when = st.integers(-18, 0).map(lambda n: n / 2)
        made = []
        for number, row in enumerate(rows):
            # One above the last names nobody: an orphan.
            owner = self.draw(st.sampled_from([*(list(range(few)) * 4), few, None]))
            dates = (
                {} if unit is None else {"when": self.draw(st.one_of(when, when, when, st.none()))}
            )
            made.append(
                {
                    "id": self.key(number),
                    "on": None if owner is None else self.key(owner if owner < few else 99),
                    **row,
                    **dates,
                }
            )
        return made


@st.composite
def worlds(draw: st.DrawFn, *, extreme: bool | None = None) -> World:
    """Draw a world.

    Args:
        draw: Of hypothesis.
        extreme: Whether numbers reach for the limits of what a float holds; None for either.
    """
    keys = draw(st.sampled_from([ColumnType.INTEGER, ColumnType.TEXT]))
    zones = draw(st.booleans())
    make = _Maker(draw, keys, draw(st.booleans()) if extreme is None else extreme, zones)
    decided = draw(st.sampled_from([ColumnType.DATE, ColumnType.DATETIME]))
    entity = Contract(
        APPLICATIONS,
        (*_columns(keys), Column("decided", decided), Column("bad", ColumnType.INTEGER)),
        key="id",
        target="bad",
        bad_value="1",
        as_of="decided",
    )
    count = draw(st.sampled_from([2, 1, 3, 6, 0]))
    rows = {APPLICATIONS: make.rows(entity.columns[1:], count, empty=False)}
    rows[APPLICATIONS] = [{"id": make.key(n), **row} for n, row in enumerate(rows[APPLICATIONS])]
    histories = []
    for table, parent in PARENTS.items():
        unit = draw(st.sampled_from([*AsOfUnit, *AsOfUnit, None]))
        contract = _history_contract(draw, table, keys, unit)
        latest = draw(st.sampled_from([-1, 0, -2]))
        as_of = None if unit is None else AsOf(("when",), unit, latest)
        has_key = table in PARENTS.values()
        histories.append(History(contract, parent, "on", "id" if has_key else None, as_of))
        rows[table] = make.history(table, contract, unit, len(rows[parent]))
    return World(Relations(entity, tuple(histories)), rows, zones)


def _history_contract(
    draw: st.DrawFn, table: str, keys: ColumnType, unit: AsOfUnit | None
) -> Contract:
    counted = [ColumnType.INTEGER, ColumnType.NUMBER]
    dated = [ColumnType.DATE, ColumnType.DATETIME]
    when = draw(st.sampled_from(dated if unit is AsOfUnit.DATE else counted))
    return Contract(table, (*_columns(keys), Column("on", keys), Column("when", when)))
