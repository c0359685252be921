"""The meaning of a feature, spelled out: lists of dicts, loops, exact fractions, no engine.

A number that engines may round differently (a sum depends on the order of its terms) carries a
bound of that rounding. Where the bound does not decide a result (is this tiny sum zero? is it
greater than that one? does it overflow on the way?) the result is `UNSURE`, and any answer is
right. A single operation on exact numbers is rounded in one way only, and stays exact.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from fractions import Fraction
from typing import Any, Final

from tests.core.features.worlds import Row

from scorewright.core.contracts import ColumnType
from scorewright.core.features import AsOfUnit, FeaturePlan, Relations
from scorewright.core.features.tree import (
    Aggregate,
    Arithmetic,
    Column,
    Compare,
    Expression,
    Fill,
    Function,
    If,
    IsIn,
    IsMissing,
    Literal,
    Logic,
    MissingIf,
    Not,
    RowStatistic,
    Window,
)

__all__ = ["UNSURE", "Number", "agrees", "reference"]

EPS: Final = 2.0**-53
MOST: Final = sys.float_info.max
#: Squares of anything smaller vanish.
TINY: Final = 1e-150


class _Unsure:
    """Rounding decides."""

    def __repr__(self) -> str:
        return "UNSURE"


UNSURE: Final = _Unsure()


@dataclass(frozen=True)
class Number:
    """A number, and how far from it another order of operations may end."""

    value: float
    error: float = 0.0

    @property
    def is_exact(self) -> bool:
        return self.error == 0.0


#: None, a Number, a bool, a text, a date or UNSURE.
Value = Any


def reference(plan: FeaturePlan, rows: dict[str, list[Row]]) -> list[dict[str, Value]]:
    """Compute all features of all applications, one after the other."""
    world = _World(plan.relations, rows)
    out = []
    for application in rows[plan.relations.entity.table]:
        known: dict[str, Value] = {}
        for feature in plan.features:
            here = _Place(plan.relations.entity.table, application, application, known)
            value = world.value(feature.expression, here)
            is_number = feature.type in (ColumnType.NUMBER, ColumnType.INTEGER)
            known[feature.name] = _number(value) if is_number else value
        out.append(known)
    return out


def agrees(got: object, want: Value) -> bool:
    """Tell whether an engine's value is the one meant: to the bit, and floats to 1e-9.

    A float may be off by 1e-9 of itself, or by what rounding may do in another order.
    """
    if want is UNSURE:
        return True
    if got is None or want is None:
        return got is None and want is None
    if not isinstance(want, Number):
        return type(got) is type(want) and got == want
    if isinstance(got, bool | int):
        return want.is_exact and got == want.value
    if not isinstance(got, float) or not math.isfinite(got):
        return False
    return abs(got - want.value) <= 1e-9 * abs(want.value) + 4 * want.error


@dataclass(frozen=True)
class _Place:
    """A row in which an expression stands."""

    table: str
    row: Row
    application: Row
    features: dict[str, Value]


def _day(value: object) -> int | None:
    """A date as a number of days."""
    if value is None:
        return None
    assert isinstance(value, date)
    if isinstance(value, datetime):
        value = (value if value.tzinfo is None else value.astimezone(UTC)).date()
    return value.toordinal()


def _made(value: float, error: float = 0.0) -> Value:
    """A result: missing where it is not finite."""
    if not math.isfinite(value):
        return None if error == 0.0 else UNSURE
    if not math.isfinite(error) or (error and abs(value) + error >= MOST):
        return UNSURE
    return Number(value, error + (EPS * abs(value) + 5e-324 if error else 0.0))


def _unsure(*values: Value) -> bool:
    return any(value is UNSURE for value in values)


def _number(value: Value) -> Number:
    return Number(float(value)) if isinstance(value, bool) else value


@dataclass(frozen=True)
class _World:
    relations: Relations
    rows: dict[str, list[Row]]

    def value(self, node: Expression, at: _Place) -> Value:  # noqa: PLR0911, PLR0912, C901
        """The value of an expression in a row."""
        match node:
            case Column(name):
                return self.column(name, at)
            case Literal(value):
                return value if isinstance(value, bool | str) else Number(float(value))
            case Arithmetic():
                return _arithmetic(
                    node.operator, self.value(node.left, at), self.value(node.right, at)
                )
            case Compare():
                return _compare(
                    node.operator, self.value(node.left, at), self.value(node.right, at)
                )
            case Logic():
                return _logic(node.operator, self.value(node.left, at), self.value(node.right, at))
            case Not(of):
                inner = self.value(of, at)
                return inner if inner is None or inner is UNSURE else not inner
            case IsIn(of, values):
                return _is_in(self.value(of, at), values)
            case IsMissing(of):
                inner = self.value(of, at)
                return UNSURE if inner is UNSURE else inner is None
            case MissingIf(of, values):
                inner = self.value(of, at)
                found = _is_in(inner, values)
                return UNSURE if found is UNSURE else None if found else inner
            case Fill(of, other):
                inner = self.value(of, at)
                return self.value(other, at) if inner is None else inner
            case If(condition, then, other):
                met = self.value(condition, at)
                return UNSURE if met is UNSURE else self.value(then if met else other, at)
            case Function(kind, of):
                return _function(str(kind), self.value(of, at))
            case RowStatistic(kind, of):
                parts = [self.value(part, at) for part in of]
                if _unsure(*parts):
                    return UNSURE
                return _row(str(kind), [_number(v) for v in parts if v is not None])
            case Aggregate():
                return self.aggregate(node, at)

    def column(self, name: str, at: _Place) -> Value:
        """A cell, or a feature computed before."""
        column = self.relations.contract(at.table).column(name)
        if column is None:
            return at.features[name]
        cell = at.row.get(name)
        if cell is None:
            return None
        if column.type in (ColumnType.DATE, ColumnType.DATETIME):
            return Number(float(_day(cell) or 0))
        if column.type is ColumnType.CATEGORY and column.categories:
            return cell if cell in column.categories else None
        if column.type in (ColumnType.INTEGER, ColumnType.NUMBER):
            return _made(float(cell))
        return cell

    def below(self, table: str, at: _Place) -> list[Row]:
        """The rows of a table that hang on a row, directly or through others."""
        history = self.relations.history(table)
        if history.parent == at.table:
            above = [at.row]
            key = (
                self.relations.key
                if at.table == self.relations.entity.table
                else self.relations.history(at.table).key
            )
        else:
            above = self.below(history.parent, at)
            key = self.relations.history(history.parent).key
        found = []
        for row in self.rows[table]:
            link = row[history.on]
            if link is not None and any(up[key or ""] == link for up in above):
                found.append(row)
        return found

    def age(self, table: str, row: Row, application: Row) -> float | None:
        """How long before the decision a row became known."""
        as_of = self.relations.history(table).as_of
        if as_of is None or row[as_of.columns[0]] is None:
            return None
        when = row[as_of.columns[0]]
        if as_of.unit is not AsOfUnit.DATE:
            return -float(when)
        decided, day = _day(application[self.relations.entity.as_of or ""]), _day(when)
        return None if decided is None or day is None else float(decided - day)

    def aggregate(self, node: Aggregate, at: _Place) -> Value:
        """What the rows of a table become."""
        values: list[Value] = []
        ages: list[float | None] = []
        for row in self.below(node.table, at):
            place = _Place(node.table, row, at.application, {})
            age = self.age(node.table, row, at.application)
            if node.window is not None and not self.is_within(age, node.window, node.table):
                continue
            if node.where is not None:
                met = self.value(node.where, place)
                if met is UNSURE:
                    return UNSURE
                if not met:
                    continue
            value: Value = True
            if node.of is not None:
                value = self.value(node.of, place)
            elif node.kind == "time_since":
                value = None if age is None else Number(age)
            if value is UNSURE:
                return UNSURE
            if value is not None:
                values.append(value)
                ages.append(age)
        return _aggregated(str(node.kind), values, ages)

    def is_within(self, age: float | None, window: Window, table: str) -> bool:
        """Whether a row of that age is in a window."""
        as_of = self.relations.history(table).as_of
        if age is None or age < 0 or as_of is None:
            return False
        if as_of.unit is AsOfUnit.MONTHS:
            months = window.length * {"months": 1, "years": 12}[str(window.unit)]
            # That many months, of which the youngest is the youngest that may be known.
            youngest = -as_of.latest
            return age <= youngest + months - 1
        days = {"days": Fraction(1), "months": Fraction(36525, 1200), "years": Fraction(36525, 100)}
        return age <= math.floor(window.length * days[str(window.unit)])


def _arithmetic(operator: str, left: Value, right: Value) -> Value:
    if _unsure(left, right) and left is not None and right is not None:
        return UNSURE
    if left is None or right is None:
        return None
    a, b = _number(left), _number(right)
    match operator:
        case "+":
            return _made(a.value + b.value, a.error + b.error)
        case "-":
            return _made(a.value - b.value, a.error + b.error)
        case "*":
            error = abs(a.value) * b.error + abs(b.value) * a.error + a.error * b.error
            vanished = 5e-324 if (a.error or b.error) and error == 0.0 else 0.0
            return _made(a.value * b.value, error + vanished)
        case _:
            return _divided(a, b)


def _divided(a: Number, b: Number) -> Value:
    if b.value == 0.0 and b.is_exact:
        return None
    if abs(b.value) <= 8 * b.error:
        return UNSURE
    ratio = a.value / b.value
    error = (a.error + abs(ratio) * b.error) / abs(b.value) * 2
    vanished = 5e-324 if (a.error or b.error) and error == 0.0 else 0.0
    return _made(ratio, error + vanished)


def _compare(operator: str, left: Value, right: Value) -> Value:
    if left is None or right is None:
        return None
    if _unsure(left, right):
        return UNSURE
    a, b = left, right
    if not isinstance(a, str):
        one, two = _number(a), _number(b)
        a, b = one.value, two.value
        if (one.error or two.error) and abs(a - b) <= 4 * (one.error + two.error):
            return UNSURE
    results = {
        "==": a == b, "!=": a != b, "<": a < b, "<=": a <= b, ">": a > b, ">=": a >= b,
    }  # fmt: skip
    return results[operator]


def _logic(operator: str, left: Value, right: Value) -> Value:
    """Kleene's tables, with rounding as a fourth value that only a decided side overrules."""
    decisive = operator == "or"
    if left is decisive or right is decisive:
        return decisive
    if _unsure(left, right):
        return UNSURE
    if left is None or right is None:
        return None
    return not decisive


def _is_in(value: Value, members: Sequence[Any]) -> Value:
    if value is None or value is UNSURE:
        return value
    if isinstance(value, str):
        return value in members
    number = _number(value)
    apart = [abs(number.value - float(member)) for member in members]
    if number.error and min(apart) <= 4 * number.error:
        return UNSURE
    return 0.0 in apart


def _function(kind: str, value: Value) -> Value:  # noqa: PLR0911
    if value is None or value is UNSURE:
        return value
    x = _number(value)
    if kind == "abs":
        return Number(abs(x.value), x.error)
    edge = 0.0 if kind == "sqrt" else -1.0
    if x.error and abs(x.value - edge) <= 4 * x.error:
        return UNSURE
    if kind == "sqrt":
        if x.value < 0.0:
            return None
        root = math.sqrt(x.value)
        return _made(root, x.error / root if root else 0.0)
    if x.value <= edge:
        return None
    return _made(
        math.log1p(x.value), 2 * x.error / (1 + x.value) + 4 * EPS * abs(math.log1p(x.value))
    )


def _row(kind: str, values: list[Number]) -> Value:
    if kind == "row_count":
        return Number(float(len(values)))
    return _statistic(kind.removeprefix("row_"), values) if values else None


def _aggregated(kind: str, values: list[Value], ages: list[float | None]) -> Value:  # noqa: PLR0911  # noqa: PLR0911
    match kind:
        case "count":
            return Number(float(len(values)))
        case "nunique":
            return _distinct(values)
        case "last" | "first":
            dated = [(age, v) for age, v in zip(ages, values, strict=True) if age is not None]
            if not dated:
                return None
            edge = (min if kind == "last" else max)(age for age, _ in dated)
            # Of several of the same age the greatest, whatever the order of the rows.
            return _greatest([value for age, value in dated if age == edge])
        case "trend":
            pairs = [
                (age, _number(v)) for age, v in zip(ages, values, strict=True) if age is not None
            ]
            return _slope(pairs)
        case "min" | "max" if values and all(isinstance(v, bool) for v in values):
            return min(values) if kind == "min" else max(values)
        case _:
            numbers = [_number(value) for value in values]
            name = {"time_since": "min", "share": "mean"}.get(kind, kind)
            return _statistic(name, numbers) if numbers else None


def _distinct(values: list[Value]) -> Value:
    plain = [_number(v).value + 0.0 if isinstance(v, Number | bool) else v for v in values]
    if len(plain) > 1 and any(isinstance(v, Number) and v.error for v in values):
        return UNSURE
    return Number(float(len(set(plain))))


def _greatest(values: list[Value]) -> Value:
    if any(isinstance(value, Number) for value in values):
        numbers = [_number(value) for value in values]
        return Number(max(v.value for v in numbers), max(v.error for v in numbers))
    return max(values)


def _statistic(kind: str, values: list[Number]) -> Value:
    """Minimum, maximum, sum, mean or standard deviation of some numbers."""
    error = max(v.error for v in values)
    if kind in ("min", "max"):
        choose = min if kind == "min" else max
        return Number(choose(v.value for v in values), error)
    total, absolute, doubt = _sum(values)
    if absolute > MOST:
        # Whether a sum overflows on its way depends on the order of its terms.
        return None if float(abs(total) / 2) > MOST / 2 and kind == "sum" else UNSURE
    if kind == "sum":
        return _made(float(total), doubt)
    if kind == "mean":
        mean = float(total / len(values))
        return _made(mean, doubt / len(values) + 2 * EPS * abs(mean))
    return _deviation(values, total / len(values))


def _sum(values: list[Number]) -> tuple[Fraction, Fraction, float]:
    """The exact sum, that of the absolute values, and what another order may change."""
    exact = [Fraction(v.value) for v in values]
    absolute = sum((abs(x) for x in exact), Fraction(0))
    doubt = math.fsum(v.error for v in values)
    # Sums of small multiples of a power of two are the same in every order.
    is_plain = absolute < 2**42 and all((x * 1024).denominator == 1 for x in exact)
    if not is_plain and len(values) > 2:
        doubt += len(values) * EPS * float(min(absolute, Fraction(MOST)))
    return sum(exact, Fraction(0)), absolute, doubt


def _deviation(values: list[Number], mean: Fraction) -> Value:
    count = len(values)
    if count < 2:
        return None
    squares = sum(((Fraction(v.value) - mean) ** 2 for v in values), Fraction(0))
    if squares > 4 * Fraction(MOST):
        return None
    if squares > Fraction(MOST) / 4:
        return UNSURE
    largest = max(abs(v.value) for v in values)
    root = _root(squares / (count - 1))
    doubt = 4 * count * EPS * largest + 2 * math.sqrt(count) * max(v.error for v in values)
    widest = max(abs(float(Fraction(v.value) - mean)) for v in values)
    return _made(root, doubt + (widest if widest < TINY else 0.0) + 8 * EPS * root)


def _root(square: Fraction) -> float:
    """The square root of a fraction that may be smaller than any float."""
    scaled = square * 2**1200
    return math.sqrt(float(scaled)) / 2.0**600 if scaled < MOST else math.sqrt(float(square))


def _slope(pairs: list[tuple[float, Number]]) -> Value:
    """Least-squares slope over time, which runs against age."""
    if len({age for age, _ in pairs}) < 2:
        return None
    count = len(pairs)
    times = [-Fraction(age) for age, _ in pairs]
    values = [Fraction(v.value) for _, v in pairs]
    time, level = sum(times, Fraction(0)) / count, sum(values, Fraction(0)) / count
    spread = sum(((t - time) ** 2 for t in times), Fraction(0))
    slope = sum((t - time) * (v - level) for t, v in zip(times, values, strict=True)) / spread
    reach = float(sum((abs(t - time) for t in times), Fraction(0)))
    largest = max(abs(v.value) for _, v in pairs)
    if largest > 1e300:
        return UNSURE
    far = max(abs(float(t)) for t in times)
    doubt = 8 * count * EPS * largest * (reach + count * far) / float(spread)
    doubt += reach * max(v.error for _, v in pairs) / float(spread)
    return _made(float(slope), doubt + 5e-324)
