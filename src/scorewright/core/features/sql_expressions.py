"""Expressions as DuckDB SQL, with the meaning that `scorewright.core.features.tree` gives."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import assert_never

from scorewright.core.contracts import ColumnType
from scorewright.core.features.kinds import Scope, type_of
from scorewright.core.features.tree import (
    Aggregate,
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
)

__all__ = ["SqlTranslator", "finite", "identifier", "literal", "number_literal"]

_TEXTS = (ColumnType.CATEGORY, ColumnType.TEXT)
_DATES = (ColumnType.DATE, ColumnType.DATETIME)
_SIGNS = {"==": "=", "!=": "<>"}
_ROW = {
    RowStatisticKind.MEAN: "list_avg",
    RowStatisticKind.MIN: "list_min",
    RowStatisticKind.MAX: "list_max",
    RowStatisticKind.SUM: "list_sum",
    RowStatisticKind.STD: "list_stddev_samp",
    RowStatisticKind.COUNT: "list_count",
}


def identifier(name: str) -> str:
    """Return a name in the quotes SQL wants."""
    return '"' + name.replace('"', '""') + '"'


def literal(value: Scalar) -> str:
    """Return a constant."""
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, str):
        return "'" + value.replace("'", "''") + "'"
    return str(value) if isinstance(value, int) else number_literal(value)


def number_literal(value: float) -> str:
    """Return a constant as a 64-bit float; without the exponent it would be a decimal."""
    text = repr(float(value))
    return text if "e" in text else f"{text}e0"


def finite(value: str) -> str:
    """Make what is infinite or not a number missing; the value is written once."""
    for odd in ("inf", "-inf", "nan"):
        value = f"nullif({value}, '{odd}'::DOUBLE)"
    return value


@dataclass(frozen=True, slots=True)
class SqlTranslator:
    """Turns expressions that stand in the rows of one table into SQL.

    Attributes:
        scope: The rows, which the query calls ``r``.
        aggregates: The SQL of the result of each aggregate that stands in these rows.
    """

    scope: Scope
    aggregates: Mapping[Aggregate, str]

    def __call__(self, node: Expression) -> str:  # noqa: PLR0911, PLR0912, C901 - one per kind
        """Return the SQL of a node, ready to stand inside anything."""
        match node:
            case Column(name):
                return f"r.{identifier(name)}"
            case Literal(value):
                return literal(value)
            case Aggregate():
                return self.aggregates[node]
            case Arithmetic():
                return self._arithmetic(node)
            case Compare():
                return self._compare(node)
            case Logic(operator, left, right):
                return f"({self(left)} {operator.upper()} {self(right)})"
            case Not(of):
                return f"(NOT {self(of)})"
            case IsIn(of, values):
                return self._is_in(of, values)
            case IsMissing(of):
                return f"({self(of)} IS NULL)"
            case MissingIf():
                return self._missing_if(node)
            case Fill(of, fallback):
                return f"coalesce({', '.join(self._alike(node, of, fallback))})"
            case If(condition, then, otherwise):
                yes, no = self._alike(node, then, otherwise)
                return f"(CASE WHEN {self(condition)} THEN {yes} ELSE {no} END)"
            case Function():
                return self._function(node)
            case RowStatistic(kind, values):
                joined = ", ".join(self.number(value) for value in values)
                return finite(f"{_ROW[kind]}([{joined}])::DOUBLE")
            case _:
                assert_never(node)

    def number(self, node: Expression) -> str:
        """Return a node as a 64-bit float."""
        if isinstance(node, Literal) and not isinstance(node.value, str):
            return number_literal(node.value)
        value = self(node)
        return value if type_of(node, self.scope) is ColumnType.NUMBER else f"{value}::DOUBLE"

    def _arithmetic(self, node: Arithmetic) -> str:
        if type_of(node.left, self.scope) in _DATES:
            return f"({self(node.left)} - {self(node.right)})::DOUBLE"
        left, right = self.number(node.left), self.number(node.right)
        if node.operator == "/":
            right = f"nullif({right}, 0e0)"
        return finite(f"({left} {node.operator} {right})")

    def _compare(self, node: Compare) -> str:
        sign = _SIGNS.get(node.operator, node.operator)
        if type_of(node.left, self.scope) in (*_TEXTS, *_DATES):
            return f"({self(node.left)} {sign} {self(node.right)})"
        return f"({self.number(node.left)} {sign} {self.number(node.right)})"

    def _is_in(self, of: Expression, values: tuple[Scalar, ...]) -> str:
        if type_of(of, self.scope) in _TEXTS:
            return f"({self(of)} IN ({', '.join(literal(v) for v in values)}))"
        members = ", ".join(number_literal(float(v)) for v in values)
        return f"({self.number(of)} IN ({members}))"

    def _missing_if(self, node: MissingIf) -> str:
        kind, value = type_of(node.of, self.scope), self(node.of)
        for sentinel in node.values:
            if kind in _TEXTS:
                value = f"nullif({value}, {literal(sentinel)})"
            elif kind is ColumnType.NUMBER:
                value = f"nullif({value}, {number_literal(float(sentinel))})"
            elif float(sentinel) == int(sentinel):  # a whole number or a condition is no other
                value = _without(value, int(sentinel), kind)
        return value

    def _alike(self, node: Expression, left: Expression, right: Expression) -> tuple[str, str]:
        if type_of(node, self.scope) is ColumnType.NUMBER:
            return self.number(left), self.number(right)
        return self(left), self(right)

    def _function(self, node: Function) -> str:
        value = self.number(node.of)
        match node.kind:
            case FunctionKind.ABS:
                return f"abs({value})"
            case FunctionKind.SQRT:
                return finite(f"sqrt({value})")
            case FunctionKind.LOG1P:
                # ln(1 + x) loses the digits of a small x; 2 atanh(x / (2 + x)) is the same.
                return (
                    f"list_transform([{value}], lambda x: CASE WHEN x > 1e0 THEN ln(1e0 + x) "
                    "WHEN x > -1e0 THEN 2e0 * atanh(x / (2e0 + x)) END)[1]"
                )


def _without(value: str, sentinel: int, kind: ColumnType) -> str:
    if kind is ColumnType.INTEGER:
        return f"nullif({value}, {sentinel})"
    return f"nullif({value}, {literal(bool(sentinel))})" if sentinel in (0, 1) else value
