"""Trees as arrays, and which way a row goes in them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

__all__ = ["Booleans", "Floats", "Integers", "Trees", "Ways"]

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.signedinteger[Any]]
Booleans = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True, eq=False)
class Trees:
    """Trees as arrays. Inner nodes are numbered through all trees, and so are leaves.

    Attributes:
        feature: Column each node tests, shape (m,).
        threshold: Numbers up to it go left, shape (m,); NaN for tests of categories.
        missing_left: Whether a missing value goes left, shape (m,).
        zero_left: 1 where zeros go left, 0 where they go right, whatever the threshold; -1 where
            they are compared as any number, shape (m,).
        left, right: Children, shape (m,): nodes as they are numbered, leaf k as -1 - k.
        rows: Training rows in each node, shape (m,).
        leaf_rows: Training rows in each leaf, shape (k,).
        leaf_value: Shape (k,).
        categories: For the nodes that test categories, in ascending order of the nodes: which
            codes go left, as one table of booleans after the other.
        category_nodes: Those nodes.
        category_starts: Where the table of each begins in ``categories``; one more at the end.
        constant: Sum of the trees without a node.
    """

    feature: Integers
    threshold: Floats
    missing_left: Booleans
    zero_left: npt.NDArray[np.int8]
    left: Integers
    right: Integers
    rows: Floats
    leaf_rows: Floats
    leaf_value: Floats
    categories: Booleans
    category_nodes: Integers
    category_starts: Integers
    constant: float


class Ways:
    """Which way rows go in trees.

    Args:
        trees: The trees.
        columns: Columns of the matrix.
    """

    def __init__(self, trees: Trees, columns: int) -> None:
        self._trees = trees
        self._zero_nodes = np.flatnonzero(trees.zero_left >= 0)
        # A row is laid down twice: what is missing is below all thresholds, and then is NaN,
        # which compares with none.
        self._place = np.where(trees.missing_left, trees.feature, trees.feature + columns)

    def left(self, row: Floats) -> Booleans:
        """Return which nodes a row leaves to the left, shape (m,).

        Args:
            row: One row of the matrix, shape (p,).
        """
        twice = np.concatenate([np.where(np.isnan(row), -np.inf, row), row])
        left: Booleans = twice.take(self._place) <= self._trees.threshold
        if self._zero_nodes.size:
            self._send_zeros(left, row)
        if self._trees.category_nodes.size:
            left[self._trees.category_nodes] = self._chosen(row)
        return left

    def _send_zeros(self, left: Booleans, row: Floats) -> None:
        """Send zeros where the nodes send them that take a zero as missing."""
        trees, nodes = self._trees, self._zero_nodes
        is_zero = np.abs(row.take(trees.feature[nodes])) <= np.float32(1e-35)
        left[nodes] = np.where(is_zero, trees.zero_left[nodes] == 1, left[nodes])

    def _chosen(self, row: Floats) -> Booleans:
        """Return which tests of categories send the row left."""
        trees = self._trees
        value = row.take(trees.feature[trees.category_nodes])
        start, size = trees.category_starts[:-1], np.diff(trees.category_starts)
        # As the library does: towards zero, and what is no code goes right.
        inside = (value > -1.0) & (value < size)
        code = np.where(inside, value, 0.0).astype(np.int64)
        chosen: Booleans = trees.categories[start + code] & inside
        return chosen
