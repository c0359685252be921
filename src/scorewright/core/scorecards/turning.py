"""Coefficients that turn against their own bins only where that is proved.

Features that share causes correct each other: of two ratios of one balance sheet, the weaker may
speak against its own bins once the stronger is known. Such a coefficient is true, and it makes a
card harder to explain, so it has to earn its place.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from scorewright.core.scorecards.coefficients import Evidence, Penalty, fit_coefficients

__all__ = ["fit_proved_coefficients", "standard_errors"]

Floats = npt.NDArray[np.float64]
Labels = npt.NDArray[np.int8]

#: Curvature under this share of the largest is taken for that: twins without a penalty.
FLATTEST = 1e-12


def fit_proved_coefficients(
    columns: Sequence[Evidence], y: Labels, weight: Floats, penalty: Penalty, turn_z: float
) -> tuple[Floats, float]:
    """Fit coefficients; one that turns stays so only beyond ``turn_z`` standard errors from 0.

    Those that turn without proof are held at 0 or above and all are fitted again, until every
    coefficient below 0 is proved. A round holds at least one more, so it ends.

    Args:
        columns: Features; those that must be positive never turn.
        y: Labels of shape (n,), 1 is bad.
        weight: Positive weights of shape (n,).
        penalty: Ridge and stopping.
        turn_z: Standard errors; 0 lets every coefficient turn.

    Returns:
        Coefficients of shape (p,) and the intercept.

    Raises:
        UsageError: ``learner-params`` where a fit does not converge.
    """
    columns, start = list(columns), None
    while True:
        beta, intercept = fit_coefficients(columns, y, weight, penalty, start)
        if turn_z <= 0.0 or not np.any(beta < 0.0):
            return beta, intercept
        error = standard_errors(columns, (beta, intercept), (y, weight), penalty)
        # Only this yes or no comes of matrix products, whose last digits depend on threads.
        doubtful = (beta < 0.0) & (-beta < turn_z * error)
        if not doubtful.any():
            return beta, intercept
        for j in np.flatnonzero(doubtful).tolist():
            columns[j] = replace(columns[j], must_be_positive=True)
        start = np.append(beta, intercept)


def standard_errors(
    columns: Sequence[Evidence],
    fitted: tuple[Floats, float],
    rows: tuple[Labels, Floats],
    penalty: Penalty,
) -> Floats:
    """Return the standard error of each coefficient, shape (p,); infinite where it is 0.

    It is robust: weights count as weights, not as more cases, so re-weighted classes prove no
    more than the rows that are there. Coefficients at 0 are taken for left out.

    Args:
        columns: Features.
        fitted: Coefficients of shape (p,) and the intercept.
        rows: Labels of shape (n,), 1 is bad, and positive weights of shape (n,).
        penalty: The ridge they were fitted with.

    Source: Huber 1967; White 1982.
    """
    (beta, intercept), (y, weight) = fitted, rows
    active = np.flatnonzero(beta)
    x = np.ones((len(weight), len(active) + 1))
    for i, j in enumerate(active.tolist()):
        x[:, i] = -columns[j].woe[columns[j].place]
    z = x @ np.append(beta[active], intercept)
    small = np.exp(-np.abs(z))  # without overflow
    pd = np.where(z < 0.0, small, 1.0) / (1.0 + small)
    curvature = (x.T * (weight * small / (1.0 + small) ** 2)) @ x
    curvature[np.arange(len(active)), np.arange(len(active))] += 1.0 / penalty.c
    values, vectors = np.linalg.eigh(curvature)
    values = np.maximum(values, FLATTEST * values.max())
    # The spread of the sum of the rows' slopes, between two inverses of the curvature.
    slopes = (x @ (vectors / values)) * (weight * (pd - y))[:, None]
    out = np.full(len(beta), np.inf)
    out[active] = np.sqrt(((slopes @ vectors.T) ** 2).sum(axis=0))[:-1]
    return out
