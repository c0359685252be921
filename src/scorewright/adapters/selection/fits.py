"""Quick fits on parts of the training rows, for their importances."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from scorewright.flows.ports import FitTask, Learner

__all__ = ["QuickFits", "cheaper"]

Floats = npt.NDArray[np.float64]
Rows = npt.NDArray[np.int64]

#: Parameters that hold a number of trees.
ROUNDS = ("n_estimators", "iterations")
#: Fewer trees must each learn more.
QUICK_RATE = 0.1


def cheaper(params: Mapping[str, Any], trees: int) -> dict[str, Any]:
    """Return parameters of a quicker fit: at most so many trees, learning faster.

    Args:
        params: Complete parameters of a learner; an ensemble's members are made cheaper too, and
            nothing is stacked.
        trees: Most trees.
    """
    quick = dict(params)
    if "members" in params:
        quick["method"] = "logit_average"
        quick["members"] = [
            {**member, "params": cheaper(member["params"], trees)} for member in params["members"]
        ]
    for name in ROUNDS:
        if name in params and params[name] > trees:
            quick[name] = trees
            if "learning_rate" in params:
                quick["learning_rate"] = max(float(params["learning_rate"]), QUICK_RATE)
    return quick


@dataclass(frozen=True, slots=True)
class QuickFits:
    """Fits on parts of one task.

    Attributes:
        learner: What is fitted.
        task: The training rows, with parameters of quick fits.
    """

    learner: Learner
    task: FitTask

    def importance(self, task: FitTask, number: int) -> Floats:
        """Return importances of one fit, shape (columns of the task,).

        Args:
            task: What is fitted.
            number: Number of the fit; each has a seed of its own.
        """
        params = dict(task.params)
        if isinstance(params.get("random_state"), int):
            params["random_state"] += number
        model = self.learner.fit(replace(task, params=params, seed=task.seed + number))
        found = model.importance()
        return np.array([found[name] for name in task.space.names], dtype=np.float64)

    def part(self, rng: np.random.Generator, most: int) -> FitTask:
        """Return the task on at most so many of its rows, drawn within each class."""
        y = self.task.y
        if len(y) <= most:
            return self.task
        drawn = [
            rng.choice(rows, max(1, round(most * len(rows) / len(y))), replace=False)
            for rows in (np.flatnonzero(y == 0), np.flatnonzero(y == 1))
        ]
        return self._on(np.sort(np.concatenate(drawn)))

    def half(self, rng: np.random.Generator, most: int) -> FitTask:
        """Return the task on half of its rows, or on ``most`` where that is fewer."""
        return self.part(rng, max(2, min(most, len(self.task.y) // 2)))

    def _on(self, rows: Rows) -> FitTask:
        task = self.task
        weight = None if task.weight is None else task.weight[rows]
        made = int(np.count_nonzero(rows >= len(task.y) - task.made))
        return replace(task, x=task.x[rows], y=task.y[rows], weight=weight, made=made, parents=None)
