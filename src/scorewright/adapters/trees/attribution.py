"""Shapley values of a sum of trees, one row in a few milliseconds, by NumPy alone.

For one leaf of value ``v`` let the path to it test the features 1..D; ``z`` is the share of the
training rows that pass all tests of a feature, ``o`` is 1 where the row passes them. The
path-dependent Shapley value of feature i (Lundberg et al. 2020, equation 6) is the integral

    v (o_i - z_i) * integral over t from 0 to 1 of product over j != i of (z_j + t (o_j - z_j))

because the weights of Shapley's formula are the Beta integrals of t^k (1 - t)^(D - 1 - k) (Owen
1972). The integrand is a polynomial of degree D - 1, which Gauss-Legendre quadrature with
ceil(D / 2) nodes integrates exactly. So the leaves of all trees that test equally many features
are worked through together, and nothing is approximated.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from scorewright.adapters.trees.paths import (
    MOST_STEPS,
    Steps,
    blocks_of,
    is_sound,
    pairs_of,
    steps_of,
)
from scorewright.adapters.trees.structure import Floats, Trees, goes_left

__all__ = ["PathTable", "path_table_of"]

#: Pairs worked through at once: they should stay in the processor's cache.
CACHED = 1 << 16


class PathTable:
    """The paths to all leaves of some trees, ready to explain rows.

    Args:
        trees: The trees; every node and leaf has training rows.
        steps: Their paths, step by step.
        columns: Columns of the matrix.
    """

    def __init__(self, trees: Trees, steps: Steps, columns: int) -> None:
        self._trees = trees
        self._columns = columns
        pair_of_step, pair_leaf, feature, order = pairs_of(trees, steps)
        self._feature = feature.astype(np.intp)
        count = len(pair_leaf)
        share = np.ones(count)
        np.multiply.at(share, pair_of_step, steps.share[order])
        tests = (steps.node + len(trees.feature) * ~steps.went_left)[order].astype(np.intp)
        # Most features are tested once on a path; further tests are looked at one after another.
        rank = np.arange(len(tests)) - np.searchsorted(pair_of_step, pair_of_step)
        self._first = tests[rank == 0]
        self._more = [
            (pair_of_step[rank == r].astype(np.intp), tests[rank == r])
            for r in range(1, int(rank.max(initial=0)) + 1)
        ]
        self._share = share
        self._blocks = blocks_of(pair_leaf, trees.leaf_value)
        self.base = trees.constant + sum(
            float(b.value @ share[b.start : b.stop].reshape(b.shape).prod(axis=0))
            for b in self._blocks
        )
        self._rules = _rules(max((b.shape[0] for b in self._blocks), default=0))
        self._zero_nodes = np.flatnonzero(trees.zero_left >= 0)

    def contributions(self, x: Floats) -> Floats:
        """Return what each column adds, shape (n, p + 1); the last is the base.

        Args:
            x: Matrix of shape (n, p).
        """
        out = np.empty((len(x), self._columns + 1))
        for i, row in enumerate(x):
            out[i, :-1] = self._one(row)
        out[:, -1] = self.base
        return out

    def _one(self, row: Floats) -> Floats:
        """Explain one row; shape (p,)."""
        left = goes_left(self._trees, self._zero_nodes, row)
        passed = np.concatenate([left, ~left])
        passes = passed.take(self._first)
        for pairs, tests in self._more:
            passes[pairs] &= passed.take(tests)
        surplus = np.subtract(passes, self._share)
        weight = np.empty(len(surplus))
        for block in self._blocks:
            own = slice(block.start, block.stop)
            share, over = self._share[own].reshape(block.shape), surplus[own].reshape(block.shape)
            weight[own] = _integrals(share, over, block.value, self._rules).ravel()
        weight *= surplus
        found = np.bincount(self._feature, weight, self._columns)
        return found.astype(np.float64, copy=False)


def path_table_of(trees: Trees, columns: int) -> PathTable | None:
    """Return the paths of some trees; None where they cannot be explained this way.

    Args:
        trees: The trees.
        columns: Columns of the matrix.
    """
    if not is_sound(trees, columns) or len(trees.leaf_value) > MOST_STEPS:
        return None
    steps = steps_of(trees)
    return None if steps is None else PathTable(trees, steps, columns)


def _rules(most: int) -> Sequence[tuple[Floats, Floats]]:
    """Return nodes and weights on [0, 1] by how many features a leaf tests, 0 to ``most``."""
    rules = []
    for width in range(most + 1):
        at, weight = np.polynomial.legendre.leggauss(max(1, (width + 1) // 2))
        rules.append(((at + 1.0) / 2.0, weight / 2.0))
    return rules


def _integrals(
    share: Floats, over: Floats, value: Floats, rules: Sequence[tuple[Floats, Floats]]
) -> Floats:
    """Return the integrals of a block, each without its own feature; shape (D, leaves).

    Every factor is positive, as every share is: the product without one of them is the product
    of all divided by it.
    """
    width, leaves = share.shape
    out = np.empty((width, leaves))
    step = max(1, CACHED // width)
    factors = np.empty((width, min(step, leaves)))
    for start in range(0, leaves, step):
        own = slice(start, min(start + step, leaves))
        factor = factors[:, : own.stop - start]
        sums = np.zeros(factor.shape)
        for at, weight in zip(*rules[width], strict=True):
            np.multiply(over[:, own], at, out=factor)
            factor += share[:, own]
            whole = np.multiply.reduce(factor, axis=0)
            whole *= weight
            np.divide(whole, factor, out=factor)
            sums += factor
        np.multiply(sums, value[own], out=out[:, own])
    return out
