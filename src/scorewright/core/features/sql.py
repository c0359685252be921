"""One feature as a DuckDB query, for people who check a number with tools of their own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from scorewright.core.contracts import Column as ContractColumn
from scorewright.core.contracts import ColumnType
from scorewright.core.errors import UsageError
from scorewright.core.features.kinds import Scope, type_of
from scorewright.core.features.plan import FeaturePlan, PlannedFeature
from scorewright.core.features.relations import AsOfUnit, History, window_bound
from scorewright.core.features.sql_expressions import (
    SqlTranslator,
    finite,
    identifier,
    literal,
)
from scorewright.core.features.text import render
from scorewright.core.features.tree import Aggregate, AggregateKind, Expression, children

__all__ = ["to_sql"]

_ENTITY, _AGE = '"__entity"', '"__age"'
_ZERO_OF_NOTHING = (AggregateKind.COUNT, AggregateKind.NUNIQUE)
_FLOATS = (AggregateKind.MEAN, AggregateKind.SUM, AggregateKind.STD, AggregateKind.SHARE)
_EDGES = {AggregateKind.LAST: "min", AggregateKind.FIRST: "max"}
_PLAIN = {
    AggregateKind.COUNT: "count(value)",
    AggregateKind.NUNIQUE: "count(DISTINCT value)",
    AggregateKind.MIN: "min(value)",
    AggregateKind.MAX: "max(value)",
    AggregateKind.TIME_SINCE: "min(value)",
    AggregateKind.MEAN: "avg(value)",
    AggregateKind.SHARE: "avg(value)",
    AggregateKind.SUM: "sum(value)",
    AggregateKind.STD: "stddev_samp(value)",
    AggregateKind.TREND: "regr_slope(value, -age)",
    # Of several rows of the same age the greatest value counts.
    AggregateKind.LAST: "max(value) FILTER (WHERE age = edge)",
    AggregateKind.FIRST: "max(value) FILTER (WHERE age = edge)",
}
_TYPES = {
    ColumnType.INTEGER: "BIGINT",
    ColumnType.NUMBER: "DOUBLE",
    ColumnType.BOOLEAN: "BOOLEAN",
    ColumnType.CATEGORY: "VARCHAR",
    ColumnType.TEXT: "VARCHAR",
    ColumnType.DATE: "DATE",
    ColumnType.DATETIME: "DATE",
}


def to_sql(plan: FeaturePlan, name: str) -> str:
    """Write one feature as a query.

    Args:
        plan: The features.
        name: Which; what it is made of is part of the query.

    Returns:
        A ``SELECT`` of the applications' key and the feature, over tables (or views) that are
        named as in the plan and typed as in their contracts. It runs in DuckDB and gives what
        `scorewright.core.features.compute` gives; floats may differ in their last digits.

    Raises:
        UsageError: ``feature-unknown``.
    """
    wanted = plan.feature(name)
    if wanted is None:
        raise UsageError(
            f"There is no feature '{name}' in the plan.",
            remedy=f"Name one of: {', '.join(plan.names[:10]) or 'it has none'}.",
            code="feature-unknown",
        )
    query = _Query(plan.restricted([name]))
    last = query.applications()
    parts = ",\n".join(query.parts)
    key = identifier(plan.relations.key)
    unit = f" ({wanted.unit})" if wanted.unit else ""
    return (
        f"{_comment(f'{name}{unit} = {render(wanted.expression)}')}\n"
        f"WITH\n{parts}\nSELECT {key}, {identifier(name)}\nFROM {last};\n"
    )


def _comment(text: str) -> str:
    return "-- " + " ".join(text.split())


@dataclass(slots=True)
class _Query:
    """The parts of a query, in an order in which each finds the ones it reads."""

    plan: FeaturePlan
    parts: list[str] = field(default_factory=list)
    _names: dict[str, str] = field(default_factory=dict)
    _results: dict[tuple[str, Aggregate], str] = field(default_factory=dict)

    def applications(self) -> str:
        """Add everything; return the name of the part that holds the features."""
        entity = self.plan.relations.entity
        here = self._table(entity.table)
        types = {c.name: c.type for c in entity.columns}
        for number, level in enumerate(self.plan.levels()):
            scope = Scope(entity.table, types, self.plan.relations)
            here = self._level(number, level, scope, here)
            types = {**types, **{f.name: f.type for f in level}}
        return here

    def _level(self, number: int, level: Sequence[PlannedFeature], scope: Scope, here: str) -> str:
        """Add the features of a level to the rows of the applications."""
        joins, results = self._joins([f.expression for f in level], scope.table)
        translate = SqlTranslator(scope, results)
        columns = ["r.*"]
        for feature in level:
            value = f"{translate(feature.expression)}::{_TYPES[feature.type]}"
            columns.append(f"{value} AS {identifier(feature.name)}")
        name = self._name(f"features_{number}")
        about = [f"{f.name} = {render(f.expression)}" for f in level]
        self._add(name, about, f"SELECT {_listed(columns)}\nFROM {here} AS r{joins}")
        return name

    def _table(self, table: str) -> str:
        """Add the rows of a table in the form everything is computed with, once."""
        if table in self._names:
            return self._names[table]
        relations = self.plan.relations
        contract = relations.contract(table)
        read = (contract.column(name) for name in self.plan.columns_of(table))
        columns = [_normal(column) for column in read if column is not None]
        source, about = f"FROM {identifier(table)} AS t", [f"the rows of {table}"]
        if table != relations.entity.table:
            history = relations.history(table)
            more, joins = self._above(history)
            columns += more
            source += joins
            about = [f"the rows of {table}, with their application and their age at its decision"]
        self._names[table] = name = self._name(f"{table}_rows")
        self._add(name, about, f"SELECT {_listed(columns)}\n{source}")
        return name

    def _above(self, history: History) -> tuple[list[str], str]:
        """Return the columns and joins that date a history's rows and tell whose they are."""
        relations = self.plan.relations
        link = f"t.{identifier(history.on)}"
        joins, owner = "", link
        if history.parent != relations.entity.table:
            parent = self._table(history.parent)
            key = identifier(relations.history(history.parent).key or "")
            joins, owner = f"\nJOIN {parent} AS p ON p.{key} = {link}", f"p.{_ENTITY}"
        columns = [f"{owner} AS {_ENTITY}"]
        if history.as_of is not None:
            when = f"t.{identifier(history.as_of.columns[0])}"
            age = f"-({finite(f'{when}::DOUBLE')})"
            if history.as_of.unit is AsOfUnit.DATE:
                key, entity = identifier(relations.key), self._table(relations.entity.table)
                decided = f"a.{identifier(relations.entity.as_of or '')}"
                joins += f"\nLEFT JOIN {entity} AS a ON a.{key} = {owner}"
                age = f"({decided} - {_day(when)})::DOUBLE"
            columns.append(f"{age} AS {_AGE}")
        return columns, joins

    def _joins(
        self, expressions: Sequence[Expression], table: str
    ) -> tuple[str, Mapping[Aggregate, str]]:
        """Add the aggregates that stand in the rows of a table; return how to reach them."""
        found = dict.fromkeys(a for e in expressions for a in _aggregates(e))
        joins, results = "", {}
        for node in found:
            part = self._aggregate(node, table)
            relations = self.plan.relations
            is_entity = table == relations.entity.table
            key = relations.key if is_entity else relations.history(table).key or ""
            joins += f"\nLEFT JOIN {part} ON {part}.above = r.{identifier(key)}"
            value = f"{part}.value"
            results[node] = f"coalesce({value}, 0)" if node.kind in _ZERO_OF_NOTHING else value
        return joins, results

    def _aggregate(self, node: Aggregate, above: str) -> str:
        """Add the rows that count, then one row per group; return the latter's name."""
        if (above, node) in self._results:
            return self._results[above, node]
        relations = self.plan.relations
        rows = self._table(node.table)
        inner = [part for part in (node.of, node.where) if part is not None]
        joins, results = self._joins(inner, node.table)
        scope = Scope(above, {}, relations).below(node.table)
        translate = SqlTranslator(scope, results)
        is_entity = above == relations.entity.table
        group = _ENTITY if is_entity else identifier(relations.history(node.table).on)
        has_age = relations.history(node.table).as_of is not None
        columns = [f"r.{group} AS above", f"{_value(node, translate)} AS value"]
        columns += [f"r.{_AGE} AS age"] if has_age else []
        name = self._name(f"aggregate_{len(self._results) + 1}")
        self._results[above, node] = name
        counted = self._name(f"{name}_rows")
        query = f"SELECT {_listed(columns)}\nFROM {rows} AS r{joins}"
        conditions = _conditions(node, translate)
        query += f"\nWHERE {conditions}" if conditions else ""
        self._add(counted, [f"the rows that count for {name}"], query)
        self._add(name, [render(node)], _grouped(node, counted))
        return name

    def _name(self, wanted: str) -> str:
        """Return a name that no table has; DuckDB does not tell capitals from small letters."""
        taken = {table.lower() for table in self.plan.relations.names}
        while wanted.lower().strip('"') in taken:
            wanted += "_"
        return wanted if wanted.isidentifier() and wanted.isascii() else identifier(wanted)

    def _add(self, name: str, about: Sequence[str], query: str) -> None:
        comments = "\n".join(_comment(line) for line in about)
        body = query.replace("\n", "\n  ")
        self.parts.append(f"{comments}\n{name} AS (\n  {body}\n)")


def _listed(columns: Sequence[str]) -> str:
    return ",\n  ".join(columns)


def _aggregates(node: Expression) -> list[Aggregate]:
    """Return the outermost aggregates of an expression."""
    if isinstance(node, Aggregate):
        return [node]
    return [found for child in children(node) for found in _aggregates(child)]


def _normal(column: ContractColumn) -> str:
    """Return a column without what counts as missing: not finite, or a category not listed."""
    name = identifier(column.name)
    value = f"t.{name}::{_TYPES[column.type]}"
    if column.type is ColumnType.DATETIME:
        value = _day(f"t.{name}")
    if column.type is ColumnType.NUMBER:
        value = finite(value)
    if column.type is ColumnType.CATEGORY and column.categories:
        listed = ", ".join(literal(category) for category in column.categories)
        value = f"CASE WHEN t.{name} IN ({listed}) THEN t.{name} END"
    return f"{value} AS {name}"


def _day(moment: str) -> str:
    """Return the day of a moment in UTC; a plain cast would take that of the session's zone."""
    return f"make_timestamp(epoch_us({moment}))::DATE"


def _value(node: Aggregate, translate: SqlTranslator) -> str:
    if node.of is None:
        return "TRUE" if node.kind is AggregateKind.COUNT else f"r.{_AGE}"
    kind = type_of(node.of, translate.scope)
    is_number = kind in (ColumnType.INTEGER, ColumnType.NUMBER, ColumnType.BOOLEAN)
    if node.kind is AggregateKind.NUNIQUE and is_number:
        return f"{translate.number(node.of)} + 0e0"  # -0.0 and 0.0 are one
    if node.kind in (*_FLOATS, AggregateKind.TREND):
        return translate.number(node.of)
    return translate(node.of)


def _conditions(node: Aggregate, translate: SqlTranslator) -> str:
    found = [] if node.where is None else [translate(node.where)]
    as_of = translate.scope.relations.history(node.table).as_of
    if node.window is not None and as_of is not None:
        found.append(f"r.{_AGE} BETWEEN 0 AND {window_bound(node.window, as_of)}")
    return "\n  AND ".join(found)


def _grouped(node: Aggregate, counted: str) -> str:
    value = _PLAIN[node.kind]
    if node.kind in (*_FLOATS, AggregateKind.TREND):
        value = finite(value)
    source = counted
    if node.kind in _EDGES:
        edge = f"{_EDGES[node.kind]}(age) FILTER (WHERE value IS NOT NULL)"
        ranked = f"SELECT *, {edge} OVER (PARTITION BY above) AS edge"
        source = f"({ranked} FROM {counted})"
    return f"SELECT above, {value} AS value\nFROM {source}\nGROUP BY above"
