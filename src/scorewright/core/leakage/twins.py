"""Rows entered twice: equal in every feature, or in all but one, and in different folds.

Coarse features make honest rows equal too, but then rows that differ in one fine feature alone
are far more frequent still. Where dropping any fine feature hardly adds to the equal rows, the
rows are copies.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

from scorewright.core.contracts import Contract
from scorewright.core.findings import Finding
from scorewright.core.leakage.limits import answer

__all__ = ["twins"]

Labels = npt.NDArray[np.integer[Any]]
Folds = npt.NDArray[np.integer[Any]]
Hashes = npt.NDArray[np.uint64]

#: Copies below this share of the rows change no figure, and stop nothing.
LEAST_SHARE = 0.01
#: A feature is fine where two rows agree by chance less often than this.
FINE = 0.2
LEAST_FINE, MOST_FINE, MOST_TRIED = 3, 24, 24
#: Of pairs equal without a fine feature at least this share is equal with it, if they are copies.
COPIES = 0.25


@dataclass(frozen=True, slots=True, eq=False)
class _Rows:
    """Hashes of the cells; the sum of a row's hashes stands for the row.

    Attributes:
        cells: Feature name -> hash of each cell, shape (n,).
        whole: Their sum over features, wrapping, shape (n,).
        fine: Features from the finest on, with at most `FINE` chance agreement.
    """

    cells: dict[str, Hashes]
    whole: Hashes
    fine: tuple[str, ...]
    fold: Folds
    y: Labels

    def sets(self, row: Hashes) -> pl.DataFrame:
        """Return the sets of equal rows that lie in several folds."""
        table = pl.DataFrame({"row": row, "fold": self.fold, "y": self.y})
        return (
            table.group_by("row")
            .agg(
                rows=pl.len(),
                folds=pl.col("fold").n_unique(),
                agree=pl.col("y").n_unique() == 1,
            )
            .filter(pl.col("folds") > 1)
        )

    def are_copies(self, row: Hashes, but: str = "") -> bool:
        """Whether dropping one more fine feature hardly adds pairs, whichever it is."""
        fine = [name for name in self.fine if name != but][:MOST_FINE]
        pairs = _pairs(self.sets(row))
        return len(fine) >= LEAST_FINE and all(
            pairs >= COPIES * _pairs(self.sets(row - self.cells[name])) for name in fine
        )


def _pairs(sets: pl.DataFrame) -> float:
    rows = sets["rows"].cast(pl.Float64)
    return float((rows * (rows - 1)).sum()) / 2


def twins(frame: pl.DataFrame, contract: Contract, y: Labels, fold: Folds) -> Iterator[Finding]:
    """Yield LEAK-006 where equal rows, or rows equal but for one feature, lie in several folds.

    An error where they are copies and at least 1 % of the rows; equal rows are else a warning.
    """
    names = [c.name for c in contract.features if c.name in frame.columns]
    if not names:
        return
    rows = _hashed(frame.select(names), fold, y)
    equal = rows.sets(rows.whole)
    count = int(equal["rows"].sum())
    if count:
        yield _identical(contract, frame.height, equal, rows)
    tried = [name for name in rows.fine[:MOST_TRIED] if len(names) > 1]
    near = {name: int(rows.sets(rows.whole - rows.cells[name])["rows"].sum()) for name in tried}
    for name in sorted(near, key=lambda name: (-near[name], name)):
        if near[name] - count < LEAST_SHARE * frame.height:
            return
        if rows.are_copies(rows.whole - rows.cells[name], but=name):
            yield _nearly(contract, frame.height, name, near[name])
            return


def _hashed(features: pl.DataFrame, fold: Folds, y: Labels) -> _Rows:
    cells: dict[str, Hashes] = {}
    chance: dict[str, float] = {}
    for number, column in enumerate(features.get_columns()):
        cells[column.name] = column.hash(number).to_numpy()
        counts = column.value_counts(name="rows_of_it")["rows_of_it"].cast(pl.Float64) / len(column)
        chance[column.name] = float((counts**2).sum())
    whole = np.zeros(features.height, dtype=np.uint64)
    for cell in cells.values():
        whole += cell
    fine = sorted((n for n in chance if chance[n] <= FINE), key=lambda n: (chance[n], n))
    return _Rows(cells, whole, tuple(fine), fold, y)


def _identical(contract: Contract, height: int, equal: pl.DataFrame, rows: _Rows) -> Finding:
    count, agree = int(equal["rows"].sum()), int(equal["agree"].sum())
    certain = count >= LEAST_SHARE * height and rows.are_copies(rows.whole)
    mend = (
        "Remove rows entered twice, or name the applicant's column as key under [data] so that "
        "they stay in one fold"
    )
    return Finding(
        code="LEAK-006",
        severity="error" if certain else "warning",
        subject=contract.table,
        message=f"{count} rows ({count / height:.1%}) equal another row in every feature and lie "
        f"in another fold; in {agree} of {equal.height} such sets the outcome agrees too."
        + (" Chance does not explain them: they are copies." if certain else ""),
        remedy=answer("LEAK-006", contract.table, mend)
        if certain
        else f"{mend}. Few or coarse features explain it as well.",
        evidence={
            "rows": count,
            "share": round(count / height, 6),
            "sets": equal.height,
            "sets_with_one_outcome": agree,
        },
    )


def _nearly(contract: Contract, height: int, name: str, count: int) -> Finding:
    return Finding(
        code="LEAK-006",
        severity="error",
        subject=name,
        message=f"{count} rows ({count / height:.1%}) of table '{contract.table}' equal another "
        f"row in every feature but '{name}' and lie in another fold. Chance does not explain "
        "them: they are copies with another value there.",
        remedy=answer(
            "LEAK-006",
            name,
            f"Remove rows entered twice. If '{name}' is a number of the row, set use = "
            '"prohibited" for it in its contract; if it names the applicant, name it as key '
            "under [data]",
        ),
        evidence={"rows": count, "share": round(count / height, 6)},
    )
