"""Fine classes: a column as an ordered list of small groups of rows, before it is binned."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

__all__ = ["Classes", "Counts", "cut_between", "of_category", "of_number"]

Floats = npt.NDArray[np.float64]
Labels = npt.NDArray[np.int8]
Positions = npt.NDArray[np.intp]

#: Cuts are looked for between that many classes of about equal size: half a percent each.
FINE = 200
#: Cases at the base rate added to a category before categories are ranked by their bad rate.
RANKING_CASES = 10.0
MOST_DIGITS = 18


@dataclass(frozen=True, slots=True, eq=False)
class Counts:
    """Rows and weights of a list of groups, each array of shape (k,).

    Attributes:
        rows: Number of rows.
        n_bads: Number of rows that are bad.
        bads: Weight of the bads.
        goods: Weight of the goods.
    """

    rows: Floats
    n_bads: Floats
    bads: Floats
    goods: Floats

    @classmethod
    def of(cls, groups: Positions, size: int, y: Labels, weight: Floats) -> Counts:
        """Count rows by group."""
        bad = y.astype(np.float64)
        return cls(
            *(
                np.bincount(groups, weights=w, minlength=size).astype(np.float64)
                for w in (np.ones(len(y)), bad, bad * weight, (1.0 - bad) * weight)
            )
        )

    def merged(self, starts: Positions) -> Counts:
        """Return the counts of runs of groups that begin at ``starts`` (ascending, first 0)."""
        sums = (np.add.reduceat(a, starts) for a in (self.rows, self.n_bads, self.bads, self.goods))
        return Counts(*sums)


@dataclass(frozen=True, slots=True, eq=False)
class Classes:
    """The fine classes of one column, missing values left out, in the order bins are cut in.

    Attributes:
        counts: What each class holds.
        low, high: Smallest and largest value of each class of a number; empty for a category.
        codes: Category codes of each class, ordered from low to high bad rate; empty for a
            number.
    """

    counts: Counts
    low: Floats
    high: Floats
    codes: tuple[tuple[int, ...], ...] = ()

    @property
    def size(self) -> int:
        """Number of classes."""
        return len(self.counts.rows)


def of_number(x: Floats, y: Labels, weight: Floats) -> Classes:
    """Divide a number into at most about `FINE` classes that hold whole values.

    Args:
        x: Values of shape (n,) without NaN.
        y: Labels of shape (n,).
        weight: Weights of shape (n,).
    """
    values, place = np.unique(x, return_inverse=True)
    if len(values) <= FINE:
        return Classes(Counts.of(place, len(values), y, weight), values, values)
    rows = np.bincount(place)
    before = np.cumsum(rows) - rows
    _, group = np.unique(before * FINE // len(x), return_inverse=True)
    starts = np.flatnonzero(np.diff(group, prepend=-1))
    ends = np.append(starts[1:], len(values)) - 1
    counts = Counts.of(group[place], len(starts), y, weight)
    return Classes(counts, values[starts], values[ends])


def of_category(x: Floats, y: Labels, weight: Floats, fewest: float) -> Classes:
    """Rank the codes of a category by bad rate; codes of few rows make one class together.

    Args:
        x: Codes of shape (n,) without NaN.
        y: Labels of shape (n,).
        weight: Weights of shape (n,).
        fewest: A code with fewer rows has no class of its own.
    """
    values, place, rows = np.unique(x, return_inverse=True, return_counts=True)
    if not len(values):
        return Classes(Counts.of(place, 0, y, weight), values, values)
    own = np.flatnonzero(rows >= fewest)
    group = np.full(len(values), len(own), dtype=np.intp)
    group[own] = np.arange(len(own))
    members: list[tuple[int, ...]] = [(int(values[i]),) for i in own]
    if len(own) < len(values):
        members.append(tuple(int(v) for v in values[rows < fewest]))
    counts = Counts.of(group[place], len(members), y, weight)
    rate = counts.bads.sum() / (counts.bads.sum() + counts.goods.sum())
    shrunk = counts.bads + RANKING_CASES * rate
    shrunk = shrunk / (counts.bads + counts.goods + RANKING_CASES)
    order = np.argsort(shrunk, kind="stable")
    ordered = Counts(*(a[order] for a in (counts.rows, counts.n_bads, counts.bads, counts.goods)))
    empty = np.empty(0)
    return Classes(ordered, empty, empty, tuple(members[i] for i in order))


def cut_between(low: float, high: float) -> float:
    """Return a number of few digits in (low, high], so that a bin reads ``[25, 40)``.

    Args:
        low: Largest value below the cut.
        high: Smallest value at or above it; larger than ``low``.
    """
    gap = high - low
    if not np.isfinite(gap) or gap <= 0.0:
        return high
    middle = low + gap / 2.0
    first = -int(np.ceil(np.log10(gap)))
    for digits in range(first, first + MOST_DIGITS):
        for candidate in (round(middle, digits), round(high, digits)):
            if low < candidate <= high:
                return candidate + 0.0  # not -0.0
    return high
