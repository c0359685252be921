"""Named sets of features, and the short forms that stand for many of them."""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations_with_replacement

from scorewright.core.contracts import Contract
from scorewright.core.errors import UsageError
from scorewright.core.features.plan import Feature
from scorewright.core.features.relations import AsOf, History, Relations
from scorewright.core.features.tree import (
    Aggregate,
    AggregateKind,
    Arithmetic,
    Column,
    Compare,
    Expression,
    Literal,
    Window,
)

__all__ = ["FeatureLibrary", "FeatureSet", "Grid", "Products", "Shares", "TableLink"]


@dataclass(frozen=True, slots=True)
class TableLink:
    """How a table hangs on another, before its contract is known; see `History`."""

    name: str
    parent: str | None
    on: str
    key: str | None = None
    as_of: AsOf | None = None


@dataclass(frozen=True, slots=True)
class Grid:
    """Every column with every aggregate: ``bureau_AMT_CREDIT_SUM_mean`` and so on.

    Attributes:
        table: The history.
        columns: Its columns.
        aggregates: What is made of each; ``count`` counts values that are there.
        where: Which rows count.
        window: From which time.
        prefix: Beginning of the names; the table's name when None.
    """

    table: str
    columns: tuple[str, ...]
    aggregates: tuple[AggregateKind, ...]
    where: Expression | None = None
    window: Window | None = None
    prefix: str | None = None

    def features(self) -> list[Feature]:
        """Return the features, column by column."""
        return [
            Feature(
                f"{self.prefix or self.table}_{name_part(column)}_{kind}",
                Aggregate(kind, self.table, Column(column), self.where, self.window),
            )
            for column in self.columns
            for kind in self.aggregates
        ]


@dataclass(frozen=True, slots=True)
class Shares:
    """The share of rows with each of some values of a category: ``bureau_STATUS_C_share``."""

    table: str
    column: str
    values: tuple[str, ...]
    where: Expression | None = None
    window: Window | None = None
    prefix: str | None = None

    def features(self) -> list[Feature]:
        """Return one feature per value."""
        start = f"{self.prefix or self.table}_{name_part(self.column)}"
        return [
            Feature(
                f"{start}_{name_part(value)}_share",
                Aggregate(
                    AggregateKind.SHARE,
                    self.table,
                    Compare("==", Column(self.column), Literal(value)),
                    self.where,
                    self.window,
                ),
            )
            for value in self.values
        ]


@dataclass(frozen=True, slots=True)
class Products:
    """All products of two of a few columns or features, squares included."""

    of: tuple[str, ...]
    prefix: str = "poly"

    def features(self) -> list[Feature]:
        """Return the products in a fixed order."""
        return [
            Feature(
                f"{self.prefix}_{name_part(a)}_x_{name_part(b)}",
                Arithmetic("*", Column(a), Column(b)),
            )
            for a, b in combinations_with_replacement(self.of, 2)
        ]


@dataclass(frozen=True, slots=True)
class FeatureSet:
    """A named set.

    Attributes:
        name: By which settings and other sets name it.
        features: Its own.
        extends: Sets that belong to it whole.
        about: For people.
    """

    name: str
    features: tuple[Feature, ...]
    extends: tuple[str, ...] = ()
    about: str = ""


@dataclass(frozen=True, slots=True)
class FeatureLibrary:
    """All tables and sets that a project declares.

    Attributes:
        links: How the tables hang together.
        sets: In the order of the files.
    """

    links: tuple[TableLink, ...]
    sets: tuple[FeatureSet, ...]

    def merged(self, other: FeatureLibrary) -> FeatureLibrary:
        """Return this library with another's tables and sets.

        Raises:
            UsageError: ``features-relations`` for a table linked in two ways,
                ``feature-set-duplicate`` for a set declared twice.
        """
        links = {link.name: link for link in self.links}
        for link in other.links:
            if links.setdefault(link.name, link) != link:
                raise UsageError(
                    f"The table '{link.name}' is linked in two different ways.",
                    remedy=f"Keep one [tables.{link.name}] among the feature files.",
                    code="features-relations",
                )
        names = {s.name for s in self.sets}
        for found in other.sets:
            if found.name in names:
                raise UsageError(
                    f"The feature set '{found.name}' is declared twice.",
                    remedy="Give the second one a name of its own; extends takes the first along.",
                    code="feature-set-duplicate",
                )
        return FeatureLibrary(tuple(links.values()), (*self.sets, *other.sets))

    def resolve(self, name: str) -> tuple[Feature, ...]:
        """Return the features of a set and of the sets it extends, each once.

        Raises:
            UsageError: ``feature-set-unknown`` with near misses, ``feature-cycle`` for sets that
                extend each other, ``feature-duplicate`` for two features of one name.
        """
        found: dict[str, Feature] = {}
        for feature in self._all(name, ()):
            if found.setdefault(feature.name, feature) != feature:
                raise UsageError(
                    f"The set '{name}' declares the feature '{feature.name}' in two ways.",
                    remedy="Give one of them another name.",
                    code="feature-duplicate",
                    details={"feature": feature.name},
                )
        return tuple(found.values())

    def _all(self, name: str, above: tuple[str, ...]) -> list[Feature]:
        if name in above:
            raise UsageError(
                f"The feature sets extend each other: {' -> '.join((*above, name))}.",
                remedy="Take one of the extends away.",
                code="feature-cycle",
            )
        one = self.get(name)
        inherited = [f for base in one.extends for f in self._all(base, (*above, name))]
        return [*inherited, *one.features]

    def get(self, name: str) -> FeatureSet:
        """Return a set.

        Raises:
            UsageError: ``feature-set-unknown``.
        """
        by_name = {s.name: s for s in self.sets}
        if name not in by_name:
            near = difflib.get_close_matches(name, by_name, n=2) or list(by_name)
            raise UsageError(
                f"There is no feature set '{name}'.",
                remedy=f"Name one of: {', '.join(near)}."
                if near
                else f"Add [sets.{name}] to a file under features.files; none is declared yet.",
                code="feature-set-unknown",
            )
        return by_name[name]

    def users(self, feature: str) -> tuple[str, ...]:
        """Return the sets that hold a feature."""
        return tuple(
            s.name for s in self.sets if any(f.name == feature for f in self.resolve(s.name))
        )

    def relations(
        self, entity: Contract, contracts: Mapping[str, Contract], known: Sequence[str] = ()
    ) -> Relations:
        """Join the links with the tables' contracts.

        Args:
            entity: Contract of the applications.
            contracts: Contracts of the histories by table name.
            known: All tables of the project, for near misses.

        Raises:
            UsageError: ``features-relations`` for a linked table that the project lacks.
        """
        histories: Sequence[TableLink] = self.links
        for link in histories:
            if link.name == entity.table:
                raise UsageError(
                    f"The feature files link the table '{link.name}', which is the applications.",
                    remedy=f"Take [tables.{link.name}] out: only what hangs on it is linked.",
                    code="features-relations",
                )
            if link.name not in contracts:
                near = difflib.get_close_matches(link.name, [*contracts, *known], n=1)
                raise UsageError(
                    f"The feature files link the table '{link.name}', which the project lacks.",
                    remedy=f"Add [tables.{link.name}] to scorewright.toml"
                    + (f", or write [tables.{near[0]}] in the feature file." if near else "."),
                    code="features-relations",
                )
        return Relations(
            entity,
            tuple(
                History(contracts[k.name], k.parent or entity.table, k.on, k.key, k.as_of)
                for k in histories
            ),
        )


def name_part(text: str) -> str:
    """Return a value or column as part of a name: letters, digits and underscores."""
    return re.sub(r"[^0-9A-Za-z]+", "_", text).strip("_") or "blank"
