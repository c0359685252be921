"""One trial: a governed run, or the run that was finished for it before."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import numpy as np
import numpy.typing as npt

from scorewright.core.errors import ScorewrightError
from scorewright.core.statistics import emp_credit_scoring
from scorewright.core.tuning import Objective, cell_digest
from scorewright.flows.events import ignore
from scorewright.flows.ports import RunHandle, RunStart, RunView
from scorewright.flows.train import Prepared, complete_run, run_start
from scorewright.flows.tuning.checks import search_experiment
from scorewright.flows.tuning.ports import (
    Broken,
    Done,
    Drawn,
    Outcome,
    Source,
    Stopped,
    Study,
    TuneTools,
)
from scorewright.flows.tuning.search import Search

__all__ = ["CELL", "KIND", "STUDY", "TrialWork", "trial_figures", "trial_name"]

KIND, STUDY, CELL, NUMBER = (
    "scorewright.kind", "scorewright.study", "scorewright.cell", "scorewright.trial",
)  # fmt: skip

Floats = npt.NDArray[np.float64]
Labels = npt.NDArray[np.int8]

#: Failures that say nothing about the parameters: they are tried again.
PASSING = frozenset({"store-locked", "store-unreachable", "store-write-failed"})


class Pruned(KeyboardInterrupt):
    """A trial is given up after a fold.

    A run that is left by it ends as KILLED, as one that a person stopped.
    """


class Overtaken(KeyboardInterrupt):
    """Another process took this trial for dead and began it again: its run must not count."""


def trial_name(number: int) -> str:
    """Return the run name of a trial."""
    return f"tune_trial_{number:04d}"


def trial_figures(
    search: Search, y: Labels, pd: Floats, metrics: Mapping[str, float]
) -> dict[str, float]:
    """Return what a trial logs besides the figures of every run.

    Args:
        search: Objective and protected group.
        y: Labels of the development rows.
        pd: Their calibrated out-of-fold PDs.
        metrics: Figures of the run, the threshold among them.
    """
    beta = search.objective.beta
    best_fbeta = Objective("fbeta", search.objective.costs, beta).value(y, pd)
    return {
        "objective": search.objective.value(y, pd),
        "emp": emp_credit_scoring(y, pd).value,
        "best_fbeta": best_fbeta,
        **search.impact(pd, metrics["optimal_threshold"]),
    }


@dataclass(frozen=True, slots=True)
class TrialWork:
    """What is done for every trial of a study.

    Attributes:
        search: What is searched, on prepared data.
        tools: Ports.
        parent: Run id of the study's own run.
        study: Where the trials are drawn.
    """

    search: Search
    tools: TuneTools
    parent: str
    study: Study

    @property
    def experiment(self) -> str:
        """Name of the trials' experiment."""
        return search_experiment(self.search.prepared.settings)

    def __call__(self, drawn: Drawn) -> Outcome:
        """Do one trial."""
        began = self.tools.train.clock.elapsed()
        if drawn.params is None:
            return Broken("nothing was left to try", is_counted=False)
        try:
            prepared = self.search.with_params(drawn.params)
            cell = cell_digest(self.search.identity, prepared.params)
            finished = self._earlier(cell, drawn.number)
            if finished is not None:
                return self._taken_over(finished, drawn)
            return self._run(prepared, cell, drawn, began)
        except ScorewrightError as error:
            source = Source(seconds=self.tools.train.clock.elapsed() - began)
            again = error.code in PASSING
            return Broken(f"{error.code}: {error.message}", source, again=again)

    def _earlier(self, cell: str, number: int) -> RunView | None:
        """Return the finished run of the same cell; clear away what interruptions left of it."""
        tags = {STUDY: self.search.tuning.study, CELL: cell}
        while True:
            found = self.tools.index.find(self.experiment, tags)
            for run in found:
                if run.status == "FINISHED":
                    return run
            elsewhere = {str(n) for n in self.study.alive() if n < number}
            twins = [r for r in found if r.status == "RUNNING" and r.tags.get(NUMBER) in elsewhere]
            if not twins:
                break
            self.study.wait()  # the same parameters, on another process
        mine = str(number)
        living = {str(n) for n in self.study.alive()} - {mine}
        for run in found:
            if run.status == "RUNNING" and run.tags.get(NUMBER) not in living:
                self.tools.index.discard(run.run_id, "the process that wrote it was interrupted")
        return None

    def _taken_over(self, run: RunView, drawn: Drawn) -> Outcome:
        """Take the figures of a run that was finished before."""
        folds = self.tools.index.histories(run.run_id, ["fold_objective"])
        for fold, value in enumerate(folds.get("fold_objective", ())):
            drawn.report(fold, value)
        source = Source(run.run_id, run.name, reused=True)
        return Done(run.metrics["objective"], self.search.violations(run.metrics), source)

    def _run(self, prepared: Prepared, cell: str, drawn: Drawn, began: float) -> Outcome:
        """Do the trial as a complete run."""
        start = self._start(prepared, cell, drawn)
        ear = _Ear(self.search.objective, drawn, prepared)
        try:
            figures = self._complete(start, prepared, ear, began)
        except Pruned as pruned:
            return Stopped(str(pruned), self._source(ear.run_id, start, began))
        except Overtaken as overtaken:
            self.tools.index.discard(ear.run_id, str(overtaken))
            return Broken(str(overtaken), is_counted=False)
        except ScorewrightError as error:
            source, again = self._source(ear.run_id, start, began), error.code in PASSING
            return Broken(f"{error.code}: {error.message}", source, again=again)
        source = self._source(ear.run_id, start, began)
        return Done(figures["objective"], self.search.violations(figures), source)

    def _complete(
        self, start: RunStart, prepared: Prepared, ear: _Ear, began: float
    ) -> dict[str, float]:
        """Log everything; return every figure."""
        with self.tools.scratch() as bundles, self.tools.train.run_log.start(start) as run:
            ear.run = run
            tools = replace(self.tools.train, bundles=bundles, notify=ignore)
            done = complete_run(run, start, prepared, tools, began, ear.hear)
            a = done.validated.assessment
            own = trial_figures(self.search, a.y, a.pd, done.metrics)
            run.log_metrics(own)
            run.log_history({"fold_objective": ear.values})
            ear.require_current()
        return {**done.metrics, **own}

    def _source(self, run_id: str, start: RunStart, began: float) -> Source:
        return Source(run_id, start.name, seconds=self.tools.train.clock.elapsed() - began)

    def _start(self, prepared: Prepared, cell: str, drawn: Drawn) -> RunStart:
        base = run_start(prepared, self.tools.train.code.commit())
        tried = ", ".join(
            f"{name} = {value}" for name, value in sorted((drawn.params or {}).items())
        )
        study = self.search.tuning.study
        tags = {KIND: "trial", STUDY: study, CELL: cell, NUMBER: str(drawn.number)}
        return replace(
            base,
            experiment=self.experiment,
            name=trial_name(drawn.number),
            description=f"{base.description}\n\nTrial {drawn.number} of study {study}: {tried}.",
            tags={**base.tags, "stage": "development", **tags},
            parent=self.parent,
        )


@dataclass(slots=True)
class _Ear:
    """Hears the folds of one trial, and gives it up where that is wise."""

    objective: Objective
    drawn: Drawn
    prepared: Prepared
    values: list[float] = field(default_factory=list)
    run: RunHandle | None = None

    @property
    def run_id(self) -> str:
        return "" if self.run is None else self.run.run_id

    def hear(self, fold: int, y: Labels, score: Floats) -> None:
        """Report the objective of a fold; the order of the scores is all it needs."""
        self.values.append(self.objective.value(y, score))
        reason = self.drawn.report(fold, self.values[-1])
        if reason is not None:
            self._write_down(reason)
            raise Pruned(reason)

    def require_current(self) -> None:
        """Stop before the run is finished where it must not count."""
        if not self.drawn.is_current():
            raise Overtaken("another process began this trial again")

    def _write_down(self, reason: str) -> None:
        if self.run is not None:
            self.run.log_params(self.prepared.params)
            self.run.log_history({"fold_objective": self.values})
            self.run.set_tags({"trial_state": "pruned", "prune_reason": reason})
