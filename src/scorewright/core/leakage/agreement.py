"""Do the bad rates of groups agree with a value more closely than chance allows?

A value known before the decision may predict the bad rate of the rows that carry it, but the
rate still scatters around the prediction as a binomial does. A value made from those very
outcomes leaves no scatter. What counts is therefore the left tail of Pearson's statistic: a
value that predicts badly only moves it to the right.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.special import expit
from scipy.stats import binom

__all__ = ["Agreement", "agreement"]

Floats = npt.NDArray[np.float64]

#: Rates are kept inside (EDGE, 1 - EDGE): a predicted 0 is then no evidence where none is bad.
EDGE = 1e-6
#: More groups than these prove nothing more.
MOST_GROUPS = 2_000
#: Scatter, as a share of what chance gives, that is looked at any further.
MOST_SCATTER = 0.5
#: The same where nothing is fitted: a rate that only happens to lie near shows less scatter too.
MOST_SCATTER_AS_IS = 0.1
#: Below this variance of the count of bads its whole distribution is summed up.
FEW = 10.0
COUNTS = np.arange(64.0)
TILTS = np.logspace(-2, 9, 45)
ROUNDS = 12


@dataclass(frozen=True, slots=True)
class Agreement:
    """How close the groups' bad rates lie to what the value says.

    Attributes:
        groups: Groups compared.
        scatter: Pearson's statistic over its expectation: 1 is chance, 0 is the rate itself.
        log10_p: Upper bound of the probability of so little scatter, as a power of ten.
    """

    groups: int
    scatter: float
    log10_p: float


def agreement(bads: Floats, rows: Floats, value: Floats) -> Agreement:
    """Compare groups' bad rates with a value through every usual way to encode one in the other.

    Without anything fitted: the rate, the good rate, per cent, lift, log odds and weight of
    evidence. Then ``v = (n rate + m mean) / (n + m)`` with m fitted; last the rate, or its logit,
    as ``a + b v`` and as ``a + b v + (c + d v) / n``, a shrinkage towards anything.

    Args:
        bads: Bads of each group, shape (g,).
        rows: Rows of each group, shape (g,).
        value: Its value, shape (g,), finite.

    Returns:
        The least probable of these. Each probability is a Chernoff bound of the left tail of
        ``sum (k - n f)^2 / (n f (1 - f))`` with the exact binomial distributions of small
        groups; as many groups as parameters were fitted count for nothing.
    """
    if len(rows) > MOST_GROUPS:
        largest = np.sort(np.argsort(-rows, kind="stable")[:MOST_GROUPS])
        bads, rows, value = bads[largest], rows[largest], value[largest]
    found = [
        _judged(bads, rows, fitted, 0, MOST_SCATTER_AS_IS)
        for fitted in _as_is(bads, rows, value)
        if fitted.min() >= 0 and fitted.max() <= 1
    ]
    found.append(_judged(bads, rows, _smoothed(bads, rows, value), 1, MOST_SCATTER_AS_IS))
    spread = float(np.std(value))
    if spread > 0:
        v = (value - np.mean(value)) / spread
        straight = np.column_stack([np.ones_like(v), v])
        shrunk = np.column_stack([straight, straight / rows[:, None]])
        found += [
            _judged(bads, rows, fit(basis, bads, rows), basis.shape[1], MOST_SCATTER)
            for basis in (straight, shrunk)
            for fit in (_linear, _logistic)
            if len(rows) >= basis.shape[1] + 2
        ]
    return min(found, key=lambda a: (a.log10_p, a.scatter))


def _as_is(bads: Floats, rows: Floats, value: Floats) -> list[Floats]:
    """Return what each usual encoding without a parameter says of the rates."""
    mean = float(bads.sum() / rows.sum())
    centre = math.log(mean / (1 - mean)) if 0 < mean < 1 else 0.0
    odds = [
        expit((sign * value + shift).clip(-12, 12)) for sign in (1, -1) for shift in (0, centre)
    ]
    return [value, 1 - value, value / 100, value * mean, value + mean, *odds]


def _smoothed(bads: Floats, rows: Floats, value: Floats) -> Floats:
    """Undo a shrinkage towards the mean by m rows, m fitted; shape (g,)."""
    away = (value - float(bads.sum() / rows.sum())) / rows
    gap, whole = rows * away * (bads / rows - value), float(np.sum(rows * away**2))
    m = float(np.sum(gap)) / whole if whole > 0 else 0.0
    return value + max(m, 0.0) * away


def _judged(bads: Floats, rows: Floats, fitted: Floats, parameters: int, most: float) -> Agreement:
    fitted = fitted.clip(EDGE, 1 - EDGE)
    variance = rows * fitted * (1 - fitted)
    statistic = float(np.sum((bads - rows * fitted) ** 2 / variance))
    scatter = statistic / max(len(rows) - parameters, 1)
    if scatter > most:
        return Agreement(len(rows), scatter, 0.0)
    logs = _log_laplace(rows, fitted)
    # The groups that would say most are those given away to the fitted parameters.
    logs = np.sort(logs, axis=0)[parameters:]
    bound = float(np.min(TILTS * statistic + logs.sum(axis=0)))
    return Agreement(len(rows), scatter, min(bound, 0.0) / math.log(10))


def _log_laplace(rows: Floats, fitted: Floats) -> Floats:
    """Return ``log E exp(-t X)`` of each group's term X for each t, shape (g, tilts)."""
    rare = np.minimum(fitted, 1 - fitted)  # a count of goods scatters as that of bads
    variance = rows * rare * (1 - rare)
    # Normal counts: X is chi-squared with one degree, but no less likely at 0 than one count is.
    floor = 1 / np.sqrt(2 * math.pi * variance)
    normal = np.maximum(1 / np.sqrt(1 + 2 * TILTS)[None, :], floor[:, None])
    laplace = np.minimum(normal, 1.0)
    few = variance < FEW
    if few.any():
        n, f, width = rows[few, None], rare[few, None], variance[few, None]
        chance = binom.pmf(COUNTS, n, f)
        term = (COUNTS - n * f) ** 2 / width
        beyond = np.clip(1 - chance.sum(axis=1), 0, None)
        laplace[few] = np.column_stack([(chance * np.exp(-t * term)).sum(axis=1) for t in TILTS])
        laplace[few] = np.minimum(laplace[few] + beyond[:, None], 1.0)
    logs: Floats = np.log(np.maximum(laplace, 1e-300))
    return logs


def _linear(basis: Floats, bads: Floats, rows: Floats) -> Floats:
    """Fit ``f = basis b`` by maximum likelihood, shape (g,)."""
    rate, mean = bads / rows, float(bads.sum() / rows.sum())
    fitted = np.full_like(rate, mean)
    for _ in range(ROUNDS):
        clipped = fitted.clip(1e-3, 1 - 1e-3)
        weight = rows / (clipped * (1 - clipped))
        fitted = basis @ _least_squares(basis, rate, weight)
    return fitted


def _logistic(basis: Floats, bads: Floats, rows: Floats) -> Floats:
    """Fit ``logit f = basis b`` by maximum likelihood, shape (g,)."""
    start = (bads + 0.5) / (rows + 1.0)
    line = np.log(start / (1 - start))
    fitted: Floats = expit(line)
    for _ in range(ROUNDS):
        variance = fitted * (1 - fitted)
        aim = line + (bads / rows - fitted) / variance
        line = (basis @ _least_squares(basis, aim, rows * variance)).clip(-12, 12)
        fitted = expit(line)
    return fitted


def _least_squares(basis: Floats, aim: Floats, weight: Floats) -> Floats:
    scaled = basis * weight[:, None]
    normal = scaled.T @ basis
    ridge = 1e-12 * np.trace(normal) * np.eye(basis.shape[1])
    solution: Floats = np.linalg.solve(normal + ridge, scaled.T @ aim)
    return solution
