"""All applications at once: one Polars plan per table, the same in memory, bucket and cluster."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import polars as pl

from scorewright.core.contracts import ColumnType
from scorewright.core.features.aggregates import aggregation, trend, trend_terms
from scorewright.core.features.expressions import Translator, finite
from scorewright.core.features.frames import (
    AGE,
    ENTITY,
    normalised,
    refuse_duplicates,
    with_age,
    with_entity,
)
from scorewright.core.features.kinds import Scope, type_of
from scorewright.core.features.plan import FeaturePlan
from scorewright.core.features.relations import window_bound
from scorewright.core.features.tree import (
    Aggregate,
    AggregateKind,
    Column,
    Expression,
    Window,
    children,
)

__all__ = ["compute"]

_ZERO_OF_NOTHING = (AggregateKind.COUNT, AggregateKind.NUNIQUE)
#: Aggregates computed together: more would hold more intermediate columns at a time.
_TOGETHER = 16
_DTYPES = {
    ColumnType.INTEGER: pl.Int64(),
    ColumnType.NUMBER: pl.Float64(),
    ColumnType.BOOLEAN: pl.Boolean(),
    ColumnType.CATEGORY: pl.String(),
}


def compute(plan: FeaturePlan, tables: Mapping[str, pl.DataFrame]) -> pl.DataFrame:
    """Compute the features of all applications.

    Args:
        plan: The features.
        tables: Typed rows of the applications and of each of ``plan.tables``. Histories may hold
            `ENTITY` already, as the rows of a bucket do.

    Returns:
        The key and the features in the plan's order, one row per application in their order:
        integers as Int64, numbers as finite Float64, booleans, categories as text.

    Raises:
        FindingsError: ``features-duplicate-key``.
    """
    refuse_duplicates(plan, tables)
    relations = plan.relations
    entity_name = relations.entity.table
    entity = normalised(tables[entity_name], relations.entity, plan.columns_of(entity_name))
    has_keys = all(ENTITY in tables[name].columns for name in plan.tables)
    histories = (
        {name: tables[name] for name in plan.tables} if has_keys else with_entity(plan, tables)
    )
    run = _Run(plan, entity, histories)
    out = run.with_aggregates(
        entity,
        entity_name,
        relations.key,
        ENTITY,
        [feature.expression for feature in plan.features],
    )
    return _features(plan, run, out)


def _features(plan: FeaturePlan, run: _Run, out: pl.DataFrame) -> pl.DataFrame:
    """Compute level after level what the applications' own rows and the aggregates give."""
    types = {c.name: c.type for c in plan.relations.entity.columns}
    for level in plan.levels():
        scope = Scope(plan.relations.entity.table, types, plan.relations)
        translate = Translator(scope, run.slots)
        out = out.with_columns(_typed(translate(f.expression), f.type).alias(f.name) for f in level)
        types = {**types, **{f.name: f.type for f in level}}
    return out.select(plan.relations.key, *plan.names)


def _typed(value: pl.Expr, kind: ColumnType) -> pl.Expr:
    cast = value.cast(_DTYPES[kind])
    return finite(cast) if kind is ColumnType.NUMBER else cast


@dataclass(slots=True)
class _Run:
    """One computation: the rows, and where each aggregate's result was put."""

    plan: FeaturePlan
    entity: pl.DataFrame
    histories: Mapping[str, pl.DataFrame]
    slots: dict[tuple[str, Aggregate], str] = field(default_factory=dict)

    def with_aggregates(
        self,
        frame: pl.DataFrame,
        table: str,
        key: str,
        group: str,
        expressions: Sequence[Expression],
    ) -> pl.DataFrame:
        """Add a column for each aggregate that stands in the rows of a table.

        Args:
            frame: The table's rows.
            table: Its name.
            key: Its column that the histories' rows name.
            group: The column of the histories that names it; `ENTITY` for the applications.
            expressions: What is computed of the rows.
        """
        below: dict[str, list[Aggregate]] = {}
        for node in dict.fromkeys(a for e in expressions for a in _aggregates(e)):
            below.setdefault(node.table, []).append(node)
        for name, nodes in below.items():
            column = group if group == ENTITY else self.plan.relations.history(name).on
            result = self._grouped(name, column, nodes, table)
            frame = frame.join(
                result, left_on=key, right_on=column, how="left", maintain_order="left"
            ).with_columns(
                pl.col(self.slots[table, n]).fill_null(0)
                for n in nodes
                if n.kind in _ZERO_OF_NOTHING
            )
        return frame

    def _grouped(
        self, table: str, group: str, nodes: Sequence[Aggregate], above: str
    ) -> pl.DataFrame:
        """Return one row per group with a column per aggregate, for the rows of ``above``."""
        relations = self.plan.relations
        history = relations.history(table)
        frame = normalised(self.histories[table], history.contract, self._columns(table))
        inner = [e for n in nodes for e in (n.of, n.where) if e is not None]
        if history.key is not None:
            frame = self.with_aggregates(frame, table, history.key, history.on, inner)
        frame = with_age(frame, history, relations, self.entity)
        if not frame.get_column(group).is_sorted():
            frame = frame.sort(group, maintain_order=True)
        frame = frame.with_columns(pl.col(group).set_sorted())
        scope = Scope(table, {c.name: c.type for c in history.contract.columns}, relations)
        parts = []
        for start in range(0, len(nodes), _TOGETHER):
            some = nodes[start : start + _TOGETHER]
            slots = {(above, n): f"__slot_{len(self.slots) + i}" for i, n in enumerate(some)}
            self.slots.update(slots)
            outputs = {n: slots[above, n] for n in some}
            batch = _Batch(Translator(scope, self.slots), outputs, group)
            parts.append(batch.run(frame))
        first, *rest = parts
        return pl.concat([first, *(part.drop(group) for part in rest)], how="horizontal")

    def _columns(self, table: str) -> tuple[str, ...]:
        return self.plan.columns_of(table)


def _aggregates(node: Expression) -> list[Aggregate]:
    """Return the outermost aggregates of an expression."""
    if isinstance(node, Aggregate):
        return [node]
    return [found for child in children(node) for found in _aggregates(child)]


@dataclass(slots=True)
class _Batch:
    """A few aggregates of one table: shared filters and values first, then one grouping."""

    translate: Translator
    outputs: Mapping[Aggregate, str]
    group: str
    _masks: dict[tuple[Expression | None, Window | None], str | None] = field(default_factory=dict)
    _values: dict[tuple[Expression, str | None], str] = field(default_factory=dict)
    _mask_columns: list[pl.Expr] = field(default_factory=list)
    _value_columns: list[pl.Expr] = field(default_factory=list)
    _trend_columns: tuple[list[pl.Expr], list[pl.Expr]] = field(default_factory=lambda: ([], []))

    def run(self, frame: pl.DataFrame) -> pl.DataFrame:
        """Return the group and a column per aggregate, groups in the order of their rows."""
        outputs = [self._output(node).alias(slot) for node, slot in self.outputs.items()]
        lazy = frame.lazy()
        for columns in (self._mask_columns, self._value_columns, *self._trend_columns):
            lazy = lazy.with_columns(columns)
        return lazy.group_by(self.group, maintain_order=True).agg(outputs).collect()

    def _output(self, node: Aggregate) -> pl.Expr:
        mask = self._mask(node)
        if node.of is None and node.kind is AggregateKind.COUNT:
            return pl.len() if mask is None else pl.col(mask).sum()
        value = Column(AGE) if node.of is None else node.of
        is_text = node.of is not None and self.translate.is_text(node.of)
        if node.kind is AggregateKind.TREND:
            return self._trend(self._value(value, mask))
        return aggregation(node.kind, pl.col(self._value(value, mask)), is_text=is_text)

    def _trend(self, value: str) -> pl.Expr:
        name = f"__trend_{len(self._trend_columns[0])}"
        first, second = trend_terms(pl.col(value), name, self.group)
        self._trend_columns[0].extend(first)
        self._trend_columns[1].extend(second)
        return trend(name)

    def _mask(self, node: Aggregate) -> str | None:
        key = (node.where, node.window)
        if key not in self._masks:
            conditions = []
            if node.where is not None:
                conditions.append(self.translate(node.where).fill_null(value=False))
            if node.window is not None:
                as_of = self.translate.scope.relations.history(node.table).as_of
                bound = None if as_of is None else window_bound(node.window, as_of)
                is_within = (pl.col(AGE) >= 0) & (pl.col(AGE) <= bound)
                conditions.append(is_within.fill_null(value=False))
            self._masks[key] = None if not conditions else f"__mask_{len(self._masks)}"
            if conditions:
                both = conditions[0] if len(conditions) == 1 else conditions[0] & conditions[1]
                self._mask_columns.append(both.alias(self._masks[key] or ""))
        return self._masks[key]

    def _value(self, value: Expression, mask: str | None) -> str:
        if mask is None and isinstance(value, Column):
            return value.name
        if (value, mask) not in self._values:
            name = f"__value_{len(self._values)}"
            raw = pl.col(AGE) if value == Column(AGE) else self._raw(value)
            masked = raw if mask is None else pl.when(pl.col(mask)).then(raw)
            self._value_columns.append(masked.alias(name))
            self._values[value, mask] = name
        return self._values[value, mask]

    def _raw(self, value: Expression) -> pl.Expr:
        is_number = type_of(value, self.translate.scope) is ColumnType.NUMBER
        translated = self.translate(value)
        return translated.cast(pl.Float64) if is_number else translated
