"""Whether PDs mean what they say. One test is not enough: show several, and the effect."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.special import bdtrc, betainc, betaincinv, chdtrc, ndtr

from scorewright.core.errors import UsageError
from scorewright.core.statistics.inputs import Floats, Labels, checked, refused
from scorewright.core.statistics.stability import reference_bins

__all__ = [
    "CalibrationTable", "Cox", "Murphy", "TestResult", "binomial_test", "brier", "brier_skill",
    "calibration_in_the_large", "calibration_table", "cox", "hosmer_lemeshow", "jeffreys_test",
    "log_loss", "murphy", "spiegelhalter",
]  # fmt: skip

LOG_FLOOR = 1e-15
LOGIT_FLOOR = 1e-6
NEWTON_STEPS = 50
NEWTON_TOLERANCE = 1e-12


@dataclass(frozen=True, slots=True)
class TestResult:
    """A test statistic, its degrees of freedom (None where it is normal) and p-value."""

    statistic: float
    df: int | None
    p_value: float


@dataclass(frozen=True, slots=True)
class Cox:
    """``logit P(y=1) = intercept + slope logit(p)`` and the joint test of (0, 1)."""

    intercept: float
    slope: float
    lr: float
    p_value: float


@dataclass(frozen=True, slots=True)
class Murphy:
    """Brier = reliability - resolution + uncertainty, over bins (Murphy 1973)."""

    reliability: float
    resolution: float
    uncertainty: float


@dataclass(frozen=True, slots=True)
class CalibrationTable:
    """Per bin of (nearly) equal size: count, mean PD, observed rate, 95 % Jeffreys interval."""

    count: Floats
    mean_pd: Floats
    observed: Floats
    low: Floats
    high: Floats


def brier(y: npt.ArrayLike, p: npt.ArrayLike) -> float:
    """Return mean (p - y)^2 (Brier 1950).

    Args:
        y: Labels of shape (n,), 1 is bad.
        p: PDs of shape (n,).
    """
    labels, pds = checked(y, p, classes=1, probabilities=True)
    return float(np.mean((pds - labels) ** 2))


def brier_skill(y: npt.ArrayLike, p: npt.ArrayLike) -> float:
    """Return 1 - Brier / (pi1 (1 - pi1)): 0 for the base rate, 1 for certainty."""
    labels, pds = checked(y, p, probabilities=True)
    base = float(labels.mean())
    return 1.0 - brier(labels, pds) / (base * (1.0 - base))


def log_loss(y: npt.ArrayLike, p: npt.ArrayLike) -> float:
    """Return the mean negative log-likelihood; PDs are kept 1e-15 away from 0 and 1."""
    labels, pds = checked(y, p, classes=1, probabilities=True)
    kept = np.clip(pds, LOG_FLOOR, 1.0 - LOG_FLOOR)
    return float(-np.mean(np.where(labels == 1, np.log(kept), np.log1p(-kept))))


def calibration_in_the_large(y: npt.ArrayLike, p: npt.ArrayLike) -> float:
    """Return mean PD minus bad rate."""
    labels, pds = checked(y, p, classes=1, probabilities=True)
    return float(pds.mean() - labels.mean())


def _grouped(labels: Labels, pds: Floats, bins: int) -> tuple[Floats, Floats, Floats]:
    """Return rows, bads and mean PD of (nearly) equal groups by PD.

    Equal PDs stay together, so that the order of rows decides nothing; there are fewer groups
    where many PDs are equal, as after isotonic calibration.
    """
    if bins < 1:
        raise refused(f"{bins} bins; at least one is needed")
    codes = np.searchsorted(reference_bins(pds, bins)[1:-1], pds, side="left")
    count = np.bincount(codes).astype(np.float64)
    bads = np.bincount(codes, weights=labels).astype(np.float64)
    total = np.bincount(codes, weights=pds)
    filled = count > 0
    return count[filled], bads[filled], total[filled] / count[filled]


def calibration_table(y: npt.ArrayLike, p: npt.ArrayLike, bins: int = 10) -> CalibrationTable:
    """Compare mean PD and observed rate in bins of equal size.

    Args:
        y: Labels of shape (n,), 1 is bad.
        p: PDs of shape (n,).
        bins: How many; equal PDs stay together, so there may be fewer.
    """
    labels, pds = checked(y, p, classes=1, probabilities=True)
    count, bads, mean = _grouped(labels, pds, bins)
    low = np.where(bads > 0, betaincinv(bads + 0.5, count - bads + 0.5, 0.025), 0.0)
    high = np.where(bads < count, betaincinv(bads + 0.5, count - bads + 0.5, 0.975), 1.0)
    return CalibrationTable(count, mean, bads / count, low, high)


def murphy(y: npt.ArrayLike, p: npt.ArrayLike, bins: int = 10) -> Murphy:
    """Split the Brier score over bins of equal size; PDs count as their bin's mean."""
    labels, pds = checked(y, p, classes=1, probabilities=True)
    table, base = calibration_table(labels, pds, bins), float(labels.mean())
    weight = table.count / len(labels)
    return Murphy(
        float(np.sum(weight * (table.mean_pd - table.observed) ** 2)),
        float(np.sum(weight * (table.observed - base) ** 2)),
        base * (1.0 - base),
    )


def cox(y: npt.ArrayLike, p: npt.ArrayLike) -> Cox:
    """Fit the calibration line on log-odds (Cox 1958) and test it against (0, 1).

    Args:
        y: Labels of shape (n,), 1 is bad.
        p: PDs of shape (n,); kept 1e-6 away from 0 and 1 for the logarithm.

    Returns:
        Intercept, slope, likelihood-ratio statistic and its p-value on 2 degrees of freedom.
        Where all PDs are equal the slope cannot be told and is 1.
    """
    labels, pds = checked(y, p, probabilities=True)
    kept = np.clip(pds, LOGIT_FLOOR, 1.0 - LOGIT_FLOOR)
    z = np.log(kept / (1.0 - kept))
    if float(np.ptp(z)) < NEWTON_TOLERANCE:
        base = float(labels.mean())
        a, b = float(np.log(base / (1.0 - base)) - z[0]), 1.0
    else:
        a, b = _logistic_line(labels, z)
    lr = 2.0 * (_log_likelihood(labels, a + b * z) - _log_likelihood(labels, z))
    return Cox(a, b, float(lr), float(chdtrc(2, max(lr, 0.0))))


def _log_likelihood(labels: Labels, z: Floats) -> float:
    return float(np.sum(labels * z - np.logaddexp(0.0, z)))


def _logistic_line(labels: Labels, z: Floats) -> tuple[float, float]:
    """Maximise the likelihood of intercept and slope by damped Newton steps."""
    beta, design = np.array([0.0, 1.0]), np.column_stack([np.ones_like(z), z])
    best = _log_likelihood(labels, z)
    for _ in range(NEWTON_STEPS):
        mean = 1.0 / (1.0 + np.exp(-np.clip(design @ beta, -500, 500)))
        gradient = design.T @ (labels - mean)
        hessian = (design * (mean * (1.0 - mean))[:, None]).T @ design
        # A ridge far below the data's own information keeps separable samples finite.
        step = np.linalg.solve(hessian + 1e-9 * np.eye(2), gradient)
        scale = 1.0
        while scale > NEWTON_TOLERANCE:
            value = _log_likelihood(labels, design @ (beta + scale * step))
            if value >= best:
                break
            scale /= 2.0
        beta, gain, best = beta + scale * step, value - best, max(value, best)
        if abs(gain) < NEWTON_TOLERANCE * max(1.0, abs(best)):
            break
    return float(beta[0]), float(beta[1])


def hosmer_lemeshow(
    y: npt.ArrayLike, p: npt.ArrayLike, groups: int = 10, *, independent: bool = False
) -> TestResult:
    """Test observed against expected bads in groups of equal size (Hosmer and Lemeshow 1980).

    Args:
        y: Labels of shape (n,), 1 is bad.
        p: PDs of shape (n,).
        groups: How many; equal PDs stay together, so there may be fewer (G).
        independent: True where the PDs were not fitted on these rows: chi2 with G degrees of
            freedom instead of G - 2.

    Raises:
        UsageError: ``statistics-input``, also for fewer than three groups on development rows.
    """
    labels, pds = checked(y, p, classes=1, probabilities=True)
    n, observed, mean = _grouped(labels, pds, groups)
    df = len(n) if independent else len(n) - 2
    if df < 1:
        raise UsageError(
            "Hosmer-Lemeshow on development rows needs three groups of different PDs; "
            f"there are {len(n)}.",
            remedy="Give more rows or more groups.",
            code="statistics-input",
        )
    mean = np.clip(mean, LOG_FLOOR, 1.0 - LOG_FLOOR)
    statistic = float(np.sum((observed - n * mean) ** 2 / (n * mean * (1.0 - mean))))
    return TestResult(statistic, df, float(chdtrc(df, statistic)))


def spiegelhalter(y: npt.ArrayLike, p: npt.ArrayLike) -> TestResult:
    """Test calibration by the Brier score's own expectation (Spiegelhalter 1986), two-sided."""
    labels, pds = checked(y, p, classes=1, probabilities=True)
    weight = 1.0 - 2.0 * pds
    variance = float(np.sum(weight**2 * pds * (1.0 - pds)))
    if variance <= 0.0:
        return TestResult(0.0, None, 1.0)
    z = float(np.sum((labels - pds) * weight)) / variance**0.5
    return TestResult(z, None, float(2.0 * ndtr(-abs(z))))


def binomial_test(defaults: int, n: int, pd: float) -> float:
    """Return P(X >= defaults) for X ~ Bin(n, pd): small where the PD is too low (BCBS WP14)."""
    _check_counts(defaults, n, pd)
    return 1.0 if defaults <= 0 else float(bdtrc(defaults - 1, n, pd))


def jeffreys_test(defaults: int, n: int, pd: float) -> float:
    """Return F_Beta(pd; D + 1/2, n - D + 1/2): small where the PD is too low (ECB 2019)."""
    _check_counts(defaults, n, pd)
    return float(betainc(defaults + 0.5, n - defaults + 0.5, pd))


def _check_counts(defaults: int, n: int, pd: float) -> None:
    if not (0 <= defaults <= n and n > 0 and 0.0 <= pd <= 1.0):
        raise refused(f"{defaults} defaults among {n} loans and a PD of {pd}")
