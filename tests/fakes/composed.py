"""A small portfolio for learners around learners."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt

from scorewright.adapters.learners import Learners
from scorewright.core.matrix import Feature, FeatureSpace
from scorewright.flows.fitting import find_learner
from scorewright.flows.ports import FitTask, Learner

SPACE = FeatureSpace(
    (
        Feature("noise"),
        Feature("income"),
        Feature("grade", ("A", "B", "C")),
        Feature("debt"),
        *(Feature(f"dice {i}") for i in range(4)),
    )
)
#: Names of the columns that decide, all others are noise.
PLANTED = {"income", "grade", "debt"}

FEW_TREES = {"n_estimators": 15, "num_leaves": 7, "learning_rate": 0.15, "min_child_samples": 10}
LGBM = {"learner": "lgbm", "params": FEW_TREES}
LOGISTIC: dict[str, Any] = {"learner": "logistic", "params": {}}


def composed(name: str, overrides: Mapping[str, Any], **changes: Any) -> tuple[Learner, FitTask]:
    """Return a composed learner and its task on the portfolio.

    Args:
        name: ``selected`` or ``ensemble``.
        overrides: Its parameters as in the settings.
        changes: Other values of the task.
    """
    learner = find_learner(Learners(), name, overrides)
    x, y = portfolio()
    task = FitTask(x, y, SPACE, learner.parameters(overrides, 42), {}, 42, 1)
    return learner, replace(task, **changes)


def portfolio(
    rows: int = 700, seed: int = 1
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.int8]]:
    """Applications with gaps whose risk three columns decide."""
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(rows, len(SPACE.features)))
    x[:, 2] = rng.integers(0, 3, rows)
    risk = -1.2 - 1.2 * x[:, 1] + 1.2 * (x[:, 2] - 1.0) + 1.0 * x[:, 3]
    y = (rng.random(rows) < 1.0 / (1.0 + np.exp(-risk))).astype(np.int8)
    x[rng.random(x.shape) < 0.05] = np.nan
    return x, y
