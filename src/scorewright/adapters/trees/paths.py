"""The paths from the roots of trees to their leaves, and the features tested on each."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from scorewright.adapters.trees.structure import Booleans, Floats, Integers, Trees

__all__ = ["MOST_STEPS", "Block", "Steps", "blocks_of", "is_sound", "pairs_of", "steps_of"]

#: More steps from roots to leaves are left to the library: each takes some sixty bytes.
MOST_STEPS = 3_000_000


@dataclass(frozen=True, slots=True, eq=False)
class Steps:
    """One step of the path to one leaf each.

    Attributes:
        leaf, node: Of which path, and which test.
        went_left: Which way the path goes.
        share: Share of the node's training rows that go that way.
    """

    leaf: Integers
    node: Integers
    went_left: Booleans
    share: Floats


@dataclass(frozen=True, slots=True, eq=False)
class Block:
    """Leaves that test equally many features.

    Attributes:
        start, stop: Its pairs in the table's order: feature by feature, leaves side by side.
        shape: Features per leaf, leaves.
        value: Of the leaves.
    """

    start: int
    stop: int
    shape: tuple[int, int]
    value: Floats


def is_sound(trees: Trees, columns: int) -> bool:
    """Whether columns exist, everything has rows, and nothing has two parents.

    Args:
        trees: The trees.
        columns: Columns of the matrix.
    """
    count, leaves = len(trees.feature), len(trees.leaf_value)
    numbered = _numbered(trees)
    if not np.all((trees.feature >= 0) & (trees.feature < columns)):
        return False
    if not np.all((numbered >= 0) & (numbered < count + leaves)):
        return False
    has_rows = bool(np.all(trees.rows > 0.0) and np.all(trees.leaf_rows > 0.0))
    return has_rows and int(np.bincount(numbered, minlength=1).max()) <= 1


def _numbered(trees: Trees) -> Integers:
    """Return the children, left before right, with leaves numbered after nodes."""
    children = np.concatenate([trees.left, trees.right])
    return np.where(children < 0, len(trees.feature) - 1 - children, children)


def steps_of(trees: Trees) -> Steps | None:
    """Climb from all leaves at once; None where there are too many steps, or no end of them.

    Args:
        trees: The trees; nothing in them has two parents.
    """
    count, leaves = len(trees.feature), len(trees.leaf_value)
    numbered = _numbered(trees)
    parent = np.full(count + leaves, -1, dtype=np.int32)
    parent[numbered] = np.tile(np.arange(count, dtype=np.int32), 2)
    is_left = np.zeros(count + leaves, dtype=bool)
    is_left[numbered[:count]] = True
    rows = np.concatenate([trees.rows, trees.leaf_rows])
    leaf = np.arange(leaves, dtype=np.int32)
    here = leaf + np.int32(count)
    parts: list[tuple[Integers, Integers, Booleans, Floats]] = []
    taken = 0
    while taken <= MOST_STEPS and len(parts) <= count:  # no path has more tests than there are
        above = parent[here]
        inside = above >= 0
        leaf, here, above = leaf[inside], here[inside], above[inside]
        if not leaf.size:
            break
        parts.append((leaf, above, is_left[here], rows[here] / rows[above]))
        here = above
        taken += len(leaf)
    else:
        return None
    columns = [np.concatenate(column) for column in zip(*parts, strict=True)] if parts else None
    if columns is None:
        none = np.empty(0, dtype=np.int32)
        return Steps(none, none, np.empty(0, dtype=bool), np.empty(0))
    return Steps(*columns)


def pairs_of(trees: Trees, steps: Steps) -> tuple[Integers, Integers, Integers, Integers]:
    """Put steps that test one feature on one path together.

    Pairs of leaf and feature are ordered by how many features their leaf has, by the feature's
    place on the path, and by leaf.

    Args:
        trees: The trees.
        steps: All their steps.

    Returns:
        The pair of each step, ascending; leaf and feature of each pair; the order of the steps.
    """
    columns = int(trees.feature.max(initial=0)) + 1
    # One number per step orders them by leaf, then by feature; it is the pair's number too.
    key = steps.leaf.astype(np.int64) * columns + trees.feature[steps.node]
    by_leaf = np.argsort(key, kind="stable").astype(np.int32)
    key = key[by_leaf]
    begins = np.empty(len(key), dtype=bool)
    begins[:1] = True
    np.not_equal(key[1:], key[:-1], out=begins[1:])
    of_step = np.cumsum(begins, dtype=np.int32) - np.int32(1)
    leaf, feature = (part.astype(np.int32) for part in np.divmod(key[begins], columns))
    widths = np.bincount(leaf, minlength=len(trees.leaf_value)).astype(np.int32)
    place = np.arange(len(leaf), dtype=np.int32) - (np.cumsum(widths) - widths)[leaf]
    arranged = np.lexsort((leaf, place, widths[leaf])).astype(np.int32)
    position = np.empty(len(leaf), dtype=np.int32)
    position[arranged] = np.arange(len(leaf), dtype=np.int32)
    of_step = position[of_step]
    order = np.argsort(of_step, kind="stable").astype(np.int32)
    return of_step[order], leaf[arranged], feature[arranged], by_leaf[order]


def blocks_of(pair_leaf: Integers, value: Floats) -> tuple[Block, ...]:
    """Cut the pairs into leaves of equally many features.

    Args:
        pair_leaf: Leaf of each pair, as `pairs_of` orders them.
        value: Of each leaf, shape (k,).
    """
    blocks = []
    start = 0
    widths = np.bincount(pair_leaf, minlength=len(value))
    for width in np.unique(widths[widths > 0]).tolist():
        leaves = int(np.sum(widths == width))
        stop = start + width * leaves
        blocks.append(Block(start, stop, (width, leaves), value[pair_leaf[start : start + leaves]]))
        start = stop
    return tuple(blocks)
