"""The type of an expression, and everything that is wrong with one before any row is read."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import assert_never

from scorewright.core.contracts import ColumnType
from scorewright.core.errors import UsageError
from scorewright.core.features.relations import AsOfUnit, Relations, window_bound
from scorewright.core.features.text import render
from scorewright.core.features.tree import (
    Aggregate,
    AggregateKind,
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
    RowStatisticKind,
    Scalar,
)

__all__ = ["Scope", "type_of"]

_NUMBERS = (ColumnType.INTEGER, ColumnType.NUMBER, ColumnType.BOOLEAN)
_TEXTS = (ColumnType.CATEGORY, ColumnType.TEXT)
_DATES = (ColumnType.DATE, ColumnType.DATETIME)
_DATED = (AggregateKind.LAST, AggregateKind.FIRST, AggregateKind.TREND, AggregateKind.TIME_SINCE)


@dataclass(frozen=True, slots=True)
class Scope:
    """In whose rows an expression stands.

    Attributes:
        table: The table.
        columns: Its columns (and, for the applications, the features made so far) with types.
        relations: All tables.
    """

    table: str
    columns: Mapping[str, ColumnType]
    relations: Relations

    def below(self, table: str) -> Scope:
        """Return the scope of a history's rows."""
        contract = self.relations.history(table).contract
        return Scope(table, {c.name: c.type for c in contract.columns}, self.relations)


def type_of(node: Expression, scope: Scope) -> ColumnType:  # noqa: PLR0911, PLR0912, C901 - one per kind
    """Return the type of an expression's value.

    Args:
        node: The expression.
        scope: In whose rows it stands.

    Returns:
        Integer, number, boolean, category or text, or date inside larger expressions.

    Raises:
        UsageError: ``feature-column-unknown``, ``feature-type``, ``feature-window``,
            ``features-relations``.
    """
    match node:
        case Column(name):
            return _column(name, scope)
        case Literal(value):
            return _literal(value)
        case Arithmetic():
            return _arithmetic(node, scope)
        case Compare():
            return _compare(node, scope)
        case Logic():
            _need(node.left, scope, (ColumnType.BOOLEAN,), "a condition")
            _need(node.right, scope, (ColumnType.BOOLEAN,), "a condition")
            return ColumnType.BOOLEAN
        case Not(of):
            return _need(of, scope, (ColumnType.BOOLEAN,), "a condition")
        case IsMissing(of):
            type_of(of, scope)
            return ColumnType.BOOLEAN
        case IsIn(of, values):
            _same_kind(type_of(of, scope), values, of)
            return ColumnType.BOOLEAN
        case MissingIf(of, values):
            kind = type_of(of, scope)
            _same_kind(kind, values, of)
            return kind
        case Fill(of, other):
            return _joined(type_of(of, scope), type_of(other, scope), node)
        case If(condition, then, other):
            _need(condition, scope, (ColumnType.BOOLEAN,), "a condition")
            return _joined(type_of(then, scope), type_of(other, scope), node)
        case Function(_, of):
            _need(of, scope, _NUMBERS, "a number")
            return ColumnType.NUMBER
        case RowStatistic(kind=statistic, of=values):
            for part in values:
                _need(part, scope, _NUMBERS, "a number")
            is_count = statistic is RowStatisticKind.COUNT
            return ColumnType.INTEGER if is_count else ColumnType.NUMBER
        case Aggregate():
            return _aggregate(node, scope)
        case _:
            assert_never(node)


def _column(name: str, scope: Scope) -> ColumnType:
    if name in scope.columns:
        return scope.columns[name]
    near = difflib.get_close_matches(name, scope.columns, n=3)
    raise UsageError(
        f"There is no column '{name}' in the table '{scope.table}'"
        + (" and no feature of that name." if scope.table == scope.relations.entity.table else "."),
        remedy=f"Did you mean {' or '.join(near)}?" if near else "Compare with its contract.",
        code="feature-column-unknown",
    )


def _literal(value: Scalar) -> ColumnType:
    if isinstance(value, bool):
        return ColumnType.BOOLEAN
    if isinstance(value, str):
        return ColumnType.TEXT
    return ColumnType.INTEGER if isinstance(value, int) else ColumnType.NUMBER


def _need(
    node: Expression, scope: Scope, kinds: tuple[ColumnType, ...], expected: str
) -> ColumnType:
    kind = type_of(node, scope)
    if kind not in kinds:
        raise _wrong(f"'{render(node)}' is {_article(kind)}, where {expected} is needed")
    return kind


def _arithmetic(node: Arithmetic, scope: Scope) -> ColumnType:
    kinds = type_of(node.left, scope), type_of(node.right, scope)
    if node.operator == "-" and kinds[0] in _DATES and kinds[1] in _DATES:
        return ColumnType.NUMBER
    for side in (node.left, node.right):
        _need(side, scope, _NUMBERS, "a number")
    return ColumnType.NUMBER


def _compare(node: Compare, scope: Scope) -> ColumnType:
    left, right = type_of(node.left, scope), type_of(node.right, scope)
    families = (_NUMBERS, _TEXTS, _DATES)
    if not any(left in family and right in family for family in families):
        raise _wrong(f"'{render(node)}' compares {_article(left)} with {_article(right)}")
    if left in _TEXTS and node.operator not in ("==", "!="):
        raise _wrong(f"'{render(node)}' orders texts, which have no order here")
    return ColumnType.BOOLEAN


def _same_kind(kind: ColumnType, values: tuple[Scalar, ...], of: Expression) -> None:
    for value in values:
        is_text = isinstance(value, str)
        if is_text != (kind in _TEXTS) or kind in _DATES:
            raise _wrong(f"'{render(of)}' is {_article(kind)} and never {value!r}")


def _joined(left: ColumnType, right: ColumnType, node: Expression) -> ColumnType:
    if left is right:
        return left
    if left in _NUMBERS and right in _NUMBERS:
        return ColumnType.NUMBER
    if left in _TEXTS and right in _TEXTS:
        return ColumnType.TEXT
    raise _wrong(f"'{render(node)}' mixes {_article(left)} with {_article(right)}")


def _aggregate(node: Aggregate, scope: Scope) -> ColumnType:
    relations = scope.relations
    history = relations.history(node.table)
    above = [step.parent for step in relations.path(node.table)]
    is_entity = scope.table == relations.entity.table
    if scope.table != above[0] and not (is_entity and scope.table in above):
        raise UsageError(
            f"'{render(node)}' stands in the rows of '{scope.table}', but '{node.table}' does not "
            "hang on it.",
            remedy=f"Aggregate '{node.table}' in the rows of '{above[0]}' or of the applications.",
            code="features-relations",
        )
    inner = scope.below(node.table)
    if node.where is not None:
        _need(node.where, inner, (ColumnType.BOOLEAN,), "a condition")
    if history.as_of is None and (node.window is not None or node.kind in _DATED):
        raise _window(
            f"'{render(node)}' asks for dates, but the table '{node.table}' has no as-of column."
        )
    window, as_of = node.window, history.as_of
    if window is not None and as_of is not None and window_bound(window, as_of) is None:
        raise _window(f"'{render(node)}' asks for days of a table that counts months.")
    return _result(node, inner)


def _result(node: Aggregate, inner: Scope) -> ColumnType:
    kind, of = node.kind, node.of
    if of is None:
        history = inner.relations.history(node.table)
        is_count = kind is AggregateKind.COUNT
        return ColumnType.INTEGER if is_count else _time_type(history.as_of, inner)
    match kind:
        case AggregateKind.COUNT | AggregateKind.NUNIQUE:
            type_of(of, inner)
            return ColumnType.INTEGER
        case AggregateKind.MIN | AggregateKind.MAX:
            return _need(of, inner, (*_NUMBERS, *_DATES), "a number or a date")
        case AggregateKind.LAST | AggregateKind.FIRST:
            return type_of(of, inner)
        case AggregateKind.SHARE:
            _need(of, inner, (ColumnType.BOOLEAN,), "a condition")
            return ColumnType.NUMBER
        case (
            AggregateKind.MEAN
            | AggregateKind.SUM
            | AggregateKind.STD
            | AggregateKind.TREND
            | AggregateKind.TIME_SINCE
        ):
            _need(of, inner, _NUMBERS, "a number")
            return ColumnType.NUMBER
        case _:
            assert_never(kind)


def _time_type(as_of: object, inner: Scope) -> ColumnType:
    unit = getattr(as_of, "unit", None)
    if unit is AsOfUnit.DATE:
        return ColumnType.INTEGER
    first = getattr(as_of, "columns", ("",))[0]
    return inner.columns[first]


def _article(kind: ColumnType) -> str:
    return f"{'an' if str(kind)[0] in 'aeiou' else 'a'} {kind}"


def _wrong(what: str) -> UsageError:
    return UsageError(
        f"{what}.",
        remedy="Mend the expression; docs/reference/features.md lists what each function takes.",
        code="feature-type",
    )


def _window(what: str) -> UsageError:
    return UsageError(
        what,
        remedy="Give the table an as_of column, or ask in the unit it counts in.",
        code="feature-window",
    )
