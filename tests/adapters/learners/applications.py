"""A small portfolio every learner is tried on."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from scorewright.core.matrix import Feature, FeatureSpace
from scorewright.flows.ports import FitTask, Learner

__all__ = ["FEW", "NOISE", "SPACE", "applications", "task"]

Floats = npt.NDArray[np.float64]
Labels = npt.NDArray[np.int8]

NOISE = "strange name: [1], {x}"
SPACE = FeatureSpace((Feature("income"), Feature("grade", ("A", "B", "C", "D")), Feature(NOISE)))

#: Few trees keep the tests short.
FEW: dict[str, dict[str, Any]] = {
    "lgbm": {"n_estimators": 40},
    "xgboost": {"n_estimators": 40},
    "catboost": {"iterations": 40},
    "random_forest": {"n_estimators": 30},
}


def applications(rows: int = 1500, seed: int = 1) -> tuple[Floats, Labels]:
    """Return applications whose risk falls with income and rises with the grade; D never comes."""
    rng = np.random.default_rng(seed)
    income = rng.lognormal(0.0, 0.6, rows)
    grade = rng.integers(0, 3, rows).astype(np.float64)
    noise = rng.normal(size=rows)
    risk = 1.0 / (1.0 + np.exp(2.6 + 1.6 * np.log(income) - 1.2 * grade))
    y = (rng.random(rows) < risk).astype(np.int8)
    income[rng.random(rows) < 0.1] = np.nan
    grade[rng.random(rows) < 0.05] = np.nan
    return np.column_stack([income, grade, noise]), y


def task(
    learner: Learner,
    *,
    monotone: dict[str, int] | None = None,
    weight: Floats | None = None,
    **params: Any,
) -> FitTask:
    """Return the portfolio as a task; unnamed parameters are defaults, with few trees."""
    x, y = applications()
    complete = learner.parameters({**FEW.get(learner.name, {}), **params}, 42)
    return FitTask(x, y, SPACE, complete, monotone or {}, 42, 1, weight)
