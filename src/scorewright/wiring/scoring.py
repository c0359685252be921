"""Scoring: one file here, or the files of a folder wherever an engine runs."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from scorewright.core.errors import UsageError
from scorewright.flows.events import Notify
from scorewright.wiring.deployments import Deployments
from scorewright.wiring.features import FeatureRoom, FeatureWish
from scorewright.wiring.machine import learners
from scorewright.wiring.project import Project

if TYPE_CHECKING:
    from scorewright.flows.features.build import BuildTools
    from scorewright.flows.features.ports import RowSource
    from scorewright.flows.ports import TableFile
    from scorewright.flows.score import ScoreResult
    from scorewright.flows.score_folder import FolderResult
    from scorewright.flows.score_rows import RowsToScore
    from scorewright.flows.verify_bundle import Deployment

__all__ = ["ScoreWish", "rows_to_score", "score", "score_folder", "score_part"]

#: The name under which workers of an engine find the work on one file.
PROGRAM = "scorewright.wiring:score_part"


@dataclass(frozen=True, slots=True)
class ScoreWish:
    """What the user said.

    Attributes:
        source: A file, or a folder of Parquet files.
        output: Result file, or folder of results.
        bundle: ``current``, a digest or its beginning, or a folder.
        rejects: File or folder for rows that break the contract; without one they stop the work.
        work: Engine, processes and memory where the settings' are not wanted.
        address: Of the cluster.
    """

    source: Path
    output: Path
    bundle: str = "current"
    rejects: Path | None = None
    work: FeatureWish = field(default_factory=FeatureWish)
    address: str | None = None


def score(here: Project, wish: ScoreWish, notify: Notify) -> ScoreResult | FolderResult:
    """Score a file or a folder with a bundle.

    A folder is scored file by file, except where the bundle reads histories: then its files are
    one table of applications, whose features are built by the engine.

    Raises:
        UsageError, FindingsError, ScorewrightError: See the flows.
    """
    from scorewright.adapters.engines import refuse_unknown

    refuse_unknown(wish.work.of(here, wish.address).settings.features.engine)
    deployment = Deployments.of(here).deployment(wish.bundle)
    if wish.source.is_dir() and deployment.loaded.bundle.features is None:
        return score_folder(here, wish, deployment, notify)
    return _score_table(here, wish, deployment, notify)


def _score_table(
    here: Project, wish: ScoreWish, deployment: Deployment, notify: Notify
) -> ScoreResult:
    from scorewright.adapters.machine import SystemClock
    from scorewright.adapters.tables import FileTableReader, FileTableWriter
    from scorewright.flows.score import ScoreRequest, score_file
    from scorewright.flows.score_frame import scoring_contract

    today = SystemClock().now().date()
    wanted = scoring_contract(deployment.loaded.bundle, ()).names
    file = _applications(here, wish.source, wanted)
    request = ScoreRequest(file, wish.output, wish.rejects, today)
    below = None
    if deployment.loaded.bundle.features is not None:
        below = rows_to_score(wish.work.of(here, wish.address), notify)
    writer = FileTableWriter([wish.source, *here.table_files()])
    return score_file(request, deployment, FileTableReader(), writer, notify, below)


def rows_to_score(here: Project, notify: Notify) -> RowsToScore:
    """Return the project's tables, and builds that read them with rows of applications at hand."""
    from scorewright.adapters.builds import DiskBuilds
    from scorewright.adapters.histories import DiskWorkspace
    from scorewright.flows.score_rows import RowsToScore

    chosen, tools = here.settings.features, FeatureRoom(here).tools(notify)
    folder = here.root / chosen.directory

    def build(rows: RowSource) -> BuildTools:
        def workspace(of_build: Path) -> DiskWorkspace:
            return DiskWorkspace(of_build, rows, chosen.memory_mb)

        return replace(tools, rows=rows, builds=DiskBuilds(folder, workspace))

    sources = {name: here.source(name) for name in here.settings.tables}
    return RowsToScore(chosen, sources, tools.rows, build)


def _applications(here: Project, source: Path, wanted: Collection[str]) -> TableFile:
    """Read new applications as the training's table, but for what separates the columns."""
    from scorewright.adapters.tables import with_separator

    if not source.exists():
        raise UsageError(
            f"There is no file {source}.",
            remedy="Name a file of applications, CSV or Parquet, or a folder of Parquet files.",
            code="data-file-missing",
            details={"file": str(source)},
        )
    table = here.source(here.settings.data.table).file
    pattern = source / "*.parquet" if source.is_dir() else source
    place = str(pattern.absolute())
    file = replace(table, name=source.stem, patterns=(place,), relation=None, shown=place)
    return file if source.is_dir() else with_separator(source, file, wanted)


def score_folder(
    here: Project, wish: ScoreWish, deployment: Deployment, notify: Notify
) -> FolderResult:
    """Score every Parquet file of a folder on an engine."""
    from scorewright.adapters.engines import PartFolder, engine
    from scorewright.flows.score_folder import FolderRequest
    from scorewright.flows.score_folder import score_folder as work

    digest = deployment.loaded.manifest.digest
    reference = digest if wish.bundle == "current" else wish.bundle
    directory = here.bundles().directory(reference)
    request = FolderRequest(wish.source, wish.output, wish.rejects, here.file, directory, PROGRAM)
    chosen = wish.work.of(here, wish.address).settings.features
    runs = engine(chosen.engine, chosen.processes, chosen.address)
    return work(request, deployment, runs, PartFolder(), notify)


def score_part(document: Mapping[str, Any]) -> dict[str, Any]:
    """Score one file of a folder; workers of an engine find this by name.

    Args:
        document: `PartTask.to_dict`.

    Returns:
        The receipt.
    """
    from scorewright.adapters.engines import PartFolder
    from scorewright.adapters.tables import FileTableReader, FileTableWriter
    from scorewright.flows.score_part import PartTask
    from scorewright.flows.score_part import score_part as work

    task = PartTask.from_dict(document)
    deployment = _proved(str(task.settings), str(task.directory), task.bundle, task.policy)
    return work(task, deployment, PartFolder(), FileTableReader(), FileTableWriter())


@lru_cache(maxsize=2)
def _proved(settings: str, directory: str, bundle: str, policy: str) -> Deployment:
    """Load the bundle once per worker."""
    from scorewright.flows.score_part import PartTask, proved_deployment

    task = PartTask(Path(), Path(), None, Path(settings), Path(directory), bundle, policy)
    return proved_deployment(task, Project.read(task.settings).bundles(), learners())
