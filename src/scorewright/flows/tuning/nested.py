"""Nested validation: the whole search again on the training part of every outer fold.

The best trial was chosen for its figure, so its figure flatters it. Here rows are scored by
models whose parameters were searched without them (Cawley and Talbot 2010).
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from scorewright.core.calibration import prior_correction
from scorewright.core.sampling import Sample
from scorewright.core.tuning import cell_digest
from scorewright.flows.events import ignore
from scorewright.flows.ports import FittedModel, FoldFit, FoldTask, Params, RunStart
from scorewright.flows.train import CompleteRun, Prepared, complete_run, run_start
from scorewright.flows.tuning.inner import inner_search, outer_plan
from scorewright.flows.tuning.ports import TuneTools
from scorewright.flows.tuning.record import as_json
from scorewright.flows.tuning.search import Search, with_params
from scorewright.flows.tuning.trial import CELL, KIND, STUDY, trial_figures

__all__ = ["Nested", "nested_validation"]


@dataclass(frozen=True, slots=True)
class Nested:
    """What the nested validation found.

    Attributes:
        folds: Outer folds.
        run_id, run_name: Its run.
        value: The objective of the searched procedure, on rows no search looked at.
        optimism: By how much the best trial's own figure is better.
        params: Best parameters of each outer fold.
        metrics: Every figure of the run.
    """

    folds: int
    run_id: str
    run_name: str
    value: float
    optimism: float
    params: tuple[Mapping[str, Any], ...]
    metrics: Mapping[str, float]

    def to_dict(self) -> dict[str, Any]:
        """Return it as JSON-ready data."""
        return {
            "folds": self.folds,
            "run_id": self.run_id,
            "run_name": self.run_name,
            "value": self.value,
            "optimism": self.optimism,
            "params": [dict(p) for p in self.params],
        }


#: Artifact with what the nested validation found.
DOCUMENT = "nested.json"

#: Searches on rows of the development part; returns the best parameters on top of the settings.
InnerSearch = Callable[[int, Search], Mapping[str, Any]]


@dataclass(slots=True)
class NestedBench:
    """A bench whose every fold searches its own parameters first.

    Attributes:
        search: The search of the whole project.
        best: Complete parameters of the best trial: what the final model is fitted with.
        inner: Searches on one outer training part.
        found: Best parameters of each outer fold, as they come.
    """

    search: Search
    best: Params
    inner: InnerSearch
    found: list[Mapping[str, Any]]

    def fit_folds(self, folds: Sequence[FoldTask], params: Params) -> Iterator[FoldFit]:  # noqa: ARG002 - each fold finds its own
        """Search on the training part, fit with what was found, score the fold."""
        whole = self.search.prepared
        for number, fold in enumerate(folds):
            chosen = self.inner(number, inner_search(self.search, fold.train))
            self.found.append(chosen)
            own = with_params(whole, chosen)
            (fit,) = whole.bench.fit_folds([fold], own.params)
            # Scores are corrected with the weights of `best`: where the fold found others, its
            # scores are brought to the same footing first.
            labels = fold.sample.labels(whole.y)
            ratio = whole.learner.weight_ratio(fit.params, labels) / whole.learner.weight_ratio(
                self.best, labels
            )
            yield FoldFit(
                train_score=_moved(fit.train_score, ratio),
                valid_score=_moved(fit.valid_score, ratio),
                params=self.best,
            )

    def fit(self, sample: Sample, params: Params) -> FittedModel:  # noqa: ARG002 - as above
        """Fit with the parameters of the best trial."""
        return self.search.prepared.bench.fit(sample, self.best)


def _moved(score: npt.NDArray[np.float64], ratio: float) -> npt.NDArray[np.float64]:
    return score if ratio == 1.0 else prior_correction(score, ratio)


def nested_validation(
    search: Search,
    best: tuple[float, Params],
    inner: InnerSearch,
    tools: TuneTools,
    place: tuple[str, str],
) -> Nested:
    """Validate the search itself, as one complete run; one that is there already is read.

    Args:
        search: The search of the whole project.
        best: Objective and complete parameters of the best trial.
        inner: Searches on one outer training part.
        tools: Ports.
        place: Experiment, and run id of the study's own run.
    """
    cell = _cell(search, best[1])
    earlier = _earlier(search, cell, tools, place[0])
    if earlier is not None:
        return earlier
    began = tools.train.clock.elapsed()
    bench = NestedBench(search, best[1], inner, [])
    plan = outer_plan(search.prepared, search.tuning.nested)
    prepared = replace(search.prepared, plan=plan, bench=bench, params=best[1])
    start = _start(search, prepared, tools.train.code.commit(), {CELL: cell}, place)
    with tools.scratch() as bundles, tools.train.run_log.start(start) as run:
        quiet = replace(tools.train, bundles=bundles, notify=ignore)
        done: CompleteRun = complete_run(run, start, prepared, quiet, began)
        a = done.validated.assessment
        own = trial_figures(search, a.y, a.pd, done.metrics)
        sign = 1.0 if search.objective.is_small_better else -1.0
        optimism = sign * (own["objective"] - best[0])
        run.log_metrics({**own, "tuned_objective": best[0], "optimism": optimism})
        nested = Nested(
            folds=search.tuning.nested,
            run_id=run.run_id,
            run_name=start.name,
            value=own["objective"],
            optimism=optimism,
            params=tuple(bench.found),
            metrics={**done.metrics, **own},
        )
        run.log_files({DOCUMENT: as_json(nested.to_dict())})
    return nested


def _cell(search: Search, best: Params) -> str:
    """Return the digest of everything the nested figures follow from."""
    tuning = search.tuning
    asked = {
        "nested": [tuning.nested, search.target, tuning.sampler, tuning.prune],
        "space": {name: dimension.to_dict() for name, dimension in search.space.items()},
        "sets": [dict(params) for params in search.sets],
        "base": search.base,
        "best": dict(best),
    }
    return cell_digest(search.identity, asked)


def _earlier(search: Search, cell: str, tools: TuneTools, experiment: str) -> Nested | None:
    """Return the nested validation that was finished before; clear away a half-written one."""
    tags = {KIND: "nested", STUDY: search.tuning.study, CELL: cell}
    for run in tools.index.find(experiment, tags):
        if run.status == "FINISHED":
            found = json.loads(tools.index.artifact(run.run_id, DOCUMENT))
            return Nested(**{**found, "params": tuple(found["params"])}, metrics=run.metrics)
        if run.status == "RUNNING":
            tools.index.discard(run.run_id, "the process that wrote it was interrupted")
    return None


def _start(
    search: Search, prepared: Prepared, commit: str, tags: Mapping[str, str], place: tuple[str, str]
) -> RunStart:
    base, study, folds = run_start(prepared, commit), search.tuning.study, search.tuning.nested
    own = {"stage": "development", "validation": "nested CV", KIND: "nested", STUDY: study}
    return replace(
        base,
        experiment=place[0],
        name=f"tune_nested_{folds}folds",
        description=f"{base.description}\n\nThe whole search of study {study} was repeated on the "
        f"training part of each of {folds} outer folds.",
        tags={**base.tags, **own, **tags},
        parent=place[1],
    )
