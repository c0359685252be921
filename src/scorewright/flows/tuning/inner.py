"""The inner searches of a nested validation: on the training part of one outer fold."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from scorewright.core.errors import ScorewrightError
from scorewright.core.validation import FoldPlan, plan_folds
from scorewright.flows.events import ignore
from scorewright.flows.fitting import open_bench
from scorewright.flows.train import Prepared, fit_task
from scorewright.flows.train.validate import assess, cross_validate
from scorewright.flows.tuning.ports import (
    Broken,
    Done,
    Drawn,
    Outcome,
    Source,
    Stopped,
    TuneTools,
)
from scorewright.flows.tuning.search import Search, plan_search
from scorewright.flows.tuning.trial import trial_figures

__all__ = ["InnerWork", "inner_search", "outer_plan"]


def outer_plan(prepared: Prepared, folds: int) -> FoldPlan:
    """Return the outer folds of the development rows."""
    rows = np.flatnonzero(prepared.development)
    inner = _dealt(prepared, rows, folds)
    fold = np.full(len(prepared.y), -1, dtype=np.int64)
    fold[rows] = inner.fold
    return FoldPlan(inner.scheme, "nested CV", fold, prepared.plan.is_oot.copy(), prepared.plan.cut)


def inner_search(search: Search, rows: npt.NDArray[np.int64]) -> Search:
    """Return the same search on some of the rows, with folds and a bench of their own."""
    whole = search.prepared
    settings = whole.settings
    validation = settings.validation.model_copy(update={"bootstrap": 0})
    settings = settings.model_copy(update={"validation": validation})
    plan = _dealt(whole, rows, settings.validation.folds)
    x, y = whole.x[rows], whole.y[rows]
    task = fit_task(settings, x, y, whole.space, whole.params)
    part = replace(
        whole,
        settings=settings,
        frame=whole.frame[rows],
        x=x,
        y=y,
        keys=whole.keys.gather(rows),
        plan=plan,
        bench=open_bench(whole.learner, task),
    )
    kept = settings.tuning.model_copy(
        update={"constraints": [c.text for c in search.constraints if _is_inside(c.figure)]}
    )
    part = replace(part, settings=settings.model_copy(update={"tuning": kept}))
    return plan_search(part.settings, part, search.versions)


def _is_inside(figure: str) -> bool:
    """Return whether an outer training part has a figure: it has no rows out of time."""
    return not figure.startswith(("oot_", "threshold_"))


def _dealt(prepared: Prepared, rows: npt.NDArray[np.int64], folds: int) -> FoldPlan:
    """Deal some rows into folds; rows of one applicant stay together."""
    key = prepared.contract.key
    return plan_folds(
        prepared.y[rows],
        scheme="stratified" if prepared.plan.scheme == "stratified" else "auto",
        folds=folds,
        seed=prepared.settings.project.seed,
        groups=prepared.frame[key][rows].to_numpy() if key else None,
    )


@dataclass(frozen=True, slots=True)
class InnerWork:
    """What is done for a trial of an inner search: figures without a run of its own.

    Attributes:
        search: On the training part of an outer fold.
        tools: Ports.
    """

    search: Search
    tools: TuneTools

    def __call__(self, drawn: Drawn) -> Outcome:
        """Cross-validate one parameter set."""
        if drawn.params is None:
            return Broken("nothing was left to try", is_counted=False)
        began = self.tools.train.clock.elapsed()
        try:
            figures = self._figures(self.search.with_params(drawn.params), drawn)
        except _Enough as enough:
            return Stopped(str(enough), self._source(began))
        except ScorewrightError as error:
            return Broken(f"{error.code}: {error.message}", self._source(began))
        violations = self.search.violations(figures)
        return Done(figures["objective"], violations, self._source(began))

    def _figures(self, prepared: Prepared, drawn: Drawn) -> dict[str, float]:
        """Return every figure of the out-of-fold scores."""
        quiet = replace(self.tools.train, notify=ignore)
        objective = self.search.objective

        def hear(fold: int, y: npt.NDArray[np.int8], score: npt.NDArray[np.float64]) -> None:
            reason = drawn.report(fold, objective.value(y, score))
            if reason is not None:
                raise _Enough(reason)

        scores = cross_validate(prepared, quiet, hear)
        a = assess(prepared, scores, quiet)
        figures = {**a.metrics, "training_seconds": scores.seconds}
        return figures | trial_figures(self.search, a.y, a.pd, figures)

    def _source(self, began: float) -> Source:
        return Source(seconds=self.tools.train.clock.elapsed() - began)


class _Enough(Exception):  # noqa: N818 - it is no error
    """An inner trial is given up after a fold."""
