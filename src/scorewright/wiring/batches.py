"""Batches of the scoring service: where they are kept, and the work of the child process."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from scorewright.core.errors import ScorewrightError
from scorewright.flows.events import ignore
from scorewright.wiring.deployments import Deployments
from scorewright.wiring.machine import clock, learners
from scorewright.wiring.project import Project
from scorewright.wiring.scoring import rows_to_score

if TYPE_CHECKING:
    from scorewright.adapters.batch_jobs import BatchFolder
    from scorewright.core.project import Settings
    from scorewright.flows.ports import TableFile
    from scorewright.flows.score_batch import BatchTools
    from scorewright.flows.score_rows import RowsToScore
    from scorewright.flows.serve import BatchDesk, BatchOrder, DecisionLog, Variant

__all__ = ["batch_desk", "run_batch", "score_folder_of"]

FOLDER = Path(".scorewright") / "batches"
DAY = 86_400.0
CLOSE_SECONDS = 10.0


def batch_desk(root: Path, settings: Settings, reference: str) -> BatchDesk:
    """Return who takes files of applications.

    Args:
        root: Folder of the project.
        settings: Its settings.
        reference: What the service was told to answer with.
    """
    from scorewright.adapters.batch_jobs import ChildRunner, DiskDesk
    from scorewright.adapters.decision_log import SortableIds

    task = {
        "root": str(root.absolute()),
        "settings": settings.model_dump(mode="json"),
        "reference": reference,
    }
    limits = settings.serve.limits
    runner = ChildRunner(task, limits.batch_seconds)
    kept = limits.batch_days * DAY
    return DiskDesk(root / FOLDER, runner, SortableIds(), limits.batch_jobs, kept)


def run_batch(task: Mapping[str, Any]) -> None:
    """Score one batch, in a child process; leave a report in its folder.

    Args:
        task: As `batch_desk` makes it, with ``folder``.
    """
    from scorewright.adapters.batch_jobs import BatchFolder
    from scorewright.adapters.decision_log import open_log
    from scorewright.core.project import Settings

    root = Path(task["root"])
    here = Project(root, root / "scorewright.toml", Settings.model_validate(task["settings"]))
    folder = BatchFolder(Path(task["folder"]))
    with ExitStack() as ends:

        def job(order: BatchOrder) -> tuple[Variant, TableFile, int, BatchTools]:
            # Opened in here: a log that is away is told in the report, and the file is not blamed.
            log = open_log(here.settings.serve.log, here.root, may_make=False)
            ends.callback(log.close, CLOSE_SECONDS)
            return _job(here, task["reference"], order, log, folder)

        score_folder_of(folder, job)


def score_folder_of(
    folder: BatchFolder,
    job: Callable[[BatchOrder], tuple[Variant, TableFile, int, BatchTools]],
) -> None:
    """Score what lies in a batch's folder and leave a report: figures, or what is wrong.

    Args:
        folder: The batch.
        job: Returns what scores, how text tables are written, how many rows are taken, and ports.
    """
    from scorewright.adapters.batch_files import batch_source
    from scorewright.adapters.batch_jobs import Progress
    from scorewright.flows.score_batch import score_batch
    from scorewright.flows.serve import BatchProblem, problem_in

    order = folder.order()
    if order is None:
        return
    try:
        variant, table, most, tools = job(order)
        source = batch_source(folder.files / _applications(order, variant), table)
        report = score_batch(order, variant, source, most, tools)
        told = Progress(
            report.rows,
            report.rows,
            report.rejected,
            report.logged,
            dict(report.decisions),
            report.seconds,
            clock().now().isoformat(),
            dropped=report.dropped,
        )
    except ScorewrightError as error:
        told = _failed(problem_in(error))
    except MemoryError:
        text = "The file asks for more memory than a batch may take. Post it in parts."
        told = _failed(BatchProblem("batch-memory", text))
    except Exception as error:  # noqa: BLE001 - whoever waits must hear of it
        # Only the kind: the words may quote what stands in the file.
        text = f"The service could not score the file ({type(error).__name__})."
        told = _failed(BatchProblem("batch-internal", text))
    folder.put_report(told)


def _failed(problem: Any) -> Any:  # noqa: ANN401 - a BatchProblem to a Progress
    from scorewright.adapters.batch_jobs import Progress

    return Progress(ended=clock().now().isoformat(), problem=problem.to_dict())


def _applications(order: BatchOrder, variant: Variant) -> str:
    """Return the name of the file of applications."""
    plan = variant.deployment.loaded.bundle.features
    if plan is None:
        return next(iter(order.files))
    entity = plan.relations.entity.table
    return next(name for name in order.files if Path(name).stem == entity)


def _job(
    here: Project,
    reference: str,
    order: BatchOrder,
    log: DecisionLog,
    folder: BatchFolder,
) -> tuple[Variant, TableFile, int, BatchTools]:
    from scorewright.adapters.batch_files import FolderKeep
    from scorewright.adapters.batch_jobs import Progress
    from scorewright.adapters.tables import with_separator
    from scorewright.flows.score_batch import BatchTools
    from scorewright.flows.score_frame import scoring_contract

    variant = _variant(here, reference, order)
    bundle = variant.deployment.loaded.bundle
    table = with_separator(
        folder.files / _applications(order, variant),
        here.source(here.settings.data.table).file,
        scoring_contract(bundle, ()).names,
    )

    def progress(rows: int | None, done: int, rejected: int, logged: int) -> None:
        folder.put_progress(Progress(rows, done, rejected, logged))

    plan = bundle.features
    tools = BatchTools(
        FolderKeep(folder.path),
        log.append_many,
        Deployments.of(here).keeping(),
        clock(),
        progress,
        None if plan is None else _below(here, order, folder),
        may_drop=here.settings.serve.log.policy == "best_effort",
    )
    return variant, table, here.settings.serve.limits.batch_rows, tools


def _variant(here: Project, reference: str, order: BatchOrder) -> Variant:
    """Load what the service had proved when the files came: the same bundle, the same policy."""
    from scorewright.core.errors import UsageError
    from scorewright.flows.score_part import PartTask, proved_deployment
    from scorewright.flows.serve import Variant

    store = here.bundles()
    try:
        directory = store.directory(order.bundle)
    except UsageError:
        directory = store.directory(reference)
    part = PartTask(Path(), Path(), None, here.file, directory, order.bundle, order.policy)
    return Variant.of(Deployments.of(here).quickened(proved_deployment(part, store, learners())))


def _below(here: Project, order: BatchOrder, folder: BatchFolder) -> RowsToScore:
    """Let the histories be read from the files that were sent."""
    settings = here.settings.model_copy(
        update={
            "features": here.settings.features.model_copy(
                update={"directory": str(folder.path / ".features"), "engine": "local"}
            )
        }
    )
    mine = Project(here.root, here.file, settings)
    sent = {Path(name).stem: folder.files / name for name in order.files}
    below = rows_to_score(mine, ignore)
    sources = {
        name: replace(
            source,
            file=replace(
                source.file, patterns=(str(sent[name]),), relation=None, shown=sent[name].name
            ),
        )
        for name, source in below.sources.items()
        if name in sent
    }
    return replace(below, sources=sources)
