"""The numbers in which two applications are near or far from each other."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

__all__ = ["coordinates", "whole_columns"]

Floats = npt.NDArray[np.float64]
Rows = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]

#: Two one-hot columns differ where a category does; so their distance is 1, like that of two
#: numbers one standard deviation apart (Chawla et al. 2002, section 6.1, after standardising).
LEVEL = float(np.sqrt(0.5))


def coordinates(x: Floats, rows: Rows, of: Rows, is_category: Flags) -> npt.NDArray[np.float32]:
    """Return rows as coordinates of one scale, complete.

    Numbers are standardised, missing ones replaced by the median, all by the training rows; a
    category is one column per level that any of the rows has, missing one of them.

    Args:
        x: Matrix of shape (n, p); NaN is missing, categories are codes.
        rows: Training rows scale and median are learned on.
        of: The rows wanted, a part of ``rows``.
        is_category: Which columns hold codes, shape (p,).

    Returns:
        Array of shape (len(of), q). Single precision: a distance only puts rows in order.
    """
    blocks: list[npt.NDArray[np.float32]] = []
    for j in range(x.shape[1]):
        values = x[of, j]
        if is_category[j]:
            codes = np.where(np.isnan(values), -1.0, values)
            blocks.append((codes[:, None] == np.unique(codes)).astype(np.float32) * LEVEL)
            continue
        seen = x[rows, j]
        seen = seen[~np.isnan(seen)]
        if seen.size and (scale := float(seen.std())) > 0.0:
            filled = np.where(np.isnan(values), np.median(seen), values)
            blocks.append(((filled - seen.mean()) / scale).astype(np.float32)[:, None])
    if not blocks:
        return np.zeros((len(of), 1), dtype=np.float32)
    return np.ascontiguousarray(np.hstack(blocks), dtype=np.float32)


def whole_columns(x: Floats, rows: Rows) -> Flags:
    """Return which columns hold nothing but whole numbers in these rows, shape (p,)."""
    out = np.empty(x.shape[1], dtype=np.bool_)
    for j in range(x.shape[1]):
        values = x[rows, j]
        values = values[~np.isnan(values)]
        out[j] = bool(np.all(values == np.rint(values)))
    return out
