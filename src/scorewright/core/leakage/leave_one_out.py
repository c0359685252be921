"""Encodings that leave the row's own outcome out, and thereby tell it.

With s bads in a category of n rows a good row gets ``s / (n - 1)`` and a bad row
``(s - 1) / (n - 1)``: two values per category, one for each class.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

__all__ = ["Within", "holds_its_counts", "turns_with_outcome"]

Floats = npt.NDArray[np.float64]
Codes = npt.NDArray[np.integer[Any]]

#: Categories whose two values must both be found, and their share of all groups.
LEAST_PAIRS = 3
LEAST_SHARE = 0.2
TOLERANCE = 1e-6
#: Within-category correlation with the outcome that only a function of it has.
EXACT = 1e-4


@dataclass(frozen=True, slots=True)
class Within:
    """How a column moves with the outcome inside the categories of another.

    Attributes:
        is_exact: Inside nearly all categories it is a function of the outcome alone.
        standard_errors: Pooled slope in standard errors; far below 0 where each row's value
            was made without its own outcome.
    """

    is_exact: bool
    standard_errors: float


def turns_with_outcome(
    value: Floats, outcome: Floats, code: Codes, rows: Floats, bads: Floats
) -> Within:
    """Relate a column to the outcome inside categories.

    Args:
        value: Shape (n,), of the order of 1.
        outcome: Labels of shape (n,), 0 or 1.
        code: Category of each row, shape (n,); -1 is none.
        rows: Rows of each category, shape (c,).
        bads: Bads of each category, shape (c,).
    """
    size = len(rows) + 1
    total = np.bincount(code + 1, weights=value, minlength=size)[1:]
    mean = total / np.maximum(rows, 1)
    away = np.where(code >= 0, value - mean[code], 0.0)
    square = np.bincount(code + 1, weights=away * away, minlength=size)[1:]
    product = np.bincount(code + 1, weights=away * outcome, minlength=size)[1:]
    spread = bads * (rows - bads) / np.maximum(rows, 1)
    # Less than this is the rounding of constants.
    moving = (spread > 0) & (rows >= LEAST_PAIRS) & (square > 1e-18 * rows)
    alike = np.zeros(len(rows))
    alike[moving] = product[moving] ** 2 / (square[moving] * spread[moving])
    mixed = (spread > 0) & (rows >= LEAST_PAIRS)
    exact = float(rows[mixed & (alike > 1 - EXACT)].sum())
    is_exact = (
        np.count_nonzero(alike > 1 - EXACT) >= LEAST_PAIRS and exact > 0.9 * rows[mixed].sum()
    )
    # The variance of the pooled product when outcomes are dealt anew inside each category.
    chance = float(np.sum((square * spread)[moving] / np.maximum(rows[moving] - 1, 1)))
    errors = float(product[moving].sum()) / np.sqrt(chance) if chance > 0 else 0.0
    return Within(bool(is_exact), float(errors))


def holds_its_counts(value: Floats, rows: Floats, bads: Floats) -> int | None:
    """Look for the arithmetic of leave-one-out in a column alone.

    A group of m goods with the value v belongs to a category of ``s = v (m - 1) / (1 - v)``
    bads, which then are all the rows that carry the value ``(s - 1) / (m + s - 1)``.

    Args:
        value: Distinct values that several rows carry, ascending, shape (g,).
        rows: Rows of each, shape (g,).
        bads: Bads of each, shape (g,).

    Returns:
        Categories found, None where they are too few to prove anything.
    """
    good = np.flatnonzero((bads == 0) & (value > 0) & (value < 1))
    v, m = value[good], rows[good]
    s = v * (m - 1) / (1 - v)
    whole = np.round(s)
    possible = (whole >= 2) & (np.abs(s - whole) <= TOLERANCE * np.maximum(whole, 1))  # noqa: PLR2004 - groups have two rows
    v, m, whole = v[possible], m[possible], whole[possible]
    partner = (whole - 1) / (m + whole - 1)
    place = np.searchsorted(value, partner - 1e-9)
    place = np.minimum(place, max(len(value) - 1, 0))
    if not len(v):
        return None
    match = (
        (np.abs(value[place] - partner) <= 1e-9)  # noqa: PLR2004 - rounding of doubles
        & (bads[place] == rows[place])
        & (rows[place] == whole)
    )
    pairs = int(np.count_nonzero(match))
    enough = pairs >= LEAST_PAIRS and 2 * pairs >= LEAST_SHARE * len(value)
    return pairs if enough else None
