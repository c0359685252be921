"""Weights of evidence: what a bin says of the outcome, in log-odds."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

__all__ = ["chance_information", "information", "weights_of_evidence"]

Floats = npt.NDArray[np.float64]


def weights_of_evidence(bads: Floats, goods: Floats, smoothing: float = 0.0) -> Floats:
    """Return ln(share of goods / share of bads) per bin; positive is better than the average.

    Each bin is given ``smoothing`` more cases at the base rate, so that an empty bin has 0 and a
    bin of few rows is drawn towards it. Without smoothing, a bin that lacks one class has 0.

    Args:
        bads: Weight of bads per bin, shape (k,); at least one is positive.
        goods: Weight of goods per bin, shape (k,); at least one is positive.
        smoothing: Cases added to each bin.

    Source: Good 1950; Siddiqi 2006, chapter 6.
    """
    all_bads, all_goods = float(bads.sum()), float(goods.sum())
    rate = all_bads / (all_bads + all_goods)
    b = bads + smoothing * rate
    g = goods + smoothing * (1.0 - rate)
    out = np.zeros(len(b))
    known = (b > 0.0) & (g > 0.0)
    out[known] = np.log(g[known]) - np.log(b[known]) + np.log(all_bads / all_goods)
    return out


def information(bads: Floats, goods: Floats, woe: Floats) -> Floats:
    """Return each bin's part of the information value, shape (k,).

    Args:
        bads: Weight of bads per bin, shape (k,).
        goods: Weight of goods per bin, shape (k,).
        woe: Weight of evidence per bin, shape (k,).

    Source: Kullback 1959 (J-divergence); Siddiqi 2006.
    """
    return np.asarray((goods / goods.sum() - bads / bads.sum()) * woe, dtype=np.float64)


def chance_information(bins: int, bads: int, goods: int) -> float:
    """Return the information value that bins without any meaning have on average.

    Args:
        bins: Number of bins that hold rows.
        bads: Number of bads.
        goods: Number of goods.

    Source: as a G-statistic, IV / (1/n1 + 1/n0) is about chi-square with bins - 1 degrees.
    """
    return max(bins - 1, 0) * (1.0 / bads + 1.0 / goods)
