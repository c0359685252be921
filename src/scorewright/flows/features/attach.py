"""Applications with the features of their histories, ready to learn from or to score."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import polars as pl

from scorewright.core.contracts import Contract
from scorewright.core.errors import IntegrityError
from scorewright.core.features import FeatureLibrary, FeaturePlan, with_entity
from scorewright.core.project import Settings
from scorewright.flows.features.build import BuildTools, BuiltFeatures, build_features
from scorewright.flows.features.declared import Declared, declared, load_contracts
from scorewright.flows.features.ports import RowSource
from scorewright.flows.ports import ContractFiles, TableFile, TableSource

__all__ = ["Enriched", "ProjectFeatures", "RowsBelow", "enrich", "join_features"]


@dataclass(frozen=True, slots=True)
class ProjectFeatures:
    """The feature files of a project, and what building takes.

    Attributes:
        library: What they declare.
        sources: All tables of the project by name.
        contracts: Reads the tables' contracts.
        build: Ports of a build.
    """

    library: FeatureLibrary
    sources: Mapping[str, TableSource]
    contracts: ContractFiles
    build: BuildTools

    def declared(self, settings: Settings, entity: Contract | None = None) -> Declared:
        """Compile the set of the settings.

        Args:
            settings: The project.
            entity: Contract of the applications, where it is known already.

        Raises:
            UsageError: ``contract-missing`` and everything `declared` raises.
        """
        known = {} if entity is None else {settings.data.table: entity}
        linked = {link.name for link in self.library.links} | {settings.data.table}
        needed = {n: s for n, s in self.sources.items() if n in linked and n not in known}
        contracts = {**known, **load_contracts(needed, self.contracts)}
        return declared(settings, self.library, self.sources, contracts)


@dataclass(frozen=True, slots=True)
class Enriched:
    """Applications with features.

    Attributes:
        frame: The applications' columns, then the features; rows in the applications' order.
        contract: Of the frame.
        plan: What was computed.
        histories: The rows it was computed from, for a few applications.
        built: The build.
    """

    frame: pl.DataFrame
    contract: Contract
    plan: FeaturePlan
    histories: RowsBelow
    built: BuiltFeatures


def enrich(
    settings: Settings, frame: pl.DataFrame, contract: Contract, features: ProjectFeatures
) -> Enriched:
    """Build the project's features and join them to checked applications.

    Args:
        settings: The project.
        frame: Typed applications that keep their contract.
        contract: That contract.
        features: Feature files and ports.

    Raises:
        UsageError, FindingsError, ScorewrightError: As `declared` and `build_features`.
    """
    found = features.declared(settings, contract)
    built = build_features(found, settings.features, features.build)
    result = features.build.builds.read(built.build)
    files = {name: source.file for name, source in found.sources.items()}
    return Enriched(
        frame=join_features(frame, result, found.plan),
        contract=found.plan.contract(),
        plan=found.plan,
        histories=RowsBelow(found.plan, files, features.build.rows),
        built=built,
    )


def join_features(frame: pl.DataFrame, result: pl.DataFrame, plan: FeaturePlan) -> pl.DataFrame:
    """Join features to applications by key, in the applications' order.

    Args:
        frame: Typed applications.
        result: Key and features, in any order of rows.
        plan: Names both.

    Raises:
        IntegrityError: ``features-build``: the result has no row for an application, or several.
    """
    key = plan.relations.key
    keyed = result.with_columns(pl.col(key).cast(frame.schema[key]))
    # An application without any history has a row of its own; none at all means lost rows, which
    # a model would take for missing values.
    absent = frame.join(keyed, on=key, how="anti")
    joined = frame.join(keyed, on=key, how="left", maintain_order="left")
    if absent.height or joined.height != frame.height:
        raise _not_of_these(key, absent, frame.height)
    return joined.select(*frame.columns, *plan.names)


def _not_of_these(key: str, absent: pl.DataFrame, rows: int) -> IntegrityError:
    if absent.height:
        what = f"has no row for {absent.height:,} of {rows:,} applications, the first: "
        what += f"{key} = {absent[key][0]}"
    else:
        what = f"has several rows for the same {key}"
    return IntegrityError(
        f"The feature build {what}.",
        remedy="Delete the folder of feature builds (features.directory, by default "
        ".scorewright/features); the next command builds them again.",
        code="features-build",
        details={"absent": absent.height, "rows": rows},
    )


@dataclass(frozen=True, slots=True)
class RowsBelow:
    """The rows of the histories that belong to a few applications."""

    plan: FeaturePlan
    files: Mapping[str, TableFile]
    source: RowSource

    def of(self, keys: Sequence[Any]) -> Mapping[str, pl.DataFrame]:
        """Return the typed rows of every history the plan reads, with the column `ENTITY`.

        Args:
            keys: Keys of applications.
        """
        relations = self.plan.relations
        entity = relations.entity.table
        found = {entity: pl.DataFrame({relations.key: pl.Series(list(keys))})}
        for name in sorted(self.plan.tables, key=lambda n: len(relations.path(n))):
            history = relations.history(name)
            above = found[history.parent]
            parent_key = (
                relations.key
                if history.parent == entity
                else relations.history(history.parent).key or ""
            )
            found[name] = self._rows(name, history.on, above.get_column(parent_key))
        return with_entity(self.plan, _alike(found, self.plan))

    def _rows(self, name: str, link: str, keys: pl.Series) -> pl.DataFrame:
        contract = self.plan.relations.contract(name)
        batches = self.source.batches(self.files[name], contract, self.plan.columns_of(name))
        wanted = keys.cast(pl.String).implode()
        return pl.concat(
            batch.filter(pl.col(link).cast(pl.String).is_in(wanted)) for batch in batches
        )


def _alike(tables: Mapping[str, pl.DataFrame], plan: FeaturePlan) -> dict[str, pl.DataFrame]:
    """Give the applications' keys the type they have in the histories, so that they join."""
    relations = plan.relations
    entity = relations.entity.table
    first = next((h for h in relations.histories if h.parent == entity and h.name in tables), None)
    if first is None:
        return dict(tables)
    dtype = tables[first.name].schema[first.on]
    keyed = tables[entity].with_columns(pl.col(relations.key).cast(dtype))
    return {**tables, entity: keyed}
