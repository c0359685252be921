"""Whether the population still looks as it did when the model was made."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy.special import chdtri

from scorewright.core.statistics.inputs import Floats

__all__ = ["bin_shares", "csi_points", "psi", "psi_critical", "reference_bins"]

FLOOR = 1e-4


def reference_bins(values: npt.ArrayLike, bins: int = 10) -> Floats:
    """Return frozen edges: quantiles of the reference, the outer ones infinite.

    Args:
        values: Reference values; NaN is left out (it has a bin of its own).
        bins: How many; fewer where quantiles fall together.

    Returns:
        Rising edges, from -inf to inf.
    """
    array = np.asarray(values, dtype=np.float64)
    present = array[~np.isnan(array)]
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
    """
    e = np.maximum(np.asarray(expected, dtype=np.float64), floor)
    a = np.maximum(np.asarray(actual, dtype=np.float64), floor)
    return float(np.sum((a - e) * np.log(a / e)))


def psi_critical(n: int, m: int, bins: int, level: float = 0.95) -> float:
    """Return the PSI that chance alone exceeds in 1 - level of cases (Yurdakul 2018).

    Args:
        n: Rows of the reference.
        m: Rows of the present sample.
        bins: Bins compared.
        level: Coverage.
    """
    return float(chdtri(bins - 1, 1.0 - level)) * (1.0 / n + 1.0 / m)


def csi_points(expected: npt.ArrayLike, actual: npt.ArrayLike, points: npt.ArrayLike) -> float:
    """Return sum (a - e) points: the mean score shift due to one characteristic."""
    shift = np.asarray(actual, dtype=np.float64) - np.asarray(expected, dtype=np.float64)
    return float(np.sum(shift * np.asarray(points, dtype=np.float64)))
