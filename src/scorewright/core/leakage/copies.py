"""Whether equal rows are copies of one another, or equal by chance.

Two questions are asked. Is the row distinctive: would few rows share even its three rarest cells?
An account without any movement is not, and many of them are equal. And do the features agree
without need? Among the rows of other folds that equal it but for one fine feature, a copy finds
rows that have that feature too; rows alike by chance differ there. Each row has one vote, the
share of such rows that agree, so that no large set of rows alike outvotes copies in pairs.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import islice
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

__all__ = ["FINE", "LEAST_SHARE", "Hashes", "Marks", "copied_rows"]

Folds = npt.NDArray[np.integer[Any]]
Marks = npt.NDArray[np.bool_]
Hashes = npt.NDArray[np.uint64]

#: Copies below this share of the rows change no figure, and stop nothing.
LEAST_SHARE = 0.01
#: A feature is fine where two rows agree by chance less often than this.
FINE = 0.2
#: Features looked at, the finest first.
MOST_FINE = 24
#: Rarest cells of a row, and how many rows may share them all by chance for it to be distinctive.
RAREST = 3
MOST_EXPECTED = 0.5
#: The mean vote from which on rows are copies; chance stays below `FINE`.
COPIES = 1 / 3


def copied_rows(
    row: Hashes,
    fine: Mapping[str, Hashes],
    fold: Folds,
    nought: Mapping[str, Marks] | None = None,
) -> int:
    """Return how many rows are copies of rows in other folds; 0 where chance explains them.

    Args:
        row: Hash of each row, the wrapping sum of the hashes of its cells, shape (n,).
        fine: Fine feature -> hash of its cells, shape (n,), finest first; part of `row`.
        fold: Fold of each row, shape (n,).
        nought: Fine feature -> cells that are missing or 0, shape (n,). They are never rare:
            those without any loan have them in every feature of their loans.

    Returns:
        The sum of the votes of distinctive rows on the feature that speaks for fewest; 0 with
        fewer than three fine features, below 1 % of the rows, or where the votes on any feature
        are those of chance.
    """
    cells = list(islice(fine.values(), MOST_FINE))
    equal, least = _elsewhere(row, fold), max(1.0, LEAST_SHARE * len(row))
    if len(cells) < RAREST or np.count_nonzero(equal) < least:
        return 0
    marks = nought or {}
    distinctive = _distinctive(row, cells, [marks.get(name) for name in islice(fine, MOST_FINE)])
    found = len(row)
    for but_one in _each_left_out(row, cells):
        alike = _elsewhere(but_one, fold)
        voters = distinctive & (alike > 0)
        votes = equal[voters] / alike[voters]
        if votes.sum() < least or votes.mean() < COPIES:
            return 0
        found = min(found, round(float(votes.sum())))
    return found


def _each_left_out(row: Hashes, cells: list[Hashes]) -> Iterable[Hashes]:
    """Yield the rows without each fine feature, then without all the others at once.

    The others together tell apart rows that are alike because one feature is a function of the
    next, as a district is of the postcode.
    """
    alone = np.zeros_like(row)
    for cell in cells:
        yield row - cell
        alone += cell
    yield alone


def _elsewhere(row: Hashes, fold: Folds) -> npt.NDArray[np.int64]:
    """Return, per row, the number of equal rows in other folds, shape (n,)."""
    rows, beside = (pl.len().over(by).cast(pl.Int64) for by in ("row", ["row", "fold"]))
    several = (
        pl.DataFrame({"row": row, "fold": fold})
        .with_row_index("place")
        .filter(pl.col("row").is_duplicated())
        .select("place", elsewhere=rows - beside)
    )
    counts = np.zeros(len(row), dtype=np.int64)
    counts[several["place"].to_numpy()] = several["elsewhere"].to_numpy()
    return counts


def _distinctive(row: Hashes, cells: list[Hashes], nought: Iterable[Marks | None]) -> Marks:
    """Mark rows whose three rarest cells few rows would share, were the features unrelated.

    A set of equal rows counts as one row here, or copies would make their own cells frequent.
    """
    _, first, place = np.unique(row, return_index=True, return_inverse=True)
    rarest = np.zeros((RAREST, len(first)))  # logarithms of shares, smallest first
    for cell, is_nought in zip(cells, nought, strict=True):
        rows = pl.DataFrame({"cell": cell[first]}).select(pl.len().over("cell")).to_series()
        share = np.log(rows.to_numpy() / len(first))
        if is_nought is not None:
            share[is_nought[first]] = 0.0
        for rank in range(RAREST):
            low = np.minimum(rarest[rank], share)
            share = np.maximum(rarest[rank], share)
            rarest[rank] = low
    expected = np.log(len(first)) + rarest.sum(axis=0)
    marks: Marks = (expected <= np.log(MOST_EXPECTED))[place]
    return marks
