"""The bench of a learner that shares nothing: every model is fitted on its own."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from scorewright.core.sampling import Sample
from scorewright.flows.ports import (
    Bench,
    FitTask,
    FittedModel,
    FoldFit,
    FoldTask,
    Learner,
    Params,
    SharingLearner,
)

__all__ = ["PlainBench", "open_bench"]


def open_bench(learner: Learner, task: FitTask) -> Bench:
    """Return the learner's own bench on the task's matrix, or a plain one.

    Args:
        learner: The learner.
        task: Matrix, labels, signs, seed and threads.
    """
    if isinstance(learner, SharingLearner):
        return learner.bench(task)
    return PlainBench(learner, task)


@dataclass(frozen=True, slots=True)
class PlainBench:
    """Fits one model after the other with `Learner.fit`."""

    learner: Learner
    task: FitTask

    def fit_folds(self, folds: Sequence[FoldTask], params: Params) -> Iterator[FoldFit]:
        """Fit one model per fold and yield its scores."""
        for fold in folds:
            model = self.fit(fold.sample, params)
            yield FoldFit(
                train_score=model.predict(self.task.x[fold.train]),
                valid_score=model.predict(self.task.x[fold.valid]),
                params=params,
            )

    def fit(self, sample: Sample, params: Params) -> FittedModel:
        """Fit one model on a sample."""
        return self.learner.fit(
            replace(
                self.task,
                x=sample.matrix(self.task.x),
                y=sample.labels(self.task.y),
                weight=sample.weights(),
                params=params,
            )
        )
