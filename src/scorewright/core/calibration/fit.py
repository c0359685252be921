"""Fit a calibrator to out-of-fold scores: Platt on log-odds, isotonic that keeps ranks."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from scorewright.core.calibration.mapping import (
    EPSILON,
    Calibration,
    Floats,
    Isotonic,
    NoCalibrator,
    Platt,
)

__all__ = ["fit_isotonic", "fit_platt", "prior_correction"]

Labels = npt.NDArray[np.integer[Any]]

#: Most knots an isotonic calibrator keeps; PDs between two knots are linear.
MAX_KNOTS = 256
#: The flattest Platt scaling: nearly constant, yet different scores keep different PDs.
LEAST_SLOPE = 1e-3
#: Newton steps of Platt scaling; the loss is convex and ten are usual.
MAX_STEPS = 100


def prior_correction(score: Floats, omega: float) -> Floats:
    """Undo class weights: ``p = s / (s + omega (1 - s))`` (Elkan 2001, theorem 2).

    Args:
        score: Raw scores in [0, 1] of shape (n,).
        omega: Weight of a bad / weight of a good, greater than 0.

    Returns:
        Corrected scores of shape (n,).
    """
    return Calibration(omega, NoCalibrator()).apply(score)


def fit_platt(y: Labels, score: Floats) -> Platt:
    """Fit ``logit(p) = a + b logit(score)`` by Newton steps on Platt's smoothed targets.

    The targets (D + 1) / (D + 2) for bads and 1 / (N + 2) for goods (Platt 1999) keep a and b
    finite where the score separates the classes. A slope below 0.001 would lose the ranking or
    turn it round; 0.001 takes its place, so that a score that knows nothing, or one and the
    same for all, gives about the base rate.

    Args:
        y: Labels of shape (n,), 1 is bad.
        score: Prior-corrected scores in [0, 1] of shape (n,).

    Returns:
        The calibrator.

    Raises:
        ValueError: Shapes differ, no rows, or a score outside [0, 1].
    """
    y, score = _checked(y, score)
    clipped = np.clip(score, EPSILON, 1.0 - EPSILON)
    z = np.log(clipped / (1.0 - clipped))
    bads = int(np.count_nonzero(y == 1))
    target = np.where(y == 1, (bads + 1.0) / (bads + 2.0), 1.0 / (y.size - bads + 2.0))
    if np.ptp(z) > EPSILON:
        # Centred and scaled, the Hessian is well conditioned whatever the scores are.
        centre, scale = float(z.mean()), float(z.std())
        design = np.column_stack([np.ones_like(z), (z - centre) / scale])
        level, gradient = _newton(design, target, np.zeros(z.size))
        slope = float(gradient / scale)
        if slope >= LEAST_SLOPE:
            return Platt(intercept=float(level) - slope * centre, slope=slope)
    (level,) = _newton(np.ones((z.size, 1)), target, LEAST_SLOPE * z)
    return Platt(intercept=float(level), slope=LEAST_SLOPE)


def fit_isotonic(y: Labels, score: Floats) -> Isotonic:
    """Fit a strictly rising, piecewise linear calibrator through the isotonic blocks.

    Blocks come from pool-adjacent-violators (Zadrozny and Elkan 2002). Each becomes one knot at
    its mean score, as in centred isotonic regression (Oron and Flournoy 2017), and the ends run
    to (0, 0) and (1, 1), so that two applicants with different scores keep different PDs. A
    block without a bad (or without a good) gets half an observation of the other class.

    Args:
        y: Labels of shape (n,), 1 is bad.
        score: Prior-corrected scores in [0, 1] of shape (n,).

    Returns:
        The calibrator, with PDs strictly inside (1e-6, 1 - 1e-6) and at most 258 knots.

    Raises:
        ValueError: Shapes differ, no rows, or a score outside [0, 1].
    """
    # scipy is imported here because the serving process imports this room and never fits.
    from scipy.optimize import isotonic_regression  # noqa: PLC0415

    y, score = _checked(y, score)
    distinct, position, count = np.unique(score, return_inverse=True, return_counts=True)
    rate = np.bincount(position, weights=(y == 1).astype(np.float64)) / count
    blocks = isotonic_regression(rate, weights=count).blocks
    size = np.add.reduceat(count, blocks[:-1])
    knots = np.add.reduceat(distinct * count, blocks[:-1]) / size
    values = np.add.reduceat(rate * count, blocks[:-1]) / size
    values = _inside(values, size)
    if knots.size > MAX_KNOTS:
        keep = np.linspace(0, knots.size - 1, MAX_KNOTS).round().astype(np.int64)
        knots, values = knots[keep], values[keep]
    xs, ys = _with_ends(knots, values)
    return Isotonic(tuple(map(float, xs)), tuple(map(float, ys)))


def _checked(y: Labels, score: Floats) -> tuple[Labels, Floats]:
    y, score = np.asarray(y), np.asarray(score, dtype=np.float64)
    if y.ndim != 1 or y.shape != score.shape or y.size == 0:
        raise ValueError(f"labels and scores must be of one shape (n,): {y.shape}, {score.shape}")
    if not ((score >= 0.0) & (score <= 1.0)).all():
        raise ValueError("a score lies outside [0, 1]")
    return y, score


def _newton(design: Floats, target: Floats, offset: Floats) -> Floats:
    """Minimise the logistic loss of ``offset + design @ beta`` by damped Newton steps."""
    beta = np.zeros(design.shape[1])
    loss = _loss(offset, target)
    for _ in range(MAX_STEPS):
        p = 1.0 / (1.0 + np.exp(-(offset + design @ beta)))
        gradient = design.T @ (p - target)
        hessian = (design * (p * (1.0 - p))[:, None]).T @ design
        # The tiny ridge only matters where every p has saturated and the Hessian vanished.
        step = np.linalg.solve(hessian + 1e-12 * np.eye(beta.size), gradient)
        beta, before = beta - step, beta
        new = _loss(offset + design @ beta, target)
        while new > loss and not np.allclose(beta, before, rtol=0.0, atol=1e-12):
            beta = (beta + before) / 2.0
            new = _loss(offset + design @ beta, target)
        if np.max(np.abs(beta - before)) < 1e-10:  # noqa: PLR2004 - far below any PD's last digit
            break
        loss = new
    return beta


def _loss(z: Floats, target: Floats) -> float:
    """Sum of the log loss of logits ``z`` against targets in (0, 1), without overflow."""
    return float(np.sum(np.logaddexp(0.0, z) - target * z))


def _inside(values: Floats, size: npt.NDArray[np.int64]) -> Floats:
    """Move a block of 0 or 1 (only the first and the last can be one) off the boundary."""
    out = values.copy()
    if out[0] <= 0.0:
        floor = 0.5 / (size[0] + 1.0)
        out[0] = min(floor, out[1] / 2.0) if out.size > 1 else floor
    if out[-1] >= 1.0:
        ceiling = 1.0 - 0.5 / (size[-1] + 1.0)
        out[-1] = max(ceiling, (1.0 + out[-2]) / 2.0) if out.size > 1 else ceiling
    return np.clip(out, 4.0 * EPSILON, 1.0 - 4.0 * EPSILON)


def _with_ends(knots: Floats, values: Floats) -> tuple[Floats, Floats]:
    """Add the ends (0, just above 0) and (1, just below 1) unless a knot lies there."""
    if knots[0] > 0.0:
        knots, values = np.r_[0.0, knots], np.r_[2.0 * EPSILON, values]
    if knots[-1] < 1.0:
        knots, values = np.r_[knots, 1.0], np.r_[values, 1.0 - 2.0 * EPSILON]
    return knots, values
