"""The edges of trees, level by level, and what each tests."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from scorewright.adapters.trees.structure import Floats, Integers, Trees

__all__ = ["Edges", "Level", "edges_of"]

#: More steps from edges up to the roots are left to the library: to look for them takes time.
MOST_STEPS = 3_000_000


@dataclass(frozen=True, slots=True, eq=False)
class Level:
    """The edges at one distance from the roots: first those to the left, then those to the right.

    Attributes:
        start, half: The first edge, and how many go to the left; as many go to the right.
        above: The edge above each pair of edges, shape (half,); -1 at the roots.
    """

    start: int
    half: int
    above: Integers


@dataclass(frozen=True, slots=True, eq=False)
class Edges:
    """The edges of all trees: every node but the roots, and every leaf, has one above it.

    Attributes:
        levels: From the roots downwards.
        test: The node an edge leaves, shape (m,); for those to the right, the number of nodes
            more.
        feature: Column tested there.
        share: Share of the training rows that pass all tests of that feature down to here.
        again: Edges below another one of the same feature; what is above comes first.
        before: The nearest such edge above each of them.
        value: Of the leaf an edge leads to; zero for others.
        base: Mean value of the leaves over the training rows.
        width: How many features the path to a leaf tests at the most.
    """

    levels: tuple[Level, ...]
    test: Integers
    feature: Integers
    share: Floats
    again: Integers
    before: Integers
    value: Floats
    base: float
    width: int


def edges_of(trees: Trees, columns: int) -> Edges | None:
    """Return the edges of some trees; None where they are no trees, or very deep ones.

    Args:
        trees: The trees.
        columns: Columns of the matrix.
    """
    count = len(trees.feature)
    below = _numbered(trees)
    if not _is_sound(trees, below, columns):
        return None
    levels, child = _levels(below, count)
    if len(child) != len(below) or _steps(levels) > MOST_STEPS:
        return None  # what no root leads to goes in circles
    node = np.empty(count + len(trees.leaf_value), dtype=np.int64)
    node[below] = np.tile(np.arange(count), 2)
    rows = np.concatenate([trees.rows, trees.leaf_rows])
    parent, share = node[child], rows[child] / rows[node[child]]
    feature, is_leaf = trees.feature[parent].astype(np.intp), child >= count
    none = np.empty(0, dtype=np.intp)
    above = np.concatenate([none, *(np.tile(level.above, 2) for level in levels)])
    before = _before(feature, above)
    value = np.where(is_leaf, trees.leaf_value[np.where(is_leaf, child - count, 0)], 0.0)
    reached, width = share.copy(), np.zeros(len(child), dtype=np.int64)
    for level in levels:
        own = slice(level.start, level.start + 2 * level.half)
        if level.start:
            reached[own] *= reached[above[own]]
            width[own] = width[above[own]]
        is_again = before[own] >= 0
        width[own] += ~is_again
        share[own] *= np.where(is_again, share[before[own]], 1.0)
    again = np.flatnonzero(before >= 0)
    right = np.concatenate([none, *(np.repeat([0, count], level.half) for level in levels)])
    return Edges(
        levels=levels,
        test=parent + right,
        feature=feature,
        share=share,
        again=again,
        before=before[again],
        value=value,
        base=float(value @ reached),
        width=int(width.max(initial=0)),
    )


def _numbered(trees: Trees) -> Integers:
    """Return the children, left before right, with leaves numbered after nodes."""
    children = np.concatenate([trees.left, trees.right])
    return np.where(children < 0, len(trees.feature) - 1 - children, children)


def _is_sound(trees: Trees, below: Integers, columns: int) -> bool:
    """Whether columns exist, everything has rows, and nothing has two parents."""
    things = len(trees.feature) + len(trees.leaf_value)
    if not np.all((trees.feature >= 0) & (trees.feature < columns)):
        return False
    if not np.all((below >= 0) & (below < things)):
        return False
    has_rows = bool(np.all(trees.rows > 0.0) and np.all(trees.leaf_rows > 0.0))
    return has_rows and int(np.bincount(below, minlength=1).max()) <= 1


def _levels(below: Integers, count: int) -> tuple[tuple[Level, ...], Integers]:
    """Walk all trees down at once; return their levels, and what each edge leads to."""
    is_below = np.zeros(count, dtype=bool)
    is_below[below[below < count]] = True
    here = np.flatnonzero(~is_below)
    above, start = np.full(len(here), -1, dtype=np.intp), 0
    levels, parts = [], [np.empty(0, dtype=np.int64)]
    while here.size:
        child = np.concatenate([below[here], below[here + count]])
        levels.append(Level(start, len(here), above))
        parts.append(child)
        inner = np.flatnonzero(child < count)
        above, here = start + inner, child[inner]
        start += len(child)
    return tuple(levels), np.concatenate(parts)


def _steps(levels: tuple[Level, ...]) -> int:
    return sum(2 * level.half * depth for depth, level in enumerate(levels))


def _before(feature: Integers, above: Integers) -> Integers:
    """Return the nearest edge above each that tests the same feature; -1 where none does."""
    before = np.full(len(feature), -1, dtype=np.intp)
    asking, at = np.arange(len(feature)), above
    while asking.size:
        inside = at >= 0
        asking, at = asking[inside], at[inside]
        is_same = feature[at] == feature[asking]
        before[asking[is_same]] = at[is_same]
        asking, at = asking[~is_same], above[at[~is_same]]
    return before
