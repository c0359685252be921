"""How much each member is worth beside the others, learned on scores of rows it never saw."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from scorewright.core.ensembles.mixture import Stacking, log_odds

__all__ = ["fit_stacking"]

Floats = npt.NDArray[np.float64]

#: How many rows the wish for equal weights counts for. It decides between members that say the
#: same, and gives way to a few hundred rows.
PRIOR_ROWS = 1.0


def fit_stacking(
    y: npt.NDArray[np.int8], scores: Sequence[Floats], weight: Floats | None = None
) -> Stacking:
    """Fit a logistic regression on the members' log-odds with weights of 0 or more.

    Weights below 0 would turn a member's ranking round and break declared signs (Breiman 1996
    keeps them off for the same reason). A ridge toward equal weights makes the answer unique.

    Args:
        y: Labels of shape (n,), 1 is bad.
        scores: Out-of-fold scores of each member, shape (n,).
        weight: Weight of each row, shape (n,); None means 1.

    Returns:
        Intercept and one weight per member.
    """
    # scipy is imported here because the serving process imports this room and never fits.
    from scipy.optimize import minimize  # noqa: PLC0415

    columns = [log_odds(score) for score in scores]
    rows = np.ones(len(y)) if weight is None else weight / weight.mean()
    equal = 1.0 / len(columns)

    def loss(beta: Floats) -> tuple[float, Floats]:
        # Sums in one fixed order: a matrix product's depend on the number of threads.
        z = np.full(len(y), beta[0])
        for slope, column in zip(beta[1:], columns, strict=True):
            z += slope * column
        residual = rows * (1.0 / (1.0 + np.exp(-z)) - y)
        away = beta[1:] - equal
        value = float(np.sum(rows * (np.logaddexp(0.0, z) - y * z)))
        gradient = [float(np.sum(residual * column)) for column in columns]
        total = value + PRIOR_ROWS * float(np.sum(away**2))
        slopes = np.array(gradient) + 2.0 * PRIOR_ROWS * away
        return total, np.concatenate([[np.sum(residual)], slopes])

    bounds: list[tuple[Any, Any]] = [(None, None), *[(0.0, None)] * len(columns)]
    start = np.array([0.0, *[equal] * len(columns)])
    found = minimize(loss, start, jac=True, method="L-BFGS-B", bounds=bounds)
    return Stacking(float(found.x[0]), tuple(float(b) for b in found.x[1:]))
