"""The plan: features put in order, typed, traced to their columns, and closed.

A plan is a document. It holds everything that computing the features takes, wherever that is
done: the tables' contracts, how they hang together, and each feature's expression.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from scorewright.core.contracts import Column as ContractColumn
from scorewright.core.contracts import ColumnType, Contract, Use
from scorewright.core.digests import canonical_json, refuse_other_version, sha256_hex
from scorewright.core.errors import IntegrityError, ScorewrightError, UsageError
from scorewright.core.features.categories import categories_of
from scorewright.core.features.kinds import Scope, type_of
from scorewright.core.features.relations import AsOfUnit, Relations
from scorewright.core.features.text import parse, render
from scorewright.core.features.tree import Aggregate, AggregateKind, Expression
from scorewright.core.features.withholding import (
    Source,
    columns_read,
    dates_read,
    strictest,
    use_of,
    walk,
)

__all__ = ["Feature", "FeaturePlan", "PlannedFeature", "compile_plan", "walk"]

_COUNTS = (AggregateKind.COUNT, AggregateKind.NUNIQUE)
_OUTPUT = (ColumnType.INTEGER, ColumnType.NUMBER, ColumnType.BOOLEAN, ColumnType.CATEGORY)


@dataclass(frozen=True, slots=True)
class Feature:
    """A feature as it is declared.

    Attributes:
        name: Name of the resulting column.
        expression: In the rows of the applications.
        unit: For people and reports.
        about: For people and reports.
        origin: Where it is declared, for messages; two features may differ in nothing else.
    """

    name: str
    expression: Expression
    unit: str = ""
    about: str = ""
    origin: str = field(default="", compare=False)


@dataclass(frozen=True, slots=True)
class PlannedFeature:
    """A feature with everything that follows from its declaration.

    Attributes:
        name, expression, unit, about: As in `Feature`.
        type: Integer, number, boolean or category.
        use: The strictest use among its columns: what is made of a withheld column is withheld.
        categories: Of a category.
        sources: The columns it is made of, as (table, column), through other features too; the
            dates that windows and dated aggregates go by are among them.
        parents: The features it is made of directly.
        level: 0 for features of columns alone, one more than the highest parent otherwise.
    """

    name: str
    expression: Expression
    unit: str
    about: str
    type: ColumnType
    use: Use
    categories: tuple[str, ...]
    sources: tuple[tuple[str, str], ...]
    parents: tuple[str, ...]
    level: int

    def column(self) -> ContractColumn:
        """Return the column of the output's contract; limits are those that always hold."""
        low, high = _limits(self.expression)
        return ContractColumn(
            name=self.name,
            type=self.type,
            use=self.use,
            minimum=low,
            maximum=high,
            categories=self.categories,
            unit=self.unit,
            description=self.about or render(self.expression)[:200],
        )


@dataclass(frozen=True, slots=True)
class FeaturePlan:
    """Features in an order in which each finds what it is made of.

    Attributes:
        relations: The tables.
        features: In order of their level, declared order within one.
    """

    relations: Relations
    features: tuple[PlannedFeature, ...]

    @property
    def names(self) -> tuple[str, ...]:
        """Feature names in order."""
        return tuple(f.name for f in self.features)

    def feature(self, name: str) -> PlannedFeature | None:
        """Return the feature of that name, or None."""
        return next((f for f in self.features if f.name == name), None)

    def levels(self) -> Iterator[tuple[PlannedFeature, ...]]:
        """Yield the features level by level."""
        for level in range(1 + max((f.level for f in self.features), default=-1)):
            yield tuple(f for f in self.features if f.level == level)

    def columns_of(self, table: str) -> tuple[str, ...]:
        """Return the columns that computing the plan reads from a table, in contract order.

        Links, keys and as-of columns of every table on the way are among them; the decision date
        of the applications only where a feature reads it or a history holds dates.
        """
        wanted = {column for name, column in self._sources() if name == table}
        relations = self.relations
        if table == relations.entity.table:
            wanted.add(relations.key)
            decided = relations.entity.as_of
            wanted |= {decided} if decided is not None and self.compares_dates else set()
        elif table in self.tables:
            history = relations.history(table)
            wanted.add(history.on)
            wanted |= {history.key} if history.key else set()
            wanted |= set(history.as_of.columns) if history.as_of else set()
        return tuple(name for name in relations.contract(table).names if name in wanted)

    def tables_of(self, feature: PlannedFeature) -> frozenset[str]:
        """Return the histories a feature is made of, through other features too.

        A table that a feature only counts has no column among its sources, and is here.
        """
        found = {table for table, _ in feature.sources}
        nodes = walk(feature.expression)
        found |= {node.table for node in nodes if isinstance(node, Aggregate)}
        for parent in self.features:
            if parent.name in feature.parents:
                found |= self.tables_of(parent)
        return frozenset(found - {self.relations.entity.table})

    @property
    def tables(self) -> tuple[str, ...]:
        """The histories that the features need, those on the way to them included."""
        read = {name for name, _ in self._sources()} | {a.table for a in self._aggregates()}
        needed: set[str] = set()
        for name in read - {self.relations.entity.table}:
            needed |= {step.name for step in self.relations.path(name)}
        return tuple(h.name for h in self.relations.histories if h.name in needed)

    @property
    def compares_dates(self) -> bool:
        """Whether a history holds dates, which are held against the decision date."""
        dates = (self.relations.history(name).as_of for name in self.tables)
        return any(as_of is not None and as_of.unit is AsOfUnit.DATE for as_of in dates)

    def withheld_by(self, feature: PlannedFeature) -> tuple[Source, ...]:
        """Return the columns that keep a feature from the model; none where nothing does."""
        if feature.use is Use.MODEL:
            return ()
        relations, entity = self.relations, self.relations.entity.table
        named = columns_read(feature.expression, entity)
        named -= {(entity, name) for name in feature.parents}
        gone_by = dates_read(feature.expression, relations) - named
        found = {s for s in named if use_of(s, relations, is_named=True) is feature.use}
        found |= {s for s in gone_by if use_of(s, relations, is_named=False) is feature.use}
        for parent in self.features:
            if parent.name in feature.parents and parent.use is feature.use:
                found.update(self.withheld_by(parent))
        return tuple(sorted(found))

    def restricted(self, names: Iterable[str]) -> FeaturePlan:
        """Return the plan of some features and of what they are made of.

        Args:
            names: Features; names of other columns are left out.
        """
        wanted = set(names)
        for feature in reversed(self.features):
            if feature.name in wanted:
                wanted.update(feature.parents)
        kept = tuple(f for f in self.features if f.name in wanted)
        return FeaturePlan(self.relations, kept)

    def _sources(self) -> set[tuple[str, str]]:
        return {source for feature in self.features for source in feature.sources}

    def _aggregates(self) -> Iterator[Aggregate]:
        for feature in self.features:
            yield from (n for n in walk(feature.expression) if isinstance(n, Aggregate))

    def contract(self) -> Contract:
        """Return the contract of the result: the applications' columns, then the features.

        Dates and texts that a feature may be made of are no inputs of a model themselves.
        """
        entity = self.relations.entity
        columns = (
            replace(column, use=Use.MONITORING)
            if column.use is Use.MODEL and column.type not in _OUTPUT
            else column
            for column in entity.columns
        )
        return Contract(
            table=entity.table,
            columns=(*columns, *(f.column() for f in self.features)),
            key=entity.key,
            target=entity.target,
            bad_value=entity.bad_value,
            as_of=entity.as_of,
            version=entity.version,
        )

    def to_dict(self) -> dict[str, Any]:
        """Return a JSON-ready form; `from_dict` reads it back."""
        return {
            "schema_version": 1,
            "relations": self.relations.to_dict(),
            "features": [
                {"name": f.name, "value": render(f.expression), "unit": f.unit, "about": f.about}
                for f in self.features
            ],
        }

    @classmethod
    def from_dict(cls, document: Mapping[str, Any]) -> FeaturePlan:
        """Read the form written by `to_dict`.

        Raises:
            IntegrityError: ``features-plan``: not a plan, or of another release.
        """
        try:
            refuse_other_version(document["schema_version"])
            features = [
                Feature(e["name"], parse(e["value"]), e["unit"], e["about"])
                for e in document["features"]
            ]
            return compile_plan(Relations.from_dict(document["relations"]), features)
        except (KeyError, TypeError, ValueError, ScorewrightError) as error:
            raise IntegrityError(
                f"The feature plan cannot be read: {error}",
                remedy="Get the bundle or the build again from where it was made; do not edit it.",
                code="features-plan",
            ) from error

    @property
    def digest(self) -> str:
        """SHA-256 of the canonical form: what is computed, not from which rows."""
        return sha256_hex(canonical_json(self.to_dict()))


def compile_plan(relations: Relations, features: Sequence[Feature]) -> FeaturePlan:
    """Check features, put them in order and trace them to their columns.

    Args:
        relations: The tables.
        features: In any order; one may be made of others.

    Returns:
        The plan.

    Raises:
        UsageError: ``feature-duplicate``, ``feature-cycle``, ``feature-uses-outcome``,
            ``feature-type``, ``feature-window``, ``feature-column-unknown``,
            ``features-relations``; each names the feature.
    """
    by_name = _by_name(relations, features)
    planned: dict[str, PlannedFeature] = {}
    for feature in features:
        _plan_one(feature, relations, by_name, planned, ())
    order = {feature.name: position for position, feature in enumerate(features)}
    ordered = sorted(planned.values(), key=lambda f: (f.level, order[f.name]))
    return FeaturePlan(relations, tuple(ordered))


def _by_name(relations: Relations, features: Sequence[Feature]) -> dict[str, Feature]:
    by_name: dict[str, Feature] = {}
    for feature in features:
        if feature.name in by_name or relations.entity.column(feature.name) is not None:
            where = "declared twice" if feature.name in by_name else "a column of the applications"
            raise _about(
                feature, f"is {where}", "Give the feature a name of its own.", "feature-duplicate"
            )
        by_name[feature.name] = feature
    return by_name


def _plan_one(
    feature: Feature,
    relations: Relations,
    by_name: Mapping[str, Feature],
    planned: dict[str, PlannedFeature],
    above: tuple[str, ...],
) -> None:
    if feature.name in planned:
        return
    if feature.name in above:
        circle = " -> ".join((*above[above.index(feature.name) :], feature.name))
        remedy = "Let one of them be made of columns."
        raise _about(feature, f"is made of itself: {circle}", remedy, "feature-cycle")
    read = sorted(columns_read(feature.expression, relations.entity.table))
    parents = [name for table, name in read if table == relations.entity.table and name in by_name]
    for parent in parents:
        _plan_one(by_name[parent], relations, by_name, planned, (*above, feature.name))
    types = {c.name: c.type for c in relations.entity.columns}
    types |= {name: planned[name].type for name in parents}
    scope = Scope(relations.entity.table, types, relations)
    try:
        kind = type_of(feature.expression, scope)
    except UsageError as error:
        raise UsageError(
            f"{_place(feature)}Feature '{feature.name}': {error.message}",
            remedy=error.remedy,
            code=error.code,
            details={**error.details, "feature": feature.name},
        ) from None
    named = {source for source in read if source[1] not in parents or source[0] != scope.table}
    gone_by = dates_read(feature.expression, relations)
    sources = named | gone_by
    sources |= {source for parent in parents for source in planned[parent].sources}
    categories: tuple[str, ...] = ()
    if kind in (ColumnType.CATEGORY, ColumnType.TEXT):
        categories = categories_of(feature.expression, scope, planned_categories(planned))
        kind = ColumnType.CATEGORY if categories else kind
    _refuse(feature, kind, relations, sources)
    planned[feature.name] = PlannedFeature(
        name=feature.name,
        expression=feature.expression,
        unit=feature.unit,
        about=feature.about,
        type=kind,
        use=_use(relations, named, gone_by, (planned[p].use for p in parents)),
        categories=categories,
        sources=tuple(sorted(sources)),
        parents=tuple(parents),
        level=1 + max((planned[p].level for p in parents), default=-1),
    )


def planned_categories(planned: Mapping[str, PlannedFeature]) -> dict[str, tuple[str, ...]]:
    """Return the categories of the features planned so far."""
    return {name: feature.categories for name, feature in planned.items()}


def _refuse(
    feature: Feature, kind: ColumnType, relations: Relations, sources: set[tuple[str, str]]
) -> None:
    if (relations.entity.table, relations.entity.target) in sources:
        raise _about(
            feature,
            f"reads the outcome '{relations.entity.target}'",
            "Make it of what is known at the decision.",
            "feature-uses-outcome",
        )
    if kind not in _OUTPUT:
        raise _about(
            feature,
            f"would be a {kind}, which a model cannot use",
            "Make a number, a condition or a category with listed values of it.",
            "feature-type",
        )


def _use(
    relations: Relations, named: set[Source], gone_by: set[Source], parents: Iterable[Use]
) -> Use:
    uses = [use_of(source, relations, is_named=True) for source in named]
    uses += [use_of(source, relations, is_named=False) for source in gone_by - named]
    return strictest(iter([*uses, *parents]))


def _limits(node: Expression) -> tuple[float | None, float | None]:
    """Return limits that no data can break, for the contract of the result."""
    if isinstance(node, Aggregate):
        if node.kind in _COUNTS or node.kind is AggregateKind.STD:
            return 0.0, None
        if node.kind is AggregateKind.SHARE:
            return 0.0, 1.0
    return None, None


def _place(feature: Feature) -> str:
    return f"{feature.origin}: " if feature.origin else ""


def _about(feature: Feature, what: str, remedy: str, code: str) -> UsageError:
    return UsageError(
        f"{_place(feature)}The feature '{feature.name}' {what}.",
        remedy=remedy,
        code=code,
        details={"feature": feature.name},
    )
