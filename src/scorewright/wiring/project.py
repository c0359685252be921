"""One project: what can be done with its settings."""

from __future__ import annotations

import os
import sys
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from scorewright.core.errors import UsageError
from scorewright.flows.events import Notify, StageDone, StageStarted
from scorewright.wiring.experiments import ExperimentRoom
from scorewright.wiring.features import FeatureRoom, FeatureWish
from scorewright.wiring.machine import (
    MlflowUi,
    learners,
    need,
    prover,
    refuse_taken,
    samplers,
)
from scorewright.wiring.tables import reader, table_file
from scorewright.wiring.tuning import TuningRoom

if TYPE_CHECKING:
    from scorewright.core.conventions import Conventions
    from scorewright.core.project import Settings
    from scorewright.flows.check_project import ProjectCheck
    from scorewright.flows.demo import RunningService
    from scorewright.flows.doctor import Check
    from scorewright.flows.lift import Lift
    from scorewright.flows.ports import (
        BundleStore,
        TableSource,
    )
    from scorewright.flows.train import TrainResult, TrainTools
    from scorewright.flows.verify_bundle import BundleReport, Deployment
    from scorewright.wiring.policies import PolicyRoom

__all__ = ["Project", "accept_finding", "doctor", "project"]


def project(config: Path | None) -> Project:
    """Read the project's settings, from the given file or found upwards from here.

    Raises:
        UsageError: ``config-missing``, ``config-syntax``, ``config-invalid``, each with the line.
    """
    from scorewright.adapters.project_files import load_settings

    loaded = load_settings(config, Path.cwd(), os.environ)
    return Project(loaded.root, loaded.file, loaded.settings)


@dataclass(frozen=True, slots=True)
class Project:
    """One project: its folder, its settings, and what can be done with them."""

    root: Path
    file: Path
    settings: Settings

    @property
    def features(self) -> FeatureRoom:
        """The features the project declares."""
        return FeatureRoom(self)

    @property
    def experiments(self) -> ExperimentRoom:
        """The matrix of experiments the project declares."""
        return ExperimentRoom(self)

    @property
    def policies(self) -> PolicyRoom:
        """The policies of the project's models."""
        from scorewright.wiring.policies import PolicyRoom

        return PolicyRoom(self)

    @property
    def tuning(self) -> TuningRoom:
        """The search for the learner's parameters."""
        return TuningRoom(self)

    def wished(self, wish: FeatureWish, address: str | None = None) -> Project:
        """Return the project with other settings of a feature build."""
        return replace(self, settings=wish.applied(self.settings, address))

    def check_data(self, notify: Notify) -> ProjectCheck:
        """Enforce the contracts of all tables and look for leaks."""
        from scorewright.adapters.project_files import TomlContractFiles
        from scorewright.flows.check_project import check_project

        sources = [self.source(name) for name in self.settings.tables]
        rows, most = self.features.tools(notify).rows, self.settings.features.memory_mb
        return check_project(
            self.settings,
            sources,
            reader(),
            TomlContractFiles(),
            learners(),
            notify,
            is_too_large=lambda table: rows.size(table) > most * 1_000_000,
        )

    def train(self, notify: Notify) -> TrainResult:
        """Train and deploy."""
        from scorewright.flows.train import train

        return train(self.settings, self.source(self.settings.data.table), self.train_tools(notify))

    def lift(self, notify: Notify) -> Lift:
        """Compare what the learner makes of the applications alone and of their histories."""
        from scorewright.flows.lift import histories_lift
        from scorewright.flows.train import prepare

        tools = self.train_tools(notify)
        prepared = prepare(self.settings, self.source(self.settings.data.table), tools)
        return histories_lift(prepared, notify)

    def train_tools(self, notify: Notify) -> TrainTools:
        """Return the ports of a training."""
        from scorewright.adapters.charts import VegaRenderer
        from scorewright.adapters.machine import GitVersion, SystemClock, library_versions
        from scorewright.adapters.mlflow_store import MlflowRunLog
        from scorewright.adapters.project_files import TomlContractFiles
        from scorewright.flows.train import TrainTools

        return TrainTools(
            reader=reader(),
            contracts=TomlContractFiles(),
            learners=learners(),
            samplers=samplers(),
            run_log=MlflowRunLog(self.tracking_uri, self.root / "mlruns"),
            bundles=self.bundles(),
            prover=prover(),
            charts=VegaRenderer(),
            code=GitVersion(self.root),
            clock=SystemClock(),
            conventions=self.conventions(),
            library_versions=library_versions(),
            notify=notify,
            features=self.features.for_training(notify),
        )

    def write_report(
        self, result: TrainResult, file: Path | None, notify: Notify, lift: Lift | None = None
    ) -> Path:
        """Write the HTML report of a training, by default ``report.html`` in the project."""
        from scorewright.adapters.charts import VegaRenderer
        from scorewright.adapters.project_files import write_texts
        from scorewright.adapters.reports import HtmlReports
        from scorewright.flows.report import training_report

        notify(StageStarted("report"))
        target = file or self.root / "report.html"
        write_texts({target: HtmlReports(VegaRenderer()).render(training_report(result, lift))})
        notify(StageDone("report", str(target)))
        return target

    def deployment(self, reference: str) -> Deployment:
        """Load a bundle after signature, digests and golden rows have been proved."""
        from scorewright.adapters.machine import SystemClock
        from scorewright.flows.verify_bundle import load_for_serving

        now = SystemClock().now()
        return load_for_serving(self.bundles(), prover(), learners(), reference, now=now)

    def inspect_bundle(self, reference: str) -> BundleReport:
        """Read a bundle's documents."""
        from scorewright.flows.verify_bundle import inspect_bundle

        return inspect_bundle(self.bundles(), reference)

    def verify_bundle(self, reference: str) -> BundleReport:
        """Prove a bundle."""
        from scorewright.flows.verify_bundle import verify_bundle

        return verify_bundle(self.bundles(), prover(), reference)

    def serve_command(
        self, *, host: str | None, port: int | None, bundle: str, as_json: bool
    ) -> list[str]:
        """Return the command of the scoring service: a process that holds nothing else.

        Raises:
            UsageError: ``port-in-use``; ``missing-extra`` without ``scorewright[serve]``.
        """
        need("fastapi", "serve")
        host, port = host or self.settings.serve.host, port or self.settings.serve.port
        refuse_taken(host, port, "serve")
        command = [
            sys.executable, "-m", "scorewright.entry.service", "--config", str(self.file),
            "--host", host, "--port", str(port), "--bundle", bundle,
        ]  # fmt: skip
        return [*command, "--json"] if as_json else command

    def service(self) -> AbstractContextManager[RunningService]:
        """Run the service in a process of its own while a ``with`` block lasts."""
        from scorewright.adapters.machine import ServiceProcess

        need("fastapi", "serve")
        return ServiceProcess(self.file, self.root / "service.log")

    def mlflow_ui(self, port: int) -> MlflowUi:
        """Prepare the MLflow UI on the project's store.

        Raises:
            UsageError: ``port-in-use``.
        """
        refuse_taken("127.0.0.1", port, "ui")
        return MlflowUi(self.tracking_uri, self.root / "mlruns", port)

    @property
    def tracking_uri(self) -> str:
        """The MLflow store; by default SQLite under the project's ``mlruns``."""
        given = self.settings.tracking.uri
        if given is None:
            return f"sqlite:///{self.root / 'mlruns' / 'mlflow.db'}"
        if given.startswith("sqlite:///") and not given.startswith("sqlite:////"):
            return f"sqlite:///{self.root / given.removeprefix('sqlite:///')}"
        return given

    def conventions(self) -> Conventions:
        """The tracking conventions with the project's own lines."""
        from scorewright.adapters.mlflow_store import load_conventions

        return load_conventions(self.settings.conventions)

    def bundles(self) -> BundleStore:
        """Return the store of the project's bundles."""
        from scorewright.adapters.bundles import DiskBundles, KeyRing

        keys = KeyRing(self.root / self.settings.bundles.keys)
        return DiskBundles(self.root / self.settings.bundles.directory, keys)

    def source(self, name: str) -> TableSource:
        """Return where a table lies, and its contract."""
        from scorewright.flows.ports import TableSource

        table = self.settings.tables[name]
        contract = self.root / (table.contract or f"contracts/{name}.toml")
        return TableSource(table_file(name, table, self.root), contract)


def accept_finding(config: Path | None, code: str, column: str, reason: str) -> Path:
    """Accept a leakage finding in the project's settings; return their file."""
    from scorewright.adapters.project_files import accept_finding as accept

    file = project(config).file
    accept(file, code, column, reason)
    return file


def doctor(config: Path | None) -> list[Check]:
    """Look at the machine, and at the project where there is one."""
    from scorewright.adapters.machine import SystemMachine
    from scorewright.adapters.mlflow_store import LocalStoreProbe
    from scorewright.flows.doctor import doctor as examine

    try:
        here = project(config)
    except UsageError as error:
        if error.code != "config-missing" or config is not None:
            raise
        return [*examine(None, Path.cwd(), SystemMachine(), None), *_engines()]
    checks = examine(here.settings, here.root, SystemMachine(), LocalStoreProbe(here.tracking_uri))
    return [*checks, *_engines(here.settings.features.engine)]


def _engines(chosen: str | None = None) -> list[Check]:
    """Return whether the cluster engines that are installed fit together, and ours is known."""
    from scorewright.adapters.engines import fit_together, refuse_unknown
    from scorewright.flows.doctor import Check

    checks = [Check(f.name, f.status, f.detail, f.remedy) for f in fit_together()]
    try:
        refuse_unknown(chosen or "local")
    except UsageError as error:
        checks.append(Check("features.engine", "error", error.message, error.remedy))
    return checks
