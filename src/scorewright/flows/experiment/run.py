"""Run the matrix: every cell one complete run, none of them twice, whatever interrupted it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import groupby

from scorewright.core.conventions import experiment_problem
from scorewright.core.errors import ScorewrightError, UsageError
from scorewright.core.project import Settings
from scorewright.flows.events import Event, Notify, StageDone, StageStarted, StepDone
from scorewright.flows.experiment.choices import near_first
from scorewright.flows.experiment.declare import Matrix, declare
from scorewright.flows.experiment.figures import within_folds
from scorewright.flows.experiment.ledger import Ledger
from scorewright.flows.experiment.ports import ExperimentTools
from scorewright.flows.experiment.record import (
    PlannedCell,
    cell_result,
    log_matrix,
    matrix_start,
    planned_cells,
)
from scorewright.flows.experiment.result import CellFailure, ExperimentResult
from scorewright.flows.experiment.rows import at_bench, in_cell, shared_rows
from scorewright.flows.experiment.stored import (
    CELL_TAG,
    DECLARED_TAG,
    KIND_TAG,
    MATRIX_TAG,
    StoredCells,
    allowing,
    check_cell,
)
from scorewright.flows.ports import RunHandle, RunStart, TableSource
from scorewright.flows.train import Prepared, complete_run, run_start

__all__ = ["matrix_of", "run_experiment"]

STAGE = "experiment"
CHECK = "experiment-check"
#: Errors of the store itself: no other cell would fare better.
_STORE = "store-"


class _CellsFailedError(ScorewrightError):
    """Ends the parent run as failed once everything that can be done is done."""


def matrix_of(settings: Settings, tools: ExperimentTools) -> Matrix:
    """Read the matrix off the settings, and refuse a purpose the conventions do not know.

    Raises:
        UsageError: ``experiment-purpose``, and everything `declare` raises.
    """
    train = tools.train
    library = train.features.library if train.features is not None else None
    matrix = declare(settings, library, train.learners, train.samplers, train.library_versions)
    problem = experiment_problem(matrix.experiment, settings.project.name, train.conventions)
    if problem is not None:
        ordered = near_first(settings.experiment.purpose, train.conventions.names.purposes)
        raise UsageError(
            problem,
            remedy=f"Set purpose under [experiment] to one of: {', '.join(ordered)}.",
            code="experiment-purpose",
        )
    return matrix


def run_experiment(
    settings: Settings, source: TableSource, tools: ExperimentTools
) -> ExperimentResult:
    """Do every cell of the matrix that is not done yet, and check all of them in the store.

    A cell is known again by a digest of everything that decides its figures; one that was
    finished before, by whatever matrix, is not repeated. What an interruption left half-done
    goes to the store's bin and is done anew. A cell that fails stops none of the others.

    Args:
        settings: The project.
        source: The application table and its contract.
        tools: Ports.

    Returns:
        The finished cells, those that failed, and what the runs in the store lack.

    Raises:
        FindingsError: ``data-findings``, ``leakage-findings``.
        UsageError: Wrong settings, files or columns; everything `declare` raises.
        ScorewrightError: ``experiment-busy``; a store that cannot be used.
    """
    matrix = matrix_of(settings, tools)
    tools.train.bundles.check_ready()
    names = [strategy.name for strategy in matrix.strategies]
    conventions = allowing(tools.train.conventions, names)
    tools = replace(tools, train=replace(tools.train, conventions=conventions))
    with tools.locks.hold(matrix.experiment):
        shared = shared_rows(settings, source, matrix, tools.train)
        return _Experiment(matrix, shared, tools).run()


class _Experiment:
    """One execution of a matrix on its rows."""

    def __init__(self, matrix: Matrix, shared: Prepared, tools: ExperimentTools) -> None:
        self._matrix = matrix
        self._shared = shared
        self._tools = tools
        self._notify = tools.train.notify
        self._commit = tools.train.code.commit()
        self._cells = planned_cells(matrix, shared)
        self._ledger = Ledger(len(self._cells))

    def run(self) -> ExperimentResult:
        """Do what is left inside the parent run, then read everything back."""
        start = matrix_start(self._matrix, self._shared, self._cells, self._commit)
        same = self._tools.index.find(
            start.experiment, {name: start.tags[name] for name in (KIND_TAG, MATRIX_TAG)}
        )
        start = replace(start, continues=same[0].run_id if same else None)
        result = None
        try:
            with self._tools.train.run_log.start(start) as parent:
                self._do_all(parent)
                result = self._read_back(start, parent)
                log_matrix(parent, result)
                if result.failures:
                    raise _failed(result)
        except _CellsFailedError:
            if result is None:
                raise
        return result

    def _do_all(self, parent: RunHandle) -> None:
        """Do the cells bench by bench: at most one is held at a time."""
        self._notify(StageStarted(STAGE, len(self._cells)))
        stored = StoredCells(self._tools.index, self._matrix.experiment)
        left = []
        for planned in self._cells:
            view = stored.finished(planned.digest)
            if view is None:
                left.append(planned)
            else:
                self._ledger.runs[planned.digest] = (view.run_id, False)
                self._ledger.known += 1
                self._tell(planned)
        for group in _by_bench(left):
            self._do(group, stored, parent.run_id)
        self._notify(StageDone(STAGE, self._ledger.summary()))

    def _do(self, group: Sequence[PlannedCell], stored: StoredCells, parent: str) -> None:
        bench = at_bench(self._shared, group[0].view, group[0].cell)
        for planned in group:
            stored.clear(planned.digest)
            began = self._tools.train.clock.elapsed()
            prepared = in_cell(bench, planned.cell, self._tools.train.samplers)
            try:
                run_id = self._complete(planned, prepared, parent, began)
            except ScorewrightError as error:
                if error.code.startswith(_STORE):
                    raise
                self._ledger.failures.append(CellFailure(planned.name, error))
            else:
                self._ledger.runs[planned.digest] = (run_id, True)
            self._ledger.seconds.append(self._tools.train.clock.elapsed() - began)
            self._tell(planned)

    def _complete(self, planned: PlannedCell, prepared: Prepared, parent: str, began: float) -> str:
        """Do one cell as one complete run; its bundle is proved and not kept."""
        own = run_start(prepared, self._commit)
        marks = {KIND_TAG: "cell", CELL_TAG: planned.digest, DECLARED_TAG: planned.cell.digest}
        start = replace(
            own,
            experiment=self._matrix.experiment,
            name=planned.name,
            description=f"{planned.cell.describe()}\n\n{own.description}",
            tags={**own.tags, "stage": "development", **marks},
            parent=parent,
        )
        with self._tools.scratch() as bundles, self._tools.train.run_log.start(start) as run:
            tools = replace(self._tools.train, bundles=bundles, notify=self._inside(planned))
            complete_run(run, start, prepared, tools, began)
            return run.run_id

    def _tell(self, planned: PlannedCell, what: str = "") -> None:
        parts = (planned.name, what, self._ledger.left())
        detail = ", ".join(part for part in parts if part)
        self._notify(StepDone(STAGE, self._ledger.done, detail))

    def _inside(self, planned: PlannedCell) -> Notify:
        """Return a listener that passes on the folds of a cell; one cell may take an hour."""

        def notify(event: Event) -> None:
            match event:
                case StepDone(stage="validate", detail=detail):
                    self._tell(planned, detail)
                case _:
                    pass

        return notify

    def _read_back(self, start: RunStart, parent: RunHandle) -> ExperimentResult:
        """Read every cell from the store and hold it against the conventions."""
        train, runs = self._tools.train, self._ledger.runs
        self._notify(StageStarted(CHECK, len(runs)))
        cells, findings = [], []
        for planned in (p for p in self._cells if p.digest in runs):
            run_id, is_new = runs[planned.digest]
            view, found = check_cell(self._tools.index, start.experiment, run_id, train.conventions)
            findings += found
            if view is not None:
                ranked = within_folds(self._tools.index, view)
                cells.append(cell_result(planned, view, ranked, is_new=is_new))
            self._notify(StepDone(CHECK, len(cells), planned.name))
        said = f"{len(findings)} findings" if findings else f"{len(cells)} cells complete"
        self._notify(StageDone(CHECK, said))
        return ExperimentResult(
            experiment=start.experiment,
            tracking=train.run_log.location(),
            run_id=parent.run_id,
            run_name=start.name,
            declared=len(self._cells),
            cells=tuple(cells),
            failures=tuple(self._ledger.failures),
            findings=tuple(findings),
        )


def _by_bench(cells: Sequence[PlannedCell]) -> Iterator[list[PlannedCell]]:
    """Yield the cells that share rows and learner; they follow each other."""
    for _, group in groupby(cells, key=lambda p: (p.cell.choice.name, p.cell.strategy.name)):
        yield list(group)


def _failed(result: ExperimentResult) -> ScorewrightError:
    first = result.failures[0]
    return _CellsFailedError(
        f"{len(result.failures)} of {result.declared} cells failed; the first: {first.name}: "
        f"{first.error.message}",
        remedy="Mend what it names and run 'scorewright experiment run' again: only these cells "
        "are repeated.",
        code="experiment-cells",
    )
