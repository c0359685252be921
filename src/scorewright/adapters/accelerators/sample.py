"""Rows that look for a difference between two engines: at the edges of every test of the model."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from scorewright.adapters.trees import Trees

__all__ = ["proof_rows"]

Floats = npt.NDArray[np.float64]

#: Values that are special to some tree: zeros, what counts as zero, and what is far away.
SPECIAL = (0.0, -0.0, 1e-36, -1e-36, 1e-35, 1e-30, 5e-324, 1.0, -1.0, 1e300, -1e300)
MISSING = 0.2
CHANGED = 0.3


def proof_rows(trees: Trees, golden: Floats, rows: int, seed: int) -> Floats:
    """Return rows of shape (rows, p).

    A third of them has every value at an edge: a threshold, the next numbers below and above
    it, a special value, a code that is known or not. A third are golden rows with some values
    changed in that way, and a third lies anywhere between. Values are missing in all of them.

    Args:
        trees: Of the model.
        golden: Golden rows, shape (g, p), one or more.
        rows: How many.
        seed: The same seed gives the same rows.
    """
    rng = np.random.default_rng(seed)
    columns = golden.shape[1]
    edges, between = np.empty((rows, columns)), np.empty((rows, columns))
    levels = _levels(trees, columns)
    for column in range(columns):
        edge = _edges(trees, column, levels[column])
        edges[:, column] = rng.choice(edge, rows)
        between[:, column] = _between(edge, rows, rng, is_category=levels[column] > 0)
    third = rows // 3
    base = golden[rng.integers(0, len(golden), rows)]
    changed = np.where(rng.random((rows, columns)) < CHANGED, edges, base)
    out = np.concatenate([edges[:third], changed[third : 2 * third], between[2 * third :]])
    holes = rng.random(out.shape) < MISSING
    holes[: third // 2] &= rng.random((third // 2, columns)) < MISSING
    out[holes] = np.nan
    out[0] = np.nan
    return np.ascontiguousarray(out)


def _levels(trees: Trees, columns: int) -> npt.NDArray[np.int64]:
    """Return for each column how many codes its widest test knows; 0 for numbers."""
    levels = np.zeros(columns, dtype=np.int64)
    np.maximum.at(levels, trees.feature[trees.category_nodes], np.diff(trees.category_starts))
    return levels


def _edges(trees: Trees, column: int, levels: int) -> Floats:
    """Return the values of a column at which a test may turn."""
    if levels:
        # Codes beyond what any test knows, as a category would have that came later.
        return np.arange(-1.0, levels + 2.0)
    own = trees.threshold[trees.feature == column]
    own = np.unique(own[np.isfinite(own)])
    return np.concatenate([own, np.nextafter(own, -np.inf), np.nextafter(own, np.inf), SPECIAL])


def _between(edge: Floats, rows: int, rng: np.random.Generator, *, is_category: bool) -> Floats:
    """Return values anywhere in a column's range."""
    if is_category:
        return rng.choice(edge, rows)
    usual = edge[np.abs(edge) < 1e100]  # noqa: PLR2004 - the special ones would widen the range
    low, high = float(usual.min()), float(usual.max())
    return rng.uniform(low - 1.0, high + 1.0, rows)
