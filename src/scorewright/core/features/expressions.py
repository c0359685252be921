"""Expressions as Polars expressions, with the meaning that `scorewright.core.features.tree` gives.

The frame's columns are as `scorewright.core.features.frames.normalised` makes them: integers of
any width, floats without NaN, booleans, texts, and dates as days since 1970.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import reduce
from typing import assert_never

import polars as pl

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
    children,
)

__all__ = ["Translator", "finite"]

_TEXTS = (ColumnType.CATEGORY, ColumnType.TEXT)
_MIRRORED = {"<": ">", "<=": ">=", ">": "<", ">=": "<="}


def finite(value: pl.Expr) -> pl.Expr:
    """Make what is not finite missing."""
    return pl.when(value.is_finite()).then(value)


def _is_constant(node: Expression) -> bool:
    """Tell whether an expression reads no column."""
    if isinstance(node, Column | Aggregate):
        return False
    return all(_is_constant(child) for child in children(node))


@dataclass(frozen=True, slots=True)
class Translator:
    """Turns expressions that stand in the rows of one table into Polars expressions.

    Attributes:
        scope: The rows.
        slots: The column in which the result of each aggregate lies, by table and aggregate.
    """

    scope: Scope
    slots: Mapping[tuple[str, Aggregate], str]

    def __call__(self, node: Expression) -> pl.Expr:  # noqa: PLR0911, PLR0912, C901 - one per kind
        """Return the Polars expression of a node."""
        match node:
            case Column(name):
                return pl.col(name)
            case Literal(value):
                return pl.lit(value)
            case Aggregate():
                return pl.col(self.slots[self.scope.table, node])
            case Arithmetic():
                return self._arithmetic(node)
            case Compare():
                return self._compare(node)
            case Logic(operator, left, right):
                a, b = self(left), self(right)
                return a & b if operator == "and" else a | b
            case Not(of):
                return ~self(of)
            case IsIn(of, values):
                return self._is_in(of, values)
            case IsMissing(of):
                return self(of).is_null()
            case MissingIf(of, values):
                return self._missing_if(of, values)
            case Fill(of, fallback):
                return pl.coalesce(*self._alike(node, of, fallback))
            case If(condition, then, otherwise):
                yes, no = self._alike(node, then, otherwise)
                return pl.when(self(condition)).then(yes).otherwise(no)
            case Function():
                return self._function(node)
            case RowStatistic():
                return self._row(node)
            case _:
                assert_never(node)

    def _missing_if(self, of: Expression, values: tuple[Scalar, ...]) -> pl.Expr:
        is_sentinel = self._is_in(of, values).fill_null(value=False)
        return pl.when(~is_sentinel).then(self(of))

    def is_text(self, node: Expression) -> bool:
        """Tell whether an expression gives texts."""
        return type_of(node, self.scope) in _TEXTS

    def number(self, node: Expression) -> pl.Expr:
        """Return a node as 64-bit floats."""
        return self(node).cast(pl.Float64)

    def _arithmetic(self, node: Arithmetic) -> pl.Expr:
        left, right = self.number(node.left), self.number(node.right)
        match node.operator:
            case "+":
                return finite(left + right)
            case "-":
                return finite(left - right)
            case "*":
                return finite(left * right)
            case _:
                # Division by zero is infinite or not a number, and so missing.
                return finite(left / right)

    def _compare(self, node: Compare) -> pl.Expr:
        if _is_constant(node.left) and not _is_constant(node.right):
            # Polars gives one row where a constant stands left of a column without any value.
            node = Compare(_MIRRORED.get(node.operator, node.operator), node.right, node.left)
        if self.is_text(node.left):
            left, right = self(node.left), self(node.right)
        else:
            left, right = self.number(node.left), self.number(node.right)
        match node.operator:
            case "==":
                return left == right
            case "!=":
                return left != right
            case "<":
                return left < right
            case "<=":
                return left <= right
            case ">":
                return left > right
            case _:
                return left >= right

    def _is_in(self, of: Expression, values: tuple[Scalar, ...]) -> pl.Expr:
        if self.is_text(of):
            value = self(of)
            return reduce(pl.Expr.or_, (value == pl.lit(v) for v in values))
        value = self.number(of)
        return reduce(pl.Expr.or_, (value == pl.lit(float(v)) for v in values))

    def _alike(
        self, node: Expression, left: Expression, right: Expression
    ) -> tuple[pl.Expr, pl.Expr]:
        """Return two alternatives in the type of what they are alternatives of."""
        if type_of(node, self.scope) is ColumnType.NUMBER:
            return self.number(left), self.number(right)
        return self(left), self(right)

    def _function(self, node: Function) -> pl.Expr:
        value = self.number(node.of)
        match node.kind:
            case FunctionKind.ABS:
                return value.abs()
            case FunctionKind.SQRT:
                return finite(value.sqrt())
            case FunctionKind.LOG1P:
                return finite(value.log1p())

    def _row(self, node: RowStatistic) -> pl.Expr:
        values = [self.number(value) for value in node.of]
        count = pl.sum_horizontal(value.is_not_null().cast(pl.Int64) for value in values)
        total = pl.sum_horizontal(value.fill_null(0.0) for value in values)
        match node.kind:
            case RowStatisticKind.COUNT:
                return count
            case RowStatisticKind.SUM:
                return finite(pl.when(count > 0).then(total))
            case RowStatisticKind.MEAN:
                return finite(total / count)
            case RowStatisticKind.MIN:
                return pl.min_horizontal(*values)
            case RowStatisticKind.MAX:
                return pl.max_horizontal(*values)
            case RowStatisticKind.STD:
                mean = total / count
                squares = pl.sum_horizontal(((v - mean) ** 2).fill_null(0.0) for v in values)
                return finite(pl.when(count > 1).then((squares / (count - 1)).sqrt()))
