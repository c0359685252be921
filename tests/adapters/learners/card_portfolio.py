"""Portfolios the two card learners are tested on."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from scorewright.core.matrix import Feature, FeatureSpace

Floats = npt.NDArray[np.float64]
Labels = npt.NDArray[np.int8]

SPACE = FeatureSpace(
    (
        Feature("income"),
        Feature("grade", ("A", "B", "C", "D", "E")),
        Feature("constant"),
        Feature("nothing"),
        Feature("owner"),
    )
)


def portfolio(rows: int = 1500, seed: int = 1) -> tuple[Floats, Labels]:
    """Risk falls with income; grade D is rare, E never seen; a constant, an empty column."""
    rng = np.random.default_rng(seed)
    income = np.round(rng.lognormal(7.0, 0.6, rows))
    grade = rng.choice(4, rows, p=[0.4, 0.3, 0.295, 0.005]).astype(np.float64)
    owner = (rng.random(rows) < 0.5).astype(np.float64)
    z = -2.0 - 1.5 * (np.log(income) - 7.0) + 0.9 * grade - 0.5 * owner
    y = (rng.random(rows) < 1.0 / (1.0 + np.exp(-z))).astype(np.int8)
    income[rng.random(rows) < 0.1] = np.nan
    grade[rng.random(rows) < 0.05] = np.nan
    x = np.column_stack([income, grade, np.full(rows, 3.0), np.full(rows, np.nan), owner])
    return x, y
