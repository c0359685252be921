"""One feature, whole: what it is, what it is made of, who uses it, and what came out."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from scorewright.core.errors import IntegrityError, UsageError
from scorewright.core.features import (
    FeatureBuild,
    FeatureLibrary,
    FeaturePlan,
    PlannedFeature,
    build_digest,
    compile_plan,
    render,
)
from scorewright.flows.features.declared import Declared
from scorewright.flows.features.listing import tables_of
from scorewright.flows.features.ports import BuildStore, RowSource
from scorewright.flows.ports import BundleStore
from scorewright.flows.verify_bundle import inspect_bundle

__all__ = ["DescribeTools", "FeatureDescription", "describe_feature", "find_build", "plan_with"]


@dataclass(frozen=True, slots=True)
class DescribeTools:
    """The ports of a description.

    Attributes:
        rows: Digests the tables, to know the build that was made of them.
        builds: Holds it.
        bundles: Hold the deployed model.
        sql: Writes a feature as SQL; None where that is not asked for.
    """

    rows: RowSource
    builds: BuildStore
    bundles: BundleStore
    sql: Callable[[FeaturePlan, str], str] | None = None


@dataclass(frozen=True, slots=True)
class FeatureDescription:
    """Everything there is to say of a feature.

    Attributes:
        name, definition, unit, about: As declared; the definition as text.
        type, categories, use: As they follow from it.
        because: Why it may not go into a model: the columns that forbid it.
        tables: Whose rows it is made of.
        sources: (table, column), through other features too.
        reads: Table -> all columns that computing it reads, keys and dates among them.
        parents: Features it is made of.
        children: Features made of it, in any set.
        sets: That hold it.
        described_in: The set whose definition is described.
        otherwise: Sets that declare another feature of this name, with its definition.
        model: Whether the deployed model uses it, in words.
        build: Digest of the build that holds it; None where there is none of these rows.
        rows, missing_rate, minimum, maximum: Of that build.
        sql: The same as a query, where it was asked for.
    """

    name: str
    definition: str
    unit: str
    about: str
    type: str
    categories: tuple[str, ...]
    use: str
    because: tuple[str, ...]
    tables: tuple[str, ...]
    sources: tuple[tuple[str, str], ...]
    reads: Mapping[str, tuple[str, ...]]
    parents: tuple[str, ...]
    children: tuple[str, ...]
    sets: tuple[str, ...]
    described_in: str
    otherwise: Mapping[str, str]
    model: str
    build: str | None = None
    rows: int | None = None
    missing_rate: float | None = None
    minimum: float | None = None
    maximum: float | None = None
    sql: str | None = None

    def pairs(self) -> list[tuple[str, str]]:
        """Return names and values for people; what there is not is left out."""
        sources = ", ".join(f"{table}.{column}" for table, column in self.sources)
        why = f"{self.use}, because of {', '.join(self.because)}" if self.because else self.use
        lines = [
            ("definition", self.definition),
            ("about", self.about),
            ("type", self.type),
            ("unit", self.unit),
            ("categories", ", ".join(self.categories)),
            ("use", why),
            ("tables", ", ".join(self.tables)),
            ("sources", sources or "no column: rows are counted"),
            ("made of", ", ".join(self.parents)),
            ("used by", ", ".join(self.children)),
            ("sets", ", ".join(self.sets)),
            ("deployed model", self.model),
            ("build", self._build()),
        ]
        lines += [
            (f"otherwise in {name}", definition) for name, definition in self.otherwise.items()
        ]
        return [(name, value) for name, value in lines if value]

    def _build(self) -> str:
        if self.build is None or self.rows is None or self.missing_rate is None:
            return "none of these rows yet: scorewright features build"
        text = f"{self.rows:,} rows, {100 * self.missing_rate:.1f} % missing"
        if self.minimum is not None and self.maximum is not None:
            text += f", from {self.minimum:,.6g} to {self.maximum:,.6g}"
        return f"{text} ({self.build[:12]})"

    def to_dict(self) -> Mapping[str, Any]:
        """Return the JSON document of ``features describe --json``."""
        return {
            "schema_version": 1,
            **asdict(self),
            "sources": [{"table": table, "column": column} for table, column in self.sources],
        }


def describe_feature(declared: Declared, name: str, tools: DescribeTools) -> FeatureDescription:
    """Describe a feature, in the set that was asked for or in the first that holds it.

    Args:
        declared: Its plan is asked first.
        name: Of the feature.
        tools: Ports.

    Raises:
        UsageError: ``feature-unknown``, with near misses.
    """
    plan, feature, described_in = plan_with(declared, name)
    library, users = declared.library, declared.library.users(name)
    definition = render(feature.expression)
    declarations = {s: _definition(library, s, name) for s in users}
    build = find_build(plan, declared, tools.rows, tools.builds)
    profiles = () if build is None else build.profiles
    profile = next((p for p in profiles if p.name == name), None)
    part = plan.restricted((name,))
    return FeatureDescription(
        name=name,
        definition=definition,
        unit=feature.unit,
        about=feature.about,
        type=str(feature.type),
        categories=feature.categories,
        use=str(feature.use),
        because=_because(plan, feature),
        tables=tables_of(plan, feature),
        sources=feature.sources,
        reads={
            table: part.columns_of(table) for table in (plan.relations.entity.table, *part.tables)
        },
        parents=feature.parents,
        children=_children(declared, name, users),
        sets=users,
        described_in=described_in,
        otherwise={s: text for s, text in declarations.items() if text != definition},
        model=_model(plan, name, tools.bundles),
        build=None if build is None or profile is None else build.digest,
        rows=None if profile is None else profile.rows,
        missing_rate=None if profile is None else profile.missing_rate,
        minimum=None if profile is None else profile.minimum,
        maximum=None if profile is None else profile.maximum,
        sql=None if tools.sql is None else tools.sql(plan, name),
    )


def plan_with(declared: Declared, name: str) -> tuple[FeaturePlan, PlannedFeature, str]:
    """Return a plan that holds a feature, the feature, and the set of the plan.

    Raises:
        UsageError: ``feature-unknown``, with near misses.
    """
    library = declared.library
    found = declared.plan.feature(name)
    users = library.users(name)
    if found is not None:
        names = set(declared.plan.names)
        same = (s for s in users if {f.name for f in library.resolve(s)} == names)
        return declared.plan, found, next(same, users[0])
    for one in users:
        plan = compile_plan(declared.plan.relations, library.resolve(one))
        found = plan.feature(name)
        if found is not None:
            return plan, found, one
    raise _unknown(library, name)


def find_build(
    plan: FeaturePlan, declared: Declared, rows: RowSource, builds: BuildStore
) -> FeatureBuild | None:
    """Return the build of a plan and of the rows as they are now, or None.

    Tables that cannot be read have no build; whoever computes from them is told why.
    """
    needed = {plan.relations.entity.table, *plan.tables}
    if not needed <= declared.sources.keys():
        return None
    try:
        inputs = {name: rows.digest(declared.sources[name].file) for name in sorted(needed)}
    except UsageError:
        return None
    return builds.find(build_digest(plan, inputs))


def _definition(library: FeatureLibrary, set_name: str, name: str) -> str:
    features = library.resolve(set_name)
    return next(render(f.expression) for f in features if f.name == name)


def _because(plan: FeaturePlan, feature: PlannedFeature) -> tuple[str, ...]:
    """Return the columns that keep a feature from the model."""
    return tuple(f"{table}.{name}" for table, name in plan.withheld_by(feature))


def _children(declared: Declared, name: str, users: tuple[str, ...]) -> tuple[str, ...]:
    """Return the features made of one directly; they are in sets that hold it too."""
    found: dict[str, None] = {}
    for one in users:
        plan = compile_plan(declared.plan.relations, declared.library.resolve(one))
        found.update({f.name: None for f in plan.features if name in f.parents})
    return tuple(found)


def _model(plan: FeaturePlan, name: str, bundles: BundleStore) -> str:
    try:
        report = inspect_bundle(bundles, "current")
    except UsageError:
        return "none is deployed"
    except IntegrityError as error:
        # Whoever serves it is stopped; a description only must not say more than it knows.
        return f"not readable ({error.code})"
    used = [f.name for f in plan.restricted(report.features).features]
    if name in report.features:
        return f"uses it (bundle {report.digest[:12]})"
    if name in used:
        return f"uses what is made of it (bundle {report.digest[:12]})"
    return f"does not use it (bundle {report.digest[:12]})"


def _unknown(library: FeatureLibrary, name: str) -> UsageError:
    names = {f.name: None for s in library.sets for f in library.resolve(s.name)}
    near = difflib.get_close_matches(name, names, n=3, cutoff=0.5)
    return UsageError(
        f"There is no feature '{name}' in any set of this project.",
        remedy=f"Did you mean {' or '.join(near)}?"
        if near
        else "Run 'scorewright features list --set NAME' to see the names.",
        code="feature-unknown",
        details={"feature": name, "near": near},
    )
