"""The study's own run: the parent of its trials, with plots, table and document."""

from __future__ import annotations

import io
import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import polars as pl

from scorewright.core.charts import (
    study_history_chart,
    study_importance_chart,
    study_parallel_chart,
)
from scorewright.core.tuning import Leaders, Trial
from scorewright.flows.ports import RunStart
from scorewright.flows.train import run_start
from scorewright.flows.tuning.ports import Study, TuneTools
from scorewright.flows.tuning.search import Search
from scorewright.flows.tuning.trial import KIND, STUDY

__all__ = [
    "as_json",
    "parent_run",
    "parent_start",
    "study_charts",
    "study_document",
    "trials_table",
]

PARENT = "parent_run"


def parent_start(search: Search, tools: TuneTools, experiment: str) -> RunStart:
    """Return how the study's own run begins."""
    base = run_start(search.prepared, tools.train.code.commit())
    study = search.tuning.study
    lines = [
        (
            f"Search for the parameters of {search.prepared.learner.name}: study '{study}', "
            f"sampler {search.tuning.sampler}, objective {search.objective.name}."
        ),
        *(f"Constraint: {c.text}." for c in search.constraints),
        base.description,
    ]
    return replace(
        base,
        experiment=experiment,
        name=f"tune_{study}",
        description="\n\n".join(lines),
        tags={**base.tags, "stage": "development", KIND: "study", STUDY: study},
    )


def parent_run(study: Study, tools: TuneTools, start: RunStart) -> str:
    """Return the run id of the study's own run; make it where it is missing.

    Of two that were made at the same moment by processes of different machines the older one
    is kept.
    """
    tags = {KIND: "study", STUDY: start.tags[STUDY]}
    with study.alone("parent"):
        known = study.recall(PARENT)
        runs = tools.index.find(start.experiment, tags)
        if known and any(run.run_id == known for run in runs):
            return known
        with tools.train.run_log.start(start) as run:
            own = run.run_id
        if known is None:
            others = [r.run_id for r in tools.index.find(start.experiment, tags) if r not in runs]
            if others and own != others[0]:
                tools.index.discard(own, "another process made the study's run")
                own = others[0]
        study.remember(PARENT, own)
    return own


def study_document(search: Search, trials: tuple[Trial, ...], lead: Leaders) -> dict[str, Any]:
    """Return ``study.json``: what was searched, and every trial."""
    return {
        "schema_version": 1,
        "study": search.tuning.study,
        "learner": search.prepared.learner.name,
        "data_version": search.prepared.data_version,
        "validation": search.prepared.plan.label,
        "sampler": search.tuning.sampler,
        "objective": search.objective.to_dict(),
        "space": {name: dimension.to_dict() for name, dimension in search.space.items()},
        "sets": [dict(params) for params in search.sets],
        "constraints": [c.text for c in search.constraints],
        "broken_constraints": dict(lead.broken),
        "identity": dict(search.identity),
        "best": lead.best.number if lead.best is not None else None,
        "trials": [trial.to_dict() for trial in trials],
    }


def trials_table(trials: tuple[Trial, ...]) -> bytes:
    """Return ``trials.csv``: a row per trial, a column per parameter."""
    names = sorted({name for trial in trials for name in trial.params})
    rows: dict[str, list[Any]] = {
        "trial": [t.number for t in trials],
        "state": [t.state for t in trials],
        "objective": [t.value for t in trials],
        "feasible": [t.is_feasible if t.state == "complete" else None for t in trials],
        "folds": [len(t.folds) for t in trials],
        "seconds": [round(t.seconds, 3) for t in trials],
        "run_id": [t.run_id for t in trials],
        "run_name": [t.run_name for t in trials],
        "reused": [t.reused for t in trials],
        "reason": [t.reason for t in trials],
    }
    for name in names:
        rows[f"param_{name}"] = [
            None if (value := t.params.get(name)) is None else str(value) for t in trials
        ]
    buffer = io.BytesIO()
    pl.DataFrame(rows, strict=False).write_csv(buffer)
    return buffer.getvalue()


def study_charts(
    search: Search, trials: tuple[Trial, ...], importance: Mapping[str, float]
) -> dict[str, Mapping[str, Any]]:
    """Return the plots of a study by artifact name, without suffix; none before a trial is done."""
    objective = search.objective
    if not any(t.state == "complete" for t in trials):
        return {}
    charts: dict[str, Mapping[str, Any]] = {
        "tuning_history": study_history_chart(
            trials, objective.name, is_small_better=objective.is_small_better
        )
    }
    if importance:
        charts["tuning_importance"] = study_importance_chart(importance, objective.name)
    logs = {n for n, d in search.space.items() if getattr(d, "log", False)}
    parallel = study_parallel_chart(
        trials, objective.name, is_small_better=objective.is_small_better, logarithmic=logs
    )
    if parallel is not None:
        charts["tuning_parallel"] = parallel
    return charts


def as_json(value: Mapping[str, Any]) -> bytes:
    """Return a document as indented JSON."""
    return (json.dumps(value, indent=2, sort_keys=True, allow_nan=False) + "\n").encode("utf-8")
