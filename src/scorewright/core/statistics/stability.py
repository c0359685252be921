"""Whether the population still looks as it did when the model was made."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.special import chdtri

from scorewright.core.statistics.inputs import Floats, numbers, refused

__all__ = [
    "GiniStability", "bin_shares", "csi_points", "gini_stability", "psi", "psi_critical",
    "reference_bins",
]  # fmt: skip

FLOOR = 1e-4

#: Weights of the 2024 Home Credit metric: a falling line and unrest both cost.
FALLING_WEIGHT = 88.0
UNREST_WEIGHT = 0.5


@dataclass(frozen=True, slots=True)
class GiniStability:
    """Level, line and unrest of a Gini per month, and the three in one figure."""

    value: float
    mean: float
    slope: float
    residual_sd: float


def reference_bins(values: npt.ArrayLike, bins: int = 10) -> Floats:
    """Return frozen edges: quantiles of the reference, the outer ones infinite.

    Args:
        values: Reference values; NaN is left out (it has a bin of its own).
        bins: How many; fewer where quantiles fall together.

    Returns:
        Rising edges, from -inf to inf.

    Raises:
        UsageError: ``statistics-input`` for infinite values or fewer than one bin.
    """
    array = np.asarray(values, dtype=np.float64)
    present = array[~np.isnan(array)]
    if bins < 1 or np.isinf(present).any():
        raise refused(f"infinite values, or {bins} bins")
    inner = present[:0]
    if len(present):
        inner = np.unique(np.quantile(present, np.arange(1, bins) / bins))
    return np.concatenate([[-np.inf], inner, [np.inf]])


def bin_shares(values: npt.ArrayLike, edges: Floats) -> Floats:
    """Return the share of rows per bin (left edge excluded, right included), missing last."""
    array = np.asarray(values, dtype=np.float64)
    missing = np.isnan(array)
    codes = np.searchsorted(edges[1:-1], array[~missing], side="left")
    counts = np.bincount(codes, minlength=len(edges) - 1).astype(np.float64)
    return np.append(counts, float(missing.sum())) / max(len(array), 1)


def psi(expected: npt.ArrayLike, actual: npt.ArrayLike, floor: float = FLOOR) -> float:
    """Return sum (a - e) ln(a / e), shares floored at 1e-4 (Siddiqi 2006).

    Args:
        expected: Reference shares per bin.
        actual: Present shares per bin.
        floor: Smallest share, so that an empty bin stays finite.

    Returns:
        Below 0.10 stable, from 0.25 act; see `psi_critical` for small samples.

    Raises:
        UsageError: ``statistics-input``.
    """
    e, a = _paired(expected, actual)
    e, a = np.maximum(e, floor), np.maximum(a, floor)
    return float(np.sum((a - e) * np.log(a / e)))


def _paired(expected: npt.ArrayLike, actual: npt.ArrayLike) -> tuple[Floats, Floats]:
    e, a = numbers(expected, "shares"), numbers(actual, "shares")
    if e.shape != a.shape:
        raise refused(f"{len(e)} reference shares and {len(a)} present ones")
    return e, a


def psi_critical(n: int, m: int, bins: int, level: float = 0.95) -> float:
    """Return the PSI that chance alone exceeds in 1 - level of cases (Yurdakul 2018).

    Args:
        n: Rows of the reference.
        m: Rows of the present sample.
        bins: Bins compared.
        level: Coverage.

    Raises:
        UsageError: ``statistics-input`` for no rows or fewer than two bins.
    """
    if min(n, m) < 1 or bins < 2:  # noqa: PLR2004 - one bin cannot shift
        raise refused(f"samples of {n} and {m} rows in {bins} bins")
    return float(chdtri(bins - 1, 1.0 - level)) * (1.0 / n + 1.0 / m)


def csi_points(expected: npt.ArrayLike, actual: npt.ArrayLike, points: npt.ArrayLike) -> float:
    """Return sum (a - e) points: the mean score shift due to one characteristic.

    Args:
        expected: Reference shares per bin.
        actual: Present shares per bin.
        points: Points of each bin.

    Raises:
        UsageError: ``statistics-input``.
    """
    e, a = _paired(expected, actual)
    e, weights = _paired(e, points)
    return float(np.sum((a - e) * weights))


def gini_stability(month_gini: npt.ArrayLike) -> GiniStability:
    """Return mean + 88 min(0, slope) - 0.5 sd of residuals (Home Credit, Kaggle 2024).

    Args:
        month_gini: Gini of each month in order of time, shape (k,), without gaps.

    Returns:
        The figure and its parts; the slope is per month by least squares, the standard
        deviation divides by k. One month has slope and deviation 0.

    Raises:
        UsageError: ``statistics-input``.
    """
    values = numbers(month_gini, "Ginis per month")
    mean, month = float(values.mean()), np.arange(len(values)) - (len(values) - 1) / 2.0
    slope = float(month @ values) / float(month @ month) if len(values) > 1 else 0.0
    unrest = float(np.std(values - mean - slope * month))
    value = mean + FALLING_WEIGHT * min(0.0, slope) - UNREST_WEIGHT * unrest
    return GiniStability(value, mean, slope, unrest)
