"""The features of a project: declared, described, drawn, checked, built."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from scorewright.flows.events import Notify, ignore
from scorewright.wiring.tables import batch_bytes

if TYPE_CHECKING:
    from scorewright.core.contracts import Contract
    from scorewright.flows.features.attach import ProjectFeatures
    from scorewright.flows.features.build import BuildTools, BuiltFeatures
    from scorewright.flows.features.check import FeaturesCheck
    from scorewright.flows.features.declared import Declared
    from scorewright.flows.features.describe import FeatureDescription
    from scorewright.flows.features.lineage import LineageDrawing
    from scorewright.flows.features.listing import FeatureListing
    from scorewright.flows.features.summary import BuildSummary
    from scorewright.wiring.project import Project

__all__ = ["FeatureRoom", "FeatureWish"]


@dataclass(frozen=True, slots=True)
class FeatureWish:
    """What a build shall do otherwise than the settings say; None leaves a setting as it is."""

    set: str | None = None
    engine: str | None = None
    processes: int | None = None
    memory_mb: int | None = None

    def of(self, project: Project, address: str | None = None) -> Project:
        """Return the project with the wish in its settings."""
        given = {name: getattr(self, name) for name in ("set", "engine", "processes", "memory_mb")}
        wanted = {name: value for name, value in given.items() if value is not None}
        wanted |= {} if address is None else {"address": address}
        settings = project.settings
        features = settings.features.model_copy(update=wanted)
        return project.with_settings(settings.model_copy(update={"features": features}))


@dataclass(frozen=True, slots=True)
class FeatureRoom:
    """The features of a project."""

    project: Project

    def declared(self, set_name: str | None = None) -> Declared:
        """Compile the project's features, of the set in the settings or of another."""
        from scorewright.adapters.project_files import TomlContractFiles, load_feature_files
        from scorewright.flows.features.declared import declared, load_contracts

        settings = self.project.settings
        library = load_feature_files([self.project.root / file for file in settings.features.files])
        linked = {link.name for link in library.links} | {settings.data.table}
        sources = {name: self.project.source(name) for name in settings.tables if name in linked}
        contracts = load_contracts(sources, TomlContractFiles())
        return declared(settings, library, sources, contracts, set_name)

    def contracts(self) -> tuple[Contract, ...]:
        """Return the contract of the applications, alone and with each set of features.

        Raises:
            UsageError: ``contract-missing``, and where features are declared those of `declared`.
        """
        from scorewright.adapters.project_files import TomlContractFiles
        from scorewright.flows.features.declared import load_contracts

        name = self.project.settings.data.table
        own = load_contracts({name: self.project.source(name)}, TomlContractFiles())[name]
        if not self.project.settings.features.files:
            return (own,)
        sets = self.declared().library.sets
        return (own, *(self.declared(s.name).plan.contract() for s in sets))

    def list(self, set_name: str | None) -> FeatureListing:
        """List the feature sets, and the features of one."""
        from scorewright.flows.features.listing import list_features

        found = self.declared(set_name)
        return list_features(found, self.project.settings.features.set, set_name)

    def describe(self, name: str, set_name: str | None, *, with_sql: bool) -> FeatureDescription:
        """Describe a feature, with what its build and the deployed model say of it."""
        from scorewright.core.features import to_sql
        from scorewright.flows.features.describe import DescribeTools, describe_feature

        ports, sql = self.tools(ignore), to_sql if with_sql else None
        tools = DescribeTools(ports.rows, ports.builds, self.project.bundles(), sql)
        return describe_feature(self.declared(set_name), name, tools)

    def draw(self, name: str | None, set_name: str | None, output: Path) -> LineageDrawing:
        """Draw where a feature or a set comes from, to a file."""
        from scorewright.adapters.charts import VegaRenderer
        from scorewright.adapters.project_files import write_texts
        from scorewright.flows.features.lineage import draw_lineage

        found = self.declared(set_name)
        chosen = set_name or self.project.settings.features.set
        drawing = draw_lineage(found, chosen, name, output, VegaRenderer())
        write_texts({output: drawing.content})
        return drawing

    def check(self, set_name: str | None, notify: Notify) -> FeaturesCheck:
        """Prove the dates, keys and links of every history."""
        from scorewright.flows.features.check import CheckTools, check_features

        ports = self.tools(notify)
        tools = CheckTools(ports.rows, ports.builds, notify)
        return check_features(self.declared(set_name), tools)

    def build(self, notify: Notify) -> BuiltFeatures:
        """Build the features of all applications, or find them built."""
        from scorewright.flows.features.build import build_features

        found = self.declared()
        return build_features(found, self.project.settings.features, self.tools(notify))

    def summarise(self, wish: FeatureWish, output: Path | None, notify: Notify) -> BuildSummary:
        """Build features as wished, and write them to a file where one is asked for."""
        from scorewright.adapters.tables import FileTableWriter
        from scorewright.flows.features.summary import summarise

        writer = FileTableWriter(self.project.table_files())
        wished = FeatureRoom(wish.of(self.project))
        if output is not None:
            writer.check(output)
        built = wished.build(notify)
        folder = self.project.root / self.project.settings.features.directory
        return summarise(built, folder, output, wished.tools(notify).builds, writer)

    def for_training(self, notify: Notify) -> ProjectFeatures | None:
        """Return the project's features, or None where it declares none."""
        if not self.project.settings.features.files:
            return None
        from scorewright.adapters.project_files import TomlContractFiles, load_feature_files
        from scorewright.flows.features.attach import ProjectFeatures

        files = [self.project.root / name for name in self.project.settings.features.files]
        return ProjectFeatures(
            library=load_feature_files(files),
            sources={name: self.project.source(name) for name in self.project.settings.tables},
            contracts=TomlContractFiles(),
            build=self.tools(notify),
        )

    def tools(self, notify: Notify) -> BuildTools:
        """Return the ports of a feature build."""
        from scorewright.adapters.builds import DiskBuilds
        from scorewright.adapters.engines import engine, refuse_unknown
        from scorewright.adapters.histories import DiskWorkspace, Rows
        from scorewright.adapters.machine import SystemClock
        from scorewright.flows.features.build import BuildTools

        chosen = self.project.settings.features
        rows = Rows(os.environ, batch_bytes=batch_bytes(chosen.memory_mb))
        return BuildTools(
            rows=rows,
            builds=DiskBuilds(
                self.project.root / chosen.directory,
                lambda folder: DiskWorkspace(folder, rows, chosen.memory_mb),
            ),
            engine=lambda: engine(chosen.engine, chosen.processes, chosen.address),
            clock=SystemClock(),
            notify=notify,
            check_engine=refuse_unknown,
        )
