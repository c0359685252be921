"""Logistic regression on weights of evidence, with coefficients that keep their sign."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from scorewright.core.errors import UsageError

__all__ = ["Evidence", "Penalty", "fit_coefficients"]

Floats = npt.NDArray[np.float64]
Positions = npt.NDArray[np.intp]

#: The largest slope of the mean loss that may be left; more means it did not converge.
LARGEST_SLOPE = 1e-5


@dataclass(frozen=True, slots=True, eq=False)
class Evidence:
    """One feature's column of the regression, kept as bins.

    Attributes:
        place: Bin of each row, shape (n,).
        woe: Weight of evidence of each bin, shape (k,).
        must_be_positive: Whether the coefficient may not be negative.
    """

    place: Positions
    woe: Floats
    must_be_positive: bool = True


@dataclass(frozen=True, slots=True)
class Penalty:
    """How the regression is held back and when it stops.

    Attributes:
        c: Inverse of the strength of the ridge penalty, as scikit-learn has it.
        max_iter: Most iterations.
        tol: Largest projected slope of the mean loss at the end.
    """

    c: float = 1.0
    max_iter: int = 1000
    tol: float = 1e-8


def fit_coefficients(
    columns: Sequence[Evidence],
    y: npt.NDArray[np.int8],
    weight: Floats,
    penalty: Penalty,
    start: Floats | None = None,
) -> tuple[Floats, float]:
    """Fit ``logit(PD) = intercept - sum(beta_j * WoE_j)`` by L-BFGS-B, beta_j >= 0 where asked.

    A feature whose coefficient would turn against its own bins gets 0, which is what leaving it
    out and fitting again would give at the optimum. Sums run over bins in a fixed order, so the
    result does not depend on threads.

    Args:
        columns: Features.
        y: Labels of shape (n,), 1 is bad.
        weight: Positive weights of shape (n,).
        penalty: Ridge and stopping.
        start: Coefficients and the intercept to begin from, shape (p + 1,); 0 and the base rate
            otherwise.

    Returns:
        Coefficients of shape (p,), 0 or above where asked, and the intercept.

    Raises:
        UsageError: ``learner-params`` where it does not converge.

    Source: Byrd, Lu, Nocedal and Zhu 1995.
    """
    # Serving reads cards and fits none: it starts without scipy.
    from scipy.optimize import minimize  # noqa: PLC0415
    from scipy.special import expit  # noqa: PLC0415

    target = y.astype(np.float64)
    whole = float(weight.sum())
    rate = float(weight @ target) / whole

    def loss(theta: Floats) -> tuple[float, Floats]:
        z = np.full(len(y), theta[-1])
        for beta, column in zip(theta[:-1], columns, strict=True):
            z -= (beta * column.woe)[column.place]
        pull = weight * (expit(z) - target)
        slope = np.empty(len(theta))
        for j, column in enumerate(columns):
            by_bin = np.bincount(column.place, weights=pull, minlength=len(column.woe))
            slope[j] = -float(by_bin @ column.woe) + theta[j] / penalty.c
        slope[-1] = pull.sum()
        value = float(np.sum(weight * (np.logaddexp(0.0, z) - target * z)))
        value += 0.5 * float(theta[:-1] @ theta[:-1]) / penalty.c
        return value / whole, slope / whole

    if start is None:
        start = np.append(np.zeros(len(columns)), np.log(rate / (1.0 - rate)))
    held = np.array([c.must_be_positive for c in columns] + [False])
    start = np.where(held, np.maximum(start, 0.0), start)
    bounds = [(0.0 if h else None, None) for h in held.tolist()]
    found = minimize(
        loss,
        start,
        jac=True,
        method="L-BFGS-B",
        bounds=bounds,
        options={"maxiter": penalty.max_iter, "ftol": 1e-15, "gtol": penalty.tol, "maxcor": 20},
    )
    theta = np.asarray(found.x, dtype=np.float64)
    at_bound = held & (theta <= 0.0)
    slope = loss(theta)[1]
    left = np.where(at_bound, np.minimum(slope, 0.0), slope)
    if not np.isfinite(theta).all() or float(np.abs(left).max()) > LARGEST_SLOPE:
        raise UsageError(
            f"The regression on weights of evidence did not converge in {found.nit} iterations.",
            remedy="Raise max_iter or lower C in [learner.params].",
            code="learner-params",
        )
    return theta[:-1] + 0.0, float(theta[-1])
