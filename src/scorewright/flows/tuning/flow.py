"""The search, from settings to the best parameters."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace
from typing import Any

from scorewright.core.project import Settings
from scorewright.core.tuning import Leaders, Trial, leaders
from scorewright.flows.events import Note, StageDone, StageStarted
from scorewright.flows.fitting import find_learner
from scorewright.flows.ports import ChartRenderer, RunHandle, TableSource
from scorewright.flows.train import prepare
from scorewright.flows.tuning.checks import check_purpose, check_search
from scorewright.flows.tuning.inner import InnerWork
from scorewright.flows.tuning.loop import Loop
from scorewright.flows.tuning.nested import Nested, nested_validation
from scorewright.flows.tuning.ports import StudyPlan, TuneTools
from scorewright.flows.tuning.record import (
    as_json,
    parent_run,
    parent_start,
    study_charts,
    study_document,
    trials_table,
)
from scorewright.flows.tuning.result import TuneResult
from scorewright.flows.tuning.search import Search, plan_search
from scorewright.flows.tuning.trial import TrialWork

__all__ = ["tune", "work_along"]

#: LightGBM's names for stopping when a validation curve no longer falls.
STOPPING = ("early_stopping_round", "early_stopping_rounds", "n_iter_no_change")

_MINUTE = 60.0


def tune(settings: Settings, source: TableSource, tools: TuneTools) -> TuneResult:
    """Search the parameters of the project's learner; every trial is a run.

    The same call goes on where an earlier one ended.

    Args:
        settings: The project.
        source: The application table and its contract.
        tools: Ports.

    Returns:
        All trials, the best one, plots and, where it is asked for, the nested validation.

    Raises:
        FindingsError: ``data-findings``, ``leakage-findings``.
        UsageError: ``tuning-purpose``, ``tuning-space``, ``tuning-set``, ``tuning-constraint``,
            ``tuning-protected``, ``tuning-storage``, ``tuning-other-study``, and what is wrong
            with settings, files or columns.
        ScorewrightError: ``tuning-failing``, ``tuning-storage-unreachable``, a store that
            cannot be used.
    """
    search = _search(settings, source, tools)
    plan = _plan(search, 0)
    notify = tools.train.notify
    with tools.studies.open(plan) as study:
        study.enqueue(search.sets)
        experiment = TrialWork(search, tools, "", study).experiment
        start = parent_start(search, tools, experiment)
        parent = parent_run(study, tools, start)
        with tools.train.run_log.start(replace(start, continues=parent)) as run:
            notify(StageStarted("tune", search.target))
            work = TrialWork(search, tools, parent, study)
            with _workers(search, tools) as died:
                loop = Loop(
                    search, study, work, tools.train.clock, notify, search.target,
                    limit=_limit(settings), died=died,
                )  # fmt: skip
                is_whole = loop.run()
            trials = tuple(study.trials())
            lead = leaders(trials, search.objective)
            notify(StageDone("tune", _summary(search, trials, lead, is_whole=is_whole)))
            nested = None
            if is_whole and settings.tuning.nested:
                with study.alone("nested"):
                    nested = _nested(search, lead, tools, (experiment, parent))
            result = TuneResult(
                search=search,
                experiment=experiment,
                run_id=parent,
                tracking=tools.train.run_log.location(),
                storage=tools.studies.location(),
                trials=trials,
                leaders=lead,
                charts=study_charts(search, trials, study.importance()),
                nested=nested,
                is_whole=is_whole,
            )
            _keep(run, result, tools.train.charts)
    return result


def work_along(settings: Settings, source: TableSource, tools: TuneTools, worker: int) -> None:
    """Work on a study beside the process that began it.

    Args:
        settings: The project, with what the command line said otherwise.
        source: The application table and its contract.
        tools: Ports.
        worker: Number of this process, from 1.
    """
    search = _search(settings, source, tools)
    with tools.studies.open(_plan(search, worker)) as study:
        experiment = TrialWork(search, tools, "", study).experiment
        parent = parent_run(study, tools, parent_start(search, tools, experiment))
        work = TrialWork(search, tools, parent, study)
        clock, notify = tools.train.clock, tools.train.notify
        Loop(search, study, work, clock, notify, search.target, limit=_limit(settings)).run()


def _search(settings: Settings, source: TableSource, tools: TuneTools) -> Search:
    """Check what can be checked early, then prepare the data once for all trials."""
    train = tools.train
    chosen = settings.learner
    check_purpose(settings, train.conventions)
    check_search(settings, find_learner(train.learners, chosen.name, chosen.params))
    train.bundles.check_ready()
    search = plan_search(settings, prepare(settings, source, train), train.library_versions)
    if settings.tuning.prune and any(search.prepared.params.get(name) for name in STOPPING):
        train.notify(
            Note(
                "early stopping fits the folds side by side: pruning marks trials that are "
                "behind, but saves no work on their folds"
            )
        )
    return search


def _plan(search: Search, worker: int) -> StudyPlan:
    tuning = search.tuning
    return StudyPlan(
        name=tuning.study,
        identity=search.identity,
        space=search.space,
        base=search.base,
        sampler=tuning.sampler,
        is_small_better=search.objective.is_small_better,
        prune=tuning.prune,
        seed=search.prepared.settings.project.seed,
        worker=worker,
    )


def _limit(settings: Settings) -> float | None:
    minutes = settings.tuning.timeout_minutes
    return None if minutes is None else minutes * _MINUTE


def _workers(
    search: Search, tools: TuneTools
) -> AbstractContextManager[Callable[[], Sequence[str]]]:
    more = search.tuning.processes - 1
    if more < 1:
        return nullcontext(tuple)
    return tools.workers.start(more)


def _summary(search: Search, trials: Sequence[Trial], lead: Leaders, *, is_whole: bool) -> str:
    """Say in a line what came of the search."""
    finished = sum(t.is_finished for t in trials)
    pruned = sum(t.state == "pruned" for t in trials)
    text = f"{finished} trials, {pruned} pruned"
    if not is_whole:
        text += f" of {search.target} when the time was up"
    if lead.best is not None:
        return (
            f"{text}; best {search.objective.name} {lead.best.value:.5g} (trial {lead.best.number})"
        )
    return f"{text}; none keeps the constraints" if lead.complete else text


def _nested(
    search: Search, lead: Leaders, tools: TuneTools, place: tuple[str, str]
) -> Nested | None:
    """Validate the search itself, where the settings ask for it."""
    folds, best = search.tuning.nested, lead.nearest
    if best is None or best.value is None:
        return None
    notify = tools.train.notify
    notify(StageStarted("tune-nested", search.target))

    def inner(number: int, part: Search) -> Mapping[str, Any]:
        name = f"{search.tuning.study}_nested{folds}_{number}"
        with tools.studies.open(replace(_plan(part, 0), name=name)) as study:
            study.enqueue(part.sets)
            work = InnerWork(part, tools)
            Loop(
                part, study, work, tools.train.clock, notify, part.target,
                stage="tune-nested", part=f"outer fold {number + 1} of {folds}",
            ).run()  # fmt: skip
            found = leaders(study.trials(), part.objective).nearest
        return found.params if found is not None else {}

    nested = nested_validation(
        search, (best.value, _complete(search, best, tools)), inner, tools, place
    )
    notify(
        StageDone(
            "tune-nested",
            f"{search.objective.name} {nested.value:.5g}, optimism {nested.optimism:.5g}",
        )
    )
    return nested


def _complete(search: Search, best: Trial, tools: TuneTools) -> Mapping[str, Any]:
    """Return the complete parameters of the best trial, rounds chosen over folds included."""
    chosen = json.loads(tools.index.artifact(best.run_id, "hyperparameters.json"))
    learner = search.prepared.learner
    return learner.parameters(chosen, search.prepared.settings.project.seed)


def _keep(run: RunHandle, result: TuneResult, charts: ChartRenderer) -> None:
    """Log plots, table and document to the study's own run."""
    trials, lead = result.trials, result.leaders
    document = study_document(result.search, trials, lead)
    if result.nested is not None:
        document["nested"] = result.nested.to_dict()
    pictures = {f"{name}.png": charts.png(spec) for name, spec in result.charts.items()}
    run.log_files({**pictures, "trials.csv": trials_table(trials), "study.json": as_json(document)})
    metrics = {
        "trials_finished": float(sum(t.is_finished for t in trials)),
        "trials_pruned": float(sum(t.state == "pruned" for t in trials)),
        "trials_failed": float(sum(t.state == "failed" for t in trials)),
    }
    if lead.best is not None and lead.best.value is not None:
        metrics["best_objective"] = lead.best.value
        run.set_tags({"best_trial": lead.best.run_name, "best_run": lead.best.run_id})
    run.log_metrics(metrics)
