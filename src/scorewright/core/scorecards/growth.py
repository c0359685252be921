"""From columns to characteristics: bins, weights of evidence and which features are worth it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from scorewright.core.matrix import Feature
from scorewright.core.scorecards.characteristic import Bin, Characteristic
from scorewright.core.scorecards.classes import (
    Classes,
    Counts,
    cut_between,
    of_category,
    of_number,
)
from scorewright.core.scorecards.evidence import information, weights_of_evidence
from scorewright.core.scorecards.pooling import Limits, pool_small, pool_violators

__all__ = ["Cases", "Splitter", "Wish", "grow_characteristic"]

Floats = npt.NDArray[np.float64]
Labels = npt.NDArray[np.int8]
Positions = npt.NDArray[np.intp]

#: A number of so many values at most (yes or no, counts) is divided like the levels of a category.
FEW_VALUES = 10


@dataclass(frozen=True, slots=True, eq=False)
class Cases:
    """The rows bins are learned on.

    Attributes:
        x: Matrix of shape (n, p); NaN is missing, categories are codes.
        y: Labels of shape (n,), both present.
        weight: Positive weights of shape (n,).
    """

    x: Floats
    y: Labels
    weight: Floats


@dataclass(frozen=True, slots=True)
class Wish:
    """What is asked of a feature's first division into bins.

    Attributes:
        feature: Name, for messages.
        sign: +1 or -1 where a sign was declared, or +1 for a category, whose classes come
            ordered by bad rate; 0 where nothing was declared.
        fewest: Fewest rows of a bin; the classes hold at least twice as many.
        limits: Fewest bads and goods, most bins.
    """

    feature: str
    sign: int
    fewest: float
    limits: Limits


#: Divides ordered fine classes: returns the first class of each bin but the first, ascending.
Splitter = Callable[[Classes, Wish], Sequence[int]]


def grow_characteristic(
    cases: Cases, column: int, feature: Feature, sign: int, how: tuple[Splitter, Limits]
) -> tuple[Characteristic, Positions]:
    """Learn the bins of one feature, without points.

    Args:
        cases: Rows.
        column: Position of the feature in the matrix.
        feature: Name and kind.
        sign: +1 where the PD rises with the feature, -1 where it falls, 0 where nothing was
            declared; kept exactly by the weights of evidence.
        how: The first division into bins, and what a bin must hold.

    Returns:
        The characteristic and the bin of each row, shape (n,).
    """
    split, limits = how
    x, is_missing = cases.x[:, column], np.isnan(cases.x[:, column])
    present = ~is_missing
    fewest = max(limits.level_share * len(x), 1.0)
    y, weight = cases.y[present], cases.weight[present]
    if feature.is_categorical:
        sign, classes = 1, of_category(x[present], y, weight, fewest)
    else:
        classes = of_number(x[present], y, weight)
        if classes.size > FEW_VALUES:
            fewest = max(limits.share * len(x), 1.0)
    missing = Counts.of(
        np.zeros(len(x) - len(y), dtype=np.intp), 1, cases.y[is_missing], cases.weight[is_missing]
    )
    starts = _starts(classes, missing, Wish(feature.name, sign, fewest, limits), split)
    bins = classes.counts.merged(starts) if classes.size else classes.counts
    described = _described(bins, missing, limits.smoothing)
    if feature.is_categorical:
        ends = np.append(starts[1:], classes.size)
        groups = tuple(
            tuple(sorted(c for codes in classes.codes[a:b] for c in codes))
            for a, b in zip(starts.tolist(), ends.tolist(), strict=False)
        )
        other = Bin(0, 0.0, _rate(bins, missing), 0.0, 0.0)
        grown = Characteristic(feature.name, (), groups, (*described, other))
    else:
        cuts = tuple(cut_between(classes.high[s - 1], classes.low[s]) for s in starts[1:].tolist())
        if not classes.size:
            described = (Bin(0, 0.0, _rate(bins, missing), 0.0, 0.0), *described)
        grown = Characteristic(feature.name, cuts, None, described)
    return grown, grown.locate(x)


def _starts(classes: Classes, missing: Counts, wish: Wish, split: Splitter) -> Positions:
    """Divide, then merge what is too small or breaks the sign; a last merge may do both."""
    if not classes.size:
        return np.empty(0, dtype=np.intp)
    chosen: Sequence[int] = ()
    if classes.size > 1 and 2.0 * wish.fewest <= classes.counts.rows.sum():
        chosen = split(classes, wish)
    starts = np.array([0, *chosen], dtype=np.intp)
    starts = pool_small(classes.counts, starts, wish.fewest, wish.limits)
    if wish.sign:
        return pool_violators(classes.counts, missing, starts, wish.sign, wish.limits.smoothing)
    if wish.limits.is_monotone and len(starts) > 1:
        both = [
            pool_violators(classes.counts, missing, starts, sign, wish.limits.smoothing)
            for sign in (1, -1)
        ]
        return max(both, key=lambda s: _information(classes.counts.merged(s), wish.limits))
    return starts


def _information(bins: Counts, limits: Limits) -> float:
    """Return the information value of the bins of a number."""
    woe = weights_of_evidence(bins.bads, bins.goods, limits.smoothing)
    return float(information(bins.bads, bins.goods, woe).sum())


def _rate(bins: Counts, missing: Counts) -> float:
    """Return the base rate."""
    bads = float(bins.bads.sum() + missing.bads.sum())
    return bads / (bads + float(bins.goods.sum() + missing.goods.sum()))


def _described(bins: Counts, missing: Counts, smoothing: float) -> tuple[Bin, ...]:
    """Return the bins of the values and, last, the bin of missing values."""
    bads, goods = np.append(bins.bads, missing.bads), np.append(bins.goods, missing.goods)
    rows = np.append(bins.rows, missing.rows)
    woe = weights_of_evidence(bads, goods, smoothing)
    iv = information(bads, goods, woe)
    whole, base = float(bads.sum() + goods.sum()), _rate(bins, missing)
    return tuple(
        Bin(int(n), (b + g) / whole, b / (b + g) if n else base, w, i)
        for n, b, g, w, i in zip(
            rows.tolist(), bads.tolist(), goods.tolist(), woe.tolist(), iv.tolist(), strict=True
        )
    )
