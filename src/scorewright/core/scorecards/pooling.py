"""Pooling of neighbouring bins: until each has enough rows, and until they keep a sign."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from scorewright.core.scorecards.classes import Counts
from scorewright.core.scorecards.evidence import weights_of_evidence

__all__ = ["Limits", "pool_small", "pool_violators"]

Positions = npt.NDArray[np.intp]


@dataclass(frozen=True, slots=True)
class Limits:
    """What a bin must hold.

    Attributes:
        share: Smallest share of all rows that a range of a number holds.
        level_share: The same for a category's levels, and for numbers of few values.
        bads: Fewest bads, at least 1.
        goods: Fewest goods, at least 1.
        bins: Most bins of a feature, missing values and other categories not counted.
        smoothing: Cases at the base rate added to each bin; see `weights_of_evidence`.
        is_monotone: Whether the bad rate of every number rises or falls all the way, in the
            direction that keeps more information where no sign was declared.
    """

    share: float = 0.05
    level_share: float = 0.01
    bads: int = 1
    goods: int = 1
    bins: int = 8
    smoothing: float = 5.0
    is_monotone: bool = False


def pool_small(counts: Counts, starts: Positions, fewest: float, limits: Limits) -> Positions:
    """Merge bins of too few rows, bads or goods into the neighbour of the nearer bad rate.

    Args:
        counts: Counts of the fine classes.
        starts: First class of each bin, ascending, the first 0.
        fewest: Fewest rows of a bin.
        limits: Fewest bads and goods.
    """
    while len(starts) > 1:
        bins = counts.merged(starts)
        short = (
            (bins.rows < fewest)
            | (bins.n_bads < limits.bads)
            | (bins.rows - bins.n_bads < limits.goods)
        )
        if not short.any():
            break
        i = int(np.flatnonzero(short)[np.argmin(bins.rows[short])])
        rate = bins.bads / (bins.bads + bins.goods)
        is_left_nearer = i > 0 and (
            i == len(starts) - 1 or abs(rate[i - 1] - rate[i]) <= abs(rate[i + 1] - rate[i])
        )
        starts = np.delete(starts, i if is_left_nearer else i + 1)
    return starts


def pool_violators(
    counts: Counts, missing: Counts, starts: Positions, sign: int, smoothing: float
) -> Positions:
    """Merge neighbours until the PD keeps a sign along the bins (pool adjacent violators).

    Args:
        counts: Counts of the fine classes.
        missing: Counts of the rows without a value, one group; part of the base rate.
        starts: First class of each bin, ascending, the first 0.
        sign: +1 where the PD rises from bin to bin, -1 where it falls.
        smoothing: As the weights of evidence will be computed.

    Source: Ayer et al. 1955.
    """
    while len(starts) > 1:
        bins = counts.merged(starts)
        woe = weights_of_evidence(
            np.append(bins.bads, missing.bads), np.append(bins.goods, missing.goods), smoothing
        )[:-1]
        wrong = np.flatnonzero(sign * np.diff(woe) >= 0.0)
        if not len(wrong):
            break
        starts = np.delete(starts, wrong[0] + 1)
    return starts
