"""Settings to objects: the only file that knows which adapter stands behind which port.

Everything here is short: read the settings once, build the adapters a flow needs, call the
flow. Adapters are imported where they are needed, so that a command pays only for its own.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from scorewright.core.errors import UsageError
from scorewright.flows.events import Notify, StageDone, StageStarted, ignore

if TYPE_CHECKING:
    from scorewright.core.conventions import Conventions
    from scorewright.core.portfolio import PortfolioSpec
    from scorewright.core.project import AcceptedFinding, Settings, TableSettings
    from scorewright.flows.check_project import ProjectCheck
    from scorewright.flows.demo import DemoResult, RunningService
    from scorewright.flows.doctor import Check
    from scorewright.flows.download import Download
    from scorewright.flows.features.attach import ProjectFeatures
    from scorewright.flows.features.build import BuildTools, BuiltFeatures
    from scorewright.flows.features.check import FeaturesCheck
    from scorewright.flows.features.declared import Declared
    from scorewright.flows.features.describe import FeatureDescription
    from scorewright.flows.features.lineage import LineageDrawing
    from scorewright.flows.features.listing import FeatureListing
    from scorewright.flows.features.summary import BuildSummary
    from scorewright.flows.generate import GenerateResult
    from scorewright.flows.init_template import TemplateProject
    from scorewright.flows.initialised import Initialised
    from scorewright.flows.ports import (
        BundleStore,
        Clock,
        LearnerCatalogue,
        TableFile,
        TableReader,
        TableSource,
    )
    from scorewright.flows.score import ScoreResult
    from scorewright.flows.train import TrainResult
    from scorewright.flows.verify_bundle import BundleReport, Deployment

__all__ = [
    "FeatureWish",
    "MlflowUi",
    "NewProject",
    "NewTemplateProject",
    "Project",
    "accept_finding",
    "clock",
    "demo",
    "demo_portfolio",
    "doctor",
    "download",
    "generate_portfolio",
    "init_project",
    "init_template",
    "learners",
    "library_versions",
    "project",
]


def learners() -> LearnerCatalogue:
    """Return the installed learners."""
    from scorewright.adapters.learners import Learners

    return Learners()


def project(config: Path | None) -> Project:
    """Read the project's settings, from the given file or found upwards from here.

    Raises:
        UsageError: ``config-missing``, ``config-syntax``, ``config-invalid``, each with the line.
    """
    from scorewright.adapters.project_files import load_settings

    loaded = load_settings(config, Path.cwd(), os.environ)
    return Project(loaded.root, loaded.file, loaded.settings)


@dataclass(frozen=True, slots=True)
class FeatureWish:
    """What a build shall do otherwise than the settings say; None leaves a setting as it is."""

    set: str | None = None
    engine: str | None = None
    processes: int | None = None
    memory_mb: int | None = None

    def applied(self, settings: Settings) -> Settings:
        """Return the settings with the wish."""
        given = {name: getattr(self, name) for name in ("set", "engine", "processes", "memory_mb")}
        wanted = {name: value for name, value in given.items() if value is not None}
        features = settings.features.model_copy(update=wanted)
        return settings.model_copy(update={"features": features})


@dataclass(frozen=True, slots=True)
class Project:
    """One project: its folder, its settings, and what can be done with them."""

    root: Path
    file: Path
    settings: Settings

    def check_data(self, notify: Notify) -> ProjectCheck:
        """Enforce the contracts of all tables and look for leaks."""
        from scorewright.adapters.project_files import TomlContractFiles
        from scorewright.flows.check_project import check_project

        sources = [self._source(name) for name in self.settings.tables]
        return check_project(
            self.settings, sources, _reader(), TomlContractFiles(), learners(), notify
        )

    def train(self, notify: Notify) -> TrainResult:
        """Train and deploy."""
        from scorewright.adapters.charts import VegaRenderer
        from scorewright.adapters.machine import GitVersion, SystemClock, library_versions
        from scorewright.adapters.mlflow_store import MlflowRunLog
        from scorewright.adapters.project_files import TomlContractFiles
        from scorewright.flows.train import TrainTools, train

        tools = TrainTools(
            reader=_reader(),
            contracts=TomlContractFiles(),
            learners=learners(),
            run_log=MlflowRunLog(self.tracking_uri, self.root / "mlruns"),
            bundles=self._bundles(),
            prover=_prover(),
            charts=VegaRenderer(),
            code=GitVersion(self.root),
            clock=SystemClock(),
            conventions=self.conventions(),
            library_versions=library_versions(),
            notify=notify,
            features=self._features(notify),
        )
        return train(self.settings, self._source(self.settings.data.table), tools)

    def write_report(self, result: TrainResult, file: Path | None, notify: Notify) -> Path:
        """Write the HTML report of a training, by default ``report.html`` in the project."""
        from scorewright.adapters.charts import VegaRenderer
        from scorewright.adapters.project_files import write_texts
        from scorewright.adapters.reports import HtmlReports
        from scorewright.flows.report import training_report

        notify(StageStarted("report"))
        target = file or self.root / "report.html"
        write_texts({target: HtmlReports(VegaRenderer()).render(training_report(result))})
        notify(StageDone("report", str(target)))
        return target

    def score(
        self, file: Path, output: Path, *, bundle: str, rejects: Path | None, notify: Notify
    ) -> ScoreResult:
        """Score a file with a bundle."""
        from scorewright.adapters.tables import FileTableWriter
        from scorewright.flows.score import RowsToScore, ScoreRequest, score_file

        request = ScoreRequest(self._scoring_file(file), output, rejects)
        deployment = self.deployment(bundle)
        below = None
        if deployment.loaded.bundle.features is not None:
            sources = {name: self._source(name) for name in self.settings.tables}
            below = RowsToScore(self.settings.features, sources, self.build_tools(notify))
        return score_file(request, deployment, _reader(), FileTableWriter(), notify, below)

    def deployment(self, reference: str) -> Deployment:
        """Load a bundle after signature, digests and golden rows have been proved."""
        from scorewright.adapters.machine import SystemClock
        from scorewright.flows.verify_bundle import load_for_serving

        now = SystemClock().now()
        return load_for_serving(self._bundles(), _prover(), learners(), reference, now=now)

    def inspect_bundle(self, reference: str) -> BundleReport:
        """Read a bundle's documents."""
        from scorewright.flows.verify_bundle import inspect_bundle

        return inspect_bundle(self._bundles(), reference)

    def verify_bundle(self, reference: str) -> BundleReport:
        """Prove a bundle."""
        from scorewright.flows.verify_bundle import verify_bundle

        return verify_bundle(self._bundles(), _prover(), reference)

    def serve_command(
        self, *, host: str | None, port: int | None, bundle: str, as_json: bool
    ) -> list[str]:
        """Return the command of the scoring service: a process that holds nothing else.

        Raises:
            UsageError: ``port-in-use``; ``missing-extra`` without ``scorewright[serve]``.
        """
        _need("fastapi", "serve")
        host, port = host or self.settings.serve.host, port or self.settings.serve.port
        _refuse_taken(host, port, "serve")
        command = [
            sys.executable, "-m", "scorewright.entry.service", "--config", str(self.file),
            "--host", host, "--port", str(port), "--bundle", bundle,
        ]  # fmt: skip
        return [*command, "--json"] if as_json else command

    def service(self) -> AbstractContextManager[RunningService]:
        """Run the service in a process of its own while a ``with`` block lasts."""
        from scorewright.adapters.machine import ServiceProcess

        _need("fastapi", "serve")
        return ServiceProcess(self.file, self.root / "service.log")

    def mlflow_ui(self, port: int) -> MlflowUi:
        """Prepare the MLflow UI on the project's store.

        Raises:
            UsageError: ``port-in-use``.
        """
        _refuse_taken("127.0.0.1", port, "ui")
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

    def _bundles(self) -> BundleStore:
        from scorewright.adapters.bundles import DiskBundles, KeyRing

        keys = KeyRing(self.root / self.settings.bundles.keys)
        return DiskBundles(self.root / self.settings.bundles.directory, keys)

    def declared_features(self, set_name: str | None = None) -> Declared:
        """Compile the project's features, of the set in the settings or of another."""
        from scorewright.adapters.project_files import TomlContractFiles, load_feature_files
        from scorewright.flows.features.declared import declared, load_contracts

        settings = self.settings
        library = load_feature_files([self.root / file for file in settings.features.files])
        linked = {link.name for link in library.links} | {settings.data.table}
        sources = {name: self._source(name) for name in settings.tables if name in linked}
        contracts = load_contracts(sources, TomlContractFiles())
        return declared(settings, library, sources, contracts, set_name)

    def list_features(self, set_name: str | None) -> FeatureListing:
        """List the feature sets, and the features of one."""
        from scorewright.flows.features.listing import list_features

        found = self.declared_features(set_name)
        return list_features(found, self.settings.features.set, set_name)

    def describe_feature(
        self, name: str, set_name: str | None, *, with_sql: bool
    ) -> FeatureDescription:
        """Describe a feature, with what its build and the deployed model say of it."""
        from scorewright.core.features import to_sql
        from scorewright.flows.features.describe import DescribeTools, describe_feature

        ports, sql = self.build_tools(ignore), to_sql if with_sql else None
        tools = DescribeTools(ports.rows, ports.builds, self._bundles(), sql)
        return describe_feature(self.declared_features(set_name), name, tools)

    def write_lineage(self, name: str | None, set_name: str | None, output: Path) -> LineageDrawing:
        """Draw where a feature or a set comes from, to a file."""
        from scorewright.adapters.charts import VegaRenderer
        from scorewright.adapters.project_files import write_texts
        from scorewright.flows.features.lineage import draw_lineage

        found = self.declared_features(set_name)
        chosen = set_name or self.settings.features.set
        drawing = draw_lineage(found, chosen, name, output, VegaRenderer())
        write_texts({output: drawing.content})
        return drawing

    def check_features(self, set_name: str | None, notify: Notify) -> FeaturesCheck:
        """Prove the dates, keys and links of every history."""
        from scorewright.flows.features.check import CheckTools, check_features

        ports = self.build_tools(notify)
        tools = CheckTools(ports.rows, ports.builds, notify)
        return check_features(self.declared_features(set_name), tools)

    def build_features(self, notify: Notify) -> BuiltFeatures:
        """Build the features of all applications, or find them built."""
        from scorewright.flows.features.build import build_features

        found = self.declared_features()
        return build_features(found, self.settings.features, self.build_tools(notify))

    def summarise_features(
        self, wish: FeatureWish, output: Path | None, notify: Notify
    ) -> BuildSummary:
        """Build features as wished, and write them to a file where one is asked for."""
        from scorewright.adapters.tables import FileTableWriter
        from scorewright.flows.features.summary import summarise

        writer, wished = FileTableWriter(), replace(self, settings=wish.applied(self.settings))
        if output is not None:
            writer.check(output)
        built = wished.build_features(notify)
        folder = self.root / self.settings.features.directory
        return summarise(built, folder, output, wished.build_tools(notify).builds, writer)

    def _features(self, notify: Notify) -> ProjectFeatures | None:
        """Return the project's features, or None where it declares none."""
        if not self.settings.features.files:
            return None
        from scorewright.adapters.project_files import TomlContractFiles, load_feature_files
        from scorewright.flows.features.attach import ProjectFeatures

        files = [self.root / name for name in self.settings.features.files]
        return ProjectFeatures(
            library=load_feature_files(files),
            sources={name: self._source(name) for name in self.settings.tables},
            contracts=TomlContractFiles(),
            build=self.build_tools(notify),
        )

    def build_tools(self, notify: Notify) -> BuildTools:
        """Return the ports of a feature build."""
        from scorewright.adapters.builds import DiskBuilds
        from scorewright.adapters.engines import engine
        from scorewright.adapters.histories import DiskWorkspace, Rows
        from scorewright.adapters.machine import SystemClock
        from scorewright.flows.features.build import BuildTools

        chosen = self.settings.features
        rows = Rows(os.environ, batch_bytes=_batch_bytes(chosen.memory_mb))
        return BuildTools(
            rows=rows,
            builds=DiskBuilds(
                self.root / chosen.directory,
                lambda folder: DiskWorkspace(folder, rows, chosen.memory_mb),
            ),
            engine=lambda: engine(chosen.engine, chosen.processes, chosen.address),
            clock=SystemClock(),
            notify=notify,
        )

    def _source(self, name: str) -> TableSource:
        from scorewright.flows.ports import TableSource

        table = self.settings.tables[name]
        contract = self.root / (table.contract or f"contracts/{name}.toml")
        return TableSource(_table_file(name, table, self.root), contract)

    def _scoring_file(self, file: Path) -> TableFile:
        """Read new applications as the training table was read."""
        table = self._source(self.settings.data.table).file
        return replace(table, name=file.stem, patterns=(str(file.absolute()),))


def _table_file(name: str, table: TableSettings, root: Path) -> TableFile:
    from scorewright.flows.ports import TableFile

    patterns: Iterable[str] = [table.files] if isinstance(table.files, str) else table.files
    return TableFile(
        name=name,
        patterns=tuple(p if "://" in p else str(root / p) for p in patterns),
        separator=table.separator,
        null_values=tuple(table.null_values),
        encoding=table.encoding,
        relation=table.relation,
    )


def _batch_bytes(memory_mb: int) -> int:
    """Return how large a frame of rows may be so that several fit in the memory."""
    return min(16 << 20, (memory_mb << 20) // 32)


def _reader() -> TableReader:
    """Return a reader of tables in files, databases and URLs."""
    from scorewright.adapters.histories import AnyTableReader
    from scorewright.adapters.tables import FileTableReader

    return AnyTableReader(FileTableReader(), os.environ)


def _prover() -> Any:  # noqa: ANN401 - a Prover; the name would import the adapter early
    from scorewright.adapters.bundles import CanaryProver

    return CanaryProver()


def _refuse_taken(host: str, port: int, command: str) -> None:
    """Refuse a port somebody listens on.

    Raises:
        UsageError: ``port-in-use``.
    """
    from scorewright.adapters.machine import SystemMachine

    if not SystemMachine().is_port_free(host, port):
        raise UsageError(
            f"Port {port} on {host} is in use.",
            remedy=f"scorewright {command} --port {port + 1}, or stop what listens there.",
            code="port-in-use",
        )


def _need(package: str, extra: str) -> None:
    """Refuse early, with the command that installs what is missing."""
    from importlib.util import find_spec

    from scorewright.core.errors import MissingExtraError

    if find_spec(package) is None:
        raise MissingExtraError(package, extra)


@dataclass(frozen=True, slots=True)
class MlflowUi:
    """The MLflow UI, ready to run."""

    tracking_uri: str
    artifact_root: Path
    port: int

    @property
    def url(self) -> str:
        """Where it answers."""
        return f"http://127.0.0.1:{self.port}"

    def run(self) -> int:
        """Run until interrupted; return the exit code."""
        from scorewright.adapters.mlflow_store import run_ui

        return run_ui(self.tracking_uri, self.artifact_root, self.port)


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
        return examine(None, Path.cwd(), SystemMachine(), None)
    return examine(here.settings, here.root, SystemMachine(), LocalStoreProbe(here.tracking_uri))


def clock() -> Clock:
    """Return the system's clock."""
    from scorewright.adapters.machine import SystemClock

    return SystemClock()


def library_versions() -> dict[str, str]:
    """Return the versions of the packages that decide a score."""
    from scorewright.adapters.machine import library_versions as versions

    return versions()


@dataclass(frozen=True, slots=True)
class NewProject:
    """What the user said of a new project."""

    file: Path
    directory: Path
    target: str | None = None
    bad_value: str | None = None
    name: str | None = None
    accept: Sequence[AcceptedFinding] = ()
    force: bool = False


def init_project(wish: NewProject) -> Initialised:
    """Draft a project for a table and write it.

    Raises:
        UsageError: A table that cannot be read, ``project-exists``, ``init-...``.
    """
    from scorewright.adapters.project_files import (
        settings_guide,
        sniff,
        table_path_text,
        write_project,
    )
    from scorewright.adapters.tables import FileTableReader
    from scorewright.flows.init_project import InitRequest
    from scorewright.flows.init_project import init_project as draft_project
    from scorewright.flows.initialised import Initialised
    from scorewright.flows.ports import TableFile

    dialect = sniff(wish.file)
    table = TableFile(
        name=wish.file.stem,
        patterns=(str(wish.file.absolute()),),
        separator=dialect.separator,
        encoding=dialect.encoding,
    )
    request = InitRequest(
        files=table_path_text(wish.file, wish.directory),
        name=wish.name,
        separator=dialect.separator,
        encoding=dialect.encoding,
        target=wish.target,
        bad_value=wish.bad_value,
        accept=wish.accept,
    )
    draft = draft_project(FileTableReader().read(table), request, settings_guide())
    write_project(draft, wish.directory, force=wish.force)
    return Initialised.of(draft, wish.directory)


def download(name: str, out: Path, notify: Notify) -> Download:
    """Fetch a data set that is not ours to ship, with the user's own credentials.

    Raises:
        UsageError: ``dataset-unknown``, ``kaggle-credentials``, ``kaggle-refused``,
            ``missing-extra``.
        ScorewrightError: ``download-failed``, ``write-failed``.
    """
    from scorewright.adapters.kaggle import DiskFolder, KaggleCompetition
    from scorewright.adapters.machine import SystemClock
    from scorewright.flows.download import DownloadTools
    from scorewright.flows.download import download as fetch

    tools = DownloadTools(KaggleCompetition(), DiskFolder(), SystemClock())
    return fetch(name, out, tools, notify)


@dataclass(frozen=True, slots=True)
class NewTemplateProject:
    """What the user said of a project from a template."""

    template: str
    directory: Path
    data: Path | None = None
    force: bool = False


def init_template(wish: NewTemplateProject) -> TemplateProject:
    """Make a project from a template and the tables in a folder.

    Raises:
        UsageError: ``template-unknown``, ``template-tables``, ``project-exists``.
        ScorewrightError: ``write-failed``.
    """
    from scorewright.adapters.project_files import ShippedTemplates
    from scorewright.adapters.tables import column_names
    from scorewright.flows.init_template import init_template as make
    from scorewright.flows.ports import TableFile

    def names(path: Path) -> tuple[str, ...]:
        return column_names(TableFile(path.name, (str(path.absolute()),)))

    data = wish.data if wish.data is not None else wish.directory / "data"
    return make(wish.template, data, wish.directory, ShippedTemplates(names), force=wish.force)


def generate_portfolio(
    spec: PortfolioSpec, out: Path, processes: int, notify: Notify
) -> GenerateResult:
    """Generate a synthetic portfolio in a folder, or complete one; 0 processes: one a processor.

    Raises:
        UsageError: ``portfolio-spec``, ``portfolio-other``.
        ScorewrightError: ``portfolio-busy``, ``portfolio-worker-died``, ``write-failed``.
    """
    from scorewright.adapters.machine import SystemClock
    from scorewright.adapters.portfolio import (
        ParquetPortfolioStore,
        ProcessRunner,
        default_processes,
    )
    from scorewright.flows.generate import generate

    runner = ProcessRunner(processes or default_processes())
    return generate(spec, ParquetPortfolioStore(out), runner, SystemClock(), notify)


def demo(data: str, directory: Path | None, notify: Notify) -> DemoResult:
    """Run the demo in a fresh folder on a shipped data set or a file.

    Raises:
        UsageError: ``dataset-unknown``, and whatever is wrong with a file of the user's own.
    """
    from scorewright.adapters.machine import SystemClock
    from scorewright.flows.demo import run_demo

    clock = SystemClock()
    _need("fastapi", "serve")
    notify(StageStarted("project"))
    title, wish = _demo_wish(data, _fresh(directory or Path("scorewright-demo")))
    made = init_project(wish)
    notify(StageDone("project", str(wish.directory)))
    return run_demo(title, project(made.settings_file), clock, notify)


def demo_portfolio(applications: int, directory: Path | None, notify: Notify) -> DemoResult:
    """Run the demo on a generated portfolio of seven linked tables.

    Args:
        applications: How many to generate.
        directory: Fresh folder of the project; numbered where one is there.
        notify: Hears the progress.

    Raises:
        UsageError: ``portfolio-spec`` for a size out of range.
    """
    from scorewright.adapters.machine import SystemClock
    from scorewright.core.portfolio import PortfolioSpec
    from scorewright.flows.demo import run_demo

    clock = SystemClock()
    _need("fastapi", "serve")
    began = clock.elapsed()
    folder = _fresh(directory or Path("scorewright-portfolio"))
    generate_portfolio(PortfolioSpec(applications), folder / "data", 0, notify)
    notify(StageStarted("project"))
    made = init_template(NewTemplateProject("home-credit", folder))
    notify(StageDone("project", str(folder)))
    title = f"A synthetic portfolio of {applications:,} applications"
    result = run_demo(title, project(made.files[0]), clock, notify)
    return replace(result, seconds=clock.elapsed() - began)


def _demo_wish(data: str, folder: Path) -> tuple[str, NewProject]:
    """Return the title and the wish for a shipped data set or a file."""
    import shutil

    from scorewright.adapters.project_files import dataset, dataset_names

    file = Path(data)
    if data not in dataset_names() and (file.suffix or file.exists()):
        return file.name, NewProject(file, folder)
    shipped = dataset(data)
    copy = folder / "data" / shipped.path.name
    copy.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(shipped.path, copy)
    wish = NewProject(copy, folder, shipped.target, shipped.bad_value, shipped.name, shipped.accept)
    return f"{shipped.title} ({shipped.licence})", wish


def _fresh(folder: Path) -> Path:
    """Return the folder, numbered where a project already lies there."""
    number, candidate = 1, folder
    while (candidate / "scorewright.toml").exists():
        number += 1
        candidate = folder.with_name(f"{folder.name}-{number}")
    return candidate
