"""One applicant: the same features from a few rows of numpy, in a few milliseconds.

The plan is compiled once. A request then runs a list of small steps over arrays; filters and
selections that several features share are computed once per request.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any, assert_never

import numpy as np

from scorewright.core.contracts import ColumnType
from scorewright.core.features.arrays import (
    ARITHMETIC,
    COMPARE,
    Floats,
    aggregate,
    both,
    either,
    function,
    is_in,
    row_statistic,
)
from scorewright.core.features.kinds import Scope, type_of
from scorewright.core.features.loading import (
    Loader,
    Row,
    Rows,
    TableColumns,
    Value,
    Vocabulary,
    linked,
)
from scorewright.core.features.plan import FeaturePlan
from scorewright.core.features.relations import AsOfUnit, History, window_bound
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
    Scalar,
)

__all__ = ["RowEvaluator"]

Step = Callable[[Rows], Floats]

_AGE = "__age"
_TEXTS = (ColumnType.CATEGORY, ColumnType.TEXT)
_DATED = (AggregateKind.LAST, AggregateKind.FIRST, AggregateKind.TREND)


class RowEvaluator:
    """Computes a plan for one applicant at a time.

    Args:
        plan: The features.
    """

    def __init__(self, plan: FeaturePlan) -> None:
        self._plan = plan
        compiler = _Compiler(plan)
        types = {c.name: c.type for c in plan.relations.entity.columns}
        self._steps: list[tuple[str, ColumnType, Step]] = []
        for level in plan.levels():
            scope = Scope(plan.relations.entity.table, types, plan.relations)
            self._steps += [(f.name, f.type, compiler.step(f.expression, scope)) for f in level]
            types = {**types, **{f.name: f.type for f in level}}
        self._texts = tuple(compiler.texts)
        self._split = frozenset(compiler.split)
        entity = plan.relations.entity
        self._entity = Loader(entity, plan.columns_of(entity.table))
        self._histories = tuple(plan.relations.history(name) for name in plan.tables)
        self._loaders = {
            h.name: Loader(h.contract, plan.columns_of(h.name)) for h in self._histories
        }

    @property
    def plan(self) -> FeaturePlan:
        """The plan that is computed."""
        return self._plan

    def features(
        self, application: Row, tables: Mapping[str, Sequence[Row] | TableColumns]
    ) -> dict[str, Value]:
        """Compute the features of one application.

        Args:
            application: Typed values by column name; what is absent is missing. Dates may be
                ISO texts.
            tables: Rows of the histories by table name, typed likewise, or their columns; a
                table that is absent has no rows. Rows whose parent is not there are left out.

        Returns:
            Feature -> value in the plan's order: int, finite float, bool, text, or None.
        """
        vocabulary = Vocabulary(self._texts)
        with np.errstate(all="ignore"):
            rows = self._entity.load([application], vocabulary)
            rows.below = self._below(rows, tables, vocabulary)
            out: dict[str, Value] = {}
            for name, kind, step in self._steps:
                values = step(rows)
                rows.columns[name] = values
                out[name] = _plain(float(values[0]), kind, vocabulary)
        return out

    def _below(
        self,
        entity: Rows,
        tables: Mapping[str, Sequence[Row] | TableColumns],
        vocabulary: Vocabulary,
    ) -> dict[str, Rows]:
        relations = self._plan.relations
        loaded: dict[str, Rows] = {}

        def load(history: History) -> Rows:
            if history.name in loaded:
                return loaded[history.name]
            rows = self._loaders[history.name].load(tables.get(history.name, ()), vocabulary)
            self._date(rows, history, entity)
            if history.parent != relations.entity.table:
                above = relations.history(history.parent)
                is_split = history.name in self._split
                rows = linked(rows, history, load(above), above.key or "", is_split=is_split)
            loaded[history.name] = rows
            return rows

        for history in self._histories:
            load(history)
        return loaded

    def _date(self, rows: Rows, history: History, entity: Rows) -> None:
        if history.as_of is None:
            return
        dates = rows.columns[history.as_of.columns[0]]
        if history.as_of.unit is AsOfUnit.DATE:
            decision = entity.columns[self._plan.relations.entity.as_of or ""]
            rows.columns[_AGE] = decision[0] - dates
        else:
            rows.columns[_AGE] = -dates


def _plain(value: float, kind: ColumnType, vocabulary: Vocabulary) -> Value:
    if not math.isfinite(value):
        return None
    match kind:
        case ColumnType.INTEGER:
            return int(value)
        case ColumnType.BOOLEAN:
            return value != 0.0
        case ColumnType.CATEGORY | ColumnType.TEXT:
            text: str = vocabulary.texts[int(value)]
            return text
        case _:
            return value


class _Compiler:
    """Turns expressions into steps; equal expressions over equal rows become one step."""

    def __init__(self, plan: FeaturePlan) -> None:
        self._plan = plan
        self._slots: dict[tuple[str, Any], int] = {}
        self._steps: dict[tuple[str, Expression], Step] = {}
        self.texts: dict[str, float] = {}
        self.split: set[str] = set()

    def step(self, node: Expression, scope: Scope) -> Step:
        """Return the step of a node in the rows of a scope."""
        key = (scope.table, node)
        if key not in self._steps:
            self._steps[key] = self._memoised(key, self._build(node, scope), node)
        return self._steps[key]

    def _memoised(self, key: tuple[str, Any], step: Step, node: Expression) -> Step:
        if isinstance(node, Column | Literal):
            return step
        slot = self._slot(key)

        def run(rows: Rows) -> Floats:
            found = rows.memo.get(slot)
            if found is None:
                found = rows.memo[slot] = step(rows)
            return found

        return run

    def _slot(self, key: tuple[str, Any]) -> int:
        return self._slots.setdefault(key, len(self._slots))

    def _code(self, value: Scalar) -> float:
        if isinstance(value, str):
            return self.texts.setdefault(value, float(len(self.texts)))
        return float(value)

    def _build(self, node: Expression, scope: Scope) -> Step:  # noqa: PLR0911, PLR0912, C901 - one per kind
        match node:
            case Column(name):
                return lambda rows: rows.columns[name]
            case Literal(value):
                constant = np.array([self._code(value)])
                return lambda _: constant
            case Arithmetic(operator, left, right):
                return self._two(ARITHMETIC[operator], left, right, scope)
            case Compare(operator, left, right):
                return self._two(COMPARE[operator], left, right, scope)
            case Logic(operator, left, right):
                return self._two(both if operator == "and" else either, left, right, scope)
            case Not(of):
                inner = self.step(of, scope)
                return lambda rows: 1.0 - inner(rows)
            case IsMissing(of):
                inner = self.step(of, scope)
                return lambda rows: np.isnan(inner(rows)).astype(np.float64)
            case IsIn(of, values):
                inner, members = self.step(of, scope), [self._code(v) for v in values]
                return lambda rows: is_in(inner(rows), members)
            case MissingIf(of, values):
                return self._missing_if(of, values, scope)
            case Fill(of, fallback):
                return self._two(lambda a, b: np.where(np.isnan(a), b, a), of, fallback, scope)
            case If(condition, then, otherwise):
                parts = [self.step(part, scope) for part in (condition, then, otherwise)]
                return lambda rows: np.where(parts[0](rows) == 1.0, parts[1](rows), parts[2](rows))
            case Function(kind, of):
                inner = self.step(of, scope)
                return lambda rows: function(kind, inner(rows))
            case RowStatistic(statistic, parts_of):
                many = [self.step(part, scope) for part in parts_of]
                return lambda rows: row_statistic(statistic, [part(rows) for part in many])
            case Aggregate():
                return self._aggregate(node, scope)
            case _:
                assert_never(node)

    def _two(
        self,
        operation: Callable[[Floats, Floats], Floats],
        left: Expression,
        right: Expression,
        scope: Scope,
    ) -> Step:
        a, b = self.step(left, scope), self.step(right, scope)
        return lambda rows: operation(a(rows), b(rows))

    def _missing_if(self, of: Expression, values: tuple[Scalar, ...], scope: Scope) -> Step:
        inner, members = self.step(of, scope), [self._code(v) for v in values]

        def run(rows: Rows) -> Floats:
            found = inner(rows)
            return np.where(is_in(found, members) == 1.0, np.nan, found)

        return run

    def _aggregate(self, node: Aggregate, scope: Scope) -> Step:
        one = self._of_rows(node, scope)
        table, is_entity = node.table, scope.table == self._plan.relations.entity.table
        if is_entity:
            return lambda rows: np.array([one(rows.below[table])])

        self.split.add(table)

        def nested(rows: Rows) -> Floats:
            return np.array([one(group) for group in rows.split(table)], dtype=np.float64)

        return nested

    def _of_rows(self, node: Aggregate, scope: Scope) -> Callable[[Rows], float]:
        """Return the aggregate over the given rows of its table."""
        inner = scope.below(node.table)
        select, select_slot = self._selection(node, inner)
        if node.of is None and node.kind is AggregateKind.COUNT:
            return lambda rows: float(rows.height if select is None else len(select(rows)))
        value: Expression = Column(_AGE) if node.of is None else node.of
        step = self.step(value, inner)
        is_text = node.of is not None and type_of(node.of, inner) in _TEXTS
        slot = self._slot((inner.table, ("values", value, select_slot)))
        kind, dated = node.kind, node.kind in _DATED

        def run(rows: Rows) -> float:
            found = rows.memo.get(slot)
            if found is None:
                found = rows.memo[slot] = _selected(rows, step, select)
            values, index = found
            ages = rows.columns[_AGE][index] if dated else None
            if is_text and ages is not None:
                return _text_at_end(kind, values, ages, rows.vocabulary)
            result = aggregate(kind, values, ages)
            return result if math.isfinite(result) else np.nan

        return run

    def _selection(
        self, node: Aggregate, inner: Scope
    ) -> tuple[Callable[[Rows], Any] | None, int | None]:
        """Return which rows count, and the place where that is remembered."""
        if node.where is None and node.window is None:
            return None, None
        where = None if node.where is None else self.step(node.where, inner)
        bound = None
        if node.window is not None:
            as_of = inner.relations.history(node.table).as_of
            bound = None if as_of is None else window_bound(node.window, as_of)
        slot = self._slot((inner.table, ("rows", node.where, node.window)))

        def run(rows: Rows) -> Any:  # noqa: ANN401 - an index array
            found = rows.memo.get(slot)
            if found is None:
                keep = np.ones(rows.height, dtype=np.bool_)
                if where is not None:
                    keep = keep & (where(rows) == 1.0)
                if bound is not None:
                    age = rows.columns[_AGE]
                    keep = keep & (age >= 0.0) & (age <= bound)
                found = rows.memo[slot] = np.flatnonzero(keep)
            return found

        return run, slot


def _text_at_end(kind: AggregateKind, codes: Floats, ages: Floats, vocabulary: Vocabulary) -> float:
    """Return the newest or oldest text; of several the greatest by its characters."""
    if codes.size == 0 or np.isnan(ages).all():
        return np.nan
    age = np.nanmin(ages) if kind is AggregateKind.LAST else np.nanmax(ages)
    at: list[float] = codes[ages == age].tolist()
    return max(at, key=lambda code: vocabulary.texts[int(code)])


def _selected(
    rows: Rows, step: Step, select: Callable[[Rows], Any] | None
) -> tuple[Floats, np.ndarray[Any, np.dtype[np.int64]]]:
    """Return the values that count, and their row numbers."""
    values = step(rows)
    if values.shape != (rows.height,):
        values = np.broadcast_to(values, (rows.height,))
    index = np.arange(rows.height) if select is None else select(rows)
    values = values[index]
    present = ~np.isnan(values)
    if present.all():
        return values, index
    return values[present], index[present]
