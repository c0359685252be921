"""Random expressions of every kind that are well typed in a world."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from hypothesis import strategies as st
from tests.core.features.worlds import APPLICATIONS, KINDS, PARENTS, World

from scorewright.core.features import AsOfUnit, Feature, FeaturePlan, compile_plan
from scorewright.core.features.tree import (
    Aggregate,
    AggregateKind,
    Arithmetic,
    Column,
    Compare,
    Expression,
    Fill,
    Function,
    FunctionKind,
    If,
    IsIn,
    IsMissing,
    Literal,
    Logic,
    MissingIf,
    Not,
    RowStatistic,
    RowStatisticKind,
    Scalar,
    Window,
    WindowUnit,
)

__all__ = ["plans"]

NUMBERS: Final[tuple[Scalar, ...]] = (
    0, 1, -1, 2, 12, 365243, -7, 2**53, True, 0.0, 0.5, -0.25, 0.1, 1e6, 1e-3, 3e-9, -1.0,
)  # fmt: skip
_FAMILIES: Final = ("number", "boolean", "text", "date")
_DATED: Final = (AggregateKind.LAST, AggregateKind.FIRST)
_OF_NUMBERS: Final = (
    AggregateKind.MIN,
    AggregateKind.MAX,
    AggregateKind.MEAN,
    AggregateKind.SUM,
    AggregateKind.STD,
    AggregateKind.TREND,
    AggregateKind.LAST,
    AggregateKind.FIRST,
    AggregateKind.COUNT,
    AggregateKind.NUNIQUE,
    AggregateKind.SHARE,
    AggregateKind.TIME_SINCE,
)


@st.composite
def plans(draw: st.DrawFn, world: World, *, depth: int = 3, most: int = 4) -> FeaturePlan:
    """Draw a few features, some of them made of others."""
    growing = _Growing(draw, world)
    features = []
    for number in range(draw(st.sampled_from(range(most, 0, -1)))):
        family = draw(st.sampled_from(["number", "number", "boolean", "number", "text"]))
        # At the root no leaf: a column alone says little.
        expression = growing.composed(family, APPLICATIONS, depth)
        name = f"f{number}"
        features.append(Feature(name, expression))
        growing.features.setdefault(family, []).append(name)
    return compile_plan(world.relations, features)


@dataclass
class _Growing:
    """Draws expressions from the root down."""

    draw: st.DrawFn
    world: World
    features: dict[str, list[str]] = field(default_factory=dict)

    def grown(self, family: str, table: str, depth: int) -> Expression:
        """An expression of a family of types in the rows of a table."""
        if depth <= 0 or self.draw(st.integers(0, 5)) == 0:
            return self.leaf(family, table)
        return self.composed(family, table, depth)

    def composed(self, family: str, table: str, depth: int) -> Expression:
        """An expression that has others below it."""
        makers: dict[str, list[Callable[[str, int], Expression]]] = {
            "number": [
                self.arithmetic, self.function, self.statistic, self.difference,
                *[self.aggregate] * 5,
            ],
            "boolean": [
                self.comparison, self.comparison, self.logic, self.logic,
                self.logic, self.negation, self.membership,
                self.absence,
            ],
            "text": [],
            "date": [],
        }  # fmt: skip
        shared: list[Callable[[str, int], Expression]] = [
            lambda table, below: Fill(
                self.grown(family, table, below), self.grown(family, table, below)
            ),
            lambda table, below: If(
                self.grown("boolean", table, below),
                self.grown(family, table, below),
                self.grown(family, table, below),
            ),
        ]
        if family != "date":
            shared.append(lambda table, below: self.sentinel(family, table, below))
        if family != "number":
            shared.append(lambda table, below: self.picked(family, table, below))
        return self.draw(st.sampled_from([*makers[family], *shared]))(table, depth - 1)

    def leaf(self, family: str, table: str) -> Expression:
        """A column, a feature made before, or a constant."""
        columns = {
            "number": ["n", "x", "x", "y", "flag"],
            "boolean": ["flag"],
            "text": ["kind"],
            "date": ["day"],
        }[family]
        known = self.features.get(family, []) if table == APPLICATIONS else []
        options: list[Expression] = [Column(name) for name in (*columns, *known, *known)]
        if family == "number":
            options.append(Literal(self.draw(st.sampled_from(NUMBERS))))
        if family == "boolean":
            options.append(Literal(self.draw(st.booleans())))
        if family == "text":
            options.append(Literal(self.draw(st.sampled_from(KINDS[:2]))))
        return self.draw(st.sampled_from(options))

    def arithmetic(self, table: str, below: int) -> Expression:
        sign = self.draw(st.sampled_from("+-*/"))
        return Arithmetic(
            sign, self.grown("number", table, below), self.grown("number", table, below)
        )

    def difference(self, table: str, below: int) -> Expression:
        dates = [self.grown("date", table, below), Column("moment")]
        return Arithmetic("-", *self.draw(st.permutations(dates)))

    def function(self, table: str, below: int) -> Expression:
        kind = self.draw(st.sampled_from(FunctionKind))
        return Function(kind, self.grown("number", table, below))

    def statistic(self, table: str, below: int) -> Expression:
        kind = self.draw(st.sampled_from(RowStatisticKind))
        count = self.draw(st.integers(2, 3))
        return RowStatistic(kind, tuple(self.grown("number", table, below) for _ in range(count)))

    def comparison(self, table: str, below: int) -> Expression:
        family = self.draw(st.sampled_from(["number", "number", "text", "date", "note"]))
        signs = ["==", "!="] if family in ("text", "note") else ["==", "!=", "<", "<=", ">", ">="]
        sign = self.draw(st.sampled_from(signs))
        if family == "note":
            text = self.draw(st.sampled_from(["", "a", "ü"]))
            return Compare(sign, Column("note"), Literal(text))
        left = self.grown(family, table, below)
        right = Column("moment") if family == "date" else self.grown(family, table, below)
        return Compare(sign, left, right)

    def logic(self, table: str, below: int) -> Expression:
        operator = self.draw(st.sampled_from(["and", "or"]))
        return Logic(
            operator, self.grown("boolean", table, below), self.grown("boolean", table, below)
        )

    def negation(self, table: str, below: int) -> Expression:
        return Not(self.grown("boolean", table, below))

    def absence(self, table: str, below: int) -> Expression:
        family = self.draw(st.sampled_from(_FAMILIES))
        return IsMissing(self.grown(family, table, below))

    def membership(self, table: str, below: int) -> Expression:
        family = self.draw(st.sampled_from(["number", "text", "boolean"]))
        return IsIn(self.grown(family, table, below), self.members(family))

    def sentinel(self, family: str, table: str, below: int) -> Expression:
        return MissingIf(self.grown(family, table, below), self.members(family))

    def members(self, family: str) -> tuple[Scalar, ...]:
        one: st.SearchStrategy[Scalar] = {
            "number": st.sampled_from(NUMBERS),
            # Never one of the constants: a text that has no value left is refused.
            "text": st.sampled_from(("ü", "unknown", "")),
            "boolean": st.booleans(),
        }[family]
        return tuple(self.draw(st.lists(one, min_size=1, max_size=2, unique=True)))

    def histories(self, table: str, *, dated: bool) -> list[str]:
        """The tables that may be aggregated in the rows of one."""
        below = [name for name, parent in PARENTS.items() if table in (APPLICATIONS, parent)]
        relations = self.world.relations
        return [n for n in below if not dated or relations.history(n).as_of is not None]

    def aggregate(self, table: str, below: int) -> Expression:
        kind = self.draw(st.sampled_from(_OF_NUMBERS))
        is_dated = kind in (*_DATED, AggregateKind.TREND, AggregateKind.TIME_SINCE)
        tables = self.histories(table, dated=is_dated)
        if not tables:
            return self.leaf("number", table)
        family = "number"
        if kind is AggregateKind.SHARE:
            family = "boolean"
        elif kind in (AggregateKind.COUNT, AggregateKind.NUNIQUE):
            family = self.draw(st.sampled_from(_FAMILIES))
        without = kind is AggregateKind.TIME_SINCE or (
            kind is AggregateKind.COUNT and self.draw(st.booleans())
        )
        return self.over(
            kind, self.draw(st.sampled_from(tables)), None if without else family, below
        )

    def picked(self, family: str, table: str, below: int) -> Expression:
        """The last, first, least or greatest text, date or condition of some rows."""
        kinds = [*_DATED] if family == "text" else [*_DATED, AggregateKind.MIN, AggregateKind.MAX]
        kind = self.draw(st.sampled_from(kinds))
        tables = self.histories(table, dated=kind in _DATED)
        if not tables:
            return self.leaf(family, table)
        return self.over(kind, self.draw(st.sampled_from(tables)), family, below)

    def over(self, kind: AggregateKind, table: str, family: str | None, below: int) -> Expression:
        of = None if family is None else self.grown(family, table, below)
        where = self.grown("boolean", table, below) if self.draw(st.booleans()) else None
        as_of = self.world.relations.history(table).as_of
        window = None
        if as_of is not None and self.draw(st.booleans()):
            units = [WindowUnit.MONTHS, WindowUnit.YEARS]
            if as_of.unit is not AsOfUnit.MONTHS:
                units = [WindowUnit.DAYS, *units]
            window = Window(self.draw(st.integers(1, 9)), self.draw(st.sampled_from(units)))
        return Aggregate(kind, table, of, where, window)
