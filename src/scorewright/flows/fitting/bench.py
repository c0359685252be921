"""The bench of a learner that shares nothing: every model is fitted on its own."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

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

__all__ = ["PlainBench", "open_bench", "sampled"]


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
        return self.learner.fit(sampled(self.task, sample, params))


def sampled(task: FitTask, sample: Sample, params: Params) -> FitTask:
    """Return the task of one model: the rows a sample keeps, then those it made up.

    Args:
        task: The whole matrix.
        sample: Of its rows.
        params: Complete parameters of the model.
    """
    return replace(
        task,
        x=sample.matrix(task.x),
        y=sample.labels(task.y),
        weight=sample.weights(),
        made=sample.made_y.size,
        parents=_parents(sample),
        params=params,
    )


def _parents(sample: Sample) -> npt.NDArray[np.int64] | None:
    """Return which of the kept rows each made-up row lies between, shape (s, 2)."""
    if sample.blend is None or not sample.rows.size:
        return None
    pairs = np.stack([sample.blend.near, sample.blend.far], axis=1)
    position = np.minimum(np.searchsorted(sample.rows, pairs), sample.rows.size - 1)
    # A parent that was itself left out cannot be watched over.
    return position if np.array_equal(sample.rows[position], pairs) else None
