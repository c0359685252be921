"""A project that was opened: what can be done with its settings."""

from __future__ import annotations

import sys
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from scorewright.core.errors import UsageError
from scorewright.flows.events import Notify, StageDone, StageStarted
from scorewright.wiring.experiments import ExperimentRoom
from scorewright.wiring.features import FeatureRoom
from scorewright.wiring.machine import MlflowUi, learners, need, prover, refuse_taken
from scorewright.wiring.project import Project
from scorewright.wiring.tables import reader
from scorewright.wiring.training import train_tools
from scorewright.wiring.tuning import TuningRoom

if TYPE_CHECKING:
    from scorewright.core.audit import AuditReport
    from scorewright.flows.check_project import ProjectCheck
    from scorewright.flows.demo import RunningService
    from scorewright.flows.doctor import Check
    from scorewright.flows.lift import Lift
    from scorewright.flows.list_bundles import ListedBundle
    from scorewright.flows.train import TrainResult
    from scorewright.flows.verify_bundle import BundleReport
    from scorewright.wiring.erasing import ErasingRoom
    from scorewright.wiring.policies import PolicyRoom
    from scorewright.wiring.serving import ServingRoom
    from scorewright.wiring.syncing import SyncRoom

__all__ = ["OpenProject", "accept_finding", "doctor", "project"]


def project(config: Path | None) -> OpenProject:
    """Open the project of a settings file, or of the one found upwards from here.

    Raises:
        UsageError: ``config-missing``, ``config-syntax``, ``config-invalid``, each with the line.
    """
    return OpenProject.read(config)


@dataclass(frozen=True, slots=True)
class OpenProject(Project):
    """A project, and what can be done with it."""

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

    @property
    def serving(self) -> ServingRoom:
        """The scoring service of the project."""
        from scorewright.wiring.serving import ServingRoom

        return ServingRoom.of(self)

    @property
    def syncing(self) -> SyncRoom:
        """The registry the project's bundles come from."""
        from scorewright.wiring.syncing import SyncRoom

        return SyncRoom(self.root, self.file, self.settings, self.tracking_uri)

    @property
    def erasing(self) -> ErasingRoom:
        """Who has to be forgotten in the decision log."""
        from scorewright.wiring.erasing import ErasingRoom

        return ErasingRoom(self.root, self.settings.serve.log)

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

        return train(
            self.settings, self.source(self.settings.data.table), train_tools(self, notify)
        )

    def lift(self, notify: Notify) -> Lift:
        """Compare what the learner makes of the applications alone and of their histories."""
        from scorewright.flows.lift import histories_lift
        from scorewright.flows.train import prepare

        tools = train_tools(self, notify)
        prepared = prepare(self.settings, self.source(self.settings.data.table), tools)
        return histories_lift(prepared, notify)

    def report_file(self, given: Path | None) -> Path:
        """Return where a report goes, by default ``report.html`` in the project.

        Raises:
            UsageError: ``report-target``: no file can be written there.
        """
        from scorewright.adapters.project_files import refuse_unwritable

        file = given or self.root / "report.html"
        refuse_unwritable(file)
        return file

    def write_report(
        self, result: TrainResult, file: Path | None, notify: Notify, lift: Lift | None = None
    ) -> Path:
        """Write the HTML report of a training, by default ``report.html`` in the project."""
        from scorewright.adapters.charts import VegaRenderer
        from scorewright.adapters.project_files import write_texts
        from scorewright.adapters.reports import HtmlReports
        from scorewright.flows.report import training_report

        notify(StageStarted("report"))
        target = self.report_file(file)
        write_texts({target: HtmlReports(VegaRenderer()).render(training_report(result, lift))})
        notify(StageDone("report", str(target)))
        return target

    def inspect_bundle(self, reference: str) -> BundleReport:
        """Read a bundle's documents."""
        from scorewright.flows.verify_bundle import inspect_bundle

        return inspect_bundle(self.bundles(), reference)

    def verify_bundle(self, reference: str) -> BundleReport:
        """Prove a bundle, and whether a faster engine scores as its own library does."""
        from scorewright.flows.verify_bundle import verify_bundle

        report = verify_bundle(self.bundles(), prover(self.root, is_anew=True), reference)
        return replace(report, engine=self.serving.prove_engine(reference))

    def list_bundles(self) -> tuple[ListedBundle, ...]:
        """List the bundles, the newest first."""
        from scorewright.flows.list_bundles import list_bundles

        return list_bundles(self.bundles())

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

    def audit(self, notify: Notify) -> AuditReport:
        """Judge the project's own store by the tracking conventions."""
        from scorewright.wiring.stores import AuditWish, StoreRoom

        return StoreRoom(self.file).audit(None, AuditWish(), notify)

    def mlflow_ui(self, port: int) -> MlflowUi:
        """Prepare the MLflow UI on the project's store.

        Raises:
            UsageError: ``port-in-use``.
        """
        refuse_taken("127.0.0.1", port, "ui")
        return MlflowUi(self.tracking_uri, self.root / "mlruns", port)


def accept_finding(config: Path | None, code: str, column: str, reason: str) -> Path:
    """Accept a leakage finding in the project's settings; return their file.

    Raises:
        UsageError: ``accept-unknown``, ``contract-missing``, and those of the adapter.
    """
    from scorewright.adapters.project_files import accept_finding as accept
    from scorewright.core.leakage import refuse_unknown

    here = project(config)
    refuse_unknown(code, column, here.features.contracts())
    accept(here.file, code, column, reason)
    return here.file


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
