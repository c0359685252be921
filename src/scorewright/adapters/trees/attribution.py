"""Shapley values of a sum of trees, one row in a millisecond or two, by NumPy alone.

For one leaf of value ``v`` let the path to it test the features 1..D; ``z`` is the share of the
training rows that pass all tests of a feature, ``o`` is 1 where the row passes them. The
path-dependent Shapley value of feature i (Lundberg et al. 2020, equation 6) is the integral

    v (o_i - z_i) * integral over t from 0 to 1 of product over j != i of (z_j + t (o_j - z_j))

because the weights of Shapley's formula are the Beta integrals of t^k (1 - t)^(D - 1 - k) (Owen
1972). The integrand is a polynomial of degree D - 1, which Gauss-Legendre quadrature with
ceil(D / 2) nodes integrates exactly; nothing is approximated.

Leaves below one edge of a tree share the factor of that edge's feature, so for one ``t`` their
products are first added up (Yu et al. 2022, "Linear TreeShap"): let S be the sum, over the leaves
below an edge, of v times the product over all D features. The edge then adds to its feature

    S (o - z) / (z + t (o - z))

less the same with ``o`` and ``z`` of the nearest edge above that tests the feature too. One walk
down makes the products, one walk up the sums; all trees are walked together, level by level.
"""

from __future__ import annotations

import numpy as np

from scorewright.adapters.trees.edges import Edges, edges_of
from scorewright.adapters.trees.structure import Booleans, Floats, Trees, Ways

__all__ = ["ShapleyTable", "shapley_table_of"]

#: Walks times levels; more of them, as very deep trees need, are left to the library.
MOST_ROUNDS = 4_000


class ShapleyTable:
    """The edges of some trees, ready to explain rows. It may be used from any number of threads.

    Args:
        trees: The trees.
        edges: Theirs.
        columns: Columns of the matrix.
    """

    def __init__(self, trees: Trees, edges: Edges, columns: int) -> None:
        self._ways = Ways(trees, columns)
        self._edges = edges
        self._columns = columns
        at, weight = np.polynomial.legendre.leggauss(_nodes(edges))
        self._rule = list(zip(((at + 1.0) / 2.0).tolist(), (weight / 2.0).tolist(), strict=True))
        self._turns = _turns(edges)
        self.base = trees.constant + edges.base

    def contributions(self, x: Floats) -> Floats:
        """Return what each column adds, shape (n, p + 1); the last is the base.

        Args:
            x: Matrix of shape (n, p).
        """
        out = np.zeros((len(x), self._columns + 1))
        if self._edges.levels:
            for i, row in enumerate(x):
                out[i, :-1] = self._one(row)
        out[:, -1] = self.base
        return out

    def _one(self, row: Floats) -> Floats:
        """Explain one row; shape (p,)."""
        edges = self._edges
        again, before = edges.again, edges.before
        surplus = np.subtract(self._passed(row), edges.share)
        factor, sums = np.empty_like(surplus), np.empty_like(surplus)
        added, taken = np.zeros_like(surplus), np.zeros(len(again))
        for at, weight in self._rule:
            np.multiply(surplus, at, out=factor)
            factor += edges.share
            here, above = factor.take(again), factor.take(before)
            factor[again] = here / above
            self._walk(factor, sums, weight)
            factor[again] = here
            taken += sums.take(again) / above
            # Every factor is positive, as every share is.
            np.divide(sums, factor, out=sums)
            added += sums
        added *= surplus
        added[again] -= taken * surplus.take(before)
        found = np.bincount(edges.feature, added, self._columns)
        return found.astype(np.float64, copy=False)

    def _passed(self, row: Floats) -> Booleans:
        """Return at which edges a row has passed all tests of the feature, shape (m,)."""
        left = self._ways.left(row)
        passed = np.concatenate([left, ~left]).take(self._edges.test)
        for own in self._turns:
            again, before = self._edges.again[own], self._edges.before[own]
            passed[again] &= passed.take(before)
        return passed

    def _walk(self, factor: Floats, sums: Floats, weight: float) -> None:
        """Multiply down to the leaves, and add up what lies below each edge."""
        levels = self._edges.levels
        first = 2 * levels[0].half
        np.multiply(factor[:first], weight, out=sums[:first])
        for level in levels[1:]:
            product = sums.take(level.above)
            middle = level.start + level.half
            left, right = slice(level.start, middle), slice(middle, middle + level.half)
            np.multiply(factor[left], product, out=sums[left])
            np.multiply(factor[right], product, out=sums[right])
        sums *= self._edges.value
        for level in levels[:0:-1]:
            middle = level.start + level.half
            sums[level.above] = sums[level.start : middle] + sums[middle : middle + level.half]


def shapley_table_of(trees: Trees, columns: int) -> ShapleyTable | None:
    """Return what explains some trees; None where they cannot be explained this way.

    Args:
        trees: The trees.
        columns: Columns of the matrix.
    """
    edges = edges_of(trees, columns)
    if edges is None or _nodes(edges) * len(edges.levels) > MOST_ROUNDS:
        return None
    return ShapleyTable(trees, edges, columns)


def _nodes(edges: Edges) -> int:
    """Return how many nodes integrate the polynomials of the longest path exactly."""
    return max(1, (edges.width + 1) // 2)


def _turns(edges: Edges) -> list[slice]:
    """Cut the edges that test a feature again into runs that do not wait for each other."""
    turns, start = [], 0
    while start < len(edges.again):
        # An edge may wait for one of the same run, at the earliest for the run's first.
        waits = np.flatnonzero(edges.before[start:] >= edges.again[start])
        stop = start + int(waits[0]) if waits.size else len(edges.again)
        turns.append(slice(start, stop))
        start = stop
    return turns
