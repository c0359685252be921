"""Tracking stores of any MLflow: found, read and judged, never changed."""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from scorewright.core.errors import ScorewrightError, UsageError
from scorewright.flows.events import Notify, StageDone, StageStarted
from scorewright.wiring.user_cache import user_cache

if TYPE_CHECKING:
    from polars import DataFrame

    from scorewright.adapters.server_stores import Credentials, HttpTraces
    from scorewright.adapters.store_locations import Place
    from scorewright.core.audit import AuditReport
    from scorewright.core.report import ReportContent
    from scorewright.core.snapshot import RootRule
    from scorewright.core.store_views import (
        InventoryLevel,
        MetricWish,
        Node,
        RunCard,
        StoreComparison,
        StoreInventory,
        TreeWish,
    )
    from scorewright.flows.store.audit_store import AuditOptions, AuditTools
    from scorewright.flows.store.compare import CompareWish
    from scorewright.flows.store.inventory import FileWish
    from scorewright.flows.store.ports import OpenedStore
    from scorewright.wiring.project import Project

__all__ = [
    "AuditWish",
    "LocationOpener",
    "StoreRoom",
    "csv_text",
    "installed_schema",
    "kept_databases",
    "page_text",
    "server_traces",
]


class LocationOpener:
    """Implements `scorewright.flows.store.ports.StoreOpener`: looks, and takes the right reader.

    Args:
        base: Where relative paths begin; the working directory by default.
        fetched: Folder for artifacts of tracking servers whose content is asked for; None to
            fetch none.
    """

    def __init__(self, base: Path | None = None, fetched: Path | None = None) -> None:
        self._base = base or Path.cwd()
        self._fetched = fetched

    def open(self, location: str) -> OpenedStore:
        """Open a store by a path or an address.

        Args:
            location: ``sqlite:///x.db``, ``x.db``, ``mlruns``, ``file:./mlruns``,
                ``postgresql://...``, ``mysql://...``, ``http://...``.

        Raises:
            ScorewrightError: ``store-invalid``: there is nothing, or no store.
            UsageError: ``store-uri``, ``store-driver``, ``store-ambiguous``.
        """
        return self._opened(self.place(location))

    def place(self, location: str) -> Place:
        """Find out what a location is.

        Raises:
            ScorewrightError, UsageError: As `open`.
        """
        from scorewright.adapters.store_locations import look

        return look(location, self._base)

    def _opened(self, place: Place) -> OpenedStore:
        from scorewright.adapters.artifact_files import LocalArtifacts
        from scorewright.adapters.store_locations import PlaceKind
        from scorewright.flows.store.ports import OpenedStore

        match place.kind:
            case PlaceKind.HTTP:
                return _server(place, self._fetched)
            case PlaceKind.DATABASE:
                from scorewright.adapters.database_stores import ServerStore

                # Relative addresses of artifacts begin where the command runs.
                files = LocalArtifacts(self._base)
                return OpenedStore(place.shown, ServerStore(place.uri, installed_schema()), files)
            case PlaceKind.TREE:
                from scorewright.adapters.file_stores import FileStore

                folder = place.path or self._base
                return OpenedStore(place.shown, FileStore(folder), LocalArtifacts(folder), folder)
            case PlaceKind.SQLITE:
                from scorewright.adapters.database_stores import SqliteStore

                file = place.path or self._base
                reader, files = SqliteStore(file, installed_schema()), LocalArtifacts(file.parent)
                return OpenedStore(place.shown, reader, files, file.parent)


def _credentials() -> Credentials:
    from scorewright.adapters.server_stores import Credentials

    return Credentials(
        username=os.environ.get("MLFLOW_TRACKING_USERNAME", ""),
        password=os.environ.get("MLFLOW_TRACKING_PASSWORD", ""),
        token=os.environ.get("MLFLOW_TRACKING_TOKEN", ""),
    )


def server_traces(location: str) -> HttpTraces:
    """Return a reader of the traces of a tracking server."""
    from scorewright.adapters.server_stores import HttpTraces

    return HttpTraces(LocationOpener().place(location).uri, _credentials())


def _server(place: Place, fetched: Path | None) -> OpenedStore:
    from scorewright.adapters.server_stores import HttpArtifacts, HttpStore
    from scorewright.flows.store.ports import OpenedStore

    credentials = _credentials()
    reader = HttpStore(place.uri, credentials)
    return OpenedStore(place.shown, reader, HttpArtifacts(place.uri, credentials, fetched))


def installed_schema() -> str:
    """Return the revision of the installed MLflow's schema, without opening anything with it."""
    from scorewright.adapters.mlflow_store import installed_head

    return installed_head()


def kept_databases() -> Path | None:
    """Return the folder of empty databases that MLflow made once, None for a homeless account."""
    from importlib.metadata import version

    cache = user_cache()
    return None if cache is None else cache / f"mlflow-{version('mlflow')}"


@dataclass(frozen=True, slots=True)
class AuditWish:
    """How far an audit goes.

    Attributes:
        is_hashed: Read artifact contents: duplicates are proved.
        reads_predictions: Recompute logged figures from stored predictions.
        roots: Where moved artifact roots lie now.
        loads_models: Load every model that is no pickle, in a child process; without, only what
            describes them is read.
        loads_pickles: Load pickles too, which may run any code in that child.
    """

    is_hashed: bool = False
    reads_predictions: bool = True
    roots: Iterable[RootRule] = ()
    loads_models: bool = False
    loads_pickles: bool = False


@dataclass(frozen=True, slots=True)
class StoreRoom:
    """What can be learned of stores, with a project around them or without one.

    Attributes:
        config: The project's file where one was named; else it is looked for upwards.
    """

    config: Path | None = None

    def open(self, location: str | None) -> OpenedStore:
        """Open a store; without a location the project's own, else what the folder here holds.

        Raises:
            ScorewrightError, UsageError: See `LocationOpener.open`.
        """
        opener, text = self._found(location)
        return opener.open(text)

    def address(self, location: str | None) -> str:
        """Return the whole path or address of a store, password included: not for people.

        Raises:
            ScorewrightError, UsageError: As `open`.
        """
        opener, text = self._found(location)
        place = opener.place(text)
        return place.uri if place.path is None else str(place.path)

    def home(self) -> Path:
        """Return the project's folder, the working directory without one."""
        here = self.project()
        return Path.cwd() if here is None else here.root

    def _found(self, location: str | None) -> tuple[LocationOpener, str]:
        if location is not None:
            return LocationOpener(), location
        here = self.project()
        if here is None:
            return LocationOpener(), "."
        place = Path(here.tracking_uri.removeprefix("sqlite:///"))
        if here.tracking_uri.startswith("sqlite:///") and not place.exists():
            raise ScorewrightError(
                f"The project has no store yet: there is no {place}.",
                remedy="scorewright train makes it; or name the store you mean: "
                "scorewright store inventory LOCATION",
                code="store-invalid",
                details={"location": str(place)},
            )
        return LocationOpener(here.root), here.tracking_uri

    def inventory(
        self, location: str | None, metric: MetricWish, files: FileWish, notify: Notify
    ) -> StoreInventory:
        """Take the inventory of a store."""
        from scorewright.flows.store.inventory import inventory_store

        return inventory_store(self.open(location), metric, files, notify)

    def tree(self, location: str | None, wish: TreeWish, notify: Notify) -> Node:
        """Arrange a store as a tree."""
        from scorewright.flows.store.tree import store_tree

        return store_tree(self.open(location), wish, notify)

    def show(self, location: str | None, reference: str, notify: Notify) -> RunCard:
        """Gather everything of one run."""
        from scorewright.flows.store.show import show_run

        return show_run(self.open(location), reference, self.audit_tools(notify))

    def compare(self, a: str, b: str, wish: CompareWish, notify: Notify) -> StoreComparison:
        """Compare two stores."""
        from scorewright.flows.store.compare import compare_two

        return compare_two(self.open(a), self.open(b), wish, notify)

    def audit(self, location: str | None, wish: AuditWish, notify: Notify) -> AuditReport:
        """Judge a store by the conventions, of the project where there is one."""
        from scorewright.flows.store.audit_store import audit_store

        opened = self.open(location)
        return audit_store(opened, self.audit_tools(notify), self.audit_options(opened, wish))

    def audit_options(self, opened: OpenedStore, wish: AuditWish) -> AuditOptions:
        """Return how far an audit goes, with what the project around knows."""
        from scorewright.core.audit import AuditLimits, ProjectFacts
        from scorewright.flows.store.audit_store import AuditOptions
        from scorewright.flows.store.evidence_ports import ProbeDepth

        depth = ProbeDepth.LOAD if wish.loads_models else ProbeDepth.LOOK
        here = self.project()
        facts, limits = ProjectFacts(), AuditLimits()
        if here is not None:
            own = here.settings.store.audit
            limits = AuditLimits(own.stale_hours, own.duplicate_bytes, own.cost_excess)
        if here is not None and _is_below(opened.folder, here.root):
            from scorewright.adapters.store_locations import other_stores

            facts = ProjectFacts(str(here.root), other_stores(here.root, Path(opened.location)))
        return AuditOptions(
            roots=(*wish.roots, *self.roots()),
            is_hashed=wish.is_hashed,
            reads_predictions=wish.reads_predictions,
            facts=facts,
            limits=limits,
            depth=ProbeDepth.PICKLES if wish.loads_pickles else depth,
        )

    def roots(self) -> tuple[RootRule, ...]:
        """Return where the project says that moved artifact roots lie now."""
        from scorewright.core.snapshot import RootRule, parse_address

        here = self.project()
        if here is None:
            return ()
        return tuple(
            RootRule(
                old if old in {"", "mlflow-artifacts:"} else parse_address(old).path,
                (here.root / new).absolute().as_posix(),
            )
            for old, new in here.settings.store.roots.items()
        )

    def audit_tools(self, notify: Notify) -> AuditTools:
        """Return what an audit works with."""
        from scorewright.adapters.audit_rules import PredictionTables, load_rules
        from scorewright.adapters.machine import SystemClock
        from scorewright.adapters.mlflow_store import load_conventions
        from scorewright.adapters.model_prober import ChildProber
        from scorewright.flows.store.audit_store import AuditTools

        here = self.project()
        return AuditTools(
            clock=SystemClock(),
            predictions=PredictionTables(),
            conventions=load_conventions() if here is None else here.conventions(),
            rules=load_rules(None if here is None else here.settings.store.audit.severity),
            notify=notify,
            prober=ChildProber(),
        )

    def write_inventory(
        self, inventory: StoreInventory, level: InventoryLevel, output: Path, notify: Notify
    ) -> Path:
        """Write the rows of a level: CSV, TSV or Parquet, JSON, or an HTML page, by suffix.

        Raises:
            UsageError: ``output-format``.
            ScorewrightError: ``write-failed``.
        """
        from scorewright.adapters.durable import save_json
        from scorewright.adapters.tables import FileTableWriter
        from scorewright.core.store_views import inventory_page

        match output.suffix.lower():
            case ".html" | ".htm":
                return self.write_page(inventory_page(inventory, level), output, notify)
            case ".json":
                save_json(output, inventory.to_dict(level))
            case _:
                FileTableWriter().write(inventory.frame(level), output)
        return output

    def write_audit(self, report: AuditReport, output: Path, notify: Notify) -> Path:
        """Write an audit as an HTML page or as JSON, by suffix.

        Raises:
            ScorewrightError: ``write-failed``.
        """
        from scorewright.adapters.durable import save_json
        from scorewright.core.store_views import audit_page

        if output.suffix.lower() == ".json":
            save_json(output, report.to_dict())
            return output
        return self.write_page(audit_page(report), output, notify)

    @staticmethod
    def write_page(page: ReportContent, output: Path, notify: Notify) -> Path:
        """Write a page as one HTML file."""
        from scorewright.adapters.project_files import write_texts

        notify(StageStarted("report"))
        write_texts({output: page_text(page)})
        notify(StageDone("report", str(output)))
        return output

    def project(self) -> Project | None:
        """Return the project around, None without one; a broken project file is an error."""
        from scorewright.wiring.project import Project

        try:
            return Project.read(self.config)
        except UsageError as error:
            if error.code != "config-missing" or self.config is not None:
                raise
            return None


def csv_text(frame: DataFrame) -> str:
    """Return rows as CSV that a spreadsheet may open without running anything."""
    from scorewright.adapters.tables import csv_text as text

    return text(frame)


def page_text(page: ReportContent) -> str:
    """Return a page as one HTML document."""
    from scorewright.adapters.charts import VegaRenderer
    from scorewright.adapters.reports import HtmlReports

    return HtmlReports(VegaRenderer()).render(page)


def _is_below(folder: Path | None, root: Path) -> bool:
    return folder is not None and folder.resolve().is_relative_to(root.resolve())
