"""Rows entered twice: equal in every feature, or in all but one, and in different folds.

Coarse features and accounts without any movement make honest rows equal too; see `copies` for
how copies are told from them.
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
from scorewright.core.leakage.copies import FINE, LEAST_SHARE, Hashes, Marks, copied_rows
from scorewright.core.leakage.limits import answer

__all__ = ["twins"]

Labels = npt.NDArray[np.integer[Any]]
Folds = npt.NDArray[np.integer[Any]]

#: Features without which rows are compared, the finest first.
MOST_TRIED = 24


@dataclass(frozen=True, slots=True, eq=False)
class _Rows:
    """Hashes of the cells; the sum of a row's hashes stands for the row.

    Attributes:
        cells: Feature name -> hash of each cell, shape (n,).
        nought: Feature name -> cells that are missing or 0, shape (n,).
        whole: Their sum over features, wrapping, shape (n,).
        fine: Features from the finest on, with at most `FINE` chance agreement.
    """

    cells: dict[str, Hashes]
    nought: dict[str, Marks]
    whole: Hashes
    fine: tuple[str, ...]
    fold: Folds
    y: Labels

    def sets(self, but: str = "") -> pl.DataFrame:
        """Return the sets of equal rows that lie in several folds."""
        table = pl.DataFrame({"row": self._row(but), "fold": self.fold, "y": self.y})
        return (
            table.group_by("row")
            .agg(
                rows=pl.len(),
                folds=pl.col("fold").n_unique(),
                agree=pl.col("y").n_unique() == 1,
            )
            .filter(pl.col("folds") > 1)
        )

    def copies(self, but: str = "") -> int:
        """Return how many rows are copies of rows in other folds, one feature left out."""
        fine = {name: self.cells[name] for name in self.fine if name != but}
        return copied_rows(self._row(but), fine, self.fold, self.nought)

    def once(self) -> _Rows:
        """Return the first of each set of equal rows."""
        first = np.sort(np.unique(self.whole, return_index=True)[1])
        cells = {name: cell[first] for name, cell in self.cells.items()}
        nought = {name: marks[first] for name, marks in self.nought.items()}
        return _Rows(cells, nought, self.whole[first], self.fine, self.fold[first], self.y[first])

    def _row(self, but: str) -> Hashes:
        return self.whole - self.cells[but] if but else self.whole


def twins(frame: pl.DataFrame, contract: Contract, y: Labels, fold: Folds) -> Iterator[Finding]:
    """Yield LEAK-006 where equal rows, or rows equal but for one feature, lie in several folds.

    An error where they are copies and at least 1 % of the rows; equal rows are else a warning.
    """
    names = [c.name for c in contract.features if c.name in frame.columns]
    if not names:
        return
    rows = _hashed(frame.select(names), fold, y)
    equal = rows.sets()
    if equal.height:
        yield _identical(contract, equal, rows)
    once = rows.once()  # exact copies are told of already
    tried = rows.fine[:MOST_TRIED] if len(names) > 1 else ()
    near = {name: int(once.sets(name)["rows"].sum()) for name in tried}
    for name in sorted(near, key=lambda name: (-near[name], name)):
        if near[name] < LEAST_SHARE * frame.height:
            return
        if once.copies(name):
            yield _nearly(contract, frame.height, name, near[name])
            return


def _hashed(features: pl.DataFrame, fold: Folds, y: Labels) -> _Rows:
    cells: dict[str, Hashes] = {}
    nought: dict[str, Marks] = {}
    chance: dict[str, float] = {}
    for number, column in enumerate(features.get_columns()):
        cells[column.name] = column.hash(number).to_numpy()
        nought[column.name] = _nought(column)
        counts = column.value_counts(name="rows_of_it")["rows_of_it"].cast(pl.Float64) / len(column)
        chance[column.name] = float((counts**2).sum())
    whole = np.zeros(features.height, dtype=np.uint64)
    for cell in cells.values():
        whole += cell
    fine = sorted((n for n in chance if chance[n] <= FINE), key=lambda n: (chance[n], n))
    return _Rows(cells, nought, whole, tuple(fine), fold, y)


def _nought(column: pl.Series) -> Marks:
    """Mark cells that are missing or 0."""
    missing = column.is_null()
    is_zero = (column == 0).fill_null(value=False) if column.dtype.is_numeric() else missing
    marks: Marks = (missing | is_zero).to_numpy()
    return marks


def _identical(contract: Contract, equal: pl.DataFrame, rows: _Rows) -> Finding:
    count, agree, height = int(equal["rows"].sum()), int(equal["agree"].sum()), len(rows.whole)
    copies = min(rows.copies(), count)
    mend = (
        "Remove rows entered twice, or name the applicant's column as key under [data] so that "
        "they stay in one fold"
    )
    return Finding(
        code="LEAK-006",
        severity="error" if copies else "warning",
        subject=contract.table,
        message=f"{count} rows ({count / height:.1%}) equal another row in every feature and lie "
        f"in another fold; in {agree} of {equal.height} such sets the outcome agrees too."
        + (f" Chance does not explain {copies} of them: they are copies." if copies else ""),
        remedy=answer("LEAK-006", contract.table, mend)
        if copies
        else f"{mend}. Few or coarse features explain it as well.",
        evidence={
            "rows": count,
            "share": round(count / height, 6),
            "copies": copies,
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
