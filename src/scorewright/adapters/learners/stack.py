"""What the members of a stack are worth, learned on real rows that they had not seen.

Rows a sampling made up have no outcome of their own: the weights of a stack are learned without
them. Members are fitted with them, as they are in the end, but a row lies between two others, and
what was made of a row would tell of it: it is left out wherever one of the two is judged.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from scorewright.core.calibration import prior_correction
from scorewright.core.ensembles import Stacking, fit_stacking
from scorewright.core.sampling import Sample
from scorewright.flows.fitting import open_bench
from scorewright.flows.ports import FitTask, FoldTask, Learner

__all__ = ["bend", "learn_stack"]

Floats = npt.NDArray[np.float64]
Labels = npt.NDArray[np.int8]

LEAST = 2


def learn_stack(task: FitTask, learners: Sequence[tuple[Learner, FitTask]]) -> Stacking:
    """Learn intercept and weights of the members' log-odds.

    Args:
        task: The training rows, with the ensemble's parameters.
        learners: Each member's learner and its own task on the same rows.

    Returns:
        The stack of members that are corrected for class weights and made-up rows; its own score
        is at the level of the task's rows, made-up ones included.

    Raises:
        UsageError: As the members do; ``too-few-bads`` without two real rows of each class.
    """
    folds = _folds(task)
    scores = [_unseen(learner, _real(own), folds) for learner, own in learners]
    real = _real(task)
    found = fit_stacking(real.y, scores, real.weight)
    # Whoever made up rows takes back what they did to the odds, of a stack as of any learner.
    level = float(np.log(bend(task.y, task.weight, task.made)))
    return replace(found, intercept=found.intercept + level)


def bend(y: Labels, weight: Floats | None, made: int) -> float:
    """Return by how much the last, made-up rows multiply the odds of default; 1 without any.

    Args:
        y: Labels of shape (n,), both classes among the real rows.
        weight: Weight of each row, shape (n,); None means 1.
        made: How many of the last rows were made up.
    """
    if not made:
        return 1.0
    each = np.ones(len(y)) if weight is None else weight
    return _odds(y, each) / _odds(y[:-made], each[:-made])


def _odds(y: Labels, weight: Floats) -> float:
    return float(weight[y == 1].sum() / weight[y == 0].sum())


def _real(task: FitTask) -> FitTask:
    """Return a task without its made-up rows."""
    rows = slice(0, len(task.y) - task.made)
    weight = None if task.weight is None else task.weight[rows]
    return replace(task, x=task.x[rows], y=task.y[rows], weight=weight, made=0, parents=None)


def _folds(task: FitTask) -> list[FoldTask]:
    """Deal the real rows into folds with both classes in each."""
    # Imported here because the serving process imports this module and never fits.
    from scorewright.core.validation import plan_folds  # noqa: PLC0415

    real = _real(task)
    fewest = int(np.bincount(real.y, minlength=2).min())
    folds = max(LEAST, min(int(task.params["folds"]), fewest))
    plan = plan_folds(real.y, scheme="stratified", folds=folds, seed=task.seed)
    return [FoldTask(_sample(task, train), train, valid) for _, train, valid in plan.splits()]


def _sample(task: FitTask, train: npt.NDArray[np.int64]) -> Sample:
    """Return the training rows of a fold, and what was made of nothing but them."""
    weight = None if task.weight is None else task.weight[train]
    if not task.made or task.parents is None:
        return Sample(train, weight=weight)
    is_here = np.zeros(len(task.y), dtype=np.bool_)
    is_here[train] = True
    kept = len(task.y) - task.made + np.flatnonzero(is_here[task.parents].all(axis=1))
    return Sample(train, weight=weight, made_x=task.x[kept], made_y=task.y[kept], is_exact=False)


def _unseen(learner: Learner, task: FitTask, folds: Sequence[FoldTask]) -> Floats:
    """Return corrected scores of real rows that each fold's model had not seen, shape (n,).

    Args:
        learner: One member.
        task: Its task on the real rows.
        folds: Of the real rows.
    """
    out = np.empty(len(task.y))
    fits = open_bench(learner, task).fit_folds(folds, task.params)
    for fold, fit in zip(folds, fits, strict=True):
        labels, made = fold.sample.labels(task.y), fold.sample.made_y.size
        bent = bend(labels, fold.sample.weights(), made)
        omega = bent * learner.weight_ratio(fit.params, labels)
        out[fold.valid] = prior_correction(fit.valid_score, omega)
    return out
